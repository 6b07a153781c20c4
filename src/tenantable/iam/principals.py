"""
Who a statement of a resource policy or trust policy is about: its Principal or NotPrincipal element.

Source: IAM User Guide, "AWS JSON policy elements: Principal", "AWS JSON policy elements: NotPrincipal" and "Policy
evaluation logic".
"""

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.errors import PolicyError
from tenantable.iam.patterns import ARN_SEGMENTS, split_arn

ANYONE = "*"

_ACCOUNT = re.compile(r"[0-9]{12}")
_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
_IDENTITY = re.compile(r"(root|(user|role|assumed-role|federated-user)/[^*?]+)")


class Naming(enum.IntEnum):
    """How exactly a resource policy names whoever calls; the higher, the more its Allow grants by itself."""

    ACCOUNT = 1
    ANYONE = 2
    ROLE = 3
    DIRECT = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Principals:
    """
    A Principal element as written, or a NotPrincipal one where `every_one_but`.

    `named` holds a pair of kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) and value for each value; `*` alone is
    `("AWS", "*")`.
    """

    named: tuple[tuple[str, str], ...]
    every_one_but: bool = False

    def naming(self, caller: "CallerNames") -> Naming | None:
        """
        The most exact way in which the element names a caller; None when the statement is not about it.

        NotPrincipal names everybody who is none of its values, as `*` does; and everybody who has a permissions
        boundary, as IAM documents it for Deny, which is what NotPrincipal is meant for.
        """
        if self.every_one_but and caller.is_bounded:
            return Naming.ANYONE
        found = [naming for kind, value in self.named if (naming := caller.named_by(kind, value)) is not None]
        if self.every_one_but:
            return None if found else Naming.ANYONE
        return max(found, default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerNames:
    """
    What a caller can be named by: its ARN, that of its role where it is a role session, and its account.

    A service is named by its own name, such as `lambda.amazonaws.com`; it has no account. `is_bounded` says whether it
    has a permissions boundary: then no NotPrincipal spares it.
    """

    arn: str
    role_arn: str | None
    account_id: str
    is_bounded: bool = False

    def named_by(self, kind: str, value: str) -> Naming | None:
        """How a value of a Principal element names this caller; None when it does not."""
        if kind != "AWS":
            return Naming.DIRECT if value == self.arn else None
        if value == ANYONE:
            return Naming.ANYONE
        if value == self.role_arn:
            return Naming.ROLE
        if value == self.arn:
            return Naming.ROLE if _is_role(value) else Naming.DIRECT
        if self.account_id and self.account_id == account_named(value):
            return Naming.ACCOUNT
        return None


def account_named(value: str) -> str | None:
    """The account that a value of `AWS` stands for as a whole: its number, or the ARN of its root; None else."""
    if _ACCOUNT.fullmatch(value):
        return value
    segments = split_arn(value)
    return segments[4] if len(segments) == ARN_SEGMENTS and segments[5] == "root" else None


def parse_principals(element: Any, place: str, *, every_one_but: bool) -> Principals:
    """
    Read a Principal or NotPrincipal element.

    Raises:
        PolicyError: It names nobody, an unknown kind of principal, or something that is no principal.
    """
    if element == ANYONE:
        return Principals(named=(("AWS", ANYONE),), every_one_but=every_one_but)
    if not isinstance(element, Mapping) or not element:
        raise PolicyError(f"{place}: must be an object of principals", hint='write {"AWS": "arn:aws:iam::..."}')
    named = tuple(_named(element, place))
    if not named:
        raise PolicyError(f"{place}: must name somebody")
    return Principals(named=named, every_one_but=every_one_but)


def principals_document(principals: Principals) -> str | dict[str, Any]:
    """The JSON of an element; a single value as a scalar."""
    if principals.named == (("AWS", ANYONE),):
        return ANYONE
    values: dict[str, list[str]] = {}
    for kind, value in principals.named:
        values.setdefault(kind, []).append(value)
    return {kind: each[0] if len(each) == 1 else each for kind, each in values.items()}


def _named(element: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for kind, value in element.items():
        if kind not in _KINDS:
            raise PolicyError(f"{place}: {kind!r} is no kind of principal", hint=f"known are {', '.join(_KINDS)}")
        for each in value if isinstance(value, list | tuple) else (value,):
            if not isinstance(each, str) or not each:
                raise PolicyError(f"{place}.{kind}: must be text or a list of texts, not {each!r}")
            if kind == "AWS" and not _is_principal(each):
                hint = "write an account, or the whole ARN of a user, role or session; only * alone is a wildcard"
                raise PolicyError(f"{place}.AWS: {each!r} is no principal", hint=hint)
            yield kind, each


def _is_principal(value: str) -> bool:
    if value == ANYONE or _ACCOUNT.fullmatch(value):
        return True
    segments = split_arn(value)
    if len(segments) != ARN_SEGMENTS:
        # The unique id that AWS writes in the place of a deleted user or role; it names nobody any more.
        return re.fullmatch(r"A[A-Z0-9]{15,127}", value) is not None
    return segments[2] in ("iam", "sts") and _IDENTITY.fullmatch(segments[5]) is not None


def _is_role(arn: str) -> bool:
    return split_arn(arn)[-1].startswith("role/")
