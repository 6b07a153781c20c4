"""Builds: nothing half done is ever seen, nor left behind."""

import threading
from pathlib import Path

import pytest
from tests.directories import opened_database
from tests.unit.engine.backups.tables import TABLE, back_up, items_of, put, relations, restore

from tenantable.engine import Engine
from tenantable.engine.backups.limits import STEP_ITEMS_MAX
from tenantable.wire.errors import DynamoError

MANY = 3 * STEP_ITEMS_MAX + 1


def test_more_than_one_step_is_filled(engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    put(engine, *(f"n{number}" for number in range(MANY)))
    engine.call("RestoreTableFromBackup", {"TargetTableName": "copy", "BackupArn": back_up(engine)})
    assert items_of(engine, "copy") == items_of(engine, "notes")
    description = engine.call("DescribeTable", {"TableName": "copy"})["Table"]
    assert description["ItemCount"] == description["GlobalSecondaryIndexes"][0]["ItemCount"] == MANY


def test_what_is_refused_leaves_nothing_behind(engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    before = relations(engine)
    with pytest.raises(DynamoError):
        restore(engine, "copy")
    with pytest.raises(DynamoError):
        restore(engine, "notes")
    assert relations(engine) == before


def test_a_build_that_a_crash_has_interrupted_is_dropped(tmp_path: Path) -> None:
    """As a killed engine leaves it: relations, a build, and a backup that is being created."""
    with Engine(tmp_path) as engine:
        engine.call("CreateTable", TABLE)
        arn = back_up(engine)
    with opened_database(tmp_path) as connection:
        connection.execute("UPDATE backups SET description = replace(description, 'AVAILABLE', 'CREATING')")
        connection.execute("INSERT INTO builds (backup, relations) VALUES (?, ?)", (arn, '[["items_3", 3]]'))
    with Engine(tmp_path) as engine:
        assert engine.call("ListBackups", {})["BackupSummaries"] == []
        assert relations(engine) == {"items_1", "index_2"}


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_writers_go_on_while_a_backup_is_made(kind: str, tmp_path: Path) -> None:
    """And the backup is of one moment: a pair of items that is always written together is never parted."""
    with Engine(":memory:" if kind == "memory" else tmp_path, durability="none") as engine:
        engine.call("CreateTable", TABLE)
        put(engine, *(f"n{number}" for number in range(2000)))
        stop = threading.Event()

        def write() -> None:
            version = 0
            while not stop.is_set():
                version += 1
                puts = [
                    {"Put": {"TableName": "notes", "Item": {"pk": {"S": name}, "n": {"N": str(version)}}}}
                    for name in ("left", "right")
                ]
                engine.call("TransactWriteItems", {"TransactItems": puts})

        writer = threading.Thread(target=write)
        writer.start()
        try:
            arns = [back_up(engine) for _ in range(3)]
        finally:
            stop.set()
            writer.join()
        for number, arn in enumerate(arns):
            engine.call("RestoreTableFromBackup", {"TargetTableName": f"copy-{number}", "BackupArn": arn})
            found = items_of(engine, f"copy-{number}")
            assert len(found) in {2000, 2002}
            assert found.get("left", {}).get("n") == found.get("right", {}).get("n")
