"""One attribute compared by a ComparisonOperator with values: how many it takes, of which types."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenantable.expressions.comparison import ORDERED_TYPES, rank, type_of
from tenantable.wire.errors import invalid_parameter_values
from tenantable.wire.values import AttributeValue, check_value

_NO_OPERAND = frozenset({"NULL", "NOT_NULL"})
_ELEMENT_TYPES = ORDERED_TYPES | {"BOOL", "NULL"}
_OPERAND_TYPES: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(("LT", "LE", "GT", "GE", "BETWEEN", "IN"), ORDERED_TYPES),
    **dict.fromkeys(("CONTAINS", "NOT_CONTAINS"), _ELEMENT_TYPES),
    "BEGINS_WITH": frozenset({"S", "B"}),
}
"""By operator; EQ and NE take values of any type. Source: API reference, Condition."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LegacyComparison:
    """A comparison of a top-level attribute; the operands fit the operator, which is a ComparisonOperator."""

    attribute: str
    operator: str
    operands: tuple[AttributeValue, ...]


def read_comparison(attribute: str, operator: str, values: Iterable[Any]) -> LegacyComparison:
    """
    Check the operands of a comparison.

    Args:
        operator: Any ComparisonOperator.
        values: Attribute values as they came.
    Raises:
        DynamoError: ValidationException for a wrong value, and for values that do not fit the operator in number,
            type or order; SerializationException for a value of a wrong JSON type.
    """
    operands = tuple([check_value(value)[0] for value in values])
    if not _takes(operator, len(operands)):
        raise invalid_parameter_values(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    _check_types(operator, operands)
    if operator == "BETWEEN" and rank(operands[0]) > rank(operands[1]):
        raise invalid_parameter_values(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )
    return LegacyComparison(attribute=attribute, operator=operator, operands=operands)


def read_comparisons(conditions: Mapping[str, Mapping[str, Any]]) -> list[LegacyComparison]:
    """The comparisons of KeyConditions, QueryFilter or ScanFilter, in their order."""
    return [
        read_comparison(attribute, condition["ComparisonOperator"], condition.get("AttributeValueList") or ())
        for attribute, condition in conditions.items()
    ]


def _takes(operator: str, count: int) -> bool:
    if operator == "IN":
        return count > 0
    return count == (0 if operator in _NO_OPERAND else 2 if operator == "BETWEEN" else 1)


def _check_types(operator: str, operands: tuple[AttributeValue, ...]) -> None:
    allowed = _OPERAND_TYPES.get(operator)
    if allowed is None:
        return
    types = list(map(type_of, operands))
    for tag in types:
        if tag not in allowed:
            raise invalid_parameter_values(f"ComparisonOperator {operator} is not valid for {tag} AttributeValue type")
    if len(set(types)) > 1:
        raise invalid_parameter_values("AttributeValues inside AttributeValueList must be of same type")
