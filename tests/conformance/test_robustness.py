"""No request makes the service fail: every answer is a result or an error of the caller's own making."""

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import SdkClient, Table

    from tenantable.wire.client import DynamoClient

Json = Any
Path = tuple[str | int, ...]

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
ITEM = {
    **KEY,
    "kind": {"S": "k"},
    "rank": {"N": "1"},
    "deep": {"L": [{"M": {"x": {"N": "2"}}}, {"SS": ["a", "b"]}, {"NULL": True}, {"B": "AAE="}, {"BOOL": False}]},
}
NAMES = {"#d": "deep"}
VALUES = {":v": {"N": "1"}}

REQUESTS: dict[str, Json] = {
    "PutItem": {"Item": ITEM, "ConditionExpression": "attribute_not_exists(#d) OR rank = :v", "ReturnValues": "ALL_OLD",
                "ExpressionAttributeNames": NAMES, "ExpressionAttributeValues": VALUES,
                "ReturnConsumedCapacity": "INDEXES", "ReturnItemCollectionMetrics": "SIZE"},
    "GetItem": {"Key": KEY, "ProjectionExpression": "#d[0].x, rank", "ExpressionAttributeNames": NAMES,
                "ConsistentRead": True},
    "UpdateItem": {"Key": KEY, "UpdateExpression": "SET #d[0].x = if_not_exists(rank, :v) + :v REMOVE kind ADD n :v",
                   "ExpressionAttributeNames": NAMES, "ExpressionAttributeValues": VALUES,
                   "ReturnValues": "UPDATED_NEW"},
    "DeleteItem": {"Key": KEY, "ConditionExpression": "size(#d) > :v", "ExpressionAttributeNames": NAMES,
                   "ExpressionAttributeValues": VALUES, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
    "Query": {"IndexName": "by-kind", "KeyConditionExpression": "kind = :k AND rank BETWEEN :v AND :v",
              "FilterExpression": "attribute_exists(#d[1])", "ExpressionAttributeNames": NAMES,
              "ExpressionAttributeValues": {**VALUES, ":k": {"S": "k"}}, "Limit": 5, "ScanIndexForward": False,
              "ExclusiveStartKey": {**KEY, "kind": {"S": "k"}, "rank": {"N": "1"}}, "Select": "ALL_ATTRIBUTES"},
    "Scan": {"Segment": 0, "TotalSegments": 2, "FilterExpression": "contains(#d, :v)", "Limit": 3,
             "ExpressionAttributeNames": NAMES, "ExpressionAttributeValues": VALUES, "ExclusiveStartKey": KEY},
    "BatchGetItem": {"RequestItems": {"TABLE": {"Keys": [KEY], "ProjectionExpression": "rank"}}},
    "BatchWriteItem": {"RequestItems": {"TABLE": [{"PutRequest": {"Item": ITEM}}]}},
    "TransactGetItems": {"TransactItems": [{"Get": {"TableName": "TABLE", "Key": KEY}}]},
    "TransactWriteItems": {"TransactItems": [
        {"Put": {"TableName": "TABLE", "Item": ITEM}},
        {"Update": {"TableName": "TABLE", "Key": {**KEY, "sk": {"S": "c"}}, "UpdateExpression": "ADD n :v",
                    "ExpressionAttributeValues": VALUES}},
        {"ConditionCheck": {"TableName": "TABLE", "Key": {**KEY, "sk": {"S": "d"}},
                            "ConditionExpression": "attribute_not_exists(pk)"}}],
        "ClientRequestToken": "token"},
    "CreateTable": {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
                    "StreamSpecification": {"StreamEnabled": False}, "SSESpecification": {"Enabled": True},
                    "Tags": [{"Key": "a", "Value": "b"}], "TableClass": "STANDARD",
                    "OnDemandThroughput": {"MaxReadRequestUnits": 5},
                    "GlobalSecondaryIndexes": [{"IndexName": "by-pk", "KeySchema": [
                        {"AttributeName": "pk", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]},
    "UpdateTable": {"BillingMode": "PROVISIONED",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                    "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "none"}}],
                    "DeletionProtectionEnabled": False},
    "UpdateTimeToLive": {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}},
    "TagResource": {"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/TABLE",
                    "Tags": [{"Key": "a", "Value": "b"}]},
    "ListTables": {"ExclusiveStartTableName": "abc", "Limit": 2},
}  # fmt: skip

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["TABLE", "pk", ":v", "#d", "SET a = :v", "a.b[0]", "(", "99999999999", "1E125", "arn:aws:dynamodb:"]
    ),
)
REPLACEMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["S", "N", "B", "M", "L", "SS", "a", "pk", "Keys", "IndexName"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def places(value: Json, path: Path = ()) -> Iterator[Path]:
    """The path of everything inside a value."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*path, name))


def replaced(request: Json, path: Path, replacement: Json) -> Json:
    changed = copy.deepcopy(request)
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = replacement
    return changed


def named(value: Json, table: str) -> Json:
    """The request with the real name of its table."""
    if isinstance(value, dict):
        return {part.replace("TABLE", table): named(content, table) for part, content in value.items()}
    if isinstance(value, list):
        return [named(content, table) for content in value]
    return value.replace("TABLE", table) if isinstance(value, str) else value


@st.composite
def mutated(draw: st.DrawFn, operation: str) -> Json:
    request = {"TableName": "TABLE", **REQUESTS[operation]}
    for _ in range(draw(st.integers(1, 2))):
        paths = [path for path in places(request) if path]
        request = replaced(request, draw(st.sampled_from(paths)), draw(REPLACEMENTS))
    return request


fuzz = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(name="victim", scope="module")
def _victim(client: "DynamoClient", shared_table: "Callable[[str], Table]") -> "Table":
    table = shared_table("indexed")
    table.put(ITEM)
    return table


@pytest.mark.parametrize("operation", REQUESTS)
@fuzz
@given(data=st.data())
def test_a_damaged_request_is_answered(
    client: "DynamoClient", victim: "Table", operation: str, data: st.DataObject
) -> None:
    request = named(data.draw(mutated(operation)), victim.name)
    if operation in {"CreateTable", "UpdateTable", "UpdateTimeToLive"}:
        request["TableName"] = f"{victim.name}-none"
    try:
        client.call(operation, request)
    except DynamoError as error:
        assert error.status == 400, error  # noqa: PT017 - whether there is an error is for the data to say
    finally:
        forget(client, f"{victim.name}-none")


def forget(client: "DynamoClient", name: str) -> None:
    try:
        client.call("DeleteTable", {"TableName": name})
    except DynamoError:
        return


@pytest.mark.needs("http")
@fuzz
@given(body=st.binary(max_size=200), operation=st.sampled_from(sorted(REQUESTS)))
def test_any_bytes_are_answered(http: "SdkClient", body: bytes, operation: str) -> None:
    assert http.exchange(operation, body).status in {200, 400}


@pytest.mark.parametrize("levels", [100, 300, 2000, 100_000])
@pytest.mark.parametrize("member", ["Item", "Key", "SSESpecification", "Unknown", "ExpressionAttributeValues"])
@pytest.mark.needs("http")
def test_deep_nesting_is_answered(http: "SdkClient", victim: "Table", member: str, levels: int) -> None:
    nested = b'{"M":{"M":' * levels + b'{"S":"x"}' + b"}}" * levels
    body = b'{"TableName":"%s","%s":{"pk":%s},"Item":{}}' % (victim.name.encode(), member.encode(), nested)
    for operation in ("PutItem", "CreateTable", "UpdateItem"):
        assert http.exchange(operation, body).status == 400
