"""
ExportTableToPointInTime: a table as it was at a second, or what was changed in a stretch of time, as files in a bucket.

It is written before the answer is given, from a snapshot. The answer says IN_PROGRESS, as the service's does.
"""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.transfers.exports import export_table


def export_table_to_point_in_time(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"ExportDescription": export_table(session, request)}
