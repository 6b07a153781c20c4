"""DescribeContinuousBackups: whether a table can be restored to every second, and to which."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.backups.descriptions import continuous_backups
from tenantable.engine.session import Session


def describe_continuous_backups(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    table = session.catalog.backed_table(request["TableName"])
    return {"ContinuousBackupsDescription": continuous_backups(session, table)}
