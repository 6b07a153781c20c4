"""DeleteBackup: it is gone at once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.backups.backup import DELETED, Backup, backup_in_use, find_finished_backup
from tenantable.engine.backups.building import Build, discard, is_being_built
from tenantable.engine.backups.descriptions import backup_description
from tenantable.engine.backups.retention import withdraw
from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Statistics
from tenantable.engine.storage.transaction import Transaction


def delete_backup(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    def work(transaction: Transaction) -> tuple[Backup, Statistics, Build]:
        backup = find_finished_backup(session, transaction, request["BackupArn"])
        if is_being_built(transaction, backup.arn):
            raise backup_in_use(f"Backup is being restored: {backup.arn}")
        held = transaction.statistics(backup.table.items.number)
        return backup, held, withdraw(transaction, backup)

    backup, held, withdrawn = session.storage.write(work)
    discard(session, withdrawn)
    return {"BackupDescription": backup_description(session, replace(backup, status=DELETED), held)}
