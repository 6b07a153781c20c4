"""What may be remembered of a request is small, and tells apart what policies tell apart."""

from typing import Any

import pytest

from tenantable.iam.use.shapes import TEXT_CHARACTERS_MAX, expression_shape

READ: dict[str, Any] = {"TableName": "orders", "Key": {"pk": {"S": "a"}}}


@pytest.mark.parametrize(
    "change",
    [
        {"ProjectionExpression": "a"},
        {"ProjectionExpression": "#a", "ExpressionAttributeNames": {"#a": "b"}},
        {"ProjectionExpression": "#a", "ExpressionAttributeNames": {"#a": "c"}},
        {"UpdateExpression": "SET a = :a"},
        {"ReturnValues": "ALL_OLD"},
        {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
    ],
)
def test_requests_that_ask_for_other_things_have_other_shapes(change: dict[str, Any]) -> None:
    shape = expression_shape({**READ, **change})
    assert shape is not None
    assert shape != expression_shape(READ)
    assert shape == expression_shape({**READ, **change, "Key": {"pk": {"S": "b"}}})


@pytest.mark.parametrize(
    "change",
    [
        {"AttributesToGet": ["a"]},
        {"AttributeUpdates": {}},
        {"Expected": {}},
        {"Item": {}},
        {"ProjectionExpression": "a" * (TEXT_CHARACTERS_MAX + 1)},
        {"ExpressionAttributeNames": {"#a": "b" * TEXT_CHARACTERS_MAX}},
    ],
)
def test_what_is_long_or_names_attributes_elsewhere_has_no_shape(change: dict[str, Any]) -> None:
    assert expression_shape({**READ, **change}) is None
