"""How the API shows backups and the state of recovery."""

from typing import Any

from tenantable.engine.backups.backup import Backup
from tenantable.engine.backups.recovery import recovery_window
from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Statistics
from tenantable.engine.tables.ceilings import ON_DEMAND
from tenantable.engine.tables.descriptions import capacity_units, index_schema, key_schema
from tenantable.engine.tables.table import Index, Table


def backup_details(backup: Backup, held: Statistics) -> dict[str, Any]:
    """`BackupDetails`; `held` is what the backup's items are."""
    details: dict[str, Any] = {
        "BackupArn": backup.arn,
        "BackupName": backup.name,
        "BackupSizeBytes": held.size_bytes,
        "BackupStatus": backup.status,
        "BackupType": backup.kind,
        "BackupCreationDateTime": backup.created_at,
    }
    if backup.expires_at is not None:
        details["BackupExpiryDateTime"] = backup.expires_at
    return details


def backup_summary(session: Session, backup: Backup, held: Statistics) -> dict[str, Any]:
    """`BackupSummary`, of ListBackups."""
    return {
        "TableName": backup.table.name,
        "TableId": backup.table.table_id,
        "TableArn": session.home.table(backup.table.name),
        **backup_details(backup, held),
    }


def backup_description(session: Session, backup: Backup, held: Statistics) -> dict[str, Any]:
    """`BackupDescription`: the backup, and the table as it was."""
    return {
        "BackupDetails": backup_details(backup, held),
        "SourceTableDetails": _source_details(session, backup.table, held),
        "SourceTableFeatureDetails": _features(backup.table),
    }


def continuous_backups(session: Session, table: Table) -> dict[str, Any]:
    """`ContinuousBackupsDescription`. Backups as such are enabled for every table."""
    recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if table.undo is not None:
        window = recovery_window(table.undo, session.clock())
        recovery = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": table.undo.days,
            "EarliestRestorableDateTime": window.earliest,
            "LatestRestorableDateTime": window.latest,
        }
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}


def _source_details(session: Session, table: Table, held: Statistics) -> dict[str, Any]:
    details: dict[str, Any] = {
        "TableName": table.name,
        "TableId": table.table_id,
        "TableArn": session.home.table(table.name),
        "TableSizeBytes": held.size_bytes,
        "ItemCount": held.item_count,
        "KeySchema": key_schema(table.keys),
        "TableCreationDateTime": table.created_at,
        "ProvisionedThroughput": capacity_units(table.throughput),
        "BillingMode": "PAY_PER_REQUEST" if table.is_on_demand else "PROVISIONED",
    }
    if ON_DEMAND in table.options:
        details[ON_DEMAND] = table.options[ON_DEMAND]
    return details


def _features(table: Table) -> dict[str, Any]:
    features: dict[str, Any] = {}
    for is_global, member in ((False, "LocalSecondaryIndexes"), (True, "GlobalSecondaryIndexes")):
        indexes = [_index(index) for index in table.indexes.values() if index.is_global == is_global]
        if indexes:
            features[member] = indexes
    if "StreamSpecification" in table.options:
        features["StreamDescription"] = table.options["StreamSpecification"]
    if table.time_to_live is not None:
        features["TimeToLiveDescription"] = {"TimeToLiveStatus": "ENABLED", "AttributeName": table.time_to_live}
    if "SSEDescription" in table.options:
        features["SSEDescription"] = table.options["SSEDescription"]
    return features


def _index(index: Index) -> dict[str, Any]:
    throughput = {"ProvisionedThroughput": capacity_units(index.throughput)} if index.is_global else {}
    return index_schema(index) | throughput
