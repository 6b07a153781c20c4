"""Which fault a request is told of when it has several: shape, then values and expressions, then table, then item."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

Members = dict[str, Any]

SHAPE = ("ValidationException", "validation error")
TYPE = ("SerializationException", "")
EXPRESSION = ("ValidationException", "Invalid ")
VALUE = ("ValidationException", "")
TABLE = ("ResourceNotFoundException", "Requested resource not found")
CONDITION = ("ConditionalCheckFailedException", "The conditional request failed")

BAD_VALUE = {"x": {"N": "abc"}}
BAD_CONDITION = {"ConditionExpression": "a ="}
KEY = {"pk": {"S": "a"}}

# A request with two faults to a table that does not exist unless it says so, and the one it is told of.
CASES: list[tuple[str, str, Members, tuple[str, str]]] = [
    ("type before shape", "PutItem", {"Item": KEY, "ReturnValues": 5, "ReturnConsumedCapacity": "ALL"}, TYPE),
    ("type before value", "PutItem", {"Item": BAD_VALUE, "ReturnValues": 5}, TYPE),
    ("shape before value", "PutItem", {"Item": BAD_VALUE, "ReturnConsumedCapacity": "ALL"}, SHAPE),
    ("shape before expression", "PutItem", {"Item": KEY, "ReturnConsumedCapacity": "ALL", **BAD_CONDITION}, SHAPE),
    ("shape before table", "GetItem", {"Key": KEY, "ReturnConsumedCapacity": "ALL"}, SHAPE),
    ("shape before table in a scan", "Scan", {"Limit": 0}, SHAPE),
    ("value before table", "PutItem", {"Item": BAD_VALUE}, VALUE),
    ("key value before table", "GetItem", {"Key": {"pk": {"N": "abc"}}}, VALUE),
    ("expression before table", "PutItem", {"Item": KEY, **BAD_CONDITION}, EXPRESSION),
    ("update before table", "UpdateItem", {"Key": KEY, "UpdateExpression": "SET a"}, EXPRESSION),
    ("filter before table", "Scan", {"FilterExpression": "a ="}, EXPRESSION),
    ("projection before table", "GetItem", {"Key": KEY, "ProjectionExpression": "a,"}, EXPRESSION),
    ("unused value before table", "PutItem",
     {"Item": KEY, "ConditionExpression": "attribute_exists(a)", "ExpressionAttributeValues": {":v": {"S": "x"}}},
     VALUE),
    ("item size before table", "PutItem", {"Item": KEY | {"x": {"S": "x" * 410_000}}}, VALUE),
    ("equal keys before table", "BatchGetItem", {"RequestItems": {"no-such-table": {"Keys": [KEY, KEY]}}}, VALUE),
    ("placeholder before its value", "PutItem",
     {"Item": KEY, "ConditionExpression": "a = b", "ExpressionAttributeValues": {":v": {"N": "x"}, "w": {"S": "x"}}},
     ("ValidationException", "ExpressionAttributeValues contains invalid key")),
    ("key condition before table", "Query", {"KeyConditionExpression": "pk = :v"}, EXPRESSION),
    ("unused value of a query before table", "Query",
     {"KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}, ":w": {"S": "x"}}}, VALUE),
    ("segments before table", "Scan", {"Segment": 1, "TotalSegments": 1}, VALUE),
    ("table before key", "GetItem", {"Key": {"other": {"S": "a"}}}, TABLE),
    ("table before index", "Scan", {"IndexName": "nothing"}, TABLE),
    ("table before missing key", "PutItem", {"Item": {"other": {"S": "a"}}}, TABLE),
    ("table before part of the key", "UpdateItem",
     {"Key": KEY, "UpdateExpression": "SET pk = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}}, TABLE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "members", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_request_with_two_faults_to_no_table(
    client: "DynamoClient", unused_name: str, operation: str, members: Members, told: tuple[str, str]
) -> None:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, {"TableName": unused_name, **members})
    assert caught.value.code == told[0]
    assert told[1] in caught.value.message


def test_the_key_is_checked_before_the_condition(composite: "Table") -> None:
    error = composite.refusal("PutItem", Item=KEY, ConditionExpression="attribute_exists(pk)")
    assert error.message == "One or more parameter values were invalid: Missing the key sk in the item"


def test_the_condition_is_checked_before_the_update(simple: "Table", pk: dict[str, str]) -> None:
    simple.put({"pk": pk, "s": {"S": "text"}})
    error = simple.refusal(
        "UpdateItem",
        Key={"pk": pk},
        UpdateExpression="SET s = s + :n",
        ConditionExpression="attribute_not_exists(pk)",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    assert (error.code, error.message) == CONDITION


def test_all_faults_of_the_shape_are_told_at_once(client: "DynamoClient") -> None:
    with pytest.raises(DynamoError) as caught:
        client.call("PutItem", {"TableName": "a b", "ReturnValues": "ALL", "ReturnConsumedCapacity": "ALL"})
    count, _, sentences = caught.value.message.partition(": ")
    assert count == "4 validation errors detected"
    assert "Value null at 'item' failed to satisfy constraint: Member must not be null" in sentences
    assert (
        "Value 'a b' at 'tableName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+" in sentences
    )
    assert (
        "Value 'ALL' at 'returnValues' failed to satisfy constraint: "
        "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]" in sentences
    )
    assert (
        "Value 'ALL' at 'returnConsumedCapacity' failed to satisfy constraint: "
        "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]" in sentences
    )


def test_a_member_that_is_null_is_absent(simple: "Table", pk: dict[str, str]) -> None:
    assert simple.call("PutItem", Item={"pk": pk}, ConditionExpression=None, ReturnValues=None) == {}


def test_unknown_members_are_ignored(simple: "Table", pk: dict[str, str]) -> None:
    assert simple.call("PutItem", Item={"pk": pk}, Unknown={"a": [1]}) == {}


WRONG_TYPES: list[tuple[Members, str]] = [
    ({"TableName": 5}, "NUMBER_VALUE cannot be converted to String"),
    ({"TableName": True}, "TRUE_VALUE cannot be converted to String"),
    ({"Limit": "5"}, "STRING_VALUE cannot be converted to Integer"),
    ({"TableName": {}}, "Start of structure or map found where not expected."),
]


@pytest.mark.parametrize(("members", "message"), WRONG_TYPES, ids=[str(members) for members, _ in WRONG_TYPES])
def test_a_wrong_json_type_is_a_serialization_error(client: "DynamoClient", members: Members, message: str) -> None:
    with pytest.raises(DynamoError) as caught:
        client.call("Scan", members)
    assert (caught.value.code, caught.value.message) == ("SerializationException", message)
