"""
Policies taken apart into permissions: one action on one resource, under conditions that can be compared.

What a request of DynamoDB can say in few words (Select, ReturnValues, EnclosingOperation) is decided for each word.
Leading keys and attributes are lists of patterns. Any other condition is compared as it is written.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tenantable.iam.conditions import compile_condition
from tenantable.iam.differences.inclusion import all_cover, arn_segments, pattern_covers, patterns_disjoint
from tenantable.iam.differences.inclusion import without_variables as plain
from tenantable.iam.documents import Condition, Statement
from tenantable.iam.lint.actions import (
    ACTIONS,
    ATTRIBUTES,
    ENCLOSING,
    KEYS,
    LEADING_KEYS,
    PREFIX,
    RETURN_VALUES,
    SELECT,
    UNNAMED,
)
from tenantable.iam.lint.actions import matching as known_actions
from tenantable.iam.lint.keys import usual_spelling
from tenantable.iam.lint.reading import LintedPolicy
from tenantable.iam.lint.witnesses import covered_arn
from tenantable.iam.patterns import Pattern, parse_pattern

_WORDS = {
    ENCLOSING: ("TransactGetItems", "TransactWriteItems", "ExecuteTransaction"),
    RETURN_VALUES: ("NONE", "UPDATED_OLD", "UPDATED_NEW", "ALL_OLD", "ALL_NEW"),
    SELECT: ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT"),
}
"""What requests can say; each may also be absent."""
_ONE_KEY = frozenset(
    PREFIX + name for name in ("ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
)
"""Actions whose requests have exactly one leading key."""

Words = tuple[tuple[str, str | None], ...]
"""A word for each key that has few, in the order of the keys; None: the key is absent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """An action or resource element: the segments of its pattern, or all that some patterns leave over."""

    text: str
    segments: tuple[Pattern, ...] = ()
    but: tuple["Element", ...] = ()

    @property
    def is_complement(self) -> bool:
        return bool(self.but)

    def covers(self, other: "Element") -> bool:
        if self.is_complement:
            if other.is_complement:
                return all(any(theirs.covers(mine) for theirs in other.but) for mine in self.but)
            return all(each.is_disjoint(other) for each in self.but)
        if other.is_complement:
            return self.text == "*"
        return len(self.segments) == len(other.segments) and all(
            pattern_covers(mine, theirs) for mine, theirs in zip(self.segments, other.segments, strict=True)
        )

    def is_disjoint(self, other: "Element") -> bool:
        """Whether they surely have nothing in common."""
        if self.is_complement or other.is_complement:
            wanted, rest = (self, other) if self.is_complement else (other, self)
            return not rest.is_complement and any(each.covers(rest) for each in wanted.but)
        return any(patterns_disjoint(mine, theirs) for mine, theirs in zip(self.segments, other.segments, strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """
    One action on one resource, allowed or denied, for requests that say these words.

    `leading_keys` and `attributes` are None where any will do; `others` are conditions as written.
    """

    action: Element
    resource: Element
    words: Words = ()
    leading_keys: tuple[Pattern, ...] | None = None
    attributes: tuple[Pattern, ...] | None = None
    others: frozenset["Other"] = field(default_factory=frozenset)

    def covers(self, other: "Permission") -> bool:
        """Whether every request that the other is about is one of this; False where that cannot be shown."""
        return (
            self.words == other.words
            and self.action.covers(other.action)
            and self.resource.covers(other.resource)
            and _list_covers(self.leading_keys, other.leading_keys)
            and _list_covers(self.attributes, other.attributes)
            and all(any(mine.covers(theirs) for theirs in other.others) for mine in self.others)
        )

    def is_disjoint(self, other: "Permission") -> bool:
        """Whether surely no request is one of both."""
        if self.words != other.words or self.action.is_disjoint(other.action):
            return True
        if self.resource.is_disjoint(other.resource):
            return True
        if self.action.text not in _ONE_KEY or self.leading_keys is None or other.leading_keys is None:
            return False
        return all(patterns_disjoint(a, b) for a in self.leading_keys for b in other.leading_keys)


@dataclass(frozen=True, kw_only=True, slots=True)
class Other:
    """A condition as written, or the principals of a resource policy as one."""

    operator: str
    key: str
    values: frozenset[str]
    if_exists: bool = False

    def covers(self, other: "Other") -> bool:
        if (self.operator, self.key) != (other.operator, other.key):
            return False
        if other.if_exists and not self.if_exists:
            return False
        if self.operator == "Principal" and "*" in self.values:
            return True
        name = self.operator.rpartition(":")[2]
        if name == "Null":
            return self.values == other.values
        if "Not" in name:
            return self.values <= other.values
        return other.values <= self.values

    def __str__(self) -> str:
        exists = "IfExists" if self.if_exists else ""
        return f"{self.operator}{exists} {usual_spelling(self.key)} {', '.join(sorted(self.values))}"


def _list_covers(wide: tuple[Pattern, ...] | None, narrow: tuple[Pattern, ...] | None) -> bool:
    if wide is None or narrow is None:
        return wide is None
    return all_cover(wide, narrow)


def permissions_of(policies: Sequence[LintedPolicy], effect: str) -> list[Permission]:
    """What all statements of one effect are about; a statement that never applies is about nothing."""
    found: dict[Permission, None] = {}
    for policy in policies:
        for linted in policy.statements:
            if linted.applies and linted.statement.effect == effect:
                principals = linted.principals
                own = [] if principals is None else [_principals(principals, negated=linted.every_principal_but)]
                for each in _of_statement(linted.statement, own, variables=policy.has_variables):
                    found[each] = None
    return list(found)


@lru_cache(maxsize=4096)
def _acts_on(action: str, resource: Element, *, variables: bool) -> bool:
    """Whether the action can act on what the element covers; a permission that has no effect is none."""
    kinds = ACTIONS.get(action)
    if kinds is None or resource.is_complement:
        return True
    if UNNAMED in kinds and resource.text.split(":", 5)[-1].strip("*") in ("", "table/"):
        return True
    return covered_arn(resource.text, sorted(kinds - {UNNAMED}), variables=variables) is not None


def _principals(names: Iterable[str], *, negated: bool) -> Other:
    return Other(operator="NotPrincipal" if negated else "Principal", key="principal", values=frozenset(names))


def _of_statement(statement: Statement, own: list[Other], *, variables: bool) -> Iterator[Permission]:
    resources = [_resource(text, variables=variables) for text in statement.resources]
    if statement.every_resource_but:
        listed = ", ".join(statement.resources)
        resources = [Element(text=f"everything but {listed}", but=tuple(resources))]
    for action in _actions(statement):
        for words, rest in _worded(action.text, statement.conditions, variables=variables):
            limits = _limits(action.text, rest, variables=variables)
            effective = [each for each in resources if _acts_on(action.text, each, variables=variables)]
            for (leading_keys, attributes, others), resource in itertools.product(limits, effective):
                yield Permission(
                    action=action, resource=resource, words=words, leading_keys=leading_keys, attributes=attributes,
                    others=frozenset([*others, *own]),
                )  # fmt: skip


def _actions(statement: Statement) -> Iterator[Element]:
    """DynamoDB's known actions one by one, and what is written of other services."""
    if statement.every_action_but:
        listed = tuple(_action(text) for text in statement.actions)
        known = [action for action in ACTIONS if not any(each.covers(_action(action)) for each in listed)]
        yield from map(_action, known)
        yield Element(text=f"everything but {', '.join(statement.actions)}", but=listed)
        return
    for text in statement.actions:
        yield from map(_action, known_actions(text))
        if not text.lower().startswith(PREFIX):
            yield _action(text)


@lru_cache(maxsize=4096)
def _action(text: str) -> Element:
    shown = "*" if not text.strip("*") else text
    return Element(text=shown, segments=(parse_pattern(text.lower(), wildcards=True, variables=False),))


@lru_cache(maxsize=4096)
def _resource(text: str, *, variables: bool) -> Element:
    written = text if variables else plain(text)
    segments = tuple(parse_pattern(part, wildcards=True, variables=True) for part in arn_segments(written))
    return Element(text="*" if not text.strip("*") else text, segments=segments)


def _worded(
    action: str, conditions: Iterable[Condition], *, variables: bool
) -> Iterator[tuple[Words, list[Condition]]]:
    """Every choice of words that the conditions on them let through, with the conditions that are left."""
    own: list[Condition] = []
    rest: list[Condition] = []
    for condition in conditions:
        few = condition.key.lower() in _WORDS and not any("${" in value for value in condition.values)
        (own if few and action in ACTIONS else rest).append(condition)
    tests = [compile_condition(each.operator, each.key.lower(), each.values, variables=variables) for each in own]
    keys = [key for key in _WORDS if key in KEYS.get(action, frozenset())]
    for words in itertools.product(*([*_WORDS[key], None] for key in keys)):
        chosen = tuple(zip(keys, words, strict=True))
        context = {key: word for key, word in chosen if word is not None}
        if all(test.holds(context) for test in tests):
            yield chosen, rest


_Limits = tuple[tuple[Pattern, ...] | None, tuple[Pattern, ...] | None, frozenset[Other]]


def _limits(action: str, conditions: Iterable[Condition], *, variables: bool) -> Iterator[_Limits]:
    """The lists that must hold; for one leading key each pattern of its list by itself."""
    lists: dict[str, list[tuple[Pattern, ...]]] = {LEADING_KEYS: [], ATTRIBUTES: []}
    others: set[Other] = set()
    has = KEYS.get(action, frozenset())
    for condition in conditions:
        key, operator = condition.key.lower(), condition.operator.removesuffix("IfExists")
        if action in ACTIONS and key in lists and key not in has:
            if condition.operator.startswith("ForAllValues") or condition.operator.endswith("IfExists"):
                continue  # holds, for the request never has the key
            if operator.startswith("ForAnyValue"):
                return
        single = key == LEADING_KEYS and action in _ONE_KEY
        allowed = {"ForAllValues:StringEquals", "ForAllValues:StringLike"}
        if single:
            allowed |= {"ForAnyValue:StringEquals", "ForAnyValue:StringLike"}
        if key in lists and action in ACTIONS and operator in allowed:
            texts = [value if variables else plain(value) for value in condition.values]
            wildcards = operator.endswith("Like")
            lists[key].append(tuple(parse_pattern(text, wildcards=wildcards, variables=True) for text in texts))
        else:
            others.add(_other(condition, variables=variables))
    keys, attributes = lists[LEADING_KEYS], lists[ATTRIBUTES]
    for surplus, name in ((keys[1:], LEADING_KEYS), (attributes[1:], ATTRIBUTES)):
        others |= {Other(operator="AlsoOneOf", key=name, values=frozenset(map(str, each))) for each in surplus}
    first = attributes[0] if attributes else None
    if keys and action in _ONE_KEY:
        for pattern in keys[0]:
            yield (pattern,), first, frozenset(others)
    else:
        yield (keys[0] if keys else None), first, frozenset(others)


def _other(condition: Condition, *, variables: bool) -> Other:
    operator = condition.operator.removesuffix("IfExists")
    return Other(
        operator=operator,
        key=condition.key.lower(),
        values=frozenset(value if variables else plain(value) for value in condition.values),
        if_exists=operator != condition.operator,
    )
