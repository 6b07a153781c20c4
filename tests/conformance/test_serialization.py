"""Wrong JSON types: what they are told, and that they are told before anything else."""

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import SdkClient, Table

    from tenantable.wire.client import DynamoClient

STRUCTURE = "Start of structure or map found where not expected."
VALUE_MAP = "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"

VALUES: list[tuple[Any, str]] = [
    ("text", "Unexpected value type in payload"),
    ([], "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"),
    ({"S": 5}, "NUMBER_VALUE cannot be converted to String"),
    ({"S": 5.5}, "DECIMAL_VALUE cannot be converted to String"),
    ({"S": True}, "TRUE_VALUE cannot be converted to String"),
    ({"S": []}, "Unrecognized collection type class java.lang.String"),
    ({"S": {}}, STRUCTURE),
    ({"N": 5}, "NUMBER_VALUE cannot be converted to String"),
    ({"B": True}, "only base-64-encoded strings are convertible to bytes"),
    ({"B": []}, "Unrecognized collection type class java.nio.ByteBuffer"),
    ({"B": {}}, STRUCTURE),
    ({"B": "AAAAA"}, "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
    ({"BOOL": "true"}, "Unexpected token received from parser"),
    ({"BOOL": 1}, "NUMBER_VALUE cannot be converted to Boolean"),
    ({"NULL": "true"}, "Unexpected token received from parser"),
    ({"SS": "a"}, "Unexpected field type"),
    ({"SS": {}}, STRUCTURE),
    ({"SS": [5]}, "NUMBER_VALUE cannot be converted to String"),
    ({"NS": [5]}, "NUMBER_VALUE cannot be converted to String"),
    ({"L": "a"}, "Unexpected field type"),
    ({"L": {}}, STRUCTURE),
    ({"L": ["a"]}, "Unexpected value type in payload"),
    ({"M": "a"}, "Unexpected field type"),
    ({"M": []}, f"Unrecognized collection type {VALUE_MAP}"),
    ({"M": {"a": {"L": [{"BOOL": {}}]}}}, STRUCTURE),
]


@pytest.mark.parametrize(("value", "message"), VALUES, ids=[str(value) for value, _ in VALUES])
def test_a_wrong_type_in_a_value(simple: "Table", pk: dict[str, str], value: Any, message: str) -> None:
    error = simple.refusal("PutItem", Item={"pk": pk, "x": value})
    assert (error.code, error.message) == ("SerializationException", message)


@pytest.mark.parametrize(
    ("operation", "member", "java_type"),
    [
        ("PutItem", "ExpressionAttributeNames", "java.lang.String"),
        ("PutItem", "Expected", "com.amazonaws.dynamodb.v20120810.ExpectedAttributeValue"),
        ("BatchWriteItem", "RequestItems", "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>"),
    ],
)
def test_a_list_for_a_map_names_what_the_map_holds(
    client: "DynamoClient", operation: str, member: str, java_type: str
) -> None:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, {member: []})
    assert caught.value.message == f"Unrecognized collection type java.util.Map<java.lang.String, {java_type}>"


WRONG: dict[str, Any] = {"a": {"S": 5}}

# Each request has other faults too: of shape, of an expression, or a table that does not exist.
PLACES: list[tuple[str, dict[str, Any]]] = [
    ("PutItem", {"Item": WRONG}),
    ("PutItem", {"TableName": "no-such-table", "Item": WRONG}),
    ("PutItem", {"TableName": "no-such-table", "Item": WRONG, "ReturnValues": "SOME"}),
    ("GetItem", {"TableName": "no-such-table", "Key": WRONG, "ProjectionExpression": "!"}),
    ("UpdateItem", {"Key": {}, "AttributeUpdates": {"a": {"Value": {"S": 5}}}}),
    ("UpdateItem", {"Key": {}, "Expected": {"a": {"AttributeValueList": [{"S": 5}]}}}),
    ("UpdateItem", {"Key": {}, "ExpressionAttributeValues": {":a": {"S": 5}}}),
    ("Query", {"KeyConditions": {"a": {"AttributeValueList": [{"S": 5}]}}}),
    ("Scan", {"Limit": 0, "ExclusiveStartKey": WRONG}),
    ("BatchWriteItem", {"RequestItems": {"a": [{"PutRequest": {"Item": WRONG}}]}}),
    ("BatchGetItem", {"RequestItems": {"a": {"Keys": [WRONG]}}}),
    ("TransactWriteItems", {"TransactItems": [{"Put": {"Item": WRONG}}]}),
    ("TransactGetItems", {"TransactItems": [{"Get": {"Key": WRONG}}]}),
    ("ExecuteStatement", {"Statement": "!", "Parameters": [{"S": 5}]}),
    ("BatchExecuteStatement", {"Statements": [{"Statement": "!"}, {"Statement": "!", "Parameters": [{"S": 5}]}]}),
]


@pytest.mark.parametrize(("operation", "request_"), PLACES, ids=[f"{name} {members}" for name, members in PLACES])
def test_a_wrong_type_is_told_before_any_other_fault(
    client: "DynamoClient", operation: str, request_: dict[str, Any]
) -> None:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, request_)
    assert (caught.value.code, caught.value.message) == (
        "SerializationException",
        "NUMBER_VALUE cannot be converted to String",
    )


@pytest.mark.parametrize("value", [None, {}, {"S": None}, {"X": "a"}, {"L": [None]}, {"M": {"a": {"S": None}}}])
def test_what_is_null_or_unknown_is_absent(simple: "Table", pk: dict[str, str], value: Any) -> None:
    error = simple.refusal("PutItem", Item={"pk": pk, "x": value})
    assert (error.code, error.message) == (
        "ValidationException",
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    )


def test_a_value_may_have_null_members_beside_its_own(simple: "Table", pk: dict[str, str]) -> None:
    simple.put({"pk": pk, "x": {"S": None, "N": "1", "UNKNOWN": []}})
    assert simple.get({"pk": pk}) == {"pk": pk, "x": {"N": "1"}}


def test_a_wrong_number_is_told_before_a_second_type(simple: "Table", pk: dict[str, str]) -> None:
    error = simple.refusal("PutItem", Item={"pk": pk, "x": {"S": "a", "N": "b"}})
    assert error.message == "The parameter cannot be converted to a numeric value: b"


@pytest.mark.needs("http")
@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"{", {"__type": "com.amazon.coral.service#SerializationException"}),
        (
            orjson.dumps({"Limit": []}),
            {
                "__type": "com.amazon.coral.service#SerializationException",
                "Message": "Unrecognized collection type class java.lang.Integer",
            },
        ),
    ],
)
def test_the_message_is_spelled_with_a_capital_where_there_is_one(
    http: "SdkClient", body: bytes, content: dict[str, str]
) -> None:
    assert http.exchange("ListTables", body).json == content
