"""Comparisons joined by ConditionalOperator, as a condition's syntax tree: QueryFilter, ScanFilter and Expected."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tenantable.engine.legacy.comparisons import LegacyComparison, read_comparisons
from tenantable.expressions.evaluation import Predicate, compile_condition
from tenantable.expressions.placeholders import Placeholders, Scope
from tenantable.expressions.syntax import (
    Between,
    Call,
    Comparison,
    ConditionNode,
    Conjunction,
    Disjunction,
    Membership,
    Negation,
    Operand,
    Path,
    Value,
)
from tenantable.wire.errors import invalid_parameter_values, validation_error
from tenantable.wire.values import AttributeValue

_COMPARED_VALUES_MAX = 1000  # about as many as an expression of 4 KiB can name: a page's items meet each of them
_COMPARATORS: Final = {"EQ": "=", "NE": "<>", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
_FUNCTIONS: Final = {
    "NULL": "attribute_not_exists",
    "NOT_NULL": "attribute_exists",
    "CONTAINS": "contains",
    "BEGINS_WITH": "begins_with",
}


def read_filter(request: Mapping[str, Any], member: str) -> Predicate | None:
    """
    The filter of a Query or Scan without FilterExpression; None when it has none.

    Args:
        member: `QueryFilter` or `ScanFilter`.
    Raises:
        DynamoError: ValidationException for operands that do not fit, or a ConditionalOperator that joins nothing.
    """
    return bind_comparisons(request, read_comparisons(request.get(member) or {}))


def bind_comparisons(request: Mapping[str, Any], comparisons: Sequence[LegacyComparison]) -> Predicate | None:
    """The comparisons as one condition, joined by the request's ConditionalOperator; None when there are none."""
    operator = request.get("ConditionalOperator")
    if operator is not None and len(comparisons) < 2:
        raise validation_error(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
            if comparisons
            else "ConditionalOperator cannot be used without Filter or Expected"
        )
    if not comparisons:
        return None
    if sum(max(1, len(comparison.operands)) for comparison in comparisons) > _COMPARED_VALUES_MAX:
        raise invalid_parameter_values(f"Filter or Expected compares with more than {_COMPARED_VALUES_MAX} values")
    values: dict[str, AttributeValue] = {}
    nodes = tuple([_node(comparison, values) for comparison in comparisons])
    join = Disjunction if operator == "OR" else Conjunction
    root = nodes[0] if len(nodes) == 1 else join(parts=nodes)
    return compile_condition(root, Scope(Placeholders(None, values or None), "ConditionExpression"))


def _node(comparison: LegacyComparison, values: dict[str, AttributeValue]) -> ConditionNode:
    """The comparison as a tree; its operands are added to `values` under placeholders of their own."""
    path = Path(elements=(comparison.attribute,), has_placeholders=False)
    operands: list[Operand] = []
    for operand in comparison.operands:
        placeholder = f":{len(values)}"
        values[placeholder] = operand
        operands.append(Value(placeholder=placeholder))
    match comparison.operator:
        case "BETWEEN":
            return Between(operand=path, lower=operands[0], upper=operands[1])
        case "IN":
            return Membership(operand=path, candidates=tuple(operands))
        case "NOT_CONTAINS":
            # Unlike NE, and unlike NOT contains(...), it does not hold of an attribute that is missing (observed).
            contains = Call(function="contains", operands=(path, *operands))
            return Conjunction(parts=(Call(function="attribute_exists", operands=(path,)), Negation(part=contains)))
        case operator if operator in _COMPARATORS:
            return Comparison(operator=_COMPARATORS[operator], left=path, right=operands[0])
        case operator:
            return Call(function=_FUNCTIONS[operator], operands=(path, *operands))
