"""The expressions of a request, read and bound: what every operation that takes some does with them."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import orjson

from tenantable.engine.items.stored import StoredItem, attributes_of, item_in_error
from tenantable.expressions.conditions import Condition, parse_condition
from tenantable.expressions.evaluation import Predicate
from tenantable.expressions.parsing import CACHED_EXPRESSIONS_MAX
from tenantable.expressions.placeholders import Placeholders, read_placeholders
from tenantable.expressions.projections import Projection, parse_projection
from tenantable.expressions.updates import Update, parse_update
from tenantable.wire.errors import condition_failed

Bound = TypeVar("Bound")

_REMEMBERED_BYTES_MAX = 2048  # so that a full memory stays within a few megabytes
_MET_MAX = 8192
_PLACEHOLDERS = ("ExpressionAttributeNames", "ExpressionAttributeValues")


def _remembering(*members: str, bind: Callable[[Mapping[str, Any]], Bound]) -> Callable[[Mapping[str, Any]], Bound]:
    """
    As `bind`, and what it made of small expressions is remembered with their names and values when the same come again.

    Args:
        members: All members of a request that `bind` looks at.
    """

    @lru_cache(maxsize=CACHED_EXPRESSIONS_MAX)
    def bind_own_copy(text: bytes) -> tuple[list[Any], Bound]:
        given = orjson.loads(text)
        return given, bind(dict(zip(members, given, strict=True)))

    met: set[int] = set()

    def recall(request: Mapping[str, Any]) -> Bound:
        given = [request.get(member) for member in members]
        try:
            text = orjson.dumps(given)
        except orjson.JSONEncodeError:
            return bind(request)
        if len(text) > _REMEMBERED_BYTES_MAX:
            return bind(request)
        if (mark := hash(text)) not in met:  # values that never come again would only push out those that do
            if len(met) >= _MET_MAX:
                met.clear()
            met.add(mark)
            return bind(request)
        copy, bound = bind_own_copy(text)
        return bound if copy == given else bind(request)  # not the same: what was given was never JSON

    return recall


def _bind_condition_alone(request: Mapping[str, Any]) -> Predicate | None:
    placeholders = read_placeholders(request, expressions=("ConditionExpression",))
    condition = _bind_condition(request, placeholders)
    placeholders.check_all_used()
    return condition


def _bind_update(request: Mapping[str, Any]) -> tuple[Update | None, Predicate | None]:
    placeholders = read_placeholders(request, expressions=("UpdateExpression", "ConditionExpression"))
    text = request.get("UpdateExpression")
    update = None if text is None else parse_update(text).bind(placeholders)
    condition = _bind_condition(request, placeholders)
    placeholders.check_all_used()
    return update, condition


def _bind_projection_alone(request: Mapping[str, Any]) -> Projection | None:
    placeholders = read_placeholders(request, expressions=("ProjectionExpression",))
    projection = bind_projection(request, placeholders)
    placeholders.check_all_used()
    return projection


_read_condition = _remembering("ConditionExpression", *_PLACEHOLDERS, bind=_bind_condition_alone)
_read_projection = _remembering("ProjectionExpression", *_PLACEHOLDERS, bind=_bind_projection_alone)
read_update_expressions = _remembering("UpdateExpression", "ConditionExpression", *_PLACEHOLDERS, bind=_bind_update)
"""The update and the condition of an UpdateItem or Update; each None when it has none."""


def read_condition(request: Mapping[str, Any]) -> Predicate | None:
    """The condition of a write that has no other expression; None when it has none."""
    return None if _has_no_expression(request, "ConditionExpression") else _read_condition(request)


def read_projection(request: Mapping[str, Any]) -> Projection | None:
    """The projection of a read that has no other expression; None for whole items."""
    return None if _has_no_expression(request, "ProjectionExpression") else _read_projection(request)


def _has_no_expression(request: Mapping[str, Any], member: str) -> bool:
    names, values = _PLACEHOLDERS
    return member not in request and names not in request and values not in request


def _bind_condition(request: Mapping[str, Any], placeholders: Placeholders) -> Predicate | None:
    text = request.get("ConditionExpression")
    return None if text is None else parse_condition(text, "ConditionExpression").bind(placeholders)


def parse_filter(request: Mapping[str, Any]) -> Condition | None:
    text = request.get("FilterExpression")
    return None if text is None else parse_condition(text, "FilterExpression")


def bind_projection(request: Mapping[str, Any], placeholders: Placeholders) -> Projection | None:
    text = request.get("ProjectionExpression")
    return None if text is None else parse_projection(text).bind(placeholders)


def check_condition(condition: Predicate | None, before: StoredItem | None, request: Mapping[str, Any]) -> None:
    """
    Raises:
        DynamoError: ConditionalCheckFailedException when the stored item does not fulfil the condition.
    """
    if condition is not None and not condition(attributes_of(before)):
        raise condition_failed(item_in_error(before, request))
