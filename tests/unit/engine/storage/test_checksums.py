"""A row whose bytes are not those that were written is an error, wherever it is read; it is never an answer."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.directories import opened_database

from tenantable.engine import Engine
from tenantable.engine.storage.checksums import CHECKSUM_MASK, DamageError
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError

KEY = {"pk": {"S": "a"}}
OTHER = {"pk": {"S": "b"}}
EXPIRES_AT = 1_800_000_000
OF_A = "WHERE instr(item, CAST('monday' AS BLOB))"


@pytest.fixture
def engine(tmp_path: Path, table_request: Callable[..., dict[str, Any]]) -> Iterator[Engine]:
    """Relations 1 to 3: items, an index that points to them, one with copies; 4 the stream, 5 the order of expiry."""
    with Engine(tmp_path, clock=ManualClock()) as engine:
        request = table_request(
            "orders",
            keys=("pk",),
            global_={"by-day": ("weekday",), "by-place": ("place",)},
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        request["GlobalSecondaryIndexes"][1]["Projection"] = {"ProjectionType": "KEYS_ONLY"}
        engine.call("CreateTable", request)
        specification = {"Enabled": True, "AttributeName": "until"}
        engine.call("UpdateTimeToLive", {"TableName": "orders", "TimeToLiveSpecification": specification})
        item = {"weekday": {"S": "monday"}, "place": {"S": "here"}, "until": {"N": str(EXPIRES_AT)}}
        engine.call("PutItem", {"TableName": "orders", "Item": {**KEY, **item}})
        engine.call("PutItem", {"TableName": "orders", "Item": OTHER})
        yield engine


def damage(directory: Path, statement: str) -> None:
    with opened_database(directory) as connection:
        assert connection.execute(statement).rowcount == 1


def query(index: str, attribute: str, value: str) -> dict[str, Any]:
    values = {":value": {"S": value}}
    return {
        "IndexName": index,
        "KeyConditionExpression": f"{attribute} = :value",
        "ExpressionAttributeValues": values,
    }


def refused(engine: Engine, operation: str, **request: Any) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        engine.call(operation, {"TableName": "orders", **request})
    assert (caught.value.code, caught.value.status) == ("InternalServerError", 500)
    assert "tenantable dynamodb check" in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("GetItem", {"Key": KEY}),
        ("Scan", {}),
        ("Query", query("by-day", "weekday", "monday")),
        ("PutItem", {"Item": KEY}),
        ("UpdateItem", {"Key": KEY, "UpdateExpression": "REMOVE place"}),
        ("DeleteItem", {"Key": KEY}),
    ],
)
def test_a_damaged_item_is_refused(engine: Engine, tmp_path: Path, operation: str, request_: dict[str, Any]) -> None:
    damage(tmp_path, f"UPDATE items_1 SET item = CAST(replace(item, 'monday', 'sunday') AS BLOB) {OF_A}")
    assert "does not match its checksum" in refused(engine, operation, **request_).message


@pytest.mark.parametrize("damaged", ["size = size + 1", "size = NULL", "size = 1.5", "item = x''", "item = 7"])
def test_so_is_one_with_a_damaged_size_or_type(engine: Engine, tmp_path: Path, damaged: str) -> None:
    with opened_database(tmp_path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '')")
    damage(tmp_path, f"UPDATE items_1 SET {damaged} {OF_A}")
    refused(engine, "GetItem", Key=KEY)
    refused(engine, "Scan")


def test_other_items_can_be_read(engine: Engine, tmp_path: Path) -> None:
    damage(tmp_path, f"UPDATE items_1 SET item = x'7b7d' {OF_A}")
    assert engine.call("GetItem", {"TableName": "orders", "Key": OTHER})["Item"] == OTHER


def test_a_damaged_copy_in_an_index_is_refused(engine: Engine, tmp_path: Path) -> None:
    damage(tmp_path, "UPDATE index_3 SET item = CAST(replace(item, 'here', 'gone') AS BLOB)")
    assert "does not match its checksum" in refused(engine, "Query", **query("by-place", "place", "here")).message


def test_an_entry_without_its_item_is_refused(engine: Engine, tmp_path: Path) -> None:
    damage(tmp_path, "UPDATE index_2 SET base = x'00'")
    assert "an index entry has no item" in refused(engine, "Query", **query("by-day", "weekday", "monday")).message


def test_a_damaged_record_is_refused(engine: Engine, tmp_path: Path) -> None:
    for slot in range(4):
        with opened_database(tmp_path) as connection:
            connection.execute(f"UPDATE records_4_{slot} SET event = 2")
    with pytest.raises(DamageError, match="a record of a stream"):
        engine.stream("orders").read()


@pytest.mark.parametrize("damaged", [f"at = {EXPIRES_AT - 10}", "key = x'00'"])
def test_nothing_is_deleted_because_the_order_of_expiry_is_damaged(
    engine: Engine, tmp_path: Path, damaged: str
) -> None:
    damage(tmp_path, f"UPDATE expiry_5 SET {damaged}")
    with pytest.raises(DamageError, match="what is to expire in orders"):
        engine.expire(EXPIRES_AT - 5 if "at" in damaged else EXPIRES_AT + 5)
    assert engine.call("Scan", {"TableName": "orders"})["Count"] == 2


def test_a_row_without_a_checksum_is_read_and_has_one_when_it_is_written_again(engine: Engine, tmp_path: Path) -> None:
    damage(tmp_path, f"UPDATE items_1 SET size = size & 1048575 {OF_A}")
    item = engine.call("GetItem", {"TableName": "orders", "Key": KEY})["Item"]
    engine.call("PutItem", {"TableName": "orders", "Item": {**item, "n": {"N": "1"}}})
    with opened_database(tmp_path) as connection:
        marks = [mark for (mark,) in connection.execute("SELECT size FROM items_1")]
    assert all(mark & CHECKSUM_MASK for mark in marks)
