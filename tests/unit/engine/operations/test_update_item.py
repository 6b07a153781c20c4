from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
SUPPORTED = (
    "One or more parameter values are not valid. The update expression attempted to update a secondary index key"
)


@pytest.fixture(autouse=True)
def orders(create: "Create") -> None:
    create("orders", global_={"by_state": ("state",)})


def update(value: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The members of a request that sets the key of the index."""
    return {
        "TableName": "orders",
        "Key": KEY,
        "UpdateExpression": "SET #state = :value",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":value": value},
        **members,
    }


def test_an_index_key_keeps_its_type(refusal: "Refusal") -> None:
    assert refusal("UpdateItem", **update({"N": "1"})).message == (
        "The update expression attempted to update the secondary index key to unsupported type"
    )


def test_an_index_key_keeps_within_its_size(refusal: "Refusal") -> None:
    assert refusal("UpdateItem", **update({"S": "x" * 2049})).message == (
        "The update expression attempted to update the secondary index key beyond allowed size limits"
    )


def test_an_index_key_is_not_emptied(refusal: "Refusal") -> None:
    assert refusal("UpdateItem", **update({"S": ""})).message == (
        f"{SUPPORTED} to a value that is not supported. "
        "The AttributeValue for a key attribute cannot contain an empty string value."
    )


@pytest.mark.parametrize("name", ["pk", "sk"])
def test_a_key_attribute_is_not_changed(refusal: "Refusal", name: str) -> None:
    request = {"UpdateExpression": f"SET {name} = :value", "ExpressionAttributeValues": {":value": {"S": "a"}}}
    assert refusal("UpdateItem", TableName="orders", Key=KEY, **request).message == (
        f"One or more parameter values were invalid: Cannot update attribute {name}. This attribute is part of the key"
    )


def test_a_new_item_has_no_attributes_to_read_not_even_its_key(refusal: "Refusal") -> None:
    error = refusal("UpdateItem", TableName="orders", Key=KEY, UpdateExpression="SET x = pk")
    assert error.message == "The provided expression refers to an attribute that does not exist in the item"


def test_a_refused_update_leaves_no_trace(call: "Call", refusal: "Refusal") -> None:
    refusal("UpdateItem", **update({"N": "1"}))
    assert call("Scan", TableName="orders")["Count"] == 0


def test_sizes_add_up_over_updates(call: "Call") -> None:
    """The size is kept, not measured anew: `pk` `a` `sk` `b` are 6 bytes, `state` and its value 5 and up."""
    for value, size_bytes in [({"S": "x" * 100}, 111), ({"S": "ß"}, 13), ({"S": "open"}, 15)]:
        call("UpdateItem", **update(value))
        assert call("DescribeTable", TableName="orders")["Table"]["TableSizeBytes"] == size_bytes
    request = {"UpdateExpression": "REMOVE #s", "ExpressionAttributeNames": {"#s": "state"}}
    call("UpdateItem", TableName="orders", Key=KEY, **request)
    assert call("DescribeTable", TableName="orders")["Table"]["TableSizeBytes"] == 6


def test_an_index_follows(call: "Call") -> None:
    for value, counts in [("open", (1, 0)), ("done", (0, 1))]:
        call("UpdateItem", **update({"S": value}))
        found = tuple(
            call(
                "Query",
                TableName="orders",
                IndexName="by_state",
                KeyConditionExpression="#s = :s",
                ExpressionAttributeNames={"#s": "state"},
                ExpressionAttributeValues={":s": {"S": state}},
            )["Count"]
            for state in ("open", "done")
        )
        assert found == counts
