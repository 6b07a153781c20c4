"""What becomes of backups and logs with time."""

from tenantable.engine.backups.backup import Backup, is_over, load_backup
from tenantable.engine.backups.building import is_being_built
from tenantable.engine.backups.undo import trim_log
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction


def trim_backups(session: Session) -> int:
    """
    Forget what is older than the recovery period of its table, and backups of deleted tables after 35 days: a bounded
    step for each table, and one backup.

    Returns:
        How many rows and backups were deleted. 0: nothing is left to do at present.
    """
    trimmed = sum(_trim_table(session, name) for name in list(session.catalog.names()))
    return trimmed + _delete_expired_backup(session)


def delete(transaction: Transaction, backup: Backup) -> None:
    transaction.drop(backup.table.items)
    transaction.forget_backup(backup.arn)


def _trim_table(session: Session, name: str) -> int:
    table = session.catalog.find(name)
    if table is None or table.undo is None:
        return 0

    def work(transaction: Transaction) -> int:
        table = session.catalog.find(name)
        if table is None or table.undo is None:
            return 0
        return trim_log(transaction, table.undo, now=session.clock())

    return session.storage.write(work)


def _delete_expired_backup(session: Session) -> int:
    now = session.clock()
    with session.storage.read() as reader:
        known = [load_backup(arn, description, session.clock) for arn, description in reader.backups("", "b")]
    expired = next((backup for backup in known if is_over(backup, now)), None)
    if expired is None:
        return 0

    def work(transaction: Transaction) -> int:
        if transaction.backup(expired.arn) is None or is_being_built(transaction, expired.arn):
            return 0
        delete(transaction, expired)
        return 1

    return session.storage.write(work)
