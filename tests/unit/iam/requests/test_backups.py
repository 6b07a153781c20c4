"""What backups, restores, exports and imports must be allowed to do."""

from typing import Any

import pytest

from tenantable.iam.requests.dynamodb import access_requests
from tenantable.wire.arns import Home

HOME = Home(account_id="123456789012", region="eu-west-1")
TABLE = HOME.table("T")

Expected = tuple[str, str, dict[str, Any]]


def needed(operation: str, request: dict[str, Any]) -> list[Expected]:
    """Action without prefix, resource and context."""
    found = access_requests(operation, request, lambda _name: None, home=HOME)
    assert found is not None
    return [(access.action.removeprefix("dynamodb:"), access.resource, dict(access.context)) for access in found]


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("DescribeBackup", "BackupArn"),
        ("DeleteBackup", "BackupArn"),
        ("DescribeExport", "ExportArn"),
        ("DescribeImport", "ImportArn"),
    ],
)
def test_what_lies_beside_a_table_is_named_by_its_arn(operation: str, member: str) -> None:
    arn = f"{TABLE}/{member.removesuffix('Arn').lower()}/01800000000000-0a1b2c3d"
    assert needed(operation, {member: arn}) == [(operation, arn, {})]


FILLING = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")


def test_a_restored_backup_needs_the_backup_and_all_that_fills_the_table() -> None:
    arn = HOME.backup("T", "01800000000000-0a1b2c3d")
    own: Expected = ("RestoreTableFromBackup", arn, {})
    onto: list[Expected] = [(action, HOME.table("New"), {}) for action in ("RestoreTableFromBackup", *FILLING)]
    assert needed("RestoreTableFromBackup", {"BackupArn": arn, "TargetTableName": "New"}) == [own, *onto]


@pytest.mark.parametrize("source", [{"SourceTableName": "T"}, {"SourceTableArn": TABLE}])
def test_a_restored_second_needs_the_source_and_all_that_fills_the_table(source: dict[str, str]) -> None:
    filling: list[Expected] = [(action, HOME.table("New"), {}) for action in FILLING]
    found = needed("RestoreTableToPointInTime", {**source, "TargetTableName": "New"})
    assert found == [("RestoreTableToPointInTime", TABLE, {}), *filling]


def test_an_export_is_of_its_table_and_an_import_of_the_new_one() -> None:
    assert needed("ExportTableToPointInTime", {"TableArn": TABLE}) == [("ExportTableToPointInTime", TABLE, {})]
    parameters = {"TableCreationParameters": {"TableName": "T"}}
    assert needed("ImportTable", parameters) == [("ImportTable", TABLE, {})]
