"""RestoreTableToPointInTime: a new table with what another held at a second, filled as by RestoreTableFromBackup."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.backups.restoring import in_progress, restore_to_second
from tenantable.engine.session import Session
from tenantable.engine.tables.descriptions import describe_table
from tenantable.wire.errors import validation_error


def restore_table_to_point_in_time(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    _check(request)
    table = restore_to_second(session, request)
    return {"TableDescription": describe_table(session, in_progress(table), status="CREATING")}


def _check(request: Mapping[str, Any]) -> None:
    if request.get("SourceTableArn") is None and request.get("SourceTableName") is None:
        raise validation_error("One of SourceTableArn and SourceTableName must be specified")
    wants_latest = bool(request.get("UseLatestRestorableTime"))
    if wants_latest == (request.get("RestoreDateTime") is not None):
        raise validation_error("Exactly one of RestoreDateTime and UseLatestRestorableTime must be specified")
