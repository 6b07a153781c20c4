"""Which keys a WHERE clause binds: whether a statement reads partitions or everything, and which item it writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tenantable.expressions.conditions import all_of
from tenantable.expressions.syntax import (
    Between,
    Call,
    Comparison,
    ConditionNode,
    Conjunction,
    Disjunction,
    Membership,
    Operand,
    Path,
    Value,
)
from tenantable.wire.errors import DynamoError, validation_error
from tenantable.wire.keys import KeyNames

_MIRRORED: Final = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, kw_only=True, slots=True)
class SortTerm:
    """A condition on the sort key that a range of keys fulfils; operators as those of a key condition."""

    operator: str
    operands: tuple[Value, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """
    What a WHERE clause says of the keys.

    `partitions` are the values that the partition key may have; `rest` is what must be checked of each item beside,
    None for nothing. Where a key has several attributes, `other_partitions` are the values of the partition attributes
    that follow the first, which has one value then, and `other_sorts` the conditions on sort attributes that follow the
    first.
    """

    partitions: tuple[Value, ...]
    sort: SortTerm | None
    rest: ConditionNode | None
    other_partitions: tuple[Value, ...] = ()
    other_sorts: tuple[SortTerm, ...] = ()


def missing_key_equality() -> DynamoError:
    return validation_error("Where clause does not contain a mandatory equality on all key attributes")


def find_bounds(where: ConditionNode | None, keys: KeyNames) -> Bounds | None:
    """What the clause says of the keys of a table or an index; None when only a full scan can answer it."""
    if where is None:
        return None
    terms = list(_terms(where))
    if keys.multiple:
        return _find_multiple_bounds(terms, keys)
    chosen = min(
        (term for term in terms if bound_values(term, keys.partition.name) is not None),
        key=lambda term: len(bound_values(term, keys.partition.name) or ()),
        default=None,
    )
    if chosen is None:
        return None
    if not isinstance(chosen, Disjunction):  # what a disjunction says beside the partition must still be checked
        terms.remove(chosen)
    sort = None
    for term in terms:
        sort = None if keys.sort is None else _sort_term(term, keys.sort.name)
        if sort is not None:
            terms.remove(term)
            break
    rest = all_of(terms) if terms else None
    return Bounds(partitions=bound_values(chosen, keys.partition.name) or (), sort=sort, rest=rest)


def _find_multiple_bounds(terms: list[ConditionNode], keys: KeyNames) -> Bounds | None:
    """
    As `find_bounds`, of a key with several attributes.

    Every partition attribute must have `=`: where one has IN or OR, a full scan answers.
    """
    partitions: list[Value] = []
    for attribute in keys.partitions:
        term = next((term for term in terms if _equality(term, attribute.name) is not None), None)
        if term is None:
            return None
        terms.remove(term)
        value = _equality(term, attribute.name)
        assert value is not None
        partitions.append(value)
    sorts = _take_sort_terms(terms, keys)
    return Bounds(
        partitions=tuple(partitions[:1]),
        sort=sorts[0] if sorts else None,
        rest=all_of(terms) if terms else None,
        other_partitions=tuple(partitions[1:]),
        other_sorts=tuple(sorts[1:]),
    )


def _take_sort_terms(terms: list[ConditionNode], keys: KeyNames) -> list[SortTerm]:
    """Take from the terms those on sort attributes from left to right, as far as one range of keys fulfils them."""
    taken: list[SortTerm] = []
    for attribute in keys.sorts:
        found = [(term, sort) for term in terms if (sort := _sort_term(term, attribute.name)) is not None]
        if not found:
            break
        term, sort = min(found, key=lambda pair: pair[1].operator != "=")
        terms.remove(term)
        taken.append(sort)
        if sort.operator != "=":
            break
    return taken


def bound_values(node: ConditionNode, name: str) -> tuple[Value, ...] | None:
    """The values that an attribute must have one of where the condition holds; None when it does not say."""
    match node:
        case Comparison(operator="=", left=left, right=right):
            value = _compared_with(left, right, name) or _compared_with(right, left, name)
            return None if value is None else (value,)
        case Membership(operand=operand, candidates=candidates) if _is_attribute(operand, name):
            constants = tuple(candidate for candidate in candidates if isinstance(candidate, Value))
            return constants if len(constants) == len(candidates) else None
        case Disjunction(parts=parts):
            found = [bound_values(part, name) for part in parts]
            return tuple(value for values in found for value in values or ()) if None not in found else None
        case Conjunction(parts=parts):
            several = [values for part in parts if (values := bound_values(part, name)) is not None]
            return min(several, key=len, default=None)
    return None


def equal_values(where: ConditionNode, names: Iterable[str]) -> dict[str, Value]:
    """
    The value that the clause binds each of some attributes to.

    Raises:
        DynamoError: ValidationException when it binds one of them to none, or to several.
    """
    found: dict[str, Value] = {}
    for name in names:
        values = [value for term in _terms(where) if (value := _equality(term, name)) is not None]
        if not values:
            raise missing_key_equality()
        found[name] = values[0]
    return found


def binds_key(where: ConditionNode, keys: KeyNames) -> bool:
    """Whether the clause binds every key attribute to one value."""
    return all(any(_equality(term, name) is not None for term in _terms(where)) for name in keys.names)


def _terms(where: ConditionNode) -> tuple[ConditionNode, ...]:
    return where.parts if isinstance(where, Conjunction) else (where,)


def _equality(term: ConditionNode, name: str) -> Value | None:
    if isinstance(term, Comparison) and term.operator == "=":
        return _compared_with(term.left, term.right, name) or _compared_with(term.right, term.left, name)
    return None


def _sort_term(term: ConditionNode, name: str) -> SortTerm | None:
    match term:
        case Comparison(operator=operator, left=left, right=Value() as value) if operator in _MIRRORED:
            return SortTerm(operator=operator, operands=(value,)) if _is_attribute(left, name) else None
        case Comparison(operator=operator, left=Value() as value, right=right) if operator in _MIRRORED:
            return SortTerm(operator=_MIRRORED[operator], operands=(value,)) if _is_attribute(right, name) else None
        case Between(operand=operand, lower=Value() as lower, upper=Value() as upper) if _is_attribute(operand, name):
            return SortTerm(operator="BETWEEN", operands=(lower, upper))
        case Call(function="begins_with", operands=(operand, Value() as prefix)) if _is_attribute(operand, name):
            return SortTerm(operator="begins_with", operands=(prefix,))
    return None


def _compared_with(attribute: Operand, value: Operand, name: str) -> Value | None:
    return value if isinstance(value, Value) and _is_attribute(attribute, name) else None


def _is_attribute(operand: Operand, name: str) -> bool:
    return isinstance(operand, Path) and operand.elements == (name,)
