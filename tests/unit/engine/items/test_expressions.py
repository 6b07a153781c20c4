"""Expressions that come again: what was remembered of a request decides nothing about another."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}


@pytest.fixture(autouse=True)
def orders(call: "Call", create: "Create") -> None:
    create("orders")
    call("PutItem", TableName="orders", Item=KEY | {"a": {"N": "1"}, "b": {"N": "5"}})


def added(values: dict[str, Any], name: str = "a") -> dict[str, Any]:
    return {
        "TableName": "orders",
        "Key": KEY,
        "UpdateExpression": "SET #n = #n + :by",
        "ExpressionAttributeNames": {"#n": name},
        "ExpressionAttributeValues": values,
    }


def test_the_same_text_with_other_names_and_values(call: "Call") -> None:
    call("UpdateItem", **added({":by": {"N": "1"}}))
    call("UpdateItem", **added({":by": {"N": "2"}}))
    call("UpdateItem", **added({":by": {"N": "2"}}, "b"))
    item = call("GetItem", TableName="orders", Key=KEY)["Item"]
    assert (item["a"], item["b"]) == ({"N": "4"}, {"N": "7"})


def test_a_request_that_its_caller_changes_afterwards(call: "Call") -> None:
    values = {":by": {"N": "1"}}
    call("UpdateItem", **added(values))
    values[":by"]["N"] = "10"
    call("UpdateItem", **added(values))
    call("UpdateItem", **added({":by": {"N": "1"}}))
    assert call("GetItem", TableName="orders", Key=KEY)["Item"]["a"] == {"N": "13"}


def test_what_is_refused_is_refused_again(refusal: "Refusal") -> None:
    errors = [refusal("UpdateItem", **added({":other": {"N": "1"}})) for _ in range(2)]
    assert [error.code for error in errors] == ["ValidationException"] * 2
    assert errors[0].message == errors[1].message


def test_values_that_only_look_like_json_are_no_values(call: "Call", refusal: "Refusal") -> None:
    """A tuple is written like a list; it is refused after a list was accepted as before."""
    request = added({":by": {"L": [{"S": "x"}]}}) | {"UpdateExpression": "SET #n = :by"}
    call("UpdateItem", **request)
    request["ExpressionAttributeValues"] = {":by": {"L": ({"S": "x"},)}}
    assert refusal("UpdateItem", **request).code == "SerializationException"
