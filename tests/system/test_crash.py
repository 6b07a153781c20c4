"""
What survives SIGKILL: every acknowledged write, whole transactions, and indexes and a stream in step with their table.

Four writers work over HTTP until the server is killed under them, twenty times on one data folder; items that have
expired are swept meanwhile. Each writer knows what was acknowledged to it and which one request was under way, which
may have happened or not.
"""

import random
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.data.http_client import HttpClient
from tenantable.data.transport.retries import RetryPolicy
from tenantable.engine import Engine
from tenantable.errors import Unavailable
from tenantable.wire.client import DynamoClient
from tenantable.wire.signatures import Credentials

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

ROUNDS = 20
WRITERS = 4
TABLE = "ledger"
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

    def write_until_killed(self, client: DynamoClient) -> None:
        steps = cycle([self.put, self.transact, self.update, self.put_expired, self.replace, self.delete])
        try:
            for step in steps:
                self.version += 1
                step(client)
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


def scanned(client: DynamoClient, **members: Any) -> Iterator[Item]:
    request: Item = {"TableName": TABLE, **members}
    while True:
        page = client.call("Scan", request)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


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
        assert {key: item for key, item in replayed.items() if item is not None} == by_key(scanned(engine))
    for writer in writers:
        writer.compare_changes([change for change in changes if change[0][0].split("-")[0] == writer.name])


def change_of(record: Item) -> Change:
    """What a record tells. An item expires, and nothing else is removed by the service."""
    keys = record["dynamodb"]["Keys"]
    key = (keys["pk"]["S"], keys["sk"]["S"])
    assert ("userIdentity" in record) == (key[1].startswith(EXPIRING) and record["eventName"] == "REMOVE")
    return key, record["dynamodb"].get("NewImage")


def check(client: DynamoClient, writers: list[Writer]) -> None:
    found = {
        key: item
        for key, item in by_key(scanned(client, ConsistentRead=True)).items()
        if not key[1].startswith(EXPIRING)
    }
    for writer in writers:
        writer.compare(found)
    known = {key for writer in writers for key, item in writer.stored.items() if item is not None}
    assert set(found) == known
    expected = {
        key: {name: item[name] for name in ("pk", "sk", "kind", "version")}
        for key, item in found.items()
        if "kind" in item
    }
    assert by_key(scanned(client, IndexName="by-kind")) == expected


def connect(server: "DynamoProcess") -> HttpClient:
    credentials = Credentials(access_key_id=server.access_key_id, secret_access_key=server.secret_access_key)
    return HttpClient(
        server.address, region="us-east-1", credentials=lambda: credentials, retries=RetryPolicy(attempts_max=1)
    )


def write_and_kill(server: "DynamoProcess", client: DynamoClient, writers: list[Writer], seconds: float) -> None:
    threads = [threading.Thread(target=writer.write_until_killed, args=[client]) for writer in writers]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.kill()
    for thread in threads:
        thread.join()


def test_nothing_acknowledged_is_lost_and_nothing_is_half_done(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    draw = random.Random(SEED)  # noqa: S311 - only the moment of the kill
    writers = [Writer(name=f"w{number}") for number in range(WRITERS)]
    replayed: Items = {}
    for round_number in range(ROUNDS + 1):
        if round_number:
            read_stream(tmp_path, writers, replayed)
        with start_dynamo(tmp_path) as server, connect(server) as client:
            if round_number == 0:
                create_table(client)
            check(client, writers)
            if round_number < ROUNDS:
                write_and_kill(server, client, writers, draw.uniform(0.1, 0.6))
    assert sum(writer.version for writer in writers) > ROUNDS * WRITERS * 10
    assert any(key[1].startswith(EXPIRING) and item is None for key, item in replayed.items())
