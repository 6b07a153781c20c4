"""ListBackups: the backups of all tables or of one, sorted by table and time, page by page."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.backups.backup import USER, Backup, is_over, load_backup
from tenantable.engine.backups.descriptions import backup_summary
from tenantable.engine.backups.limits import BACKUPS_PAGE_MAX
from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Reader
from tenantable.wire.arns import table_name_of

_ALL = "ALL"


def list_backups(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    limit = request.get("Limit") or BACKUPS_PAGE_MAX
    with session.storage.read() as reader:
        backups = [backup for backup in _of_table(session, reader, request) if _is_wanted(session, request, backup)]
        page = backups[:limit]
        held = [reader.statistics(backup.table.items.number) for backup in page]
    summaries = [backup_summary(session, backup, size) for backup, size in zip(page, held, strict=True)]
    response: dict[str, Any] = {"BackupSummaries": summaries}
    if len(backups) > limit:
        response["LastEvaluatedBackupArn"] = page[-1].arn
    return response


def _of_table(session: Session, reader: Reader, request: Mapping[str, Any]) -> list[Backup]:
    """The backups behind where the page begins, of the table that is named."""
    name, start = request.get("TableName"), request.get("ExclusiveStartBackupArn") or ""
    lower, upper = "", "b"  # every ARN begins with an a
    if name is not None:
        lower = session.home.backup(table_name_of(name), "")
        upper = lower[:-1] + "0"  # what follows the slash
    rows = reader.backups(max(lower, start), upper)
    return [load_backup(arn, description, session.clock) for arn, description in rows if arn != start]


def _is_wanted(session: Session, request: Mapping[str, Any], backup: Backup) -> bool:
    """The lower bound of the time is included, the upper one is not."""
    kind = request.get("BackupType") or USER
    lower, upper = request.get("TimeRangeLowerBound"), request.get("TimeRangeUpperBound")
    return (
        kind in {_ALL, backup.kind}
        and (lower is None or backup.created_at >= lower)
        and (upper is None or backup.created_at < upper)
        and not is_over(backup, session.clock())
    )
