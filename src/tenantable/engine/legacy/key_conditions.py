"""KeyConditions: which items of one partition a Query reads."""

from collections.abc import Mapping
from typing import Any, Final

from tenantable.engine.legacy.comparisons import LegacyComparison, read_comparisons
from tenantable.expressions.key_conditions import SortCondition
from tenantable.wire.errors import validation_error
from tenantable.wire.limits import INDEX_KEY_ATTRIBUTES_MAX

_OPERATORS: Final = {
    "EQ": "=",
    "LT": "<",
    "LE": "<=",
    "GT": ">",
    "GE": ">=",
    "BETWEEN": "BETWEEN",
    "BEGINS_WITH": "begins_with",
}


def read_key_conditions(
    key_conditions: Mapping[str, Mapping[str, Any]], *, index_name: str | None
) -> dict[str, SortCondition]:
    """
    The conditions by attribute name, still to be matched with the key of what is queried.

    Args:
        index_name: The index that is queried, whose key may have several attributes; None for the table.
    Raises:
        DynamoError: ValidationException when there are none or more than such a key can have attributes, for operands
            that do not fit, and for an operator that no key can be looked up by.
    """
    if not 1 <= len(key_conditions) <= (2 if index_name is None else 2 * INDEX_KEY_ATTRIBUTES_MAX):
        raise validation_error("Conditions can be of length 1 or 2 only")
    return {comparison.attribute: _condition(comparison) for comparison in read_comparisons(key_conditions)}


def _condition(comparison: LegacyComparison) -> SortCondition:
    operator = _OPERATORS.get(comparison.operator)
    if operator is None:
        raise validation_error("Attempted conditional constraint is not an indexable operation")
    return SortCondition(operator=operator, operands=comparison.operands)
