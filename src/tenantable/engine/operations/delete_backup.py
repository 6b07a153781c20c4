"""DeleteBackup: it is gone at once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.backups.backup import DELETED, Backup, backup_in_use, find_finished_backup
from tenantable.engine.backups.building import is_being_built
from tenantable.engine.backups.descriptions import backup_description
from tenantable.engine.backups.retention import delete
from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Statistics
from tenantable.engine.storage.transaction import Transaction


def delete_backup(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    def work(transaction: Transaction) -> tuple[Backup, Statistics]:
        backup = find_finished_backup(session, transaction, request["BackupArn"])
        if is_being_built(transaction, backup.arn):
            raise backup_in_use(f"Backup is being restored: {backup.arn}")
        held = transaction.statistics(backup.table.items.number)
        delete(transaction, backup)
        return replace(backup, status=DELETED), held

    backup, held = session.storage.write(work)
    return {"BackupDescription": backup_description(session, backup, held)}
