"""What a request may look like, in the service's own words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.shapes.checking import check_request
from tenantable.wire.errors import DynamoError

NAME_PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
KEY = {"pk": {"S": "a"}}
PUT = {"PutRequest": {"Item": KEY}}


def refusal(operation: str, request: dict[str, Any]) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        check_request(operation, request)
    return caught.value


def violations(operation: str, request: dict[str, Any]) -> list[str]:
    """The sentences of a ValidationException; asserts that its count is right."""
    error = refusal(operation, request)
    count, _, text = error.message.partition(": ")
    sentences = text.split("; ")
    assert error.code == "ValidationException"
    assert count == f"{len(sentences)} validation error{'s' if len(sentences) > 1 else ''} detected"
    return sentences


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("GetItem", {"TableName": "table", "Key": KEY, "ConsistentRead": True}),
        ("GetItem", {"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/table", "Key": KEY}),
        ("GetItem", {"TableName": "table", "Key": KEY, "ProjectionExpression": None}),
        ("PutItem", {"TableName": "table", "Item": KEY, "NotAMember": [1, {"a": None}]}),
        ("ListTables", {}),
        ("DescribeEndpoints", {}),
        ("BatchWriteItem", {"RequestItems": {"table": [PUT] * 25}}),
        ("BatchGetItem", {"RequestItems": {"table": {"Keys": [KEY] * 100}}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "table", "Item": KEY}}] * 100}),
        ("Scan", {"TableName": "table", "Segment": 0, "TotalSegments": 1_000_000}),
    ],
)
def test_a_request_of_the_right_shape_passes(operation: str, request_: dict[str, Any]) -> None:
    check_request(operation, request_)


@pytest.mark.parametrize(
    ("operation", "request_", "path"),
    [
        ("DescribeTable", {}, "tableName"),
        ("DescribeTable", {"TableName": None}, "tableName"),
        ("PutItem", {"TableName": "table"}, "item"),
        ("BatchWriteItem", {"RequestItems": {"table": [PUT, {"PutRequest": {}}]}},
         "requestItems.table.member.2.member.putRequest.item"),
        ("BatchGetItem", {"RequestItems": {"table": {}}}, "requestItems.table.member.keys"),
        ("TransactGetItems", {"TransactItems": [{}]}, "transactItems.1.member.get"),
        ("TransactWriteItems", {"TransactItems": [{"Delete": {"TableName": "table"}}]},
         "transactItems.1.member.delete.key"),
        ("UpdateTimeToLive", {"TableName": "table", "TimeToLiveSpecification": {"Enabled": True}},
         "timeToLiveSpecification.attributeName"),
        ("UntagResource", {"ResourceArn": "arn", "TagKeys": [None]}, "tagKeys.1.member"),
        ("GetItem", {"TableName": "table", "Key": KEY, "ExpressionAttributeNames": {"#a": None}},
         "expressionAttributeNames.#a.member"),
    ],
)  # fmt: skip
def test_a_missing_member_is_named_by_its_path(operation: str, request_: dict[str, Any], path: str) -> None:
    expected = f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
    assert violations(operation, request_) == [expected]


@pytest.mark.parametrize(
    ("operation", "request_", "sentence"),
    [
        ("DescribeTable", {"TableName": "a b"},
         f"Value 'a b' at 'tableName' failed to satisfy constraint: {NAME_PATTERN}"),
        ("DescribeTable", {"TableName": "ab"},
         "Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3"),
        ("Query", {"TableName": "table", "Limit": 0},
         "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"),
        ("ListTables", {"Limit": 101},
         "Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"),
        ("GetItem", {"TableName": "table", "Key": KEY, "AttributesToGet": []},
         "Value '[]' at 'attributesToGet' failed to satisfy constraint: "
         "Member must have length greater than or equal to 1"),
        ("UpdateItem", {"TableName": "table", "Key": KEY, "ReturnValues": "ALL"},
         "Value 'ALL' at 'returnValues' failed to satisfy constraint: "
         "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"),
        ("Query", {"TableName": "table", "Select": "SOME"},
         "Value 'SOME' at 'select' failed to satisfy constraint: Member must satisfy enum value set: "
         "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"),
        ("BatchWriteItem", {"RequestItems": {"ab": [PUT]}},
         "Value '{ab=[com.amazonaws.dynamodb.v20120810.WriteRequest@a1f69eb3]}' at 'requestItems' failed to satisfy "
         "constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 255, "
         f"Member must have length greater than or equal to 3, {NAME_PATTERN}]"),
        ("BatchWriteItem", {"RequestItems": {"table": []}},
         "Value '{table=[]}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: "
         "[Member must have length less than or equal to 25, Member must have length greater than or equal to 1]"),
        ("UntagResource", {"ResourceArn": "arn", "TagKeys": ["a", ""]},
         "Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: "
         "[Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"),
    ],
)  # fmt: skip
def test_a_violated_constraint_quotes_the_value(operation: str, request_: dict[str, Any], sentence: str) -> None:
    assert violations(operation, request_) == [sentence]


@pytest.mark.parametrize(
    ("operation", "request_", "path", "most"),
    [
        ("BatchGetItem", {"RequestItems": {"table": {"Keys": [KEY] * 101}}}, "requestItems.table.member.keys", 100),
        ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "table", "Key": KEY}}] * 101},
         "transactItems", 100),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "table", "Item": KEY}}],
                                "ClientRequestToken": "t" * 37}, "clientRequestToken", 36),
    ],
)  # fmt: skip
def test_a_container_that_is_too_long_names_its_limit(
    operation: str, request_: dict[str, Any], path: str, most: int
) -> None:
    [sentence] = violations(operation, request_)
    assert sentence.endswith(
        f"at '{path}' failed to satisfy constraint: Member must have length less than or equal to {most}"
    )


def test_all_violations_of_a_request_stand_in_one_message() -> None:
    assert len(violations("PutItem", {"TableName": "", "ReturnValues": "ALL", "ReturnConsumedCapacity": "ALL"})) == 4


def test_an_empty_table_name_violates_its_length_alone() -> None:
    assert violations("DescribeTable", {"TableName": ""}) == [
        "Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1"
    ]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"TableName": 5}, "NUMBER_VALUE cannot be converted to String"),
        ({"TableName": 5.5}, "DECIMAL_VALUE cannot be converted to String"),
        ({"TableName": True}, "TRUE_VALUE cannot be converted to String"),
        ({"TableName": {}}, "Start of structure or map found where not expected."),
        ({"TableName": []}, "Unrecognized collection type class java.lang.String"),
        ({"Limit": "5"}, "STRING_VALUE cannot be converted to Integer"),
        ({"Limit": 2**31}, "NUMBER_VALUE cannot be converted to Integer"),
        ({"ConsistentRead": "true"}, "Unexpected token received from parser"),
        ({"ConsistentRead": 1}, "NUMBER_VALUE cannot be converted to Boolean"),
        ({"AttributesToGet": "a"}, "Unexpected field type"),
        ({"AttributesToGet": {}}, "Start of structure or map found where not expected."),
        ({"ExclusiveStartKey": "a"}, "Unexpected field type"),
        ({"ExpressionAttributeNames": {"#a": 5}}, "NUMBER_VALUE cannot be converted to String"),
    ],
)
def test_a_wrong_json_type_is_a_serialization_error_before_any_violation(
    request_: dict[str, Any], message: str
) -> None:
    error = refusal("Scan", {"Select": "SOME", **request_})
    assert (error.code, error.message) == ("SerializationException", message)


def test_a_time_is_a_number_of_seconds() -> None:
    place = {"StreamArn": "arn:" + "x" * 40, "ShardId": "shardId-" + "0" * 30, "ShardIteratorType": "AT_TIMESTAMP"}
    for seconds in (1, 1.5):
        check_request("GetShardIterator", {**place, "Timestamp": seconds})
    assert refusal("GetShardIterator", {**place, "Timestamp": "now"}).code == "SerializationException"


def test_a_message_quotes_only_the_beginning_of_a_large_value() -> None:
    assert len(refusal("DescribeTable", {"TableName": "x" * 1_000_000}).message) < 2500


def test_an_operation_without_a_shape_is_unknown() -> None:
    assert refusal("CreateGalaxy", {}).code == "UnknownOperationException"


def test_deeply_nested_input_is_quoted_without_following_it() -> None:
    deep: dict[str, Any] = {}
    for _ in range(2000):
        deep = {"M": deep}
    keys = [{"pk": deep}] * 101
    assert violations("BatchGetItem", {"RequestItems": {"table": {"Keys": keys}}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(["CreateTable", "UpdateTable", "BatchWriteItem", "TransactWriteItems", "Query", "TagResource"]),
    st.dictionaries(
        st.sampled_from(
            "TableName KeySchema GlobalSecondaryIndexes RequestItems TransactItems Limit Tags TagKeys Select "
            "ProvisionedThroughput AttributesToGet ExpressionAttributeNames ReplicaUpdates".split()
        ),
        JSON,
    ),
)
def test_any_json_is_accepted_or_refused_with_an_error_of_the_service(operation: str, request_: dict[str, Any]) -> None:
    try:
        check_request(operation, request_)
    except DynamoError as error:
        assert error.code in {"ValidationException", "SerializationException"}  # noqa: PT017
