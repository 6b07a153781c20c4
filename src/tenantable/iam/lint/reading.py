"""
Policies as somebody wrote them, read with more patience than IAM has.

A document with faults shall be linted, not refused: an action that nobody has or an operator that is mistyped is kept
beside what can be evaluated. Such a statement never applies.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenantable.errors import PolicyError
from tenantable.iam.conditions import check_condition
from tenantable.iam.documents import (
    CURRENT_VERSION,
    FIRST_VERSION,
    Condition,
    DocumentKind,
    Effect,
    Statement,
    decode_document,
)
from tenantable.iam.patterns import parse_arn_pattern

TEXT_BYTES_MAX = 16 * 1024 * 1024
"""Plans of Terraform are large."""

CHARACTERS_MAX: Mapping[DocumentKind, int] = {"identity": 6144, "resource": 20 * 1024, "trust": 2048}
"""Quotas. Of a principal's policies that of a managed one, which a document of unknown use must fit."""

_OPERATORS = {
    name.lower(): name
    for name in (
        "StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike "
        "NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan "
        "NumericGreaterThanEquals DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan "
        "DateGreaterThanEquals Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnNotEquals ArnLike ArnNotLike Null"
    ).split()
}
_QUANTIFIERS = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_HEAD_DEFAULTS = ("arn", "aws", "dynamodb", "us-east-1", "123456789012")
_PLACEHOLDER = re.compile(r"\$\{[^{}]*\}")


@dataclass(frozen=True, kw_only=True)
class PolicySource:
    """
    A document and where it was found.

    `owner` is whoever has it, so that a deny in another of the owner's policies counts; None: it stands alone.
    `key_names` are the key attributes of each table that is known, by the table's name.
    """

    place: str
    document: Any
    kind: DocumentKind = "identity"
    characters_max: int = CHARACTERS_MAX["identity"]
    owner: str | None = None
    key_names: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LintedStatement:
    """
    A statement, and what of it IAM would not understand.

    `malformed_actions` name no action at all; `malformed_conditions` say what is wrong. With one of the latter the
    statement never applies. `principals` are None where there is no Principal; `has_resource` is False where a
    resource or trust policy names none.
    """

    number: int
    statement: Statement
    malformed_actions: tuple[str, ...] = ()
    malformed_conditions: tuple[str, ...] = ()
    principals: tuple[str, ...] | None = None
    every_principal_but: bool = False
    has_resource: bool = True

    @property
    def name(self) -> str:
        sid = self.statement.sid
        return f"statement {self.number} ({sid})" if sid else f"statement {self.number}"

    @property
    def applies(self) -> bool:
        return not self.malformed_conditions


@dataclass(frozen=True, kw_only=True)
class LintedPolicy:
    """A document whose statements can be looked at one by one; `size` is what counts towards its quota."""

    source: PolicySource
    statements: tuple[LintedStatement, ...]
    version: str
    size: int

    @property
    def has_variables(self) -> bool:
        return self.version == CURRENT_VERSION


def decode(text: str | bytes, place: str) -> Any:
    """
    JSON text decoded.

    Raises:
        PolicyError: It is no JSON, too long, or an object names a member twice.
    """
    try:
        return decode_document(text, bytes_max=TEXT_BYTES_MAX)
    except PolicyError as error:
        raise PolicyError(f"{place}: {error.message}", hint=error.hint) from error


def looks_like_policy(value: Any) -> bool:
    return isinstance(value, Mapping) and "Statement" in value


def kind_by_form(document: Mapping[str, Any]) -> DocumentKind:
    """Of a policy of unknown use: with a Principal it is a resource's, and without a Resource too a role's trust."""
    written = document["Statement"]
    statements = [written] if isinstance(written, Mapping) else written
    fields = [each for each in statements or () if isinstance(each, Mapping)]
    if not any("Principal" in each or "NotPrincipal" in each for each in fields):
        return "identity"
    return "resource" if any("Resource" in each or "NotResource" in each for each in fields) else "trust"


def read_policy(source: PolicySource) -> LintedPolicy:
    """
    Raises:
        PolicyError: The document has not the form of a policy; says where.
    """
    document = source.document
    if isinstance(document, str | bytes):
        document = decode(document, source.place)
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise PolicyError(f"{source.place}: holds no policy", hint='a policy is a JSON object with a "Statement"')
    version = document.get("Version", FIRST_VERSION)
    if version not in (CURRENT_VERSION, FIRST_VERSION):
        raise PolicyError(f"{source.place}: Version {version!r} does not exist", hint=f'write "{CURRENT_VERSION}"')
    written = document["Statement"]
    written = [written] if isinstance(written, Mapping) else written
    if not isinstance(written, list | tuple) or not written:
        raise PolicyError(f"{source.place}: Statement must be a statement or a list of at least one")
    variables = version == CURRENT_VERSION
    statements = tuple(
        _statement(fields, number, source, variables=variables) for number, fields in enumerate(written, start=1)
    )
    spaced = source.kind == "resource"
    size = len(json.dumps(document, separators=None if spaced else (",", ":"), ensure_ascii=False, default=str))
    return LintedPolicy(source=source, statements=statements, version=version, size=size)


def _statement(fields: Any, number: int, source: PolicySource, *, variables: bool) -> LintedStatement:
    place = f"{source.place}, statement {number}"
    if not isinstance(fields, Mapping):
        raise PolicyError(f"{place}: must be an object")
    effect = fields.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f'{place}: Effect must be "Allow" or "Deny", not {effect!r}')
    written, every_action_but = _either(fields, "Action", "NotAction", place)
    actions = tuple(action for action in written if _ACTION.fullmatch(action))
    resources, every_resource_but, has_resource = _resources(fields, place)
    conditions, malformed = _conditions(fields.get("Condition") or {}, place, variables=variables)
    principals, every_principal_but = _principals(fields, place)
    named = () if every_action_but else actions
    sid = fields.get("Sid")
    return LintedStatement(
        number=number,
        statement=Statement(
            effect=_effect(effect),
            actions=actions or ("unknown:Action",),
            resources=tuple(readable_arn(each, named, variables=variables) for each in resources),
            conditions=conditions,
            sid=str(sid) if sid else None,
            every_action_but=every_action_but,
            every_resource_but=every_resource_but,
        ),
        malformed_actions=tuple(action for action in written if not _ACTION.fullmatch(action)),
        malformed_conditions=malformed,
        principals=principals,
        every_principal_but=every_principal_but,
        has_resource=has_resource,
    )


def _effect(text: str) -> Effect:
    return "Allow" if text == "Allow" else "Deny"


def _either(fields: Mapping[str, Any], plain: str, negated: str, place: str) -> tuple[tuple[str, ...], bool]:
    if (plain in fields) == (negated in fields):
        raise PolicyError(f"{place}: needs either {plain} or {negated}, and not both")
    name = negated if negated in fields else plain
    values = texts(fields[name])
    if not values:
        raise PolicyError(f"{place}: {name} must not be empty")
    return values, name == negated


def _resources(fields: Mapping[str, Any], place: str) -> tuple[tuple[str, ...], bool, bool]:
    named = "Resource" in fields or "NotResource" in fields
    if not named and ("Principal" in fields or "NotPrincipal" in fields):
        return ("*",), False, False
    resources, negated = _either(fields, "Resource", "NotResource", place)
    return resources, negated, True


def texts(value: Any) -> tuple[str, ...]:
    """A scalar or a list as texts; what is not text is shown as JSON, numbers and booleans as IAM reads them."""
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(each if isinstance(each, str) else json.dumps(each, default=str) for each in values)


def readable_arn(text: str, actions: Iterable[str], *, variables: bool) -> str:
    """
    The resource as an ARN that can be compared.

    What a template or a plan leaves open (`${TableArn}`, a name of Terraform's) stands for a table of that name, or a
    stream where it is called one; what it leaves open before the fifth colon for a region and an account.
    """
    if text == "*":
        return text
    if text.startswith("arn:"):
        head, tail = text.split(":")[:5], ":".join(text.split(":")[5:])
        filled = [_PLACEHOLDER.sub(default, part) for part, default in zip(head, _HEAD_DEFAULTS, strict=False)]
        arn = ":".join(filled) + (f":{tail}" if tail or text.count(":") >= 5 else "")
    else:
        service = next((action.partition(":")[0] for action in actions if ":" in action), "dynamodb").lower()
        name = re.sub(r"[${}\s()\"]", "", text) or "unknown"
        prefix = "table/" if service == "dynamodb" else ""
        streamed = service == "dynamodb" and "stream" in name.lower() and "/" not in name
        arn = f"arn:aws:{service}:us-east-1:123456789012:{prefix}{name}{'/stream/any' if streamed else ''}"
    try:
        parse_arn_pattern(arn, variables=variables)
    except PolicyError:
        arn = _PLACEHOLDER.sub("any", arn).replace("${", "")
    return arn


def _conditions(block: Any, place: str, *, variables: bool) -> tuple[tuple[Condition, ...], tuple[str, ...]]:
    if not isinstance(block, Mapping):
        raise PolicyError(f"{place}: Condition must be an object of operators")
    conditions, malformed = [], []
    for written, keys in block.items():
        operator = _operator(written)
        if not isinstance(keys, Mapping):
            raise PolicyError(f"{place}: Condition.{written} must be an object of keys")
        for key, value in keys.items():
            condition = Condition(operator=operator or written, key=key, values=_values(value))
            if operator is None:
                malformed.append(f"{written} is no condition operator")
            elif (problem := _problem(condition, variables=variables)) is not None:
                malformed.append(problem)
            else:
                conditions.append(condition)
    return tuple(conditions), tuple(malformed)


def _values(value: Any) -> tuple[str, ...]:
    return texts(value)


def _problem(condition: Condition, *, variables: bool) -> str | None:
    # A key without its service is a matter of its own: the condition itself can be evaluated.
    key = condition.key if ":" in condition.key else f"unknown:{condition.key}"
    try:
        check_condition(condition.operator, key, condition.values, variables=variables)
    except PolicyError as error:
        return error.message
    return None


def _operator(written: str) -> str | None:
    """The operator as IAM writes it, from any case; None when there is none."""
    quantifier, colon, name = written.rpartition(":")
    bare, lower = name.lower(), name.lower()
    exists = lower.endswith("ifexists")
    bare = lower.removesuffix("ifexists")
    if bare not in _OPERATORS or (colon and quantifier.lower() not in _QUANTIFIERS):
        return None
    if bare == "null" and (colon or exists):
        return None
    prefix = f"{_QUANTIFIERS[quantifier.lower()]}:" if colon else ""
    return f"{prefix}{_OPERATORS[bare]}{'IfExists' if exists else ''}"


def nearest_operator(written: str) -> str | None:
    """The operator as IAM writes it, that was written or probably meant; None when none is near."""
    operator = _operator(written)
    if operator is not None:
        return operator
    quantifier, colon, name = written.rpartition(":")
    forgotten = next((each for each in _QUANTIFIERS.values() if name.lower().startswith(each.lower())), None)
    if forgotten is not None and not colon:
        quantifier, colon, name = forgotten, ":", name[len(forgotten) :]
    exists = name.lower().endswith("ifexists")
    found = difflib.get_close_matches(name.lower().removesuffix("ifexists"), _OPERATORS, n=1, cutoff=0.75)
    sets = difflib.get_close_matches(quantifier.lower(), _QUANTIFIERS, n=1, cutoff=0.75)
    if not found or (colon and not sets):
        return None
    if found[0] == "null":
        return "Null"
    prefix = f"{_QUANTIFIERS[sets[0]]}:" if colon else ""
    return f"{prefix}{_OPERATORS[found[0]]}{'IfExists' if exists else ''}"


def _principals(fields: Mapping[str, Any], place: str) -> tuple[tuple[str, ...] | None, bool]:
    name = "NotPrincipal" if "NotPrincipal" in fields else "Principal"
    if name not in fields:
        return None, False
    return tuple(_named(fields[name], place)), name == "NotPrincipal"


def _named(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for kind, names in value.items():
            yield from (name if kind == "AWS" else f"{kind}:{name}" for name in texts(names))
    elif isinstance(value, str | list):
        yield from texts(value)
    else:
        raise PolicyError(f"{place}: Principal must be text or an object")
