"""Backups on demand: what they hold, what a restored table is like, and what is refused."""

import time
from collections.abc import Callable
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

    MakeTable = Callable[..., Table]

pytestmark = pytest.mark.needs("backups")

UNKNOWN = "arn:aws:dynamodb:us-east-1:000000000000:table/conformance/backup/01800000000000-00000000"
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
ITEM = {**KEY, "kind": {"S": "k"}, "rank": {"N": "1"}, "label": {"S": "l"}, "colour": {"S": "red"}}


@pytest.fixture
def restored(client: "DynamoClient", adopt: Callable[[str], "Table"]) -> Callable[..., "Table"]:
    """Restores a backup as a table of the test's own."""

    def restore(backup: str, **overrides: Any) -> "Table":
        name = f"conformance-restored-{token_hex(6)}"
        client.call("RestoreTableFromBackup", {"TargetTableName": name, "BackupArn": backup, **overrides})
        return adopt(name)

    return restore


def back_up(table: "Table", name: str = "nightly") -> str:
    """The ARN of a backup that is available."""
    arn = str(table.call("CreateBackup", BackupName=name)["BackupDetails"]["BackupArn"])
    while describe(table, arn)["BackupDetails"]["BackupStatus"] != "AVAILABLE":
        time.sleep(0.2)
    return arn


def describe(table: "Table", arn: str) -> dict[str, Any]:
    answer = table.client.call("DescribeBackup", {"BackupArn": arn})
    description: dict[str, Any] = answer["BackupDescription"]
    return description


def refusal(client: "DynamoClient", operation: str, **request: Any) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, request)
    return caught.value


def test_a_backup_holds_the_table_as_it_was(make_table: "MakeTable", restored: Callable[..., "Table"]) -> None:
    """Also when the table has changed, and is gone."""
    table = make_table("indexed")
    table.put(ITEM)
    arn = back_up(table)
    table.put({**ITEM, "label": {"S": "changed"}}, {"pk": {"S": "later"}, "sk": {"S": "later"}})
    table.call("DeleteTable")
    copy = restored(arn)
    assert copy.all_items("Scan") == [ITEM]


def test_indexes_of_a_restored_table_are_whole(make_table: "MakeTable", restored: Callable[..., "Table"]) -> None:
    table = make_table("indexed")
    table.put(ITEM, {"pk": {"S": "sparse"}, "sk": {"S": "no entries"}})
    copy = restored(back_up(table))
    for index in ("by-kind", "kinds", "labels", "by-rank", "rank-only", "by-label"):
        assert copy.all_items("Scan", IndexName=index) == table.all_items("Scan", IndexName=index)
        assert len(copy.all_items("Scan", IndexName=index)) == 1
    copy.put({**ITEM, "kind": {"S": "moved"}})
    [entry] = copy.all_items("Scan", IndexName="by-kind")
    assert entry["kind"] == {"S": "moved"}


def test_the_answers_say_what_a_backup_is(make_table: "MakeTable") -> None:
    table = make_table("indexed")
    details = table.call("CreateBackup", BackupName="nightly")["BackupDetails"]
    assert details["BackupName"] == "nightly"
    assert details["BackupStatus"] in {"CREATING", "AVAILABLE"}
    assert details["BackupType"] == "USER"
    shown = describe(table, details["BackupArn"])
    source = table.call("DescribeTable")["Table"]
    for member in ("TableName", "TableId", "TableArn", "KeySchema"):
        assert shown["SourceTableDetails"][member] == source[member]
    assert shown["SourceTableDetails"]["BillingMode"] == "PAY_PER_REQUEST"
    features = shown["SourceTableFeatureDetails"]
    assert {index["IndexName"] for index in features["LocalSecondaryIndexes"]} == {"by-rank", "rank-only", "by-label"}
    assert {index["IndexName"] for index in features["GlobalSecondaryIndexes"]} == {"by-kind", "kinds", "labels"}


def test_streams_expiry_and_tags_are_described_but_not_restored(
    make_table: "MakeTable", restored: Callable[..., "Table"]
) -> None:
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    table = make_table(StreamSpecification=stream, Tags=[{"Key": "team", "Value": "a"}])
    table.call("UpdateTimeToLive", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    arn = back_up(table)
    features = describe(table, arn)["SourceTableFeatureDetails"]
    assert features["StreamDescription"] == stream
    assert features["TimeToLiveDescription"]["AttributeName"] == "ttl"
    copy = restored(arn)
    description = copy.call("DescribeTable")["Table"]
    assert "StreamSpecification" not in description
    assert copy.call("DescribeTimeToLive")["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"
    assert copy.client.call("ListTagsOfResource", {"ResourceArn": description["TableArn"]}).get("Tags", []) == []


def test_a_restored_table_says_where_it_comes_from(make_table: "MakeTable", restored: Callable[..., "Table"]) -> None:
    table = make_table()
    arn = back_up(table)
    summary = restored(arn).call("DescribeTable")["Table"]["RestoreSummary"]
    assert summary["SourceBackupArn"] == arn
    assert summary["SourceTableArn"] == table.call("DescribeTable")["Table"]["TableArn"]
    assert summary["RestoreInProgress"] is False


def test_billing_and_indexes_can_be_overridden(make_table: "MakeTable", restored: Callable[..., "Table"]) -> None:
    table = make_table("indexed")
    table.put(ITEM)
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}
    kinds = next(
        index
        for index in table.call("DescribeTable")["Table"]["GlobalSecondaryIndexes"]
        if index["IndexName"] == "kinds"
    )
    kept = {member: kinds[member] for member in ("IndexName", "KeySchema", "Projection")}
    copy = restored(
        back_up(table),
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=units,
        GlobalSecondaryIndexOverride=[{**kept, "ProvisionedThroughput": units}],
        LocalSecondaryIndexOverride=[],
    )
    description = copy.call("DescribeTable")["Table"]
    assert description["ProvisionedThroughput"]["ReadCapacityUnits"] == 3
    assert [index["IndexName"] for index in description["GlobalSecondaryIndexes"]] == ["kinds"]
    assert "LocalSecondaryIndexes" not in description
    assert len(copy.all_items("Scan", IndexName="kinds")) == 1


def test_an_index_that_the_source_does_not_have_is_refused(make_table: "MakeTable", unused_name: str) -> None:
    table = make_table()
    index = {
        "IndexName": "new",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    error = refusal(
        table.client,
        "RestoreTableFromBackup",
        TargetTableName=unused_name,
        BackupArn=back_up(table),
        GlobalSecondaryIndexOverride=[index],
    )
    assert error.code == "ValidationException"


def test_a_name_that_is_taken_is_refused(make_table: "MakeTable") -> None:
    table = make_table()
    error = refusal(table.client, "RestoreTableFromBackup", TargetTableName=table.name, BackupArn=back_up(table))
    assert (error.code, error.message) == ("TableAlreadyExistsException", f"Table already exists: {table.name}")


def test_what_does_not_exist_is_not_found(client: "DynamoClient", unused_name: str) -> None:
    error = refusal(client, "CreateBackup", TableName=unused_name, BackupName="nightly")
    assert (error.code, error.message) == ("TableNotFoundException", f"Table not found: {unused_name}")
    for operation in ("DescribeBackup", "DeleteBackup", "RestoreTableFromBackup"):
        error = refusal(client, operation, BackupArn=UNKNOWN, TargetTableName=unused_name)
        assert (error.code, error.message) == ("BackupNotFoundException", f"Backup not found: {UNKNOWN}")


@pytest.mark.parametrize("name", ["no", "with space", "a" * 256])
def test_a_backup_has_a_usable_name(simple: "Table", name: str) -> None:
    assert simple.refusal("CreateBackup", BackupName=name).code == "ValidationException"


def test_a_deleted_backup_is_gone(make_table: "MakeTable") -> None:
    table = make_table()
    arn = back_up(table)
    deleted = table.client.call("DeleteBackup", {"BackupArn": arn})["BackupDescription"]
    assert deleted["BackupDetails"]["BackupStatus"] == "DELETED"
    assert deleted["SourceTableDetails"]["TableName"] == table.name
    assert refusal(table.client, "DescribeBackup", BackupArn=arn).code == "BackupNotFoundException"


def test_backups_are_listed_page_by_page(make_table: "MakeTable") -> None:
    table = make_table()
    arns = [back_up(table, f"number-{number}") for number in range(3)]
    found: list[str] = []
    start: dict[str, str] = {}
    while True:
        page = table.call("ListBackups", Limit=2, **start)
        found += [backup["BackupArn"] for backup in page["BackupSummaries"]]
        if not page.get("LastEvaluatedBackupArn"):
            break
        start = {"ExclusiveStartBackupArn": page["LastEvaluatedBackupArn"]}
    assert sorted(found) == sorted(arns)


def test_backups_are_listed_by_time_and_kind(make_table: "MakeTable") -> None:
    """The lower bound is included, the upper one is not."""
    table = make_table()
    created = describe(table, back_up(table))["BackupDetails"]["BackupCreationDateTime"]

    def listed(**members: Any) -> int:
        return len(table.call("ListBackups", **members)["BackupSummaries"])

    assert listed(TimeRangeLowerBound=created) == 1
    assert listed(TimeRangeLowerBound=created + 1) == 0
    assert listed(TimeRangeUpperBound=created) == 0
    assert listed(TimeRangeUpperBound=created + 1) == 1
    assert [listed(BackupType=kind) for kind in ("USER", "SYSTEM", "AWS_BACKUP", "ALL")] == [1, 0, 0, 1]


def test_the_system_keeps_a_deleted_table_that_could_be_recovered(
    make_table: "MakeTable", restored: Callable[..., "Table"]
) -> None:
    table = make_table()
    table.put({"pk": {"S": "a"}})
    table.call("UpdateContinuousBackups", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    table.call("DeleteTable")
    [backup] = table.call("ListBackups", BackupType="SYSTEM")["BackupSummaries"]
    assert backup["BackupName"] == f"{table.name}$DeletedTableBackup"
    assert backup["BackupExpiryDateTime"] - backup["BackupCreationDateTime"] == pytest.approx(35 * 24 * 3600)
    assert restored(backup["BackupArn"]).all_items("Scan") == [{"pk": {"S": "a"}}]
