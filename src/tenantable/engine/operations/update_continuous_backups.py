"""UpdateContinuousBackups: whether a table can be restored to every second, and how far back."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.backups.descriptions import continuous_backups
from tenantable.engine.backups.recovery import begin_recovery, end_recovery
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import validation_error


def update_continuous_backups(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    specification = request["PointInTimeRecoverySpecification"]
    enabled, days = specification["PointInTimeRecoveryEnabled"], specification.get("RecoveryPeriodInDays")
    if not enabled and days is not None:
        raise validation_error("RecoveryPeriodInDays cannot be specified when PointInTimeRecoveryEnabled is false")

    def work(transaction: Transaction) -> Table:
        table = session.catalog.backed_table(request["TableName"])
        if enabled:
            changed = begin_recovery(session, transaction, table, days=days)
        else:
            changed = end_recovery(transaction, table)
        session.catalog.save(transaction, changed)
        return changed

    table = session.storage.write(work)
    return {"ContinuousBackupsDescription": continuous_backups(session, table)}
