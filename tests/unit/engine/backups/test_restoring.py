"""Restores beside other work: what is in use, what was taken away meanwhile, and the limits."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.engine.backups.tables import TABLE, back_up, enable_recovery, items_of, put, restore

from tenantable.engine import Engine
from tenantable.engine.backups.limits import RESTORES_MAX
from tenantable.wire.errors import DynamoError


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Engine, sqlite3.Connection]]:
    """An engine on a file, and a second connection that pretends that builds are under way."""
    with Engine(tmp_path, durability="none") as engine:
        engine.call("CreateTable", TABLE)
        connection = sqlite3.connect(tmp_path / "tenantable.db", isolation_level=None)
        yield engine, connection
        connection.close()


def refusal(engine: Engine, operation: str, **request: object) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        engine.call(operation, request)
    return caught.value


def test_a_backup_that_is_restored_or_created_is_in_use(opened: tuple[Engine, sqlite3.Connection]) -> None:
    engine, connection = opened
    arn = back_up(engine)
    connection.execute("INSERT INTO builds (target, backup, relations) VALUES ('new', ?, '[]')", (arn,))
    assert refusal(engine, "DeleteBackup", BackupArn=arn).code == "BackupInUseException"
    connection.execute("UPDATE backups SET description = replace(description, 'AVAILABLE', 'CREATING')")
    restored = refusal(engine, "RestoreTableFromBackup", BackupArn=arn, TargetTableName="copy")
    assert restored.code == "BackupInUseException"


def test_a_table_has_one_backup_at_a_time(opened: tuple[Engine, sqlite3.Connection]) -> None:
    engine, connection = opened
    arn = back_up(engine)
    connection.execute("INSERT INTO builds (backup, relations) VALUES (?, '[]')", (arn,))
    assert refusal(engine, "CreateBackup", TableName="notes", BackupName="second").code == "BackupInUseException"


def test_a_name_that_is_being_restored_is_in_use(opened: tuple[Engine, sqlite3.Connection]) -> None:
    engine, connection = opened
    connection.execute("INSERT INTO builds (target, relations) VALUES ('copy', '[]')")
    error = refusal(engine, "RestoreTableFromBackup", BackupArn=back_up(engine), TargetTableName="copy")
    assert error.code == "TableInUseException"


def test_restores_under_way_are_limited(opened: tuple[Engine, sqlite3.Connection]) -> None:
    engine, connection = opened
    for number in range(RESTORES_MAX):
        connection.execute("INSERT INTO builds (target, relations) VALUES (?, '[]')", (f"new-{number}",))
    error = refusal(engine, "RestoreTableFromBackup", BackupArn=back_up(engine), TargetTableName="copy")
    assert error.code == "LimitExceededException"


def test_the_answer_says_that_it_is_under_way(engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    enable_recovery(engine)
    description = restore(engine, "copy")
    assert description["TableStatus"] == "CREATING"
    assert description["RestoreSummary"]["RestoreInProgress"] is True


def test_what_is_restored_survives(tmp_path: Path) -> None:
    """Backups, restored tables and logs are there after a restart."""
    with Engine(tmp_path) as engine:
        engine.call("CreateTable", TABLE)
        enable_recovery(engine)
        put(engine, "a")
        arn = back_up(engine)
        restore(engine, "first")
        engine.call("DeleteTable", {"TableName": "notes"})
    with Engine(tmp_path) as engine:
        engine.call("RestoreTableFromBackup", {"TargetTableName": "second", "BackupArn": arn})
        assert items_of(engine, "first") == items_of(engine, "second") != {}
        summary = engine.call("DescribeTable", {"TableName": "first"})["Table"]["RestoreSummary"]
        assert summary["RestoreInProgress"] is False


def test_the_log_survives(tmp_path: Path) -> None:
    times = iter(range(1_800_000_000, 1_900_000_000))
    with Engine(tmp_path, clock=lambda: next(times)) as engine:
        engine.call("CreateTable", TABLE)
        enable_recovery(engine)
        put(engine, "a")
        second = next(times)
    with Engine(tmp_path, clock=lambda: next(times)) as engine:
        put(engine, "b")
        restore(engine, "copy", second)
        assert set(items_of(engine, "copy")) == {"a"}
