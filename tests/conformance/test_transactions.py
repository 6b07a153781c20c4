"""TransactWriteItems and TransactGetItems: all or nothing, with reasons, and repeated without harm."""

from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

Item = dict[str, Any]

NONE = {"Code": "None"}
FAILED = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}


def put(table: "Table", item: Item, **members: Any) -> Item:
    return {"Put": {"TableName": table.name, "Item": item, **members}}


def update(table: "Table", key: Item, expression: str, **members: Any) -> Item:
    return {"Update": {"TableName": table.name, "Key": key, "UpdateExpression": expression, **members}}


def delete(table: "Table", key: Item, **members: Any) -> Item:
    return {"Delete": {"TableName": table.name, "Key": key, **members}}


def check(table: "Table", key: Item, condition: str, **members: Any) -> Item:
    return {"ConditionCheck": {"TableName": table.name, "Key": key, "ConditionExpression": condition, **members}}


def write(client: "DynamoClient", *items: Item, **members: Any) -> Item:
    return client.call("TransactWriteItems", {"TransactItems": list(items), **members})


def refused(client: "DynamoClient", *items: Item, **members: Any) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        write(client, *items, **members)
    return caught.value


def keys(pk: dict[str, str], *names: str) -> list[Item]:
    return [{"pk": pk, "sk": {"S": name}} for name in names]


def test_a_transaction_does_all_it_says(
    client: "DynamoClient", composite: "Table", simple: "Table", pk: dict[str, str]
) -> None:
    new, changed, gone, seen = keys(pk, "new", "changed", "gone", "seen")
    composite.put({**changed, "n": {"N": "1"}}, gone, seen)
    answer = write(
        client,
        put(composite, {**new, "x": {"S": "1"}}),
        update(composite, changed, "ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}}),
        delete(composite, gone),
        check(composite, seen, "attribute_exists(pk)"),
        put(simple, {"pk": pk}),
    )
    assert answer == {}
    assert composite.get(new) == {**new, "x": {"S": "1"}}
    assert composite.get(changed) == {**changed, "n": {"N": "2"}}
    assert composite.get(gone) is None
    assert simple.get({"pk": pk}) == {"pk": pk}


def test_one_failed_condition_cancels_everything(
    client: "DynamoClient", composite: "Table", pk: dict[str, str]
) -> None:
    first, second, third = keys(pk, "1", "2", "3")
    error = refused(
        client,
        put(composite, first),
        check(composite, second, "attribute_exists(pk)"),
        put(composite, third, ConditionExpression="attribute_not_exists(pk)"),
    )
    assert error.code == "TransactionCanceledException"
    assert error.message == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, None]"
    )
    assert error.extra == {"CancellationReasons": [NONE, FAILED, NONE]}
    assert [composite.get(key) for key in (first, second, third)] == [None, None, None]


def test_every_failed_condition_has_its_reason(client: "DynamoClient", composite: "Table", pk: dict[str, str]) -> None:
    first, second = keys(pk, "1", "2")
    composite.put({**first, "n": {"N": "1"}})
    error = refused(
        client,
        put(
            composite,
            first,
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        ),
        delete(composite, second, ConditionExpression="attribute_exists(pk)"),
    )
    assert error.extra == {"CancellationReasons": [{**FAILED, "Item": {**first, "n": {"N": "1"}}}, FAILED]}


def test_a_write_that_does_not_fit_its_item_cancels_everything(
    client: "DynamoClient", composite: "Table", pk: dict[str, str]
) -> None:
    first, second = keys(pk, "1", "2")
    composite.put({**second, "s": {"S": "text"}})
    error = refused(
        client,
        put(composite, first),
        update(composite, second, "SET s = s + :one", ExpressionAttributeValues={":one": {"N": "1"}}),
    )
    assert error.extra["CancellationReasons"] == [
        NONE,
        {"Code": "ValidationError", "Message": "An operand in the update expression has an incorrect data type"},
    ]
    assert composite.get(first) is None


def test_an_item_too_large_cancels_everything(client: "DynamoClient", composite: "Table", pk: dict[str, str]) -> None:
    first, second = keys(pk, "1", "2")
    composite.put({**second, "x": {"S": "x" * 300_000}})
    error = refused(
        client,
        put(composite, first),
        update(composite, second, "SET y = :y", ExpressionAttributeValues={":y": {"S": "y" * 200_000}}),
    )
    assert [reason["Code"] for reason in error.extra["CancellationReasons"]] == ["None", "ValidationError"]
    assert composite.get(first) is None


def test_a_transaction_keeps_indexes_in_step(client: "DynamoClient", indexed: "Table", pk: dict[str, str]) -> None:
    first, second = keys(pk, "1", "2")
    write(client, *(put(indexed, {**key, "kind": pk, "rank": {"N": "1"}}) for key in (first, second)))
    refused(client, delete(indexed, first), check(indexed, second, "attribute_not_exists(pk)"))
    write(client, update(indexed, second, "REMOVE kind"))
    answer = indexed.call(
        "Query", IndexName="by-kind", KeyConditionExpression="kind = :k", ExpressionAttributeValues={":k": pk}
    )
    assert [item["sk"]["S"] for item in answer["Items"]] == ["1"]


def test_an_item_stands_in_a_transaction_once(client: "DynamoClient", simple: "Table", pk: dict[str, str]) -> None:
    error = refused(client, put(simple, {"pk": pk}), check(simple, {"pk": pk}, "attribute_exists(pk)"))
    assert (error.code, error.message) == (
        "ValidationException",
        "Transaction request cannot include multiple operations on one item",
    )


def test_an_element_says_exactly_one_thing(client: "DynamoClient", simple: "Table", pk: dict[str, str]) -> None:
    message = "TransactItems can only contain one of Check, Put, Update or Delete"
    assert refused(client, put(simple, {"pk": pk}) | delete(simple, {"pk": pk})).message == message


def test_a_token_makes_a_transaction_repeatable(client: "DynamoClient", simple: "Table", pk: dict[str, str]) -> None:
    token = token_hex(16)
    one = {"ExpressionAttributeValues": {":one": {"N": "1"}}}
    for _ in range(3):
        assert write(client, update(simple, {"pk": pk}, "ADD n :one", **one), ClientRequestToken=token) == {}
    assert simple.get({"pk": pk}) == {"pk": pk, "n": {"N": "1"}}


def test_a_token_belongs_to_one_request(client: "DynamoClient", simple: "Table", pk: dict[str, str]) -> None:
    token = token_hex(16)
    write(client, put(simple, {"pk": pk}), ClientRequestToken=token)
    error = refused(client, put(simple, {"pk": pk, "x": {"S": "other"}}), ClientRequestToken=token)
    assert error.code == "IdempotentParameterMismatchException"
    assert simple.get({"pk": pk}) == {"pk": pk}


def test_a_failed_transaction_may_be_tried_again_with_its_token(
    client: "DynamoClient", simple: "Table", pk: dict[str, str]
) -> None:
    token = token_hex(16)
    element = put(simple, {"pk": pk, "x": {"S": "1"}}, ConditionExpression="attribute_exists(pk)")
    refused(client, element, ClientRequestToken=token)
    simple.put({"pk": pk})
    assert write(client, element, ClientRequestToken=token) == {}
    assert simple.get({"pk": pk}) == {"pk": pk, "x": {"S": "1"}}


def test_a_transaction_reads_items_in_its_order(
    client: "DynamoClient", composite: "Table", simple: "Table", pk: dict[str, str]
) -> None:
    first, missing = keys(pk, "1", "missing")
    composite.put({**first, "x": {"S": "1"}, "y": {"S": "2"}})
    simple.put({"pk": pk})
    gets = [
        {"Get": {"TableName": simple.name, "Key": {"pk": pk}}},
        {"Get": {"TableName": composite.name, "Key": missing}},
        {"Get": {"TableName": composite.name, "Key": first, "ProjectionExpression": "x"}},
    ]
    answer = client.call("TransactGetItems", {"TransactItems": gets})
    assert answer == {"Responses": [{"Item": {"pk": pk}}, {}, {"Item": {"x": {"S": "1"}}}]}


def test_a_key_that_does_not_fit_cancels_a_read(client: "DynamoClient", simple: "Table") -> None:
    get = {"Get": {"TableName": simple.name, "Key": {"other": {"S": "x"}}}}
    with pytest.raises(DynamoError) as caught:
        client.call("TransactGetItems", {"TransactItems": [get]})
    assert caught.value.code == "TransactionCanceledException"
    assert caught.value.extra["CancellationReasons"][0]["Code"] == "ValidationError"


def test_a_hundred_items_fit_in_a_transaction(client: "DynamoClient", composite: "Table", pk: dict[str, str]) -> None:
    items = [{"pk": pk, "sk": {"S": f"{n:03}"}} for n in range(100)]
    write(client, *(put(composite, item) for item in items))
    gets = [{"Get": {"TableName": composite.name, "Key": item}} for item in items]
    answer = client.call("TransactGetItems", {"TransactItems": gets})
    assert answer["Responses"] == [{"Item": item} for item in items]


def test_a_transaction_holds_four_megabytes(client: "DynamoClient", composite: "Table", pk: dict[str, str]) -> None:
    items = [{"pk": pk, "sk": {"S": f"{n:03}"}, "fill": {"S": "x" * 399_000}} for n in range(11)]
    assert refused(client, *(put(composite, item) for item in items)).code == "ValidationException"
    assert composite.get({"pk": pk, "sk": {"S": "000"}}) is None


def test_concurrent_transfers_neither_lose_nor_make_money(
    client: "DynamoClient", simple: "Table", composite: "Table", pk: dict[str, str]
) -> None:
    source, sink = keys(pk, "source", "sink")
    composite.put({**source, "n": {"N": "40"}}, {**sink, "n": {"N": "0"}})
    amount = {"ExpressionAttributeValues": {":n": {"N": "1"}}}

    def transfer(_: int) -> int:
        try:
            write(
                client,
                update(composite, source, "SET n = n - :n", ConditionExpression="n >= :n", **amount),
                update(composite, sink, "SET n = n + :n", **amount),
            )
        except DynamoError as error:
            reasons = {reason["Code"] for reason in error.extra.get("CancellationReasons", [])}
            assert reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}
            return 0
        return 1

    with ThreadPoolExecutor(4) as threads:
        moved = sum(threads.map(transfer, range(60)))
    found = [composite.get(key) for key in (source, sink)]
    assert [item and int(item["n"]["N"]) for item in found] == [40 - moved, moved]
    assert moved <= 40
