"""What is known of a backup: a frozen value, its form in the database, and how it is found."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from tenantable.engine.backups.limits import SYSTEM_BACKUP_SECONDS
from tenantable.engine.session import Session
from tenantable.engine.storage.queries import item_relation
from tenantable.engine.storage.reading import Reader
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table, dump_table, load_table
from tenantable.wire.arns import table_beside
from tenantable.wire.errors import DynamoError, validation_error

USER = "USER"
SYSTEM = "SYSTEM"
CREATING = "CREATING"
AVAILABLE = "AVAILABLE"
DELETED = "DELETED"


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """
    A backup. `table` is the table as it was, but `table.items` are the backup's own, and nothing else of it exists.

    `expires_at` is None for one that is kept until it is deleted. Times are in seconds since 1970.
    """

    arn: str
    name: str
    kind: str
    status: str
    created_at: float
    expires_at: float | None
    table: Table


def new_backup(session: Session, table: Table, *, name: str, items: int) -> Backup:
    """A backup by a user, empty at first; `items` is the number of the relation that it will be filled into."""
    own = replace(table, items=item_relation(items), stream=None, expiry=None, undo=None)
    now = session.clock()
    return Backup(
        arn=session.home.backup(table.name, session.new_identifier(now)),
        name=name,
        kind=USER,
        status=CREATING,
        created_at=now,
        expires_at=None,
        table=own,
    )


def keep_deleted(session: Session, transaction: Transaction, table: Table) -> None:
    """Make the items of a table that is being deleted its last backup."""
    backup = new_backup(session, table, name=f"{table.name}$DeletedTableBackup", items=table.items.number)
    expires_at = backup.created_at + SYSTEM_BACKUP_SECONDS
    save_backup(transaction, replace(backup, kind=SYSTEM, status=AVAILABLE, expires_at=expires_at))


def save_backup(transaction: Transaction, backup: Backup) -> None:
    description = {
        "name": backup.name,
        "kind": backup.kind,
        "status": backup.status,
        "created_at": backup.created_at,
        "expires_at": backup.expires_at,
        "table_name": backup.table.name,
        "table": orjson.Fragment(dump_table(backup.table)),
    }
    transaction.save_backup(backup.arn, orjson.dumps(description))


def load_backup(arn: str, description: bytes, clock: Callable[[], float]) -> Backup:
    stored: dict[str, Any] = orjson.loads(description)
    table = load_table(stored.pop("table_name"), orjson.dumps(stored.pop("table")), {}, clock=clock)
    return Backup(arn=arn, table=table, **stored)


def find_backup(session: Session, reader: Reader | Transaction, arn: str) -> Backup:
    """
    The backup that an operation names by its ARN.

    Raises:
        DynamoError: BackupNotFoundException; ValidationException when it is no ARN of a backup.
    """
    if table_beside(arn, "backup") is None:
        raise validation_error(f"Invalid BackupArn: {arn}")
    description = reader.backup(arn)
    backup = None if description is None else load_backup(arn, description, session.clock)
    if backup is None or is_over(backup, session.clock()):
        raise DynamoError("BackupNotFoundException", f"Backup not found: {arn}")
    return backup


def find_finished_backup(session: Session, transaction: Transaction, arn: str) -> Backup:
    """
    As `find_backup`, unless it is being created.

    Raises:
        DynamoError: As `find_backup`, and BackupInUseException.
    """
    backup = find_backup(session, transaction, arn)
    if backup.status == CREATING:
        raise backup_in_use(f"Backup is being created: {arn}")
    return backup


def backup_in_use(message: str) -> DynamoError:
    return DynamoError("BackupInUseException", message)


def is_over(backup: Backup, now: float) -> bool:
    """Whether it has expired."""
    return backup.expires_at is not None and backup.expires_at <= now
