"""DescribeBackup: a backup, and the table as it was."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.backups.backup import find_backup
from tenantable.engine.backups.descriptions import backup_description
from tenantable.engine.session import Session


def describe_backup(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    with session.storage.read() as reader:
        backup = find_backup(session, reader, request["BackupArn"])
        held = reader.statistics(backup.table.items.number)
    return {"BackupDescription": backup_description(session, backup, held)}
