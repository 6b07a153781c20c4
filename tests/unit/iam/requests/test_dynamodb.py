"""What each DynamoDB request must be allowed to do: one case or more per operation, and its edges."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.iam.requests.context import UNKNOWN_LEADING_KEY
from tenantable.iam.requests.dynamodb import access_requests
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

HOME = Home(account_id="123456789012", region="eu-west-1")
TABLE, INDEX, TALLY, BLOB = (HOME.table("T"), HOME.index("T", "g"), HOME.table("N"), HOME.table("B"))
KEYS = {
    "T": TableKeys(
        table=KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk")),
        indexes={"g": KeyNames(partition=KeyAttribute(name="gpk"))},
    ),
    "N": TableKeys(table=KeyNames(partition=KeyAttribute(name="n", type="N"))),
    "B": TableKeys(table=KeyNames(partition=KeyAttribute(name="b", type="B"))),
}
KEY = {"pk": {"S": "P1"}, "sk": {"S": "S1"}}
OTHER_KEY = {"pk": {"S": "P2"}, "sk": {"S": "S2"}}
ITEM = KEY | {"a": {"S": "x"}}

Expected = tuple[str, str, dict[str, Any]]


def needed(operation: str, request: dict[str, Any]) -> list[Expected]:
    """Action, resource and context without prefixes; attribute names in alphabetical order."""
    found = access_requests(operation, request, KEYS.get, home=HOME)
    assert found is not None
    result = []
    for access in found:
        context = {key.removeprefix("dynamodb:"): value for key, value in access.context.items()}
        if "attributes" in context:
            context["attributes"] = tuple(sorted(context["attributes"]))
        result.append((access.action.removeprefix("dynamodb:"), access.resource, context))
    return result


def context(
    keys: tuple[str, ...] | None = ("P1",), attributes: str = "pk sk", capacity: str | None = "NONE", **others: str
) -> dict[str, Any]:
    expected: dict[str, Any] = {"attributes": tuple(attributes.split()), **others}
    if keys is not None:
        expected["leadingkeys"] = expected["firstpartitionkeyvalues"] = keys
    if capacity is not None:
        expected["returnconsumedcapacity"] = capacity
    return expected


def equals(text: str) -> dict[str, Any]:
    return {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": text}]}


ALL, SPECIFIC = "ALL_ATTRIBUTES", "SPECIFIC_ATTRIBUTES"

CASES: list[tuple[str, dict[str, Any], list[Expected]]] = [
    ("GetItem", {"TableName": "T", "Key": KEY}, [("GetItem", TABLE, context(select=ALL))]),
    (
        "GetItem",
        {
            "TableName": TABLE,
            "Key": KEY,
            "ProjectionExpression": "#a.b[0], c",
            "ExpressionAttributeNames": {"#a": "a"},
            "ReturnConsumedCapacity": "TOTAL",
        },
        [("GetItem", TABLE, context(attributes="a c pk sk", select=SPECIFIC, capacity="TOTAL"))],
    ),
    (
        "GetItem",
        {"TableName": "T", "Key": KEY, "AttributesToGet": ["a.b", "c"]},
        [("GetItem", TABLE, context(attributes="a.b c pk sk", select=SPECIFIC))],
    ),
    (
        "BatchGetItem",
        {"RequestItems": {"T": {"Keys": [KEY], "AttributesToGet": ["a"]}, "N": {"Keys": [{"n": {"N": "1"}}]}}},
        [
            ("BatchGetItem", TABLE, context(attributes="a pk sk", select=SPECIFIC)),
            ("BatchGetItem", TALLY, context(("1",), "n", select=ALL)),
        ],
    ),
    (
        "BatchGetItem",
        {
            "RequestItems": {
                "T": {"Keys": [KEY, OTHER_KEY], "ProjectionExpression": "a"},
                "N": {"Keys": [{"n": {"N": "1"}}]},
            },
            "ReturnConsumedCapacity": "INDEXES",
        },
        [
            ("BatchGetItem", TABLE, context(("P1", "P2"), "a pk sk", select=SPECIFIC, capacity="INDEXES")),
            ("BatchGetItem", TALLY, context(("1",), "n", select=ALL, capacity="INDEXES")),
        ],
    ),
    (
        "Query",
        {
            "TableName": "T",
            "KeyConditionExpression": "pk = :p AND begins_with(#sk, :s)",
            "FilterExpression": "f > :s",
            "ProjectionExpression": "a",
            "ExpressionAttributeNames": {"#sk": "sk"},
            "ExpressionAttributeValues": {":p": {"S": "P1"}, ":s": {"S": "S"}},
        },
        [("Query", TABLE, context(attributes="a f pk sk", select=SPECIFIC))],
    ),
    (
        "Query",
        {
            "TableName": "T",
            "IndexName": "g",
            "KeyConditionExpression": "gpk = :p",
            "ExpressionAttributeValues": {":p": {"S": "G1"}},
        },
        [("Query", INDEX, context(("G1",), "gpk", select="ALL_PROJECTED_ATTRIBUTES"))],
    ),
    (
        "Query",
        {
            "TableName": "T",
            "Select": "COUNT",
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": {"S": "P1"}},
        },
        [("Query", TABLE, context(attributes="pk", select="COUNT"))],
    ),
    (
        "Scan",
        {
            "TableName": "T",
            "FilterExpression": "f = :v",
            "ProjectionExpression": "a",
            "ExpressionAttributeValues": {":v": {"S": "x"}},
        },
        [("Scan", TABLE, context(None, "a f", select=SPECIFIC))],
    ),
    (
        "Query",
        {
            "TableName": "T",
            "KeyConditions": {
                "pk": equals("P1"),
                "sk": {"ComparisonOperator": "GT", "AttributeValueList": [{"S": "a"}]},
            },
            "QueryFilter": {"f": {"ComparisonOperator": "NULL"}},
            "AttributesToGet": ["a"],
        },
        [("Query", TABLE, context(attributes="a f pk sk", select=SPECIFIC))],
    ),
    (
        "Query",
        {"TableName": "T", "IndexName": "g", "KeyConditions": {"gpk": equals("G1")}, "AttributesToGet": ["gpk"]},
        [("Query", INDEX, context(("G1",), "gpk", select=SPECIFIC))],
    ),
    (
        "Scan",
        {"TableName": "T", "ScanFilter": {"f": equals("x")}, "AttributesToGet": ["a"]},
        [("Scan", TABLE, context(None, "a f", select=SPECIFIC))],
    ),
    (
        "Scan",
        {"TableName": "T", "IndexName": "g"},
        [("Scan", INDEX, context(None, "", select="ALL_PROJECTED_ATTRIBUTES"))],
    ),
    (
        "PutItem",
        {
            "TableName": "T",
            "Item": ITEM,
            "ConditionExpression": "attribute_not_exists(c)",
            "ReturnValues": "ALL_OLD",
        },
        [("PutItem", TABLE, context(attributes="a c pk sk", returnvalues="ALL_OLD"))],
    ),
    (
        "PutItem",
        {"TableName": "T", "Item": ITEM},
        [("PutItem", TABLE, context(attributes="a pk sk", returnvalues="NONE"))],
    ),
    (
        "PutItem",
        {"TableName": "T", "Item": ITEM, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
        [("PutItem", TABLE, context(attributes="a pk sk", returnvalues="ALL_OLD"))],
    ),
    (
        "UpdateItem",
        {
            "TableName": "T",
            "Key": KEY,
            "UpdateExpression": "SET a.x = b + :v, #l[1] = if_not_exists(c, :v) REMOVE d ADD e :v",
            "ConditionExpression": "f = :v",
            "ExpressionAttributeNames": {"#l": "l"},
            "ExpressionAttributeValues": {":v": {"N": "1"}},
            "ReturnValues": "UPDATED_NEW",
        },
        [("UpdateItem", TABLE, context(attributes="a b c d e f l pk sk", returnvalues="UPDATED_NEW"))],
    ),
    (
        "DeleteItem",
        {"TableName": "T", "Key": KEY, "ConditionExpression": "attribute_exists(c)"},
        [("DeleteItem", TABLE, context(attributes="c pk sk", returnvalues="NONE"))],
    ),
    (
        "PutItem",
        {"TableName": "T", "Item": ITEM, "Expected": {"c": {"Exists": False}}},
        [("PutItem", TABLE, context(attributes="a c pk sk", returnvalues="NONE"))],
    ),
    (
        "UpdateItem",
        {"TableName": "T", "Key": KEY, "Expected": {"c": equals("x")}, "AttributeUpdates": {"d": {"Action": "DELETE"}}},
        [("UpdateItem", TABLE, context(attributes="c d pk sk", returnvalues="NONE"))],
    ),
    (
        "DeleteItem",
        {"TableName": "T", "Key": KEY, "Expected": {"c": {"Value": {"S": "x"}}}},
        [("DeleteItem", TABLE, context(attributes="c pk sk", returnvalues="NONE"))],
    ),
    (
        "BatchWriteItem",
        {
            "RequestItems": {
                "T": [{"PutRequest": {"Item": ITEM}}, {"DeleteRequest": {"Key": OTHER_KEY}}],
                "N": [{"DeleteRequest": {"Key": {"n": {"N": "1"}}}, "PutRequest": None}],
            }
        },
        [
            ("BatchWriteItem", TABLE, context(("P1", "P2"), "a pk sk")),
            ("BatchWriteItem", TALLY, context(("1",), "n")),
        ],
    ),
    (
        "TransactGetItems",
        {
            "TransactItems": [
                {"Get": {"TableName": "T", "Key": KEY, "ProjectionExpression": "a"}},
                {"Get": {"TableName": "N", "Key": {"n": {"N": "1"}}}},
            ],
            "ReturnConsumedCapacity": "TOTAL",
        },
        [
            (
                "GetItem",
                TABLE,
                context(attributes="a pk sk", select=SPECIFIC, capacity="TOTAL", enclosingoperation="TransactGetItems"),
            ),
            (
                "GetItem",
                TALLY,
                context(("1",), "n", select=ALL, capacity="TOTAL", enclosingoperation="TransactGetItems"),
            ),
        ],
    ),
    (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": "T", "Item": ITEM, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
                {
                    "Update": {
                        "TableName": "T",
                        "Key": KEY,
                        "UpdateExpression": "REMOVE a",
                        "ConditionExpression": "attribute_exists(b)",
                    }
                },
                {"Delete": {"TableName": "T", "Key": OTHER_KEY}},
                {"ConditionCheck": {"TableName": "T", "Key": KEY, "ConditionExpression": "attribute_exists(c)"}},
            ]
        },
        [
            (action, TABLE, context(keys, names, returnvalues=returned, enclosingoperation="TransactWriteItems"))
            for action, keys, names, returned in [
                ("PutItem", ("P1",), "a pk sk", "ALL_OLD"),
                ("UpdateItem", ("P1",), "a b pk sk", "NONE"),
                ("DeleteItem", ("P2",), "pk sk", "NONE"),
                ("ConditionCheckItem", ("P1",), "c pk sk", "NONE"),
            ]
        ],
    ),
    ("CreateTable", {"TableName": "T"}, [("CreateTable", TABLE, {})]),
    (
        "CreateTable",
        {"TableName": "T", "Tags": [{"Key": "Team", "Value": "a"}], "ResourcePolicy": "{}"},
        [
            ("CreateTable", TABLE, {"aws:requesttag/team": "a", "aws:tagkeys": ("Team",)}),
            ("TagResource", TABLE, {"aws:requesttag/team": "a", "aws:tagkeys": ("Team",)}),
            ("PutResourcePolicy", TABLE, {}),
        ],
    ),
    (
        "TagResource",
        {"ResourceArn": TABLE, "Tags": [{"Key": "Team", "Value": "a"}]},
        [("TagResource", TABLE, {"aws:requesttag/team": "a", "aws:tagkeys": ("Team",)})],
    ),
    (
        "UntagResource",
        {"ResourceArn": TABLE, "TagKeys": ["Team"]},
        [("UntagResource", TABLE, {"aws:tagkeys": ("Team",)})],
    ),
    ("ListTagsOfResource", {"ResourceArn": TABLE}, [("ListTagsOfResource", TABLE, {})]),
]
TABLE_OPERATIONS = (
    "CreateBackup",
    "DeleteTable",
    "DescribeContinuousBackups",
    "DescribeTable",
    "DescribeTimeToLive",
    "UpdateContinuousBackups",
    "UpdateTable",
    "UpdateTimeToLive",
)


@pytest.mark.parametrize(
    ("operation", "request_", "expected"), CASES, ids=lambda each: each if type(each) is str else ""
)
def test_what_an_operation_needs(operation: str, request_: dict[str, Any], expected: list[Expected]) -> None:
    assert needed(operation, request_) == expected


@pytest.mark.parametrize("operation", TABLE_OPERATIONS)
def test_control_of_a_table_needs_its_own_name_on_that_table(operation: str) -> None:
    assert needed(operation, {"TableName": "T"}) == [(operation, TABLE, {})]


@pytest.mark.parametrize(
    "operation",
    ["DescribeEndpoints", "DescribeLimits", "ListBackups", "ListExports", "ListImports", "ListStreams", "ListTables"],
)
def test_what_names_no_table_needs_every_table(operation: str) -> None:
    assert needed(operation, {}) == [(operation, HOME.table("*"), {})]


@pytest.mark.parametrize("operation", ["DescribeStream", "GetShardIterator"])
def test_a_stream_is_named_by_its_arn(operation: str) -> None:
    arn = HOME.stream("T", "2026-11-21T12:00:00.000")
    assert needed(operation, {"StreamArn": arn, "ShardId": "shard"}) == [(operation, arn, {})]


def test_records_are_those_of_the_stream_that_the_iterator_names() -> None:
    arn = HOME.stream("T", "2026-11-21T12:00:00.000")
    assert needed("GetRecords", {"ShardIterator": f"{arn}|1|WzBd"}) == [("GetRecords", arn, {})]


def test_an_operation_without_translation_has_none() -> None:
    assert access_requests("SearchVectors", {"TableName": "T"}, KEYS.get, home=HOME) is None


@pytest.mark.parametrize(
    ("table", "key", "leading"),
    [
        ("N", {"n": {"N": "01.50"}}, "1.5"),
        ("B", {"b": {"B": "QR=="}}, "QQ=="),
        ("B", {"b": {"B": "QQ=="}}, "QQ=="),
        ("B", {"b": {"B": "?"}}, UNKNOWN_LEADING_KEY),
        ("T", {"pk": {"N": "1"}}, UNKNOWN_LEADING_KEY),
        ("T", {"pk": {"S": 1}}, UNKNOWN_LEADING_KEY),
        ("T", {"pk": "P1"}, UNKNOWN_LEADING_KEY),
        ("T", {"sk": {"S": "P1"}}, UNKNOWN_LEADING_KEY),
        ("missing", {"pk": {"S": "P1"}}, UNKNOWN_LEADING_KEY),
    ],
)
def test_the_leading_key_of_one_item(table: str, key: dict[str, Any], leading: str) -> None:
    """Canonical text where DynamoDB has one, and never absent."""
    (found,) = needed("GetItem", {"TableName": table, "Key": key})
    assert found[2]["leadingkeys"] == (leading,)


@pytest.mark.parametrize(
    "request_",
    [
        {"TableName": "missing", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "P1"}}},
        {"TableName": "T", "IndexName": "x", "KeyConditionExpression": "pk = :p"},
        {"TableName": "T"},
        {"TableName": "T", "KeyConditionExpression": "pk > :p", "ExpressionAttributeValues": {":p": {"S": "P1"}}},
        {"TableName": "T", "KeyConditionExpression": "sk = :p", "ExpressionAttributeValues": {":p": {"S": "P1"}}},
        {"TableName": "T", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": "P1"}},
        {"TableName": "T", "KeyConditionExpression": "pk = :p"},
        {
            "TableName": "T",
            "KeyConditionExpression": "pk = :p AND pk = :q",
            "ExpressionAttributeValues": {":p": {"S": "P1"}, ":q": {"S": "P2"}},
        },
        {"TableName": "T", "KeyConditions": {"pk": {"ComparisonOperator": "GT", "AttributeValueList": [{"S": "P1"}]}}},
        {"TableName": "T", "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": []}}},
        {"TableName": "T", "KeyConditions": {"sk": equals("P1")}},
        {"TableName": "T", "KeyConditionExpression": "sk = :p", "KeyConditions": {"pk": equals("P1")}},
    ],
)
def test_a_query_without_a_known_partition_has_an_unknown_leading_key(request_: dict[str, Any]) -> None:
    (found,) = needed("Query", request_)
    assert found[2]["leadingkeys"] == (UNKNOWN_LEADING_KEY,)


@pytest.mark.parametrize(
    ("operation", "request_", "names"),
    [
        ("GetItem", {"TableName": "T", "Key": KEY, "Expected": {"x": {"Exists": False}}}, "pk sk"),
        ("PutItem", {"TableName": "T", "Item": KEY, "AttributeUpdates": {"x": {}}, "UpdateExpression": "((("}, "pk sk"),
        ("Scan", {"TableName": "T", "QueryFilter": {"x": equals("x")}, "KeyConditions": {"x": equals("x")}}, ""),
        ("Query", {"TableName": "T", "ScanFilter": {"x": equals("x")}}, ""),
        (
            "TransactWriteItems",
            {"TransactItems": [{"Delete": {"TableName": "T", "Key": KEY, "Expected": {"x": {"Exists": False}}}}]},
            "pk sk",
        ),
        (
            "TransactGetItems",
            {"TransactItems": [{"Get": {"TableName": "T", "Key": KEY, "AttributesToGet": ["x"]}}]},
            "pk sk",
        ),
    ],
)
def test_a_parameter_that_the_operation_does_not_have_names_nothing(
    operation: str, request_: dict[str, Any], names: str
) -> None:
    """A policy that allows by attribute must not be satisfied by what the engine does not look at."""
    (found,) = needed(operation, request_)
    assert found[2]["attributes"] == tuple(names.split())
    assert found[2].get("select") in {None, ALL}


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("GetItem", {"TableName": "T", "Key": KEY, "ProjectionExpression": "a,"}),
        ("GetItem", {"TableName": "T", "Key": KEY, "ProjectionExpression": "#undefined"}),
        ("GetItem", {"TableName": "N", "Key": {"n": {"N": "one"}}}),
        ("GetItem", {"TableName": "arn:aws:s3:::bucket", "Key": KEY}),
        ("Query", {"TableName": "T", "KeyConditionExpression": "pk ="}),
    ],
)
def test_what_cannot_be_read_is_dynamodbs_error(operation: str, request_: dict[str, Any]) -> None:
    with pytest.raises(DynamoError):
        needed(operation, request_)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [("TransactWriteItems", {"TransactItems": [{}, None]}), ("TransactGetItems", {"TransactItems": [{"Get": None}]})],
)
def test_an_element_without_an_action_needs_nothing(operation: str, request_: dict[str, Any]) -> None:
    assert needed(operation, request_) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.dictionaries(st.sampled_from(["S", "N", "B", "M", "pk", "n", "b"]), inner, max_size=2)
        | st.lists(inner, max_size=2)
    ),
    max_leaves=4,
)
maps = st.dictionaries(st.sampled_from(["pk", "sk", "n", "b", ":p"]), values, max_size=3)
texts = st.sampled_from(["a", "#a", "pk = :p", "SET a = :p", "a.b[0]", "", "((", "pk = :p AND sk BETWEEN :p AND :q"])


@given(
    st.sampled_from(["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"]),
    st.fixed_dictionaries(
        {"TableName": st.sampled_from(["T", "N", "B", "missing"]), "Key": maps, "Item": maps},
        optional={
            "IndexName": st.sampled_from(["g", "x"]),
            "ProjectionExpression": texts,
            "ConditionExpression": texts,
            "FilterExpression": texts,
            "KeyConditionExpression": texts,
            "UpdateExpression": texts,
            "ExpressionAttributeValues": maps,
            "ExpressionAttributeNames": st.dictionaries(st.sampled_from(["#a", "b"]), st.text(max_size=2)),
            "Select": st.none() | st.just("COUNT"),
        },
    ),
)
def test_a_malformed_request_never_crashes(operation: str, request_: dict[str, Any]) -> None:
    """Whatever lies inside a request of the right shape: it is translated, or refused in DynamoDB's words."""
    try:
        ((_action, _resource, found),) = access_requests(operation, request_, KEYS.get, home=HOME) or ()
        keys = dict(found)
    except DynamoError:
        return
    assert operation == "Scan" or keys["dynamodb:leadingkeys"]
