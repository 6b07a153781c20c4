"""The expressions of a request, read and bound: what every operation that takes some does with them."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.items.stored import StoredItem, attributes_of, item_in_error
from tenantable.expressions.conditions import Condition, parse_condition
from tenantable.expressions.evaluation import Predicate
from tenantable.expressions.placeholders import Placeholders, read_placeholders
from tenantable.expressions.projections import Projection, parse_projection
from tenantable.wire.errors import condition_failed

_NAMES, _VALUES = "ExpressionAttributeNames", "ExpressionAttributeValues"


def read_condition(request: Mapping[str, Any]) -> Predicate | None:
    """The condition of a write that has no other expression; None when it has none."""
    if _has_no_expression(request, "ConditionExpression"):
        return None
    placeholders = read_placeholders(request, expressions=("ConditionExpression",))
    condition = bind_condition(request, placeholders)
    placeholders.check_all_used()
    return condition


def bind_condition(request: Mapping[str, Any], placeholders: Placeholders) -> Predicate | None:
    text = request.get("ConditionExpression")
    return None if text is None else parse_condition(text, "ConditionExpression").bind(placeholders)


def parse_filter(request: Mapping[str, Any]) -> Condition | None:
    text = request.get("FilterExpression")
    return None if text is None else parse_condition(text, "FilterExpression")


def bind_projection(request: Mapping[str, Any], placeholders: Placeholders) -> Projection | None:
    text = request.get("ProjectionExpression")
    return None if text is None else parse_projection(text).bind(placeholders)


def read_projection(request: Mapping[str, Any]) -> Projection | None:
    """The projection of a read that has no other expression; None for whole items."""
    if _has_no_expression(request, "ProjectionExpression"):
        return None
    placeholders = read_placeholders(request, expressions=("ProjectionExpression",))
    projection = bind_projection(request, placeholders)
    placeholders.check_all_used()
    return projection


def _has_no_expression(request: Mapping[str, Any], member: str) -> bool:
    return member not in request and _NAMES not in request and _VALUES not in request


def check_condition(condition: Predicate | None, before: StoredItem | None, request: Mapping[str, Any]) -> None:
    """
    Raises:
        DynamoError: ConditionalCheckFailedException when the stored item does not fulfil the condition.
    """
    if condition is not None and not condition(attributes_of(before)):
        raise condition_failed(item_in_error(before, request))
