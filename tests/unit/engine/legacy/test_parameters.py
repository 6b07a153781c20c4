"""A request has legacy parameters or expressions; KeyConditions alone goes with expressions."""

from typing import Any

import pytest

from tenantable.engine.legacy.parameters import QUERY, WRITE, Parameters
from tenantable.wire.errors import DynamoError


@pytest.mark.parametrize(
    ("parameters", "request_"),
    [
        (WRITE, {}),
        (WRITE, {"Expected": {}}),
        (WRITE, {"Expected": None, "ConditionExpression": "x"}),
        (WRITE, {"AttributeUpdates": {}, "ConditionExpression": "x"}),
        (QUERY, {"KeyConditions": {}, "FilterExpression": "x", "ProjectionExpression": "x"}),
        (QUERY, {"KeyConditions": {}, "QueryFilter": {}, "AttributesToGet": []}),
    ],
)
def test_one_kind_is_accepted(parameters: Parameters, request_: dict[str, Any]) -> None:
    parameters.refuse_mixture(request_)


def test_a_mixture_names_all_that_clash_in_the_order_of_the_service() -> None:
    given: dict[str, Any] = {
        "KeyConditions": {},
        "ConditionalOperator": "OR",
        "AttributesToGet": ["a"],
        "FilterExpression": "x",
        "ProjectionExpression": "x",
    }
    with pytest.raises(DynamoError) as caught:
        QUERY.refuse_mixture(given)
    assert caught.value.message.endswith(
        "Non-expression parameters: {AttributesToGet, ConditionalOperator} "
        "Expression parameters: {ProjectionExpression, FilterExpression}"
    )
