"""The requests that every target answers: 1 KB items with a sort key and one index, 25 items a partition."""

import random
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

TABLE = "bench"
ITEMS_PER_PARTITION = 25

Request = tuple[str, dict[str, Any]]

CREATE_TABLE = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "gsi1pk", "gsi1sk")
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "gsi1",
            "KeySchema": [
                {"AttributeName": "gsi1pk", "KeyType": "HASH"},
                {"AttributeName": "gsi1sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def key(number: int) -> dict[str, Any]:
    partition, place = divmod(number, ITEMS_PER_PARTITION)
    return {"pk": {"S": f"ORG#{partition:06}"}, "sk": {"S": f"ORDER#{place:04}"}}


def item(number: int, revision: int = 0) -> dict[str, Any]:
    """About 1,000 bytes in 14 attributes of seven types. SQLite writes nothing for an item that stays as it was."""
    partition, place = divmod(number, ITEMS_PER_PARTITION)
    return key(number) | {
        "gsi1pk": {"S": f"STATUS#{partition:06}"},
        "gsi1sk": {"S": f"2026-11-{place % 28 + 1:02}T00:00:00Z#{number:08}"},
        "name": {"S": f"Customer {number}"},
        "email": {"S": f"customer{number}@example.com"},
        "total": {"N": str(number * 7 % 10_000)},
        "paid": {"BOOL": number % 2 == 0},
        "tags": {"SS": ["alpha", "beta", "gamma"]},
        "lines": {"L": [{"M": {"sku": {"S": f"SKU-{line}"}, "quantity": {"N": str(line)}}} for line in range(3)]},
        "address": {"M": {"street": {"S": "1 Main Street"}, "city": {"S": "Austin"}, "zip": {"S": "78701"}}},
        "version": {"N": str(revision + 1)},
        "missing": {"NULL": True},
        "notes": {"S": "x" * 560},
    }


def _get(choose: Callable[[], int], _revision: int) -> Request:
    return "GetItem", {"TableName": TABLE, "Key": key(choose())}


def _put(choose: Callable[[], int], revision: int) -> Request:
    return "PutItem", {"TableName": TABLE, "Item": item(choose(), revision)}


def _update(choose: Callable[[], int], _revision: int) -> Request:
    return "UpdateItem", {
        "TableName": TABLE,
        "Key": key(choose()),
        "UpdateExpression": "SET #v = #v + :one, #t = :total",
        "ConditionExpression": "attribute_exists(pk) AND #v >= :one",
        "ExpressionAttributeNames": {"#v": "version", "#t": "total"},
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":total": {"N": "42"}},
    }


def _query(choose: Callable[[], int], _revision: int) -> Request:
    return "Query", {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": key(choose())["pk"]},
    }


def _query_index(choose: Callable[[], int], _revision: int) -> Request:
    return "Query", {
        "TableName": TABLE,
        "IndexName": "gsi1",
        "KeyConditionExpression": "gsi1pk = :pk",
        "ExpressionAttributeValues": {":pk": item(choose())["gsi1pk"]},
    }


def batch_of_puts(numbers: list[int], revision: int = 0) -> Request:
    puts = [{"PutRequest": {"Item": item(number, revision)}} for number in numbers]
    return "BatchWriteItem", {"RequestItems": {TABLE: puts}}


def _batch(choose: Callable[[], int], revision: int) -> Request:
    start = choose() // ITEMS_PER_PARTITION * ITEMS_PER_PARTITION
    return batch_of_puts(list(range(start, start + ITEMS_PER_PARTITION)), revision)


def _transaction(choose: Callable[[], int], revision: int) -> Request:
    start = choose() // ITEMS_PER_PARTITION * ITEMS_PER_PARTITION
    puts = [{"Put": {"TableName": TABLE, "Item": item(start + place, revision)}} for place in range(4)]
    return "TransactWriteItems", {"TransactItems": puts}


OPERATIONS: dict[str, Callable[[Callable[[], int], int], Request]] = {
    "get": _get,
    "put": _put,
    "update with condition": _update,
    "query 25": _query,
    "query 25 on the index": _query_index,
    "batch of 25 puts": _batch,
    "transaction of 4 puts": _transaction,
}


def requests(operation: str, items: int, seed: int, first_revision: int = 1) -> Iterator[dict[str, Any]]:
    """
    An endless stream of requests of one operation over `items` stored items; the same for the same seed, but for the
    revisions of what is put, which go on from the first.
    """
    chooser = random.Random(seed)
    make = OPERATIONS[operation]
    for revision in count(first_revision):
        yield make(lambda: chooser.randrange(items), revision)[1]


def api_name(operation: str) -> str:
    return OPERATIONS[operation](lambda: 0, 0)[0]
