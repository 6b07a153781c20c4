"""BatchGetItem and BatchWriteItem: several items and tables in one request."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

Item = dict[str, Any]


def put(item: Item) -> Item:
    return {"PutRequest": {"Item": item}}


def delete(key: Item) -> Item:
    return {"DeleteRequest": {"Key": key}}


def write(client: "DynamoClient", requests: Item, **members: Any) -> Item:
    return client.call("BatchWriteItem", {"RequestItems": requests, **members})


def refused(client: "DynamoClient", operation: str, requests: Item) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, {"RequestItems": requests})
    return caught.value


def test_a_batch_writes_and_deletes_in_several_tables(
    client: "DynamoClient", simple: "Table", composite: "Table", pk: dict[str, str]
) -> None:
    composite.put({"pk": pk, "sk": {"S": "old"}})
    answer = write(
        client,
        {
            simple.name: [put({"pk": pk, "x": {"S": "1"}})],
            composite.name: [put({"pk": pk, "sk": {"S": "new"}}), delete({"pk": pk, "sk": {"S": "old"}})],
        },
    )
    assert answer == {"UnprocessedItems": {}}
    assert simple.get({"pk": pk}) == {"pk": pk, "x": {"S": "1"}}
    assert composite.get({"pk": pk, "sk": {"S": "new"}}) is not None
    assert composite.get({"pk": pk, "sk": {"S": "old"}}) is None


def test_a_batch_may_delete_what_is_not_there(client: "DynamoClient", simple: "Table", pk: dict[str, str]) -> None:
    assert write(client, {simple.name: [delete({"pk": pk})]}) == {"UnprocessedItems": {}}


def test_a_batch_keeps_indexes_in_step(client: "DynamoClient", indexed: "Table", pk: dict[str, str]) -> None:
    write(client, {indexed.name: [put({"pk": pk, "sk": {"S": "a"}, "kind": pk, "rank": {"N": "1"}})]})
    answer = indexed.call(
        "Query", IndexName="by-kind", KeyConditionExpression="kind = :k", ExpressionAttributeValues={":k": pk}
    )
    assert answer["Count"] == 1


def test_twenty_five_writes_fit_in_a_batch(client: "DynamoClient", composite: "Table", pk: dict[str, str]) -> None:
    items = [{"pk": pk, "sk": {"S": f"{n:02}"}} for n in range(25)]
    assert write(client, {composite.name: [put(item) for item in items]}) == {"UnprocessedItems": {}}
    answer = composite.call("Query", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": pk})
    assert answer["Items"] == items


def test_a_batch_gets_what_is_there(
    client: "DynamoClient", simple: "Table", composite: "Table", pk: dict[str, str]
) -> None:
    simple.put({"pk": pk})
    items = [{"pk": pk, "sk": {"S": str(n)}} for n in range(3)]
    composite.put(*items)
    missing = {"pk": pk, "sk": {"S": "missing"}}
    request = {simple.name: {"Keys": [{"pk": pk}]}, composite.name: {"Keys": [*items, missing]}}
    answer = client.call("BatchGetItem", {"RequestItems": request})
    assert answer["UnprocessedKeys"] == {}
    assert answer["Responses"][simple.name] == [{"pk": pk}]
    assert sorted(item["sk"]["S"] for item in answer["Responses"][composite.name]) == ["0", "1", "2"]


def test_a_batch_that_finds_nothing_names_its_table(
    client: "DynamoClient", simple: "Table", pk: dict[str, str]
) -> None:
    answer = client.call("BatchGetItem", {"RequestItems": {simple.name: {"Keys": [{"pk": pk}]}}})
    assert answer == {"Responses": {simple.name: []}, "UnprocessedKeys": {}}


def test_a_batch_reads_consistently_when_asked(client: "DynamoClient", simple: "Table", pk: dict[str, str]) -> None:
    simple.put({"pk": pk})
    request = {simple.name: {"Keys": [{"pk": pk}], "ConsistentRead": True}}
    assert client.call("BatchGetItem", {"RequestItems": request})["Responses"] == {simple.name: [{"pk": pk}]}


def test_a_large_batch_leaves_keys_for_another(client: "DynamoClient", composite: "Table", pk: dict[str, str]) -> None:
    """16 MB at most come in one answer; what does not fit comes back as unprocessed keys."""
    keys = [{"pk": pk, "sk": {"S": f"{n:02}"}} for n in range(45)]
    composite.put(*({**key, "fill": {"S": "x" * 390_000}} for key in keys))
    answer = client.call("BatchGetItem", {"RequestItems": {composite.name: {"Keys": keys}}})
    found = answer["Responses"][composite.name]
    left = answer["UnprocessedKeys"][composite.name]["Keys"]
    assert len(found) + len(left) == 45
    assert sum(len(item["fill"]["S"]) for item in found) <= 16 * 1024 * 1024


@pytest.mark.parametrize(
    "requests",
    [
        [put({"pk": {"S": "a"}}), put({"pk": {"S": "a"}, "x": {"S": "b"}})],
        [put({"pk": {"S": "a"}}), delete({"pk": {"S": "a"}})],
        [delete({"pk": {"S": "a"}}), delete({"pk": {"S": "a"}})],
    ],
)
def test_a_batch_touches_an_item_once(client: "DynamoClient", simple: "Table", requests: list[Item]) -> None:
    error = refused(client, "BatchWriteItem", {simple.name: requests})
    assert (error.code, error.message) == ("ValidationException", "Provided list of item keys contains duplicates")
    assert simple.get({"pk": {"S": "a"}}) is None


def test_a_batch_gets_a_key_once(client: "DynamoClient", simple: "Table", numbered: "Table") -> None:
    error = refused(client, "BatchGetItem", {simple.name: {"Keys": [{"pk": {"S": "a"}}, {"pk": {"S": "a"}}]}})
    assert error.message == "Provided list of item keys contains duplicates"
    same = [{"pk": {"S": "a"}, "sk": {"N": number}} for number in ("1", "1.0")]
    error = refused(client, "BatchGetItem", {numbered.name: {"Keys": same}})
    assert error.message == "Provided list of item keys contains duplicates"


def test_too_many_writes_over_several_tables(client: "DynamoClient", simple: "Table", composite: "Table") -> None:
    error = refused(
        client,
        "BatchWriteItem",
        {
            simple.name: [put({"pk": {"S": str(n)}}) for n in range(13)],
            composite.name: [put({"pk": {"S": "a"}, "sk": {"S": str(n)}}) for n in range(13)],
        },
    )
    assert error.message == "Too many items requested for the BatchWriteItem call"


def test_too_many_gets_over_several_tables(client: "DynamoClient", simple: "Table", composite: "Table") -> None:
    error = refused(
        client,
        "BatchGetItem",
        {
            simple.name: {"Keys": [{"pk": {"S": str(n)}} for n in range(51)]},
            composite.name: {"Keys": [{"pk": {"S": "a"}, "sk": {"S": str(n)}} for n in range(50)]},
        },
    )
    assert error.message == "Too many items requested for the BatchGetItem call"


def test_one_wrong_item_refuses_the_batch(client: "DynamoClient", simple: "Table", pk: dict[str, str]) -> None:
    error = refused(client, "BatchWriteItem", {simple.name: [put({"pk": pk}), put({"x": {"S": "no key"}})]})
    assert error.message == "The provided key element does not match the schema"
    assert simple.get({"pk": pk}) is None


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
def test_a_table_that_does_not_exist_refuses_the_batch(
    client: "DynamoClient", simple: "Table", unused_name: str, pk: dict[str, str], operation: str
) -> None:
    content: Any = {"Keys": [{"pk": pk}]} if operation == "BatchGetItem" else [put({"pk": pk})]
    error = refused(client, operation, {simple.name: content, unused_name: content})
    assert (error.code, error.message) == ("ResourceNotFoundException", "Requested resource not found")
    assert simple.get({"pk": pk}) is None


def test_a_write_request_says_exactly_one_thing(client: "DynamoClient", simple: "Table", pk: dict[str, str]) -> None:
    both = put({"pk": pk}) | delete({"pk": pk})
    assert refused(client, "BatchWriteItem", {simple.name: [both]}).message == (
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
    )
    assert refused(client, "BatchWriteItem", {simple.name: [{}]}).message == (
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
    )


def test_a_batch_without_tables(client: "DynamoClient") -> None:
    """The two operations find different words for it."""
    messages = []
    for operation in ("BatchGetItem", "BatchWriteItem"):
        with pytest.raises(DynamoError) as caught:
            client.call(operation, {"RequestItems": {}})
        messages.append(caught.value.message)
    assert messages == [
        "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1",
        "The requestItems parameter is required for BatchWriteItem",
    ]
