"""What becomes of logs and backups with time."""

from tests.unit.engine.backups.tables import (
    TABLE,
    back_up,
    count_rows,
    enable_recovery,
    items_of,
    put,
    relations,
    restore,
)

from tenantable.engine import Engine
from tenantable.engine.backups.limits import DAY_SECONDS, SYSTEM_BACKUP_SECONDS, UNDO_SLACK_SECONDS
from tenantable.testing import ManualClock


def test_a_log_is_trimmed_and_its_window_moves_on(clock: ManualClock, engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    enable_recovery(engine, days=2)
    put(engine, "a", "b")
    clock.now += 2 * DAY_SECONDS + UNDO_SLACK_SECONDS + 1
    put(engine, "c")
    assert count_rows(engine, "undo_3") == 3
    assert engine.trim_backups() == 2
    assert engine.trim_backups() == 0
    answer = engine.call("DescribeContinuousBackups", {"TableName": "notes"})
    window = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert window["EarliestRestorableDateTime"] == clock.now - 2 * DAY_SECONDS
    restore(engine, "copy", window["EarliestRestorableDateTime"])
    assert set(items_of(engine, "copy")) == {"a", "b"}


def test_the_oldest_second_outlives_the_period_by_an_hour(clock: ManualClock, engine: Engine) -> None:
    """So that a restore that has begun can come to its end."""
    engine.call("CreateTable", TABLE)
    enable_recovery(engine, days=1)
    put(engine, "a")
    clock.now += DAY_SECONDS + UNDO_SLACK_SECONDS - 1
    assert engine.trim_backups() == 0


def test_the_backup_of_a_deleted_table_expires(clock: ManualClock, engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    enable_recovery(engine)
    put(engine, "a")
    engine.call("DeleteTable", {"TableName": "notes"})
    clock.now += SYSTEM_BACKUP_SECONDS - 1
    assert engine.trim_backups() == 0
    clock.now += 1
    assert engine.call("ListBackups", {"BackupType": "ALL"})["BackupSummaries"] == []
    assert engine.trim_backups() == 1
    assert relations(engine) == set()


def test_a_backup_by_a_user_stays(clock: ManualClock, engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    arn = back_up(engine)
    clock.now += 10 * SYSTEM_BACKUP_SECONDS
    engine.trim_backups()
    assert engine.call("DescribeBackup", {"BackupArn": arn})


def test_what_was_recovered_is_dropped_with_its_table_and_when_it_is_switched_off(engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    enable_recovery(engine)
    assert "undo_3" in relations(engine)
    specification = {"PointInTimeRecoveryEnabled": False}
    request = {"TableName": "notes", "PointInTimeRecoverySpecification": specification}
    engine.call("UpdateContinuousBackups", request)
    assert relations(engine) == {"items_1", "index_2"}
