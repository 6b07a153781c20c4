"""
Requests that a statement covers: what a counter-example is made of.

Everything that the statement's own conditions ask for is put into the request, so that a wildcard is still found where
a condition on the address or the time stands beside it. What belongs to the resource of a stranger (its tags, its
aliases, its account) is the stranger's.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from tenantable.errors import PolicyError
from tenantable.iam.documents import CURRENT_VERSION, FIRST_VERSION, Condition, Policy, Statement
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.iam.lint.actions import (
    ATTRIBUTES,
    CAPACITY,
    ENCLOSING,
    FULL_SCAN,
    KEYS,
    LEADING_KEYS,
    MULTIVALUED,
    PARTITION_VALUES,
    PREFIX,
    RETURN_VALUES,
    SELECT,
    covers,
)
from tenantable.iam.lint.reading import LintedPolicy, LintedStatement
from tenantable.iam.patterns import (
    Context,
    ContextValue,
    Pattern,
    Variable,
    Wildcard,
    parse_pattern,
    split_arn,
    variable_keys,
)

TRIES_MAX = 256
"""Combinations of context values that are tried for one request."""

FOREIGN_ACCOUNT = "999999999999"
FOREIGN_REGION = "ap-southeast-2"
_REGIONS = (
    "us-east-1 us-west-2 us-gov-west-1 eu-west-1 eu-central-1 eu-north-1 eu-south-1 ap-southeast-2 ap-northeast-1 "
    "ap-south-1 ca-central-1 sa-east-1 af-south-1 me-south-1 il-central-1 mx-central-1 cn-north-1"
).split()
_SEGMENTS = {"aws": ("aws-cn", "aws-us-gov"), "us-east-1": (*_REGIONS, *(f"{each[:-1]}2" for each in _REGIONS))}

Insisted = Mapping[str, ContextValue | None]
"""Context keys that a counter-example must have with this value, or, with None, must not have."""

_EVERYTHING = Statement(effect="Allow", actions=("*",), resources=("*",))
_NO_ACTION = Statement(effect="Deny", actions=("unknown:Action",), resources=("*",))
_MULTIVALUED = MULTIVALUED | {
    "kms:resourcealiases",
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A statement in its policy, with every other statement in all policies of the same owner."""

    policy: LintedPolicy
    linted: LintedStatement
    others: tuple[tuple[Statement, bool], ...] = field(default=())
    """With each, whether variables mean something in its policy."""

    @cached_property
    def denies(self) -> tuple[tuple[Statement, bool], ...]:
        return tuple(each for each in self.others if each[0].effect == "Deny")

    @cached_property
    def whole(self) -> tuple[Policy, ...]:
        """Everything that the owner has; of a statement that never applies, without it."""
        beside = [self._policy((each,), variables=variables) for each, variables in self.others]
        return (self._policy((self.statement,)), *beside) if self.linted.applies else tuple(beside)

    @property
    def statement(self) -> Statement:
        return self.linted.statement

    @property
    def is_allow(self) -> bool:
        return self.statement.effect == "Allow"

    def proof(self, statement: Statement | None = None) -> tuple[Policy, ...]:
        """
        What a request is decided on: the statement and every deny; of a Deny, that one beside an Allow of everything.

        Args:
            statement: The statement, or a part of it. None: as it is.
        """
        own = self.statement if statement is None else statement
        if not self.linted.applies:
            own = _NO_ACTION
        if not self.is_allow:
            return (self._policy((_EVERYTHING, own)),)
        denies = [self._policy((each,), variables=variables) for each, variables in self.denies]
        return (self._policy((own,)), *denies)

    def proof_as_current(self) -> tuple[Policy, ...]:
        """As `proof`, were the policy of the current version of the language."""
        return tuple(replace(policy, version=CURRENT_VERSION) for policy in self.proof())

    def _policy(self, statements: tuple[Statement, ...], *, variables: bool | None = None) -> Policy:
        meant = self.policy.has_variables if variables is None else variables
        return Policy(statements=statements, version=CURRENT_VERSION if meant else FIRST_VERSION)

    @cached_property
    def _decided(self) -> PolicySet:
        return PolicySet(self.proof())

    def allows(self, request: AccessRequest) -> bool:
        return self._decided.decide(request).allowed

    def witness(self, action: str, resource: str, insisted: Insisted | None = None) -> AccessRequest | None:
        """A request for the action on the resource that is allowed; None when none was found."""
        if not self.linted.applies and self.is_allow:
            return None
        for context in self.contexts(action, resource, insisted):
            request = AccessRequest(action, resource, context)
            if self.allows(request):
                return request
        return None

    def contexts(self, action: str, resource: str, insisted: Insisted | None = None) -> Iterator[Context]:
        """Contexts that the conditions may hold in, the likeliest first."""
        conditions = [*self.statement.conditions]
        conditions += [each for deny, _ in self.denies for each in deny.conditions]
        texts = [each for one in (self.statement, *(deny for deny, _ in self.denies)) for each in one.resources]
        variables = self.policy.has_variables
        return contexts(action, resource, conditions, insisted=insisted or {}, variables=variables, texts=texts)


def subjects(policies: Sequence[LintedPolicy]) -> Iterator[Subject]:
    """Every statement of every policy."""
    for policy in policies:
        owner = policy.source.owner
        beside = [each for each in policies if owner is not None and each.source.owner == owner] or [policy]
        for linted in policy.statements:
            others = tuple(
                (other.statement, each.has_variables)
                for each in beside
                for other in each.statements
                if other is not linted and other.applies
            )
            yield Subject(policy=policy, linted=linted, others=others)


def contexts(
    action: str,
    resource: str,
    conditions: Iterable[Condition],
    *,
    insisted: Insisted,
    variables: bool,
    texts: Iterable[str] = (),
) -> Iterator[Context]:
    """All combinations of values that the conditions speak of, for a request of this action; bounded."""
    conditions = list(conditions)
    base = _usual_context(action, resource)
    for key in _variable_keys(conditions, texts) if variables else ():
        base.setdefault(key, variable_value(key))
    fixed = {**insisted}
    named = split_arn(resource)
    if len(named) == 6 and named[2] != "kms":
        fixed.setdefault("aws:resourceaccount", named[4] or base.get("aws:resourceaccount"))
    options: dict[str, list[ContextValue | None]] = {}
    for condition in conditions:
        key = condition.key.lower()
        if key not in fixed and _may_have(action, key):
            known = options.setdefault(key, [])
            known += [each for each in _options(condition, base, variables=variables) if each not in known]
    for key, values in options.items():
        values += [value for value in (base.get(key), None) if value not in values]
    names = list(options)
    for combination in itertools.islice(itertools.product(*options.values()), TRIES_MAX):
        context = {**base, **dict(zip(names, combination, strict=True)), **fixed}
        yield {key: value for key, value in context.items() if value is not None}


def _may_have(action: str, key: str) -> bool:
    """A request has DynamoDB's own keys where its action has them; other services' and global keys always may be."""
    if not key.startswith(PREFIX) or not action.lower().startswith(PREFIX):
        return True
    return key in KEYS.get(action, frozenset())


def _usual_context(action: str, resource: str) -> dict[str, ContextValue]:
    segments = split_arn(resource)
    region, account = (segments[3], segments[4]) if len(segments) == 6 else ("", "")
    own = account if account and account != FOREIGN_ACCOUNT else "123456789012"
    context: dict[str, ContextValue] = {
        "aws:requestedregion": region or "us-east-1",
        "aws:principalarn": f"arn:aws:iam::{own}:role/some-role",
        "aws:principalaccount": own,
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
    }
    usual: dict[str, ContextValue] = {
        LEADING_KEYS: ("any-key",),
        PARTITION_VALUES[0]: ("any-key",),
        ATTRIBUTES: ("pk",),
        CAPACITY: "NONE",
        SELECT: "ALL_PROJECTED_ATTRIBUTES" if "/index/" in resource else "ALL_ATTRIBUTES",
        RETURN_VALUES: "NONE",
        FULL_SCAN: "false",
    }
    keys = KEYS.get(action, frozenset())
    return context | {key: value for key, value in usual.items() if key in keys and key != ENCLOSING}


def _variable_keys(conditions: Iterable[Condition], texts: Iterable[str]) -> set[str]:
    patterns = [*texts, *(value for condition in conditions for value in condition.values)]
    return set(variable_keys(readable_pattern(text) for text in patterns if "${" in text))


def readable_pattern(text: str, *, wildcards: bool = True, variables: bool = True) -> Pattern:
    """A pattern; where a variable in it is malformed, the text without any."""
    try:
        return parse_pattern(text, wildcards=wildcards, variables=variables)
    except PolicyError:
        return parse_pattern(text, wildcards=wildcards, variables=False)


def variable_value(key: str) -> str:
    return {"aws:username": "ann", "aws:userid": "AIDAEXAMPLE"}.get(key, "t1")


def _options(condition: Condition, base: Context, *, variables: bool) -> list[ContextValue | None]:
    """Values of a key that may make a condition hold."""
    quantifier, _, name = condition.operator.rpartition(":")
    name = name.removesuffix("IfExists")
    key = condition.key.lower()
    if name == "Null":
        present = base.get(key) or (("any",) if key in _MULTIVALUED else "any")
        return [present if value.lower() == "false" else None for value in condition.values]
    found = [text for value in condition.values for text in _texts(name, value, base, variables=variables)]
    if quantifier or key in _MULTIVALUED:
        return [(text,) for text in dict.fromkeys(found)]
    return list(dict.fromkeys(found))


def _texts(operator: str, value: str, base: Context, *, variables: bool) -> Iterator[str]:
    text = filled(value, base, wildcards="Like" in operator or operator.startswith("Arn"), variables=variables)
    if operator.startswith("Numeric"):
        number = int(float(text)) if text.replace(".", "", 1).lstrip("-").isdigit() else 0
        yield from map(str, (number, number - 1, number + 1))
    elif operator.startswith("Date"):
        yield from (text, *_days_beside(text), "1971-01-01T00:00:00Z", "2199-01-01T00:00:00Z")
    elif operator in {"IpAddress", "NotIpAddress"}:
        yield from (text.partition("/")[0], "203.0.113.7")
    elif operator == "Bool":
        yield from (text.lower(), "false" if text.lower() == "true" else "true")
    elif operator.startswith("ArnNot"):
        yield from ("arn:aws:iam::123456789012:role/another", text)
    elif "Not" in operator:
        yield from ("something-else", text)
    else:
        yield from (text, "something-else")  # the second for a deny that must not hold


def _days_beside(text: str) -> Iterator[str]:
    """The day before and the day after, for a time between two limits."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return
    for days in (-1, 1):
        yield (moment + timedelta(days=days)).isoformat()


def filled(text: str, base: Context, *, wildcards: bool, variables: bool, blank: str = "x") -> str:
    """A text that a pattern covers: variables as in the context, `blank` for `*` and a letter for `?`."""
    parts = []
    for part in readable_pattern(text, wildcards=wildcards, variables=variables):
        if isinstance(part, Variable):
            value = base.get(part.key)
            parts.append(value if isinstance(value, str) else part.default or variable_value(part.key))
        elif isinstance(part, Wildcard):
            parts.append(blank if part is Wildcard.ANY else "x")
        else:
            parts.append(part)
    return "".join(parts)


def without_variables(text: str, *, variables: bool) -> str:
    """A pattern whose variables are filled in as `filled` does, and whose wildcards stay."""
    if not variables or "${" not in text:
        return text
    parts = readable_pattern(text)
    return "".join(
        part if isinstance(part, str) else part.value if isinstance(part, Wildcard) else variable_value(part.key)
        for part in parts
    )


def covered_arn(pattern: str, kinds: Iterable[str], *, variables: bool, tags: Context | None = None) -> str | None:
    """
    An ARN of DynamoDB that a resource element covers and that is of one of the kinds; None when there is none.

    Args:
        kinds: Such as `table` and `index`; the first that fits is taken.
    """
    test = PolicySet([Policy(statements=(Statement(effect="Allow", actions=("*",), resources=(pattern,)),),
                             version=CURRENT_VERSION if variables else FIRST_VERSION)])  # fmt: skip
    context = dict(tags or {})
    for key in _variable_keys((), [pattern]) if variables else ():
        context.setdefault(key, variable_value(key))
    for kind in kinds:
        for arn in _candidate_arns(pattern, kind, context, variables=variables):
            if kind_of(arn) == kind and test.decide(AccessRequest("dynamodb:GetItem", arn, context)).allowed:
                return arn
    return None


def concrete_segment(pattern: str, usual: str) -> str:
    """What a segment before an ARN's fifth colon covers: the usual value if it can be, else another that exists."""
    if "*" not in pattern and "?" not in pattern:
        return pattern
    fits = (each for each in (usual, *_SEGMENTS.get(usual, ())) if covers(pattern, each))
    return next(fits, filled(pattern, {}, wildcards=True, variables=False, blank="0"))


_TAILS = {
    "table": "",
    "index": "/index/any-index",
    "stream": "/stream/2026-01-01T00:00:00.000",
    "backup": "/backup/01234567890123-abcdefgh",
    "export": "/export/01234567890123-abcdefgh",
    "import": "/import/01234567890123-abcdefgh",
}


def _candidate_arns(pattern: str, kind: str, context: Context, *, variables: bool) -> Iterator[str]:
    *head, tail = [*pattern.split(":", 5), *["*"] * 6][:6]
    if pattern == "*":
        head, tail = ["*"] * 5, "*"
    usual = ("arn", "aws", "dynamodb", "us-east-1", "123456789012")
    concrete = [concrete_segment(part, default) for part, default in zip(head, usual, strict=False)]
    if head[2] not in ("*", "dynamodb") and "*" not in head[2]:
        return
    prefix = ":".join(concrete)
    if kind == "global-table":
        yield f"{':'.join(concrete[:3])}::{concrete[4]}:global-table/any-table"
        return
    end = _TAILS.get(kind, "")
    yield f"{prefix}:table/any-table{end}"
    for blank in (
        "x",
        "any-table",
        f"any-table{end}",
        end.rpartition("/")[2],
        end.lstrip("/"),
        f"table/any-table{end}",
        "",
    ):
        yield f"{prefix}:{filled(tail, context, wildcards=True, variables=variables, blank=blank)}"
        name = filled(tail.rstrip("*"), context, wildcards=True, variables=variables, blank=blank)
        yield f"{prefix}:{name}x{end}"
        yield f"{prefix}:{name}{end}"


def kind_of(arn: str) -> str:
    """The kind of DynamoDB resource that a concrete ARN names; `none` when it names none."""
    tail = split_arn(arn)[-1]
    if tail.startswith("global-table/"):
        return "global-table"
    parts = tail.split("/")
    if parts[0] != "table" or len(parts) not in (2, 4) or not all(parts):
        return "none"
    return parts[2] if len(parts) == 4 else "table"
