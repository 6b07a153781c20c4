"""
RestoreTableFromBackup: a new table with what a backup holds.

It is filled before the answer is given, in bounded steps. The answer says CREATING, as the service's does, and
DescribeTable says ACTIVE.
"""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.backups.restoring import in_progress, restore_backup
from tenantable.engine.session import Session
from tenantable.engine.tables.descriptions import describe_table


def restore_table_from_backup(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    table = restore_backup(session, request)
    return {"TableDescription": describe_table(session, in_progress(table), status="CREATING")}
