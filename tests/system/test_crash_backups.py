"""
SIGKILL while backups, restores and imports are made and logs are trimmed: each is there as a whole or not at all.

A writer keeps pairs of items in step meanwhile. After each kill every table that is seen holds what it must, every
backup can be restored, and nothing in the file belongs to nobody.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from tests.directories import opened_database
from tests.scans import scanned

from tenantable.data.http_client import HttpClient
from tenantable.data.transport.retries import RetryPolicy
from tenantable.engine import Engine
from tenantable.errors import Unavailable
from tenantable.wire.client import DynamoClient
from tenantable.wire.signatures import Credentials

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

ROUNDS = 10
ITEMS = 3000
SEED = 20261128
OLD = (40 * 24 * 3600 * 1000) << 20  # more than any recovery period, in the log's moments

Item = dict[str, Any]

SCHEMA: Item = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "kind")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-kind",
            "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
}


def fixed_item(number: int) -> Item:
    return {"pk": {"S": f"fixed-{number}"}, "kind": {"S": f"kind-{number % 7}"}, "fill": {"S": "x" * 200}}


def prepare(client: DynamoClient, data: Path) -> None:
    client.call("CreateTable", {"TableName": "ledger", **SCHEMA})
    specification = {"PointInTimeRecoveryEnabled": True}
    client.call("UpdateContinuousBackups", {"TableName": "ledger", "PointInTimeRecoverySpecification": specification})
    for start in range(0, ITEMS, 25):
        puts = [{"PutRequest": {"Item": fixed_item(number)}} for number in range(start, start + 25)]
        client.call("BatchWriteItem", {"RequestItems": {"ledger": puts}})
    bucket = data / "objects" / "imports"
    bucket.mkdir(parents=True)
    lines = [orjson.dumps({"Item": fixed_item(number)}) for number in range(ITEMS)]
    (bucket / "items.json").write_bytes(b"\n".join(lines))


def write_pairs(client: DynamoClient, versions: Iterator[int]) -> None:
    try:
        for version in versions:
            puts = [
                {"Put": {"TableName": "ledger", "Item": {"pk": {"S": side}, "version": {"N": str(version)}}}}
                for side in ("left", "right")
            ]
            client.call("TransactWriteItems", {"TransactItems": puts})
    except Unavailable:
        return


def build_until_killed(client: DynamoClient, numbers: Iterator[int], acknowledged: set[str]) -> None:
    """Back up, restore, recover and import, again and again; `acknowledged` is what there must be afterwards."""
    try:
        for step in cycle([back_up, restore_last, recover, import_items]):
            step(client, f"{step.__name__}-{next(numbers)}", acknowledged)
    except Unavailable:
        return


def back_up(client: DynamoClient, name: str, acknowledged: set[str]) -> None:
    details = client.call("CreateBackup", {"TableName": "ledger", "BackupName": name})["BackupDetails"]
    acknowledged.add(details["BackupArn"])


def restore_last(client: DynamoClient, name: str, acknowledged: set[str]) -> None:
    arn = max(each for each in acknowledged if each.startswith("arn:"))
    client.call("RestoreTableFromBackup", {"TargetTableName": name, "BackupArn": arn})
    acknowledged.add(name)


def recover(client: DynamoClient, name: str, acknowledged: set[str]) -> None:
    request = {"SourceTableName": "ledger", "TargetTableName": name, "UseLatestRestorableTime": True}
    client.call("RestoreTableToPointInTime", request)
    acknowledged.add(name)


def import_items(client: DynamoClient, name: str, acknowledged: set[str]) -> None:
    request = {
        "S3BucketSource": {"S3Bucket": "imports"},
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": {"TableName": name, **SCHEMA},
    }
    client.call("ImportTable", request)
    acknowledged.add(name)


def check_table(client: DynamoClient, name: str) -> None:
    """All fixed items, the pair in step, the index whole, and counted right."""
    found = {item["pk"]["S"]: item for item in scanned(client, name)}
    assert found.get("left", {}).get("version") == found.get("right", {}).get("version")
    fixed = {key: item for key, item in found.items() if key.startswith("fixed-")}
    assert len(fixed) == ITEMS
    assert {item["pk"]["S"] for item in scanned(client, name, IndexName="by-kind")} == fixed.keys()
    description = client.call("DescribeTable", {"TableName": name})["Table"]
    assert description["ItemCount"] == len(found)
    assert description["GlobalSecondaryIndexes"][0]["ItemCount"] == ITEMS


def check_all(data: Path, acknowledged: set[str]) -> None:
    """What a fresh engine sees; everything but the ledger is deleted afterwards."""
    with Engine(data, durability="none") as engine:
        tables = engine.call("ListTables", {})["TableNames"]
        backups = engine.call("ListBackups", {"BackupType": "ALL"})["BackupSummaries"]
        assert acknowledged <= {*tables, *(backup["BackupArn"] for backup in backups)}
        for name in tables:
            check_table(engine, name)
        for backup in backups:
            assert backup["BackupStatus"] == "AVAILABLE"
            engine.call("RestoreTableFromBackup", {"TargetTableName": "check", "BackupArn": backup["BackupArn"]})
            check_table(engine, "check")
            engine.call("DeleteTable", {"TableName": "check"})
            engine.call("DeleteBackup", {"BackupArn": backup["BackupArn"]})
        for name in tables:
            if name != "ledger":
                engine.call("DeleteTable", {"TableName": name})
        for known in engine.call("ListImports", {})["ImportSummaryList"]:
            assert known["ImportStatus"] in {"COMPLETED", "FAILED"}
    acknowledged.clear()


def age_log(data: Path) -> None:
    """Let everything in the log be too old, so that the next engine trims it; nothing else may be left over."""
    with opened_database(data) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        kinds = sorted(name.split("_")[0] for name in names if name.split("_")[-1].isdecimal())
        assert kinds == ["index", "items", "undo"]
        assert connection.execute("SELECT count(*) FROM builds").fetchone() == (0,)
        [log] = [name for name in names if name.startswith("undo_")]
        connection.execute(f"UPDATE {log} SET moment = moment - {OLD} WHERE moment > {OLD}")


def connect(server: "DynamoProcess") -> HttpClient:
    credentials = Credentials(access_key_id=server.access_key_id, secret_access_key=server.secret_access_key)
    return HttpClient(
        server.address, region="us-east-1", credentials=lambda: credentials, retries=RetryPolicy(attempts_max=1)
    )


def in_threads(*works: Callable[[], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.long
def test_what_is_built_is_there_as_a_whole_or_not_at_all(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    draw = random.Random(SEED)  # noqa: S311 - only the moment of the kill
    versions, numbers = count(1), count(1)
    acknowledged: set[str] = set()
    for round_number in range(ROUNDS):
        with start_dynamo(tmp_path, "--durability", "process") as server, connect(server) as client:
            if round_number == 0:
                prepare(client, tmp_path)
            threads = in_threads(
                partial(write_pairs, client, versions),
                partial(build_until_killed, client, numbers, acknowledged),
            )
            time.sleep(draw.uniform(0.05, 2.0))
            server.kill()
            for thread in threads:
                thread.join()
        check_all(tmp_path, acknowledged)
        age_log(tmp_path)
    assert next(numbers) > ROUNDS
