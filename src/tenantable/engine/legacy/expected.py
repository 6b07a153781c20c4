"""Expected: the condition of a write, in either of its forms. Source: API reference, ExpectedAttributeValue."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.items.writes import Write
from tenantable.engine.legacy.comparisons import LegacyComparison, read_comparison
from tenantable.engine.legacy.conditions import bind_comparisons
from tenantable.expressions.evaluation import Predicate
from tenantable.wire.errors import DynamoError, invalid_parameter_values


def read_expected(request: Mapping[str, Any]) -> Predicate | None:
    """
    The condition of a PutItem, UpdateItem or DeleteItem without ConditionExpression; None when it has none.

    Raises:
        DynamoError: ValidationException for members that do not go together, for operands that do not fit, or for a
            ConditionalOperator that joins nothing.
    """
    expected = request.get("Expected")
    if expected is None and request.get("ConditionalOperator") is None:
        return None
    return bind_comparisons(request, [_read(attribute, entry) for attribute, entry in (expected or {}).items()])


def with_expected(write: Write) -> Write:
    """The write with the condition that its request states as Expected, if it does. Raises as `read_expected`."""
    condition = read_expected(write.request)
    return write if condition is None else replace(write, condition=condition)


def _read(attribute: str, entry: Mapping[str, Any]) -> LegacyComparison:
    value, values = entry.get("Value"), entry.get("AttributeValueList")
    operator = entry.get("ComparisonOperator")
    if operator is None:
        if values is not None:
            raise _invalid("AttributeValueList can only be used with a ComparisonOperator", attribute)
        return _read_exists(attribute, value, exists=entry.get("Exists"))
    if entry.get("Exists") is not None:
        raise _invalid("Exists and ComparisonOperator cannot be used together", attribute)
    if value is not None and values is not None:
        raise _invalid("Value and AttributeValueList cannot be used together", attribute)
    if value is not None:
        values = [value]
    elif values is None and operator not in {"NULL", "NOT_NULL"}:
        raise _invalid(f"Value or AttributeValueList must be used with ComparisonOperator: {operator}", attribute)
    return read_comparison(attribute, operator, values or ())


def _read_exists(attribute: str, value: Any, *, exists: bool | None) -> LegacyComparison:
    """A value alone means that the attribute exists and has it."""
    if exists is False:
        if value is not None:
            raise _invalid("Value cannot be used when Exists is false", attribute)
        return read_comparison(attribute, "NULL", ())
    if value is None:
        raise _invalid(f"Value must be provided when Exists is {'true' if exists else 'null'}", attribute)
    return read_comparison(attribute, "EQ", (value,))


def _invalid(detail: str, attribute: str) -> DynamoError:
    return invalid_parameter_values(f"{detail} for Attribute: {attribute}")
