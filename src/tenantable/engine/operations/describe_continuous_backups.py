"""DescribeContinuousBackups: point-in-time recovery is off for every table."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.wire.arns import table_name_of
from tenantable.wire.errors import DynamoError


def describe_continuous_backups(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    name = table_name_of(request["TableName"])
    if session.catalog.find(name) is None:
        raise DynamoError("TableNotFoundException", f"Table not found: {name}")
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
        }
    }
