"""
Policy documents: the JSON that IAM reads and writes, parsed once into frozen values.

Source: IAM User Guide, "IAM JSON policy element reference" and "Grammar of the IAM JSON policy language".
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tenantable.errors import PolicyError
from tenantable.iam.conditions import check_condition
from tenantable.iam.patterns import parse_arn_pattern
from tenantable.iam.principals import Principals, parse_principals, principals_document

Effect = Literal["Allow", "Deny"]

DocumentKind = Literal["identity", "resource", "trust"]
"""
What a document hangs on. `identity`: on a user or role, as its policy, boundary or session policy: no principals.
`resource`: on a table or stream: principals and resources. `trust`: on a role, for who may assume it: no resources.
"""

CURRENT_VERSION = "2012-10-17"
FIRST_VERSION = "2008-10-17"
DOCUMENT_BYTES_MAX = 64 * 1024
"""More than any document that AWS accepts: the largest, a DynamoDB resource policy, has 20 KiB."""

_POLICY_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_PRINCIPAL_ELEMENTS = frozenset({"Principal", "NotPrincipal"})
_RESOURCE_ELEMENTS = frozenset({"Resource", "NotResource"})
_SID = re.compile(r"[A-Za-z0-9]*")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One operator on one key, as written: `ForAllValues:StringLike`, `dynamodb:LeadingKeys`, the values."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """
    One statement of a policy.

    `actions` and `resources` are patterns as written; `every_action_but` says that they were a NotAction,
    `every_resource_but` a NotResource. `conditions` must all hold. `principals` is None in an identity policy, and
    `resources` is empty in a trust policy, which hangs on the one role that it is about.
    """

    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    sid: str | None = None
    every_action_but: bool = False
    every_resource_but: bool = False
    principals: Principals | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A whole document. Variables mean something in version 2012-10-17 only."""

    statements: tuple[Statement, ...]
    version: str = CURRENT_VERSION
    id: str | None = None

    @property
    def has_variables(self) -> bool:
        return self.version == CURRENT_VERSION


def parse_policy(document: str | bytes | Mapping[str, Any], *, kind: DocumentKind = "identity") -> Policy:
    """
    Read a policy.

    Args:
        document: JSON text of at most 64 KiB, or what JSON text decodes to.
        kind: What the document hangs on, and so which elements its statements have.
    Raises:
        PolicyError: The document is malformed; says in which statement, at which element, and what belongs there.
    """
    fields = _decoded(document) if isinstance(document, str | bytes) else document
    if not isinstance(fields, Mapping):
        raise PolicyError("a policy document must be a JSON object")
    _refuse_unknown(fields, _POLICY_ELEMENTS, "the policy")
    version = fields.get("Version", FIRST_VERSION)
    if version not in (CURRENT_VERSION, FIRST_VERSION):
        raise PolicyError(f"Version: {version!r} is no version of the policy language", hint=f'use "{CURRENT_VERSION}"')
    identifier = fields.get("Id")
    if identifier is not None and not isinstance(identifier, str):
        raise PolicyError("Id: must be text")
    written = fields.get("Statement")
    if isinstance(written, Mapping):
        written = [written]
    if not isinstance(written, list | tuple) or not written:
        raise PolicyError("Statement: must be a statement or a list of at least one")
    variables = version == CURRENT_VERSION
    statements = tuple(
        _statement(each, f"statement {number}", kind=kind, variables=variables)
        for number, each in enumerate(written, start=1)
    )
    _refuse_repeated_sids(statements)
    return Policy(statements=statements, version=version, id=identifier)


def policy_document(policy: Policy) -> dict[str, Any]:
    """The JSON object of a policy; elements in IAM's usual order, a single value as a scalar."""
    document: dict[str, Any] = {"Version": policy.version}
    if policy.id is not None:
        document["Id"] = policy.id
    document["Statement"] = [_statement_document(statement) for statement in policy.statements]
    return document


def render_policy(policy: Policy) -> str:
    """The JSON text of a policy, indented by two spaces; equal policies give equal bytes."""
    return json.dumps(policy_document(policy), indent=2, ensure_ascii=False) + "\n"


def compact_policy(policy: Policy) -> str:
    """The JSON text of a policy without white space between its elements."""
    return json.dumps(policy_document(policy), separators=(",", ":"), ensure_ascii=False)


def policy_size(policy: Policy) -> int:
    """The characters that count towards IAM's size quotas: all but white space between elements."""
    return len(compact_policy(policy))


def _decoded(text: str | bytes) -> Any:
    size_bytes = len(text.encode(errors="replace")) if isinstance(text, str) else len(text)
    if size_bytes > DOCUMENT_BYTES_MAX:
        raise PolicyError(f"the document has {size_bytes} bytes; at most {DOCUMENT_BYTES_MAX} are read")
    try:
        return json.loads(text, object_pairs_hook=_without_repeated_names)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PolicyError(f"the document is not JSON: {error}") from error


def _without_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # JSON readers disagree on which of two equal names counts; a policy must not mean two things.
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise PolicyError(f"{repeated!r} occurs twice in one object", hint="merge the two into one list")
    return members


def _statement(fields: Any, place: str, *, kind: DocumentKind, variables: bool) -> Statement:
    if not isinstance(fields, Mapping):
        raise PolicyError(f"{place}: must be an object")
    sid = fields.get("Sid")
    if sid is not None and not (isinstance(sid, str) and (kind != "identity" or _SID.fullmatch(sid))):
        raise PolicyError(f"{place}, Sid: {sid!r} must consist of letters and digits")
    if sid:
        place += f" ({sid})"
    _refuse_misplaced(fields, place, kind)
    effect = fields.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f'{place}, Effect: must be "Allow" or "Deny", not {effect!r}')
    actions, every_action_but = _one_of(fields, "Action", "NotAction", place)
    _check_actions(actions, f"{place}, {'NotAction' if every_action_but else 'Action'}")
    resources, every_resource_but = ((), False) if kind == "trust" else _resources(fields, place, variables=variables)
    return Statement(
        effect=effect,
        actions=actions,
        resources=resources,
        conditions=_conditions(fields.get("Condition", {}), f"{place}, Condition", variables=variables),
        sid=sid,
        every_action_but=every_action_but,
        every_resource_but=every_resource_but,
        principals=None if kind == "identity" else _principals(fields, place),
    )


def _refuse_misplaced(fields: Mapping[str, Any], place: str, kind: DocumentKind) -> None:
    """Elements that belong in another kind of document, with the reason; and those that belong in none."""
    for name in sorted(fields.keys() & (_PRINCIPAL_ELEMENTS | _RESOURCE_ELEMENTS)):
        if name in _PRINCIPAL_ELEMENTS and kind == "identity":
            raise PolicyError(f"{place}, {name}: belongs in a resource policy, not in an identity policy")
        if name in _RESOURCE_ELEMENTS and kind == "trust":
            raise PolicyError(f"{place}, {name}: a trust policy is about the role that it hangs on")
    known = _STATEMENT_ELEMENTS if kind == "identity" else _STATEMENT_ELEMENTS | _PRINCIPAL_ELEMENTS
    _refuse_unknown(fields, known, place)


def _resources(fields: Mapping[str, Any], place: str, *, variables: bool) -> tuple[tuple[str, ...], bool]:
    resources, negated = _one_of(fields, "Resource", "NotResource", place)
    _check_resources(resources, f"{place}, {'NotResource' if negated else 'Resource'}", variables=variables)
    return resources, negated


def _principals(fields: Mapping[str, Any], place: str) -> Principals:
    if ("Principal" in fields) == ("NotPrincipal" in fields):
        raise PolicyError(f"{place}: needs either Principal or NotPrincipal, and not both")
    name = "Principal" if "Principal" in fields else "NotPrincipal"
    return parse_principals(fields[name], f"{place}, {name}", every_one_but=name == "NotPrincipal")


def _one_of(fields: Mapping[str, Any], plain: str, negated: str, place: str) -> tuple[tuple[str, ...], bool]:
    if (plain in fields) == (negated in fields):
        raise PolicyError(f"{place}: needs either {plain} or {negated}, and not both")
    name = negated if negated in fields else plain
    values = _texts(fields[name], f"{place}, {name}")
    if not values:
        raise PolicyError(f"{place}, {name}: must not be empty")
    return values, name == negated


def _texts(value: Any, place: str) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    for each in values:
        if not isinstance(each, str):
            raise PolicyError(f"{place}: must be text or a list of texts, not {each!r}")
    return tuple(values)


def _check_actions(actions: Iterable[str], place: str) -> None:
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise PolicyError(
                f"{place}: {action!r} is not an action",
                hint='write "service:Action"; only the part after the colon may hold * and ?',
            )


def _check_resources(resources: Iterable[str], place: str, *, variables: bool) -> None:
    for resource in resources:
        try:
            parse_arn_pattern(resource, variables=variables)
        except PolicyError as error:
            raise PolicyError(f"{place}: {error.message}", hint=error.hint) from error


def _conditions(block: Any, place: str, *, variables: bool) -> tuple[Condition, ...]:
    if not isinstance(block, Mapping):
        raise PolicyError(f"{place}: must be an object of operators")
    conditions = []
    for operator, keys in block.items():
        if not isinstance(keys, Mapping) or not keys:
            raise PolicyError(f"{place}.{operator}: must be an object of at least one key")
        for key, value in keys.items():
            here = f"{place}.{operator}.{key}"
            condition = Condition(operator=operator, key=key, values=_condition_values(value, here))
            try:
                check_condition(operator, key, condition.values, variables=variables)
            except PolicyError as error:
                raise PolicyError(f"{here}: {error.message}", hint=error.hint) from error
            conditions.append(condition)
    return tuple(conditions)


def _condition_values(value: Any, place: str) -> tuple[str, ...]:
    """Condition values as text: JSON numbers and booleans are accepted wherever their text is."""
    values = value if isinstance(value, list | tuple) else [value]
    if not values:
        raise PolicyError(f"{place}: must have at least one value")
    texts = []
    for each in values:
        if isinstance(each, bool):
            texts.append("true" if each else "false")
        elif isinstance(each, str | int | float):
            texts.append(str(each))
        else:
            raise PolicyError(f"{place}: {each!r} is no condition value", hint="write text, a number, true or false")
    return tuple(texts)


def _refuse_unknown(fields: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    unknown = [name for name in fields if name not in known]
    if unknown:
        raise PolicyError(f"{place}: unknown element {unknown[0]!r}", hint=f"known are {', '.join(sorted(known))}")


def _refuse_repeated_sids(statements: Iterable[Statement]) -> None:
    seen: set[str] = set()
    for statement in statements:
        if statement.sid and statement.sid in seen:
            raise PolicyError(f"Sid {statement.sid!r} names two statements", hint="give each statement its own Sid")
        seen.add(statement.sid or "")


def _statement_document(statement: Statement) -> dict[str, Any]:
    document: dict[str, Any] = {} if statement.sid is None else {"Sid": statement.sid}
    document["Effect"] = statement.effect
    if statement.principals is not None:
        name = "NotPrincipal" if statement.principals.every_one_but else "Principal"
        document[name] = principals_document(statement.principals)
    document["NotAction" if statement.every_action_but else "Action"] = _scalar_or_list(statement.actions)
    if statement.resources:
        document["NotResource" if statement.every_resource_but else "Resource"] = _scalar_or_list(statement.resources)
    if statement.conditions:
        block: dict[str, dict[str, Any]] = {}
        for condition in statement.conditions:
            block.setdefault(condition.operator, {})[condition.key] = _scalar_or_list(condition.values)
        document["Condition"] = block
    return document


def _scalar_or_list(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
