"""A call of a service: who asks, for what, where; and what a service is."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tenantable.aws.records import Records
from tenantable.aws.refusals import INVALID, LIMIT_EXCEEDED, Refusal
from tenantable.iam.documents import Policy
from tenantable.iam.sessions.issuing import SessionIssuer
from tenantable.iam.sessions.roles import Roles
from tenantable.iam.sessions.session import Session
from tenantable.wire.arns import Home
from tenantable.wire.principals import Principal, Sender, arn_of

Protocol = Literal["query", "json", "cbor"]
Answer = Mapping[str, Any] | None
"""What a service says; None for an action that says nothing."""

_READS = ("Get", "List", "Describe", "Simulate")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
TEXT_MAX = 4096
LIST_MAX = 1000


class Moment(float):
    """Seconds since 1970: a number in JSON, a date in XML, a tagged number in CBOR."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """
    Who asks. `sender` is None for the administrator; `principal` is the session, or the ARN, that it sends as.
    """

    access_key_id: str
    sender: Principal | None

    @property
    def principal(self) -> str | Session | None:
        principal = self.sender.principal if isinstance(self.sender, Sender) else self.sender
        return principal if principal is None or isinstance(principal, Session) else arn_of(principal)


@dataclass(frozen=True, kw_only=True)
class Principals:
    """The roles of all accounts, who gives sessions of them, and which managed policies they may be held to."""

    roles: Roles
    issuer: SessionIssuer
    managed_policy: Callable[[str], Policy | None]


@dataclass(frozen=True, kw_only=True)
class Call:
    """
    One call, inside a transaction on the records of its account and region.

    `parameters` are as the protocol has them: from a query, every leaf is text. The methods that read them refuse
    what has another type, so that no action has to fear it. `address` is what the caller has reached, with its scheme.
    """

    service: "Service"
    action: str
    parameters: Mapping[str, Any]
    caller: Caller
    home: Home
    records: Records
    principals: Principals
    now: float
    random: random.Random
    address: str = ""

    def invalid(self, message: str) -> Refusal:
        return Refusal(INVALID, message)

    def optional_text(self, name: str, *, limit: int = TEXT_MAX, pattern: str | None = None) -> str | None:
        """A text of the parameters; None when it was left out."""
        value = self.parameters.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.invalid(f"{name} must be text")
        if len(value) > limit:
            raise self.invalid(f"{name} must have at most {limit} characters")
        if pattern is not None and not re.fullmatch(pattern, value):
            raise self.invalid(f"The specified value for {name} is invalid. It must match {pattern}")
        return value

    def text(self, name: str, *, limit: int = TEXT_MAX, pattern: str | None = None) -> str:
        value = self.optional_text(name, limit=limit, pattern=pattern)
        if not value:
            raise self.invalid(f"{name} is required and must not be empty")
        return value

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        value = self.optional_text(name)
        if value is not None and value not in choices:
            raise self.invalid(f"{name} must be one of {', '.join(choices)}")
        return value or default

    def optional_number(self, name: str, *, least: float, most: float) -> float | None:
        value = self.parameters.get(name)
        if value is None:
            return None
        try:
            number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        except ValueError:
            number = None
        if number is None:
            raise self.invalid(f"{name} must be a number")
        if not least <= number <= most:
            raise self.invalid(f"{name} must be from {least:g} to {most:g}")
        return number

    def count(self, name: str, default: int, *, least: int, most: int) -> int:
        number = self.optional_number(name, least=least, most=most)
        return default if number is None else int(number)

    def flag(self, name: str, default: bool) -> bool:
        value = self.parameters.get(name)
        if value is None:
            return default
        if isinstance(value, str) and value in {"true", "false"}:
            return value == "true"
        if not isinstance(value, bool):
            raise self.invalid(f"{name} must be true or false")
        return value

    def texts(self, name: str, *, limit: int = LIST_MAX) -> list[str]:
        """A list of texts; nothing when it was left out."""
        values = self._list(name, limit)
        if not all(isinstance(each, str) and len(each) <= TEXT_MAX for each in values):
            raise self.invalid(f"{name} must be a list of texts")
        return values

    def structures(self, name: str, *, limit: int = LIST_MAX) -> list[Mapping[str, Any]]:
        values = self._list(name, limit)
        if not all(isinstance(each, Mapping) for each in values):
            raise self.invalid(f"{name} must be a list of structures")
        return values

    def structure(self, name: str) -> Mapping[str, Any] | None:
        value = self.parameters.get(name)
        if value is not None and not isinstance(value, Mapping):
            raise self.invalid(f"{name} must be a structure")
        return value

    def text_map(self, name: str) -> dict[str, str]:
        """A map of texts, as attributes are given; nothing when it was left out."""
        given = self.structure(name) or {}
        if not all(isinstance(value, str) for value in given.values()):
            raise self.invalid(f"{name} must be a map of texts")
        return dict(given)

    def identifier(self, prefix: str, length: int = 17) -> str:
        """A new id as IAM has them: a prefix that tells the kind, then letters and digits."""
        return prefix + "".join(self.random.choice(_LETTERS) for _ in range(length))

    def uuid(self) -> str:
        digits = f"{self.random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def _list(self, name: str, limit: int) -> list[Any]:
        values = self.parameters.get(name)
        if values is None or values == "":  # an empty list of a query
            return []
        if not isinstance(values, list):
            raise self.invalid(f"{name} must be a list")
        if len(values) > limit:
            raise self.invalid(f"{name} may have at most {limit} members")
        return values


ResourceOf = Callable[[Call], str]


def any_resource(_call: Call) -> str:
    return "*"


@dataclass(frozen=True, kw_only=True)
class Action:
    """What is done, and the ARN of what it is done to, as policies name it."""

    run: Callable[[Call], Answer]
    resource: ResourceOf = any_resource


@dataclass(frozen=True, kw_only=True)
class Service:
    """
    One service.

    `name` is what policies call it, `signing_name` what signatures do; `namespace` that of its XML; `target` stands
    before the action in `X-Amz-Target`. One that keeps no records asks for permission by
    itself. `invalid` and `limit_exceeded` are its names for those errors,
    `query_names` the codes that its errors had in an older protocol, which SDKs still show.
    """

    name: str
    signing_name: str
    actions: Mapping[str, Action]
    protocols: tuple[Protocol, ...]
    namespace: str = ""
    target: str = ""
    is_global: bool = False
    keeps_records: bool = True
    invalid: str = "ValidationException"
    limit_exceeded: str = "LimitExceededException"
    query_names: Mapping[str, str] = field(default_factory=dict)

    def named(self, code: str) -> str:
        """An error's code, as this service calls it."""
        names = {INVALID: self.invalid, LIMIT_EXCEEDED: self.limit_exceeded}
        return names.get(code, code)

    def is_read(self, action: str) -> bool:
        return action.startswith(_READS)
