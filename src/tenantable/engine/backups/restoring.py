"""Making a new table from a backup, or from another table as it was at a second."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.backups.backup import Backup, find_finished_backup
from tenantable.engine.backups.building import Build, begin_build, fill, finishing, unchanging_items
from tenantable.engine.backups.definitions import restored_definition
from tenantable.engine.backups.limits import RESTORES_MAX
from tenantable.engine.backups.recovery import recovered_log, recovery_window
from tenantable.engine.backups.undo import LAST_OF_ALL_MOMENTS, UndoLog, last_moment
from tenantable.engine.session import Session
from tenantable.engine.storage.files import RelationGoneError
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.creation import check_room, create
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import DynamoError

_SUMMARY = "RestoreSummary"


def restore_backup(session: Session, request: Mapping[str, Any]) -> Table:
    """The table that RestoreTableFromBackup makes, filled; as it was while it was filled."""

    def begin(transaction: Transaction) -> tuple[Build, Backup]:
        backup = find_finished_backup(session, transaction, request["BackupArn"])
        summary = {
            "SourceBackupArn": backup.arn,
            "SourceTableArn": session.home.table(backup.table.name),
            "RestoreDateTime": backup.created_at,
        }
        return _begin(session, transaction, request, backup.table, summary=summary, backup=backup.arn), backup

    build, backup = session.storage.write(begin)
    with finishing(session, build):
        fill(session, build.table, unchanging_items(session, backup.table.items))
        _publish(session, build)
    return build.table


def restore_to_second(session: Session, request: Mapping[str, Any]) -> Table:
    """As `restore_backup`: what RestoreTableToPointInTime makes."""
    source_name = request.get("SourceTableArn") or request["SourceTableName"]

    def begin(transaction: Transaction) -> tuple[Build, UndoLog, int]:
        source = session.catalog.backed_table(source_name)
        log = recovered_log(source)
        second = _restored_second(request, log, session.clock())
        summary = {
            "SourceTableArn": session.home.table(source.name),
            "RestoreDateTime": int(session.clock()) if second is None else second,
        }
        after = LAST_OF_ALL_MOMENTS if second is None else last_moment(second)
        return _begin(session, transaction, request, source, summary=summary), log, after

    build, log, after = session.storage.write(begin)
    with finishing(session, build):
        try:
            with session.storage.snapshot() as reader:
                fill(session, build.table, reader.state(log.relation, after=after))
        except RelationGoneError:
            recovered_log(session.catalog.backed_table(source_name))  # says what was taken away meanwhile
            raise
        _publish(session, build)
    return build.table


def in_progress(table: Table) -> Table:
    """The table as the answer to its restore shows it."""
    summary = {**table.options[_SUMMARY], "RestoreInProgress": True}
    return replace(table, options={**table.options, _SUMMARY: summary})


def _restored_second(request: Mapping[str, Any], log: UndoLog, now: float) -> float | None:
    """
    The second that is asked for; None for the present state.

    Raises:
        DynamoError: InvalidRestoreTimeException when it is outside of the window.
    """
    if request.get("UseLatestRestorableTime"):
        return None
    second: float = request["RestoreDateTime"]
    earliest, latest = recovery_window(log, now)
    if not earliest <= second <= latest:
        raise DynamoError(
            "InvalidRestoreTimeException",
            f"RestoreDateTime must be between EarliestRestorableDateTime and LatestRestorableDateTime: it is {second}, "
            f"they are {earliest} and {latest}",
        )
    return second


def _begin(
    session: Session,
    transaction: Transaction,
    request: Mapping[str, Any],
    origin: Table,
    *,
    summary: Mapping[str, Any],
    backup: str | None = None,
) -> Build:
    name = request["TargetTableName"]
    _check_target(session, name)
    targets = [target for _number, target, _backup, _relations in transaction.builds() if target is not None]
    if name in targets:
        raise DynamoError("TableInUseException", f"Table is being created: {name}")
    if len(targets) >= RESTORES_MAX:
        raise DynamoError("LimitExceededException", f"There can be at most {RESTORES_MAX} concurrent restores")
    check_room(session)
    definition = restored_definition(session.home, origin, request, summary={**summary, "RestoreInProgress": False})
    return begin_build(transaction, create(session, transaction, definition), target=name, backup=backup)


def _publish(session: Session, build: Build) -> None:
    def work(transaction: Transaction) -> None:
        _check_target(session, build.table.name)
        transaction.forget_build(build.number)
        session.catalog.save(transaction, build.table)

    session.storage.write(work)


def _check_target(session: Session, name: str) -> None:
    if session.catalog.find(name) is not None:
        raise DynamoError("TableAlreadyExistsException", f"Table already exists: {name}")
