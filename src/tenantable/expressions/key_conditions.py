"""Key condition expressions: which items of one partition a Query reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tenantable.expressions.comparison import ORDERED_TYPES
from tenantable.expressions.conditions import read_condition
from tenantable.expressions.parsing import CACHED_EXPRESSIONS_MAX
from tenantable.expressions.paths import bind_value, check_bounds
from tenantable.expressions.placeholders import Placeholders, Scope
from tenantable.expressions.syntax import (
    Between,
    Call,
    Comparison,
    ConditionNode,
    Conjunction,
    Disjunction,
    ExpressionKind,
    Membership,
    Negation,
    Operand,
    Path,
    Value,
    invalid_expression,
)
from tenantable.wire.errors import DynamoError, invalid_parameter_values, validation_error
from tenantable.wire.keys import KeyAttribute, KeyNames
from tenantable.wire.values import AttributeValue

_KIND: ExpressionKind = "KeyConditionExpression"
_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPERAND_TYPES: Final = {"begins_with": frozenset({"S", "B"})}
_NOT_SUPPORTED = "Query key condition not supported"


@dataclass(frozen=True, kw_only=True, slots=True)
class SortCondition:
    """
    What must hold of the sort key.

    `operator` is one of `=`, `<`, `<=`, `>`, `>=`, `BETWEEN` and `begins_with`. BETWEEN has two operands, lower bound
    first, every other has one. Their type is the key's.
    """

    operator: str
    operands: tuple[AttributeValue, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyCondition:
    """
    The value of the partition key, of the key's type, and a condition on the sort key or None.

    Where a key has several attributes: the values of the other partition attributes, all of them, and conditions on the
    sort attributes that follow the first; all conditions but the last are `=`.
    """

    partition: AttributeValue
    sort: SortCondition | None = None
    other_partitions: tuple[AttributeValue, ...] = ()
    other_sorts: tuple[SortCondition, ...] = ()

    @property
    def partitions(self) -> tuple[AttributeValue, ...]:
        return (self.partition, *self.other_partitions)

    @property
    def sorts(self) -> tuple[SortCondition, ...]:
        return () if self.sort is None else (self.sort, *self.other_sorts)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Term:
    """A condition on one key attribute, turned so that the attribute stands first."""

    attribute: str
    operator: str
    operands: tuple[Value, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyConditionExpression:
    """A key condition expression, read but not yet bound to a request's placeholders."""

    terms: tuple[_Term, ...]

    def attribute_names(self, placeholders: Placeholders) -> frozenset[str]:
        """The key attributes that it names."""
        scope = Scope(placeholders, _KIND)
        return frozenset(scope.name(term.attribute) for term in self.terms)

    def conditions(self, placeholders: Placeholders) -> dict[str, SortCondition]:
        """
        The conditions by attribute name, for `match_key`.

        Emptiness and size of key values are left to whoever reads the keys.

        Raises:
            DynamoError: ValidationException for an undefined placeholder, operands of a wrong type, and two conditions
                on one attribute.
        """
        scope = Scope(placeholders, _KIND)
        conditions: dict[str, SortCondition] = {}
        for term in self.terms:
            name, condition = scope.name(term.attribute), _bind_term(term, scope)
            if name in conditions:
                raise validation_error("KeyConditionExpressions must only contain one condition per key")
            conditions[name] = condition
        return conditions


@lru_cache(maxsize=CACHED_EXPRESSIONS_MAX)
def parse_key_condition(text: str) -> KeyConditionExpression:
    """
    Read a key condition. Cached by text.

    Raises:
        DynamoError: ValidationException with DynamoDB's message for the fault.
    """
    root, _ = read_condition(text, _KIND)
    parts = root.parts if isinstance(root, Conjunction) else (root,)
    return KeyConditionExpression(terms=tuple(map(_term, parts)))


def _term(node: ConditionNode) -> _Term:
    operator, operands = _operator_and_operands(node)
    if any(isinstance(operand, Call) for operand in operands):
        raise invalid_expression(_KIND, "KeyConditionExpressions cannot contain nested operations")
    paths = [operand for operand in operands if isinstance(operand, Path)]
    if not paths:
        raise _invalid_condition("No key attribute specified")
    if len(paths) > 1:
        raise _invalid_condition("Multiple attribute names used in one condition")
    if len(paths[0].elements) > 1:
        raise invalid_expression(_KIND, "KeyConditionExpressions cannot have conditions on nested attributes")
    if operands[0] is not paths[0]:
        if operator not in _MIRRORED:
            raise _invalid_condition(f"{operator} operator must have the key attribute as its first operand")
        operator = _MIRRORED[operator]
    values = tuple(operand for operand in operands if isinstance(operand, Value))
    return _Term(attribute=str(paths[0].elements[0]), operator=operator, operands=values)


def _operator_and_operands(node: ConditionNode) -> tuple[str, tuple[Operand, ...]]:
    match node:
        case Comparison(operator=operator, left=left, right=right) if operator != "<>":
            return operator, (left, right)
        case Between(operand=operand, lower=lower, upper=upper):
            return "BETWEEN", (operand, lower, upper)
        case Call(function="begins_with", operands=operands):
            return "begins_with", operands
        case Comparison(operator=operator) | Call(function=operator):
            raise _invalid_operator(operator)
        case Membership():
            raise _invalid_operator("IN")
        case Negation():
            raise _invalid_operator("NOT")
        case Disjunction():
            raise _invalid_operator("OR")
        case Conjunction():
            raise AssertionError("a conjunction has no conjunctions among its parts")


def _bind_term(term: _Term, scope: Scope) -> SortCondition:
    if term.operator != "=":
        operands = [bind_value(value, scope) for value in term.operands]
        for operand in operands:
            operand.check_type(term.operator, _OPERAND_TYPES.get(term.operator, ORDERED_TYPES), scope)
        if term.operator == "BETWEEN":
            check_bounds(operands[0], operands[1], scope)
    return SortCondition(operator=term.operator, operands=tuple([scope.value(value) for value in term.operands]))


def match_key(conditions: Mapping[str, SortCondition], key_names: KeyNames) -> KeyCondition:
    """
    Match conditions, by attribute name, with the key of the table or index that is queried.

    Raises:
        DynamoError: ValidationException for conditions that are not one `=` on the partition key and at most one on the
            sort key, with values of the keys' types. Where a key has several attributes: `=` on each of the
            partition's, then on sort attributes in their order, none left out, all but the last with `=`.
    """
    if key_names.multiple:
        return _match_multiple_key(conditions, key_names)
    if len(conditions) > 2:
        raise validation_error("Conditions can be of length 1 or 2 only")
    partition = conditions.get(key_names.partition.name)
    if partition is None:
        raise _missed(key_names.partition)
    if partition.operator != "=":
        raise validation_error(_NOT_SUPPORTED)
    _check_types(partition, key_names.partition)
    if len(conditions) == 1:
        return KeyCondition(partition=partition.operands[0])
    if key_names.sort is None:
        raise validation_error(_NOT_SUPPORTED)
    sort = conditions.get(key_names.sort.name)
    if sort is None:
        raise _missed(key_names.sort)
    _check_types(sort, key_names.sort)
    return KeyCondition(partition=partition.operands[0], sort=sort)


def _match_multiple_key(conditions: Mapping[str, SortCondition], key_names: KeyNames) -> KeyCondition:
    """
    As `match_key`, for a key with several attributes.

    Source: Developer Guide, "Multi-attribute keys pattern": equality on every partition attribute; sort attributes from
    left to right, none skipped; an inequality, BETWEEN or begins_with comes last.
    """
    partitions: list[AttributeValue] = []
    for attribute in key_names.partitions:
        condition = _condition_on(conditions, attribute)
        if condition.operator != "=":
            raise validation_error(_NOT_SUPPORTED)
        partitions.append(condition.operands[0])
    count = len(conditions) - len(partitions)
    if count > len(key_names.sorts):
        raise validation_error(_NOT_SUPPORTED)
    sorts = [_condition_on(conditions, attribute) for attribute in key_names.sorts[:count]]
    if any(condition.operator != "=" for condition in sorts[:-1]):
        raise validation_error(_NOT_SUPPORTED)
    return KeyCondition(
        partition=partitions[0],
        sort=sorts[0] if sorts else None,
        other_partitions=tuple(partitions[1:]),
        other_sorts=tuple(sorts[1:]),
    )


def _condition_on(conditions: Mapping[str, SortCondition], attribute: KeyAttribute) -> SortCondition:
    condition = conditions.get(attribute.name)
    if condition is None:
        raise _missed(attribute)
    _check_types(condition, attribute)
    return condition


def _check_types(condition: SortCondition, attribute: KeyAttribute) -> None:
    for operand in condition.operands:
        if attribute.type not in operand:
            raise invalid_parameter_values("Condition parameter type does not match schema type")


def _missed(attribute: KeyAttribute) -> DynamoError:
    return validation_error(f"Query condition missed key schema element: {attribute.name}")


def _invalid_condition(detail: str) -> DynamoError:
    return validation_error(f"Invalid condition in {_KIND}: {detail}")


def _invalid_operator(operator: str) -> DynamoError:
    return validation_error(f"Invalid operator used in {_KIND}: {operator}")
