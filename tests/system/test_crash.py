"""
What survives SIGKILL: every acknowledged write, whole transactions, and indexes and a stream in step with their table.

Four writers work over HTTP until the server is killed under them, ten times on one data folder, or as often as
CRASH_ROUNDS says; items that have expired are swept and an index is created and deleted meanwhile. Each writer knows
what was acknowledged to it and which one request was under way, which may have happened or not. Another workload is one
more method in `Writer.steps`.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.scans import scanned

from tenantable.data.http_client import HttpClient
from tenantable.data.transport.retries import RetryPolicy
from tenantable.engine import Engine
from tenantable.engine.integrity.checking import check as inspect
from tenantable.errors import Unavailable
from tenantable.wire.client import DynamoClient
from tenantable.wire.signatures import Credentials

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "10"))
WRITERS = 4
TABLE = "ledger"
INDEX = "by-version"
SHARED = ("shared", "counter")
EXPIRING = "expiring"
SEED = 20261121

Key = tuple[str, str]
Item = dict[str, Any]
Items = dict[Key, Item | None]
"""What is stored under each key; None: nothing."""
Change = tuple[Key, Item | None]


def key_of(key: Key) -> Item:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def item_of(key: Key, version: int) -> Item:
    """An item whose index entry moves with every version, and is sometimes missing."""
    kind = {"kind": {"S": f"kind-{version % 5}"}} if version % 4 else {}
    return {**key_of(key), **kind, "version": {"N": str(version)}, "fill": {"S": "x" * (version % 300)}}


@dataclass(kw_only=True)
class Writer:
    """
    Writes to keys of its own. `pending` holds what the request under way would make of its keys, `changes` what was
    acknowledged since the stream was last read.
    """

    name: str
    stored: Items = field(default_factory=dict)
    pending: Items = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    version: int = 0
    counted: int = 0
    is_counting: bool = False
    acknowledged: Counter[str] = field(default_factory=Counter)

    def write_until_killed(self, client: DynamoClient) -> None:
        steps = [self.put, self.transact, self.update, self.put_expired, self.replace, self.batch, self.delete]
        try:
            for step in cycle([*steps, self.count, self.count_together]):
                self.version += 1
                step(client)
                self.acknowledged[step.__name__] += 1
        except Unavailable:
            return

    def put(self, client: DynamoClient) -> None:
        key = (self.name, f"item-{self.version:06}")
        self.carry_out(client, "PutItem", {"Item": item_of(key, self.version)}, {key: item_of(key, self.version)})

    def replace(self, client: DynamoClient) -> None:
        key = (self.name, f"fixed-{self.version % 3}")
        self.carry_out(client, "PutItem", {"Item": item_of(key, self.version)}, {key: item_of(key, self.version)})

    def put_expired(self, client: DynamoClient) -> None:
        """An item that the sweeper may delete at once."""
        key = (self.name, f"{EXPIRING}-{self.version:06}")
        item = {**key_of(key), "until": {"N": str(int(time.time()) - 60)}}
        self.carry_out(client, "PutItem", {"Item": item}, {key: item})

    def update(self, client: DynamoClient) -> None:
        key = (self.name, "updated")
        item = item_of(key, self.version)
        values = {f":{name}": value for name, value in item.items() if name not in {"pk", "sk"}}
        sets = ", ".join(f"{name} = :{name}" for name in item if name not in {"pk", "sk"})
        expression = f"SET {sets}" if "kind" in item else f"SET {sets} REMOVE kind"
        request = {"Key": key_of(key), "UpdateExpression": expression, "ExpressionAttributeValues": values}
        self.carry_out(client, "UpdateItem", request, {key: item})

    def delete(self, client: DynamoClient) -> None:
        key = next(key for key, item in self.stored.items() if item is not None)
        self.carry_out(client, "DeleteItem", {"Key": key_of(key)}, {key: None})

    def count(self, client: DynamoClient) -> None:
        """A counter of its own: no increment is lost, and none happens twice."""
        key = (self.name, "counter")
        before = self.stored.get(key)
        item = {**key_of(key), "hits": {"N": str(1 + int(before["hits"]["N"]) if before else 1)}}
        request = {
            "Key": key_of(key),
            "UpdateExpression": "ADD hits :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        self.carry_out(client, "UpdateItem", request, {key: item})

    def count_together(self, client: DynamoClient) -> None:
        """A counter that all writers share."""
        self.is_counting = True
        request = {
            "TableName": TABLE,
            "Key": key_of(SHARED),
            "UpdateExpression": "ADD hits :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        client.call("UpdateItem", request)
        self.counted += 1
        self.is_counting = False

    def batch(self, client: DynamoClient) -> None:
        """Puts and deletes in one request, which this engine commits as a whole."""
        keys = [(self.name, f"batch-{(self.version + part) % 12}") for part in range(5)]
        becomes: Items = {key: item_of(key, self.version) if part else None for part, key in enumerate(keys)}
        becomes = {key: item for key, item in becomes.items() if item is not None or self.stored.get(key)}
        requests = [
            {"PutRequest": {"Item": item}} if item is not None else {"DeleteRequest": {"Key": key_of(key)}}
            for key, item in becomes.items()
        ]
        self.pending = becomes
        client.call("BatchWriteItem", {"RequestItems": {TABLE: requests}})
        self.acknowledge()

    def transact(self, client: DynamoClient) -> None:
        """Three items in three partitions, always of one version."""
        keys = [(f"{self.name}-{part}", "balance") for part in range(3)]
        becomes: Items = {key: item_of(key, self.version) for key in keys}
        puts = [{"Put": {"TableName": TABLE, "Item": item}} for item in becomes.values()]
        self.pending = becomes
        client.call("TransactWriteItems", {"TransactItems": puts})
        self.acknowledge()

    def carry_out(self, client: DynamoClient, operation: str, request: Item, becomes: Items) -> None:
        self.pending = becomes
        client.call(operation, {"TableName": TABLE, **request})
        self.acknowledge()

    def acknowledge(self) -> None:
        self.stored |= {key: item for key, item in self.pending.items() if not key[1].startswith(EXPIRING)}
        self.changes += self.pending.items()
        self.pending = {}

    def compare_changes(self, recorded: list[Change]) -> None:
        """The stream tells of everything acknowledged, in order and once; of the request under way whole or not."""
        expired = [key for key, item in recorded if key[1].startswith(EXPIRING) and item is None]
        assert len(expired) == len(set(expired))
        written = [(key, item) for key, item in recorded if key not in expired or item is not None]
        assert written in (self.changes, [*self.changes, *self.pending.items()])
        self.changes = []

    def compare(self, found: Mapping[Key, Item]) -> None:
        """Everything acknowledged is there; the request under way happened as a whole or not at all."""
        self.pending = {key: item for key, item in self.pending.items() if not key[1].startswith(EXPIRING)}
        happened = {key: found.get(key) for key in self.pending}
        assert happened in (self.pending, {key: self.stored.get(key) for key in self.pending})
        self.stored |= happened
        self.pending = {}
        for key, item in self.stored.items():
            assert found.get(key) == item


@dataclass(kw_only=True)
class Architect:
    """Creates an index, which is filled from the table, and deletes it again."""

    exists: bool = False
    is_changing: bool = False
    created: int = 0

    def change_until_killed(self, client: DynamoClient) -> None:
        definition = {
            "IndexName": INDEX,
            "KeySchema": [{"AttributeName": "version", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL" if self.created % 2 else "KEYS_ONLY"},
        }
        try:
            while True:
                update = {"Delete": {"IndexName": INDEX}} if self.exists else {"Create": definition}
                self.is_changing = True
                client.call(
                    "UpdateTable",
                    {
                        "TableName": TABLE,
                        "GlobalSecondaryIndexUpdates": [update],
                        "AttributeDefinitions": [{"AttributeName": "version", "AttributeType": "N"}],
                    },
                )
                self.is_changing = False
                self.exists = not self.exists
                self.created += self.exists
        except Unavailable:
            return

    def compare(self, client: DynamoClient, found: Mapping[Key, Item]) -> None:
        """The index is there or not, as acknowledged; it holds what the table holds."""
        table = client.call("DescribeTable", {"TableName": TABLE})["Table"]
        exists = INDEX in {index["IndexName"] for index in table["GlobalSecondaryIndexes"]}
        assert self.is_changing or exists == self.exists
        self.exists, self.is_changing = exists, False
        if exists:
            expected = {key for key, item in found.items() if "version" in item}
            assert set(by_key(scanned(client, TABLE, IndexName=INDEX))) == expected


def create_table(client: DynamoClient) -> None:
    names = ("pk", "sk", "kind")
    client.call(
        "CreateTable",
        {
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by-kind",
                    "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["version"]},
                }
            ],
        },
    )
    specification = {"Enabled": True, "AttributeName": "until"}
    client.call("UpdateTimeToLive", {"TableName": TABLE, "TimeToLiveSpecification": specification})


def by_key(items: Iterator[Item]) -> dict[Key, Item]:
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in items}


def read_stream(data: Path, writers: list[Writer], replayed: Items) -> None:
    """
    What a consumer with a checkpoint finds between the kill and the next start: the acknowledged changes, and with the
    earlier ones, in `replayed`, the whole table.
    """
    changes: list[Change] = []
    with Engine(data) as engine:
        while records := list(engine.stream(TABLE).consume("ledger")):
            changes += map(change_of, records)
        replayed |= changes
        assert {key: item for key, item in replayed.items() if item is not None} == by_key(scanned(engine, TABLE))
    for writer in writers:
        writer.compare_changes([change for change in changes if change[0][0].split("-")[0] == writer.name])


def change_of(record: Item) -> Change:
    """What a record tells. An item expires, and nothing else is removed by the service."""
    keys = record["dynamodb"]["Keys"]
    key = (keys["pk"]["S"], keys["sk"]["S"])
    assert ("userIdentity" in record) == (key[1].startswith(EXPIRING) and record["eventName"] == "REMOVE")
    return key, record["dynamodb"].get("NewImage")


def check(client: DynamoClient, writers: list[Writer], architect: Architect) -> None:
    found = {
        key: item
        for key, item in by_key(scanned(client, TABLE, ConsistentRead=True)).items()
        if not key[1].startswith(EXPIRING)
    }
    architect.compare(client, found)
    compare_shared_counter(found.pop(SHARED, None), writers)
    for writer in writers:
        writer.compare(found)
    known = {key for writer in writers for key, item in writer.stored.items() if item is not None}
    assert set(found) == known
    expected = {
        key: {name: item[name] for name in ("pk", "sk", "kind", "version")}
        for key, item in found.items()
        if "kind" in item
    }
    assert by_key(scanned(client, TABLE, IndexName="by-kind")) == expected


def compare_shared_counter(item: Item | None, writers: list[Writer]) -> None:
    """It counts what was acknowledged, and at most what was under way; from here on that is known."""
    acknowledged = sum(writer.counted for writer in writers)
    hits = int(item["hits"]["N"]) if item else 0
    assert acknowledged <= hits <= acknowledged + sum(writer.is_counting for writer in writers)
    writers[0].counted += hits - acknowledged
    for writer in writers:
        writer.is_counting = False


def assert_sound(data: Path) -> None:
    """What `tenantable dynamodb check` says of the folder that a killed server left."""
    assert list(map(str, inspect(data, lambda _task, _done, _total: None))) == []


def connect(server: "DynamoProcess") -> HttpClient:
    credentials = Credentials(access_key_id=server.access_key_id, secret_access_key=server.secret_access_key)
    return HttpClient(
        server.address, region="us-east-1", credentials=lambda: credentials, retries=RetryPolicy(attempts_max=1)
    )


def work_and_kill(
    server: "DynamoProcess", client: DynamoClient, writers: list[Writer], architect: Architect, *, seconds: float
) -> None:
    threads = [threading.Thread(target=writer.write_until_killed, args=[client]) for writer in writers]
    threads.append(threading.Thread(target=architect.change_until_killed, args=[client]))
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.kill()
    for thread in threads:
        thread.join()


@pytest.mark.long
@pytest.mark.timeout(300 + 10 * ROUNDS)
def test_nothing_acknowledged_is_lost_and_nothing_is_half_done(
    start_dynamo: "StartDynamo", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(SEED)  # noqa: S311 - only the moment of the kill
    writers, architect = [Writer(name=f"w{number}") for number in range(WRITERS)], Architect()
    replayed: Items = {}
    for round_number in range(ROUNDS + 1):
        if round_number:
            assert_sound(tmp_path)
            read_stream(tmp_path, writers, replayed)
        durability = ("power", "process")[round_number % 2]
        with start_dynamo(tmp_path, "--durability", durability) as server, connect(server) as client:
            if round_number == 0:
                create_table(client)
            check(client, writers, architect)
            if round_number < ROUNDS:
                work_and_kill(server, client, writers, architect, seconds=draw.uniform(0.1, 0.6))
    acknowledged = sum((writer.acknowledged for writer in writers), Counter())
    expired = sum(key[1].startswith(EXPIRING) and item is None for key, item in replayed.items())
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {dict(acknowledged)}, {architect.created} indexes filled, {expired} items expired")  # noqa: T201
    assert acknowledged.total() > ROUNDS * WRITERS * 10
    assert min(acknowledged.values()) > 0
    assert architect.created
    assert expired
