"""A table of notes with an index, and short ways to back it up and restore it."""

from typing import Any

from tests.scans import scanned

from tenantable.engine import Engine

TABLE = {
    "TableName": "notes",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "n", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-n",
            "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
"""Its items are relation 1, its index 2, and the log of what changes replace 3."""

Item = dict[str, Any]


def key_of(name: str) -> Item:
    return {"pk": {"S": name}}


def item(name: str, number: int) -> Item:
    return {**key_of(name), "n": {"N": str(number)}}


def put(engine: Engine, *names: str) -> None:
    for name in names:
        engine.call("PutItem", {"TableName": "notes", "Item": item(name, 1)})


def items_of(engine: Engine, table: str, **members: Any) -> dict[str, Item]:
    """By partition key."""
    return {each["pk"]["S"]: each for each in scanned(engine, table, **members)}


def enable_recovery(engine: Engine, table: str = "notes", days: int = 35) -> None:
    specification = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days}
    engine.call("UpdateContinuousBackups", {"TableName": table, "PointInTimeRecoverySpecification": specification})


def restore(engine: Engine, target: str, second: int | None = None, **members: Any) -> Item:
    """From a second, None for the present."""
    moment: Item = {"UseLatestRestorableTime": True} if second is None else {"RestoreDateTime": second}
    request = {"SourceTableName": "notes", "TargetTableName": target, **moment, **members}
    description: Item = engine.call("RestoreTableToPointInTime", request)["TableDescription"]
    return description


def back_up(engine: Engine, table: str = "notes") -> str:
    """The ARN of a new backup."""
    details = engine.call("CreateBackup", {"TableName": table, "BackupName": "nightly"})["BackupDetails"]
    return str(details["BackupArn"])


def count_rows(engine: Engine, relation: str) -> int:
    connection = engine._storage.write.connection  # noqa: SLF001 - nothing of the API shows it
    return int(connection.execute(f"SELECT count(*) FROM {relation}").fetchone()[0])


def relations(engine: Engine) -> set[str]:
    """The names of the SQL tables that hold items, entries and logs."""
    rows = engine._storage.write.connection.execute("SELECT name FROM sqlite_schema")  # noqa: SLF001
    return {name for (name,) in rows if name.split("_")[0] in {"items", "index", "undo"}}
