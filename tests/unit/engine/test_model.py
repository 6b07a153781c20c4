"""
The engine against a model: a dictionary of items, for any sequence of operations.

The machine works on a table with a global index that points to items, a local one that copies part of them, a sparse
one and one with several key attributes; after each step every way to read must tell the same as the dictionary.
"""

import tempfile
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tenantable.engine import Engine
from tenantable.wire.errors import DynamoError

Item = dict[str, Any]
Key = tuple[str, int]

TABLE = {
    "TableName": "model",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "state", "AttributeType": "S"},
        {"AttributeName": "rank", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_state",
            "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}, {"AttributeName": "rank", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        },
        {
            "IndexName": "by_rank",
            "KeySchema": [{"AttributeName": "rank", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
        {
            "IndexName": "by_several",
            "KeySchema": [
                *({"AttributeName": name, "KeyType": "HASH"} for name in ("pk", "state")),
                *({"AttributeName": name, "KeyType": "RANGE"} for name in ("rank", "sk")),
            ],
            "Projection": {"ProjectionType": "ALL"},
        },
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "in_order",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "rank", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]},
        }
    ],
}
partitions = st.sampled_from(["a", "b", "ß"])
sorts = st.integers(-2, 2)
keys = st.tuples(partitions, sorts)
states = st.sampled_from(["open", "done"])
ranks = st.integers(-2, 2)
contents = st.fixed_dictionaries(
    {},
    optional={
        "state": states.map(lambda state: {"S": state}),
        "rank": ranks.map(lambda rank: {"N": str(rank)}),
        "note": st.text(st.characters(exclude_categories=["Cs"]), max_size=5).map(lambda note: {"S": note}),
        "more": st.lists(st.booleans().map(lambda flag: {"BOOL": flag}), max_size=3).map(lambda flags: {"L": flags}),
    },
)


def key_item(key: Key) -> Item:
    return {"pk": {"S": key[0]}, "sk": {"N": str(key[1])}}


def number(item: Item, name: str) -> int:
    return int(item[name]["N"])


class EngineAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine = Engine(self.folder.name, durability="none")
        self.engine.call("CreateTable", TABLE)
        self.items: dict[Key, Item] = {}

    def teardown(self) -> None:
        self.engine.close()
        self.folder.cleanup()

    def call(self, operation: str, **request: Any) -> Item:
        return self.engine.call(operation, {"TableName": "model", **request})

    @rule(key=keys, content=contents)
    def put(self, key: Key, content: Item) -> None:
        old = self.call("PutItem", Item=key_item(key) | content, ReturnValues="ALL_OLD").get("Attributes")
        assert old == self.items.get(key)
        self.items[key] = key_item(key) | content

    @rule(key=keys, content=contents)
    def put_if_absent(self, key: Key, content: Item) -> None:
        put = {"Item": key_item(key) | content, "ConditionExpression": "attribute_not_exists(pk)"}
        if key in self.items:
            with pytest.raises(DynamoError, match="ConditionalCheckFailed"):
                self.call("PutItem", **put)
        else:
            self.call("PutItem", **put)
            self.items[key] = key_item(key) | content

    @rule(key=keys)
    def delete(self, key: Key) -> None:
        old = self.call("DeleteItem", Key=key_item(key), ReturnValues="ALL_OLD").get("Attributes")
        assert old == self.items.pop(key, None)

    @rule(key=keys, state=st.none() | states, step=ranks)
    def update(self, key: Key, state: str | None, step: int) -> None:
        """Move in one index, and enter or leave the other."""
        change = "REMOVE #state" if state is None else "SET #state = :state"
        values = {":step": {"N": str(step)}} | ({} if state is None else {":state": {"S": state}})
        new = self.call(
            "UpdateItem",
            Key=key_item(key),
            UpdateExpression=f"{change} ADD #rank :step",
            ExpressionAttributeNames={"#state": "state", "#rank": "rank"},
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
        )["Attributes"]
        item = dict(self.items.get(key, key_item(key)))
        item["rank"] = {"N": str(int(item.get("rank", {"N": "0"})["N"]) + step)}
        item.pop("state", None)
        if state is not None:
            item["state"] = {"S": state}
        assert new == item
        self.items[key] = item

    @rule(puts=st.dictionaries(keys, contents, max_size=4), deletes=st.sets(keys, max_size=4))
    def batch(self, puts: dict[Key, Item], deletes: set[Key]) -> None:
        deletes -= puts.keys()
        writes = [{"PutRequest": {"Item": key_item(key) | content}} for key, content in puts.items()]
        writes += [{"DeleteRequest": {"Key": key_item(key)}} for key in deletes]
        if writes:
            self.engine.call("BatchWriteItem", {"RequestItems": {"model": writes}})
        self.apply(puts, deletes)

    @rule(puts=st.dictionaries(keys, contents, max_size=3), deletes=st.sets(keys, max_size=3), guard=keys)
    def transact(self, puts: dict[Key, Item], deletes: set[Key], guard: Key) -> None:
        """All of it when the guarding item exists, nothing else."""
        deletes = deletes - puts.keys() - {guard}
        puts.pop(guard, None)
        named = {"TableName": "model"}
        actions: list[Item] = [{"Put": {**named, "Item": key_item(key) | content}} for key, content in puts.items()]
        actions += [{"Delete": {**named, "Key": key_item(key)}} for key in deletes]
        guarded = {**named, "Key": key_item(guard), "ConditionExpression": "attribute_exists(pk)"}
        actions.append({"ConditionCheck": guarded})
        if guard in self.items:
            self.engine.call("TransactWriteItems", {"TransactItems": actions})
            self.apply(puts, deletes)
        else:
            with pytest.raises(DynamoError, match="TransactionCanceled"):
                self.engine.call("TransactWriteItems", {"TransactItems": actions})

    @rule()
    def reopen(self) -> None:
        self.engine.close()
        self.engine = Engine(self.folder.name, durability="none")

    def apply(self, puts: dict[Key, Item], deletes: set[Key]) -> None:
        self.items |= {key: key_item(key) | content for key, content in puts.items()}
        for key in deletes:
            self.items.pop(key, None)

    @rule(
        partition=partitions, bounds=st.tuples(sorts, sorts).map(sorted), forward=st.booleans(), limit=st.integers(1, 4)
    )
    def query_between(self, partition: str, bounds: list[int], forward: bool, limit: int) -> None:
        found = self.pages(
            "Query",
            KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues={
                ":pk": {"S": partition},
                ":low": {"N": str(bounds[0])},
                ":high": {"N": str(bounds[1])},
            },
            ScanIndexForward=forward,
            Limit=limit,
        )
        wanted = [key for key in sorted(self.items) if key[0] == partition and bounds[0] <= key[1] <= bounds[1]]
        assert found == [self.items[key] for key in (wanted if forward else reversed(wanted))]

    @rule(state=states, forward=st.booleans(), limit=st.integers(1, 4))
    def query_global_index(self, state: str, forward: bool, limit: int) -> None:
        found = self.pages(
            "Query",
            IndexName="by_state",
            KeyConditionExpression="#state = :state",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": {"S": state}},
            ScanIndexForward=forward,
            Limit=limit,
        )
        ranks_found = [number(item, "rank") for item in found]
        assert ranks_found == sorted(ranks_found, reverse=not forward)
        assert_same(found, [item for item in self.entries("rank", "state") if item["state"] == {"S": state}])

    @rule(partition=partitions, state=states, lowest=ranks, forward=st.booleans(), limit=st.integers(1, 4))
    def query_index_of_several(self, partition: str, state: str, lowest: int, forward: bool, limit: int) -> None:
        found = self.pages(
            "Query",
            IndexName="by_several",
            KeyConditionExpression="pk = :pk AND #state = :state AND #rank >= :rank",
            ExpressionAttributeNames={"#state": "state", "#rank": "rank"},
            ExpressionAttributeValues={":pk": {"S": partition}, ":state": {"S": state}, ":rank": {"N": str(lowest)}},
            ScanIndexForward=forward,
            Limit=limit,
        )
        wanted = [
            item
            for item in self.entries("rank", "state")
            if (item["pk"]["S"], item["state"]["S"]) == (partition, state) and number(item, "rank") >= lowest
        ]
        assert found == sorted(wanted, key=lambda item: (number(item, "rank"), number(item, "sk")), reverse=not forward)

    @rule(partition=partitions, limit=st.integers(1, 4))
    def query_local_index(self, partition: str, limit: int) -> None:
        query = {
            "IndexName": "in_order",
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "Limit": limit,
        }
        wanted = [item for item in self.entries("rank") if item["pk"] == {"S": partition}]
        found = self.pages("Query", **query)
        assert_same(found, [only(item, "pk", "sk", "rank", "note") for item in wanted])
        assert_same(self.pages("Query", **query, Select="ALL_ATTRIBUTES"), wanted)

    @rule(segments=st.integers(1, 3), limit=st.integers(1, 4))
    def scan_sparse_index(self, segments: int, limit: int) -> None:
        found = [
            item
            for segment in range(segments)
            for item in self.pages("Scan", IndexName="by_rank", Segment=segment, TotalSegments=segments, Limit=limit)
        ]
        assert_same(found, [only(item, "pk", "sk", "rank") for item in self.entries("rank")])

    @invariant()
    def every_item_is_found(self) -> None:
        assert_same(self.pages("Scan"), self.items.values())
        if self.items:
            wanted = {"model": {"Keys": [key_item(key) for key in self.items]}}
            found = self.engine.call("BatchGetItem", {"RequestItems": wanted})["Responses"]["model"]
            assert found == list(self.items.values())

    @invariant()
    def counts_agree(self) -> None:
        table = self.call("DescribeTable")["Table"]
        counts = {index["IndexName"]: index["ItemCount"] for index in table["GlobalSecondaryIndexes"]}
        assert table["ItemCount"] == len(self.items)
        assert counts == {
            "by_state": len(self.entries("rank", "state")),
            "by_rank": len(self.entries("rank")),
            "by_several": len(self.entries("rank", "state")),
        }

    def entries(self, *names: str) -> list[Item]:
        """The items that have all the attributes which an index needs."""
        return [item for item in self.items.values() if all(name in item for name in names)]

    def pages(self, operation: str, **request: Any) -> list[Item]:
        """The items of all pages."""
        found: list[Item] = []
        answer = self.call(operation, **request)
        found += answer["Items"]
        while "LastEvaluatedKey" in answer:
            answer = self.call(operation, **request, ExclusiveStartKey=answer["LastEvaluatedKey"])
            found += answer["Items"]
        return found


def only(item: Item, *names: str) -> Item:
    return {name: value for name, value in item.items() if name in names}


def assert_same(found: Iterable[Item], wanted: Iterable[Item]) -> None:
    """The same items in any order, each once."""

    def by_key(items: Iterable[Item]) -> list[Item]:
        return sorted(items, key=lambda item: (item["pk"]["S"], number(item, "sk")))

    assert by_key(found) == by_key(wanted)


TestEngineAgainstModel = EngineAgainstModel.TestCase
TestEngineAgainstModel.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
