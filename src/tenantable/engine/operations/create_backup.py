"""
CreateBackup: a copy of a table, of one moment.

It is taken from a snapshot in bounded steps, so that nobody who reads or writes waits for it. The answer says CREATING,
as the service's does, and DescribeBackup says AVAILABLE.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.backups.backup import AVAILABLE, Backup, backup_in_use, new_backup, save_backup
from tenantable.engine.backups.building import Build, begin_build, fill, finishing
from tenantable.engine.backups.descriptions import backup_details
from tenantable.engine.session import Session
from tenantable.engine.storage.files import RelationGoneError
from tenantable.engine.storage.queries import ItemRelation, item_relation
from tenantable.engine.storage.reading import Statistics
from tenantable.engine.storage.transaction import Transaction
from tenantable.wire.arns import table_beside


def create_backup(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    def begin(transaction: Transaction) -> tuple[Build, Backup, ItemRelation]:
        table = session.catalog.backed_table(request["TableName"])
        _check_free(transaction, table.name)
        items = item_relation(transaction.add_relation())
        transaction.create(items)
        backup = new_backup(session, table, name=request["BackupName"], items=items.number)
        save_backup(transaction, backup)
        build = begin_build(transaction, replace(backup.table, indexes={}), backup=backup.arn)
        return build, backup, table.items

    build, backup, copied = session.storage.write(begin)
    with finishing(session, build):
        try:
            with session.storage.snapshot() as reader:
                fill(session, build.table, reader.walk(copied))
        except RelationGoneError:
            session.catalog.backed_table(request["TableName"])  # says so when it was deleted meanwhile
            raise
        session.storage.write(lambda transaction: _publish(transaction, build, backup))
    return {"BackupDetails": backup_details(backup, Statistics(item_count=0, size_bytes=0))}


def _check_free(transaction: Transaction, table_name: str) -> None:
    for _number, target, backup, _relations in transaction.builds():
        if target is None and backup is not None and table_beside(backup, "backup") == table_name:
            raise backup_in_use(f"Another backup of the table is being created: {table_name}")


def _publish(transaction: Transaction, build: Build, backup: Backup) -> None:
    save_backup(transaction, replace(backup, status=AVAILABLE))
    transaction.forget_build(build.number)
