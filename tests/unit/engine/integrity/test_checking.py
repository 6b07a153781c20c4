from collections.abc import Callable
from pathlib import Path

import pytest
from tests.directories import no_report

from tenantable.engine import Engine
from tenantable.engine.integrity.checking import check
from tenantable.engine.integrity.repair import repair
from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.errors import StorageError

OF_ONE = "WHERE instr(item, CAST('s3' AS BLOB))"

REPAIRABLE = {
    "an entry is missing": ("DELETE FROM index_2 WHERE base IN (SELECT base FROM index_2 LIMIT 1)", "has no entry"),
    "an entry points to nothing": ("INSERT INTO index_2 VALUES (x'01', x'02')", "an entry points to"),
    "an entry has another key": (
        "UPDATE index_2 SET key = x'00' WHERE base IN (SELECT max(base) FROM index_2)",
        "an entry points to",
    ),
    "a copy differs": ("UPDATE index_3 SET size = size + 1048576", "does not agree with the item"),
    "a copy is missing": ("DELETE FROM index_3", "has no entry"),
    "a count is wrong": ("UPDATE relations SET item_count = 9 WHERE number = 1", "its counts say 9"),
    "a size is wrong": ("UPDATE relations SET size_bytes = 9 WHERE number = 3", "its counts say 6 and 9"),
    "a count is missing": ("DELETE FROM relations WHERE number = 2", "its counts say nothing"),
    "an expiry is missing": ("DELETE FROM expiry_5 WHERE at = 1001", "expires at 1001, and would not be deleted"),
    "an expiry is too many": ("INSERT INTO expiry_5 VALUES (7, x'00')", "1 rows of the order of expiry belong to no"),
    "an item lies elsewhere": (f"UPDATE items_1 SET key = x'0102030405060708000161' {OF_ONE}", "lies where pk='a'"),
    "a shard is missing": ("DELETE FROM shards WHERE slot = 1", "no shard is open"),
    "a shard ends before it begins": ("UPDATE shards SET last = -5 WHERE slot = 1", "ends at -5"),
    "a shard is said to be trimmed": ("UPDATE shards SET trimmed = 6", "lies in no shard"),
    "a stream is missing": ("DELETE FROM streams", "the description of table orders names what cannot be found: 4"),
    "a stream's description is damaged": (
        "UPDATE streams SET description = CAST(replace(description, 'NEW', 'OLD') AS BLOB)",
        "the description of stream 4 cannot be read",
    ),
    "a checkpoint is of no stream": ("UPDATE checkpoints SET stream = 77", "'ledger' has a checkpoint"),
}
LOST = {
    "an item is damaged": (f"UPDATE items_1 SET item = x'7b7d' {OF_ONE}", "sk='s3' is damaged"),
    "a record is damaged": ("UPDATE records_4_2 SET new = x'7b7d'", "is damaged"),
    "a description is damaged": (
        "UPDATE tables SET description = CAST(replace(description, 'kind', 'KIND') AS BLOB)",
        "the description of table orders cannot be read",
    ),
}


def found(directory: Path) -> str:
    return "\n".join(map(str, check(directory, no_report)))


def test_a_sound_database_has_no_findings(directory: Path) -> None:
    assert found(directory) == ""


def test_it_is_checked_while_an_engine_is_at_work(directory: Path) -> None:
    with Engine(directory) as engine:
        engine.call("DeleteItem", {"TableName": "orders", "Key": {"pk": {"S": "p0"}, "sk": {"S": "s0"}}})
        assert found(directory) == ""


@pytest.mark.parametrize("name", REPAIRABLE | LOST)
def test_a_check_finds_that(directory: Path, damage: Callable[[str], None], name: str) -> None:
    statement, said = (REPAIRABLE | LOST)[name]
    damage(statement)
    assert said in found(directory)


@pytest.mark.parametrize("name", REPAIRABLE)
def test_a_repair_loses_nothing_when(directory: Path, damage: Callable[[str], None], name: str) -> None:
    damage(REPAIRABLE[name][0])
    repaired = repair(directory, no_report, set_aside=False)
    assert (repaired.items, repaired.records) == (6, 6)
    assert found(directory) == ""
    with Engine(directory) as engine:
        assert engine.call("Scan", {"TableName": "orders", "IndexName": "by-place"})["Count"] == 6
        assert len(engine.stream("orders").read()) == 6
        assert engine.expire(2_000) == 2


@pytest.mark.parametrize("name", ["an item is damaged", "a record is damaged"])
def test_what_is_damaged_itself_is_only_left_out_on_request(
    directory: Path, damage: Callable[[str], None], name: str
) -> None:
    damage(LOST[name][0])
    before = (directory / DATABASE_NAME).read_bytes()
    refused = repair(directory, no_report, set_aside=False)
    assert LOST[name][1] in "\n".join(map(str, refused.lost))
    assert (directory / DATABASE_NAME).read_bytes() == before
    repaired = repair(directory, no_report, set_aside=True)
    assert found(directory) == ""
    assert repaired.kept is not None
    assert repaired.aside is not None
    assert b'"row":[' in repaired.aside.read_bytes()


def test_a_torn_file_gives_what_can_be_read(directory: Path) -> None:
    """The page of the items' tree is overwritten: the other tables of the file are there."""
    with Engine(directory) as engine:
        page = engine.call("Scan", {"TableName": "orders"})["Count"]
    file = directory / DATABASE_NAME
    content = bytearray(file.read_bytes())
    start = content.rindex(b'{"pk":{"S":"p0"},"sk":{"S":"s0"},"kind"') // 8192 * 8192
    content[start : start + 8192] = bytes(8192)
    file.write_bytes(content)
    assert "malformed" in found(directory) or "Tree" in found(directory)
    repaired = repair(directory, no_report, set_aside=True)
    assert repaired.items + repaired.records <= page + 6
    assert found(directory) == ""
    with Engine(directory) as engine:
        engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": "new"}, "sk": {"S": "new"}}})


def test_a_directory_in_use_is_not_repaired(directory: Path) -> None:
    with Engine(directory), pytest.raises(StorageError, match="in use"):
        repair(directory, no_report, set_aside=False)


def test_where_there_is_no_database_there_is_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="There are no tables"):
        check(tmp_path / "nowhere", no_report)
    assert not (tmp_path / "nowhere").exists()
