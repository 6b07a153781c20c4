"""
Data directories of earlier formats: what they hold stays. With format 2, settings for streams and expiry begin to work;
with format 3, several processes may open a directory.
"""

from pathlib import Path

import orjson
import pytest
from tests.directories import opened_database

from tenantable.engine import Engine
from tenantable.engine.storage.checksums import CHECKSUM_MASK
from tenantable.engine.storage.files import FORMAT_VERSION, lock_directory

SCHEMA_1 = """
CREATE TABLE tables (name TEXT PRIMARY KEY, description BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE relations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    item_count INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE transaction_tokens (
    token TEXT PRIMARY KEY, digest BLOB NOT NULL, expires_at REAL NOT NULL, outcome BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX transaction_tokens_expiry ON transaction_tokens (expires_at);
CREATE TABLE items_1 (key BLOB PRIMARY KEY, size INTEGER NOT NULL, item BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO relations (item_count, size_bytes) VALUES (1, 17);
PRAGMA application_id = 1952804449;
PRAGMA user_version = 1;
"""
SCHEMA_2 = (
    SCHEMA_1
    + """
CREATE TABLE streams (number INTEGER PRIMARY KEY, description BLOB NOT NULL);
CREATE TABLE shards (
    stream INTEGER, first INTEGER, slot INTEGER, last INTEGER, parent INTEGER, opened_at REAL NOT NULL, closed_at REAL,
    trimmed INTEGER NOT NULL, PRIMARY KEY (stream, first, slot)
) WITHOUT ROWID;
CREATE TABLE checkpoints (
    stream INTEGER, consumer TEXT, sequence INTEGER NOT NULL, PRIMARY KEY (stream, consumer)
) WITHOUT ROWID;
PRAGMA user_version = 2;
"""
)
TABLE_1 = {
    "table_id": "8a3f7c52-0d5b-4a8e-9f0e-0b7f6d1c2e3a",
    "created_at": 1_700_000_000.0,
    "keys": {"partition": {"name": "pk", "type": "S"}, "sort": None},
    "attribute_types": {"pk": "S"},
    "indexes": [],
    "on_demand_since": 1_700_000_000.0,
    "throughput": {"read_units": 0, "write_units": 0, "increased_at": None, "decreased_at": None},
    "deletion_protected": False,
    "time_to_live": "ttl",
    "options": {
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "LatestStreamLabel": "2023-11-14T22:13:20.000",
        "LatestStreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2023-11-14T22:13:20.000",
    },
    "tags": {},
    "items": 1,
}
KEY_OF_A = bytes.fromhex("40f89e395b66422f") + b"\x00\x01a"
NOW = 1_800_000_000.0


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """As version 1 left it: one table with a stream and a time to live, and one item, which has expired."""
    with opened_database(tmp_path) as connection:
        connection.executescript(SCHEMA_1)
        item = b'{"pk":{"S":"a"},"ttl":{"N":"1799999999"}}'
        connection.execute("INSERT INTO items_1 VALUES (?, 17, ?)", (KEY_OF_A, item))
        connection.execute("INSERT INTO tables VALUES ('orders', ?)", (orjson.dumps(TABLE_1),))
    return tmp_path


def test_what_it_holds_stays_and_its_settings_begin_to_work(directory: Path) -> None:
    with Engine(directory, clock=lambda: NOW) as engine:
        assert engine.call("GetItem", {"TableName": "orders", "Key": {"pk": {"S": "a"}}})["Item"]["pk"] == {"S": "a"}
        engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": "b"}}})
        assert engine.expire(NOW) == 1
        changes = [(record["eventName"], "userIdentity" in record) for record in engine.stream("orders").read()]
        assert changes == [("INSERT", False), ("REMOVE", True)]
        table = engine.call("DescribeTable", {"TableName": "orders"})["Table"]
        [stream] = engine.call("ListStreams", {})["Streams"]
        assert table["LatestStreamArn"] == stream["StreamArn"]


def test_it_is_upgraded_once(directory: Path) -> None:
    for _ in range(2):
        with Engine(directory, clock=lambda: NOW) as engine:
            assert len(engine.call("ListStreams", {})["Streams"]) == 1
    with opened_database(directory) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT_VERSION,)


def test_an_upgrade_that_fails_gives_the_directory_back(directory: Path) -> None:
    def stopped() -> float:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Engine(directory, clock=stopped)
    lock_directory(directory, exclusive=True).close()


@pytest.fixture
def directory_of_format_2(tmp_path: Path) -> Path:
    with opened_database(tmp_path) as connection:
        connection.executescript((Path(__file__).parent / "format_2.sql").read_text())
    return tmp_path


def test_of_format_2_everything_stays(directory_of_format_2: Path) -> None:
    with Engine(directory_of_format_2, clock=lambda: NOW) as engine:
        orders = [item["sk"]["S"] for item in engine.call("Scan", {"TableName": "orders"})["Items"]]
        assert sorted(orders) == ["order-0", "order-1", "order-2"]
        for index in ("by-day", "by-total"):
            assert engine.call("Scan", {"TableName": "orders", "IndexName": index})["Count"] == 3
        stream = engine.stream("orders")
        assert len(stream.read()) == 6
        assert len(stream.read(stream.checkpoint("ledger"))) == 3
        assert engine.expire(NOW + 61.5) == 2


def test_its_items_have_checksums_when_they_are_written_again(directory_of_format_2: Path) -> None:
    with Engine(directory_of_format_2, clock=lambda: NOW) as engine:
        key = {"pk": {"S": "customer-0"}, "sk": {"S": "order-0"}}
        item = engine.call("GetItem", {"TableName": "orders", "Key": key})["Item"]
        engine.call("PutItem", {"TableName": "orders", "Item": {**item, "total": {"N": "123"}}})
    with opened_database(directory_of_format_2) as connection:
        with_checksum = connection.execute(f"SELECT count(*) FROM items_1 WHERE size & {CHECKSUM_MASK}").fetchone()
        assert with_checksum == (1,)
        assert connection.execute("SELECT size_bytes FROM relations WHERE number = 1").fetchone() == (157,)


def test_tables_of_format_2_work_on_and_can_have_what_is_new(directory_of_format_2: Path) -> None:
    """No key had several attributes then, and nothing was counted."""
    keys = [("total", "HASH"), ("day", "HASH")]
    index = {
        "IndexName": "by-total-and-day",
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        "Projection": {"ProjectionType": "ALL"},
    }
    with Engine(directory_of_format_2, clock=lambda: NOW) as engine:
        types = engine.call("DescribeTable", {"TableName": "orders"})["Table"]["AttributeDefinitions"]
        updates = {"AttributeDefinitions": types, "GlobalSecondaryIndexUpdates": [{"Create": index}]}
        engine.call("UpdateTable", {"TableName": "orders", **updates})
        engine.call("UpdateContributorInsights", {"TableName": "orders", "ContributorInsightsAction": "ENABLE"})
        assert engine.call("Scan", {"TableName": "orders", "IndexName": "by-total-and-day"})["Count"] == 3
    with opened_database(directory_of_format_2) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT_VERSION,)


def test_format_2_is_opened_by_two_at_once_and_their_changes_agree(tmp_path: Path) -> None:
    with opened_database(tmp_path) as connection:
        connection.executescript(SCHEMA_2)
        table = TABLE_1 | {"options": {}, "time_to_live": None}
        connection.execute("INSERT INTO tables VALUES ('orders', ?)", (orjson.dumps(table),))
    with Engine(tmp_path) as one, Engine(tmp_path) as other:
        arn = one.call("DescribeTable", {"TableName": "orders"})["Table"]["TableArn"]
        one.call("TagResource", {"ResourceArn": arn, "Tags": [{"Key": "team", "Value": "blue"}]})
        assert other.call("ListTagsOfResource", {"ResourceArn": arn})["Tags"] == [{"Key": "team", "Value": "blue"}]
        other.call("DeleteTable", {"TableName": "orders"})
        assert one.call("ListTables", {}) == {"TableNames": []}


def test_backups_can_be_taken_of_what_an_earlier_format_held(directory_of_format_2: Path) -> None:
    with Engine(directory_of_format_2, clock=lambda: NOW) as engine:
        specification = {"PointInTimeRecoveryEnabled": True}
        request = {"TableName": "orders", "PointInTimeRecoverySpecification": specification}
        engine.call("UpdateContinuousBackups", request)
        arn = engine.call("CreateBackup", {"TableName": "orders", "BackupName": "first"})["BackupDetails"]["BackupArn"]
        engine.call("RestoreTableFromBackup", {"TargetTableName": "copy", "BackupArn": arn})
        assert engine.call("Scan", {"TableName": "copy"})["Count"] == 3
