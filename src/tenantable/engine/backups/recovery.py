"""Point-in-time recovery: switching it on and off, and the seconds that a table can be restored to."""

from dataclasses import replace
from math import ceil
from typing import NamedTuple

from tenantable.engine.backups.limits import DAY_SECONDS, RECOVERY_DAYS_MAX
from tenantable.engine.backups.undo import UndoLog
from tenantable.engine.session import Session
from tenantable.engine.storage.queries import undo_relation
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import DynamoError


class Window(NamedTuple):
    """The first and the last second, since 1970, that a table can be restored to."""

    earliest: int
    latest: int


def recovery_window(log: UndoLog, now: float) -> Window:
    """
    The service's window ends about five minutes ago, here it ends with the present second.

    In the second in which recovery was switched on, the window is the second that comes.
    """
    earliest = ceil(max(log.since, now - log.days * DAY_SECONDS))
    return Window(earliest=earliest, latest=max(int(now), earliest))


def begin_recovery(session: Session, transaction: Transaction, table: Table, *, days: int | None) -> Table:
    """The table that can be restored to any second of the last days, from now on if it could not be until now."""
    period = days or RECOVERY_DAYS_MAX
    if table.undo is not None:
        return replace(table, undo=replace(table.undo, days=period))
    relation = undo_relation(transaction.add_relation(), items=table.items.number)
    transaction.create(relation)
    log = UndoLog(relation=relation, since=session.clock(), days=period, clock=session.clock)
    return replace(table, undo=log)


def end_recovery(transaction: Transaction, table: Table) -> Table:
    """The table without its log; its earlier states are gone."""
    if table.undo is not None:
        transaction.drop(table.undo.relation)
    return replace(table, undo=None)


def recovered_log(table: Table) -> UndoLog:
    """
    The log of a table that is to be restored or exported.

    Raises:
        DynamoError: PointInTimeRecoveryUnavailableException.
    """
    if table.undo is None:
        raise DynamoError(
            "PointInTimeRecoveryUnavailableException",
            f"Point in time recovery is not enabled for table '{table.name}'",
        )
    return table.undo
