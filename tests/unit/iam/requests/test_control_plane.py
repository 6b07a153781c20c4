"""What operations on tables, indexes, streams and their policies must be allowed to do."""

from typing import Any

import pytest

from tenantable.engine.operations import OPERATIONS
from tenantable.iam.requests.dynamodb import access_requests, item_access
from tenantable.wire.arns import Home

HOME = Home(account_id="123456789012", region="eu-west-1")
THERE = Home(account_id="123456789012", region="us-west-2")
TABLE, INDEX, STREAM = HOME.table("T"), HOME.index("T", "g"), HOME.stream("T", "2026-01-01T00:00:00.000")
REPLICATION = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")


def needed(operation: str, **request: Any) -> list[tuple[str, str]]:
    found = access_requests(operation, request, lambda _name: None, home=HOME)
    assert found is not None
    return [(access.action.removeprefix("dynamodb:"), access.resource) for access in found]


@pytest.mark.parametrize("operation", ["DescribeContributorInsights", "UpdateContributorInsights"])
def test_insights_are_of_a_table_or_an_index(operation: str) -> None:
    assert needed(operation, TableName="T") == needed(operation, TableName=TABLE) == [(operation, TABLE)]
    assert needed(operation, TableName="T", IndexName="g") == [(operation, INDEX)]


@pytest.mark.parametrize("members", [{}, {"TableName": "T"}])
def test_a_list_of_insights_is_of_no_table(members: dict[str, str]) -> None:
    assert needed("ListContributorInsights", **members) == [("ListContributorInsights", HOME.every_table())]


@pytest.mark.parametrize("operation", ["DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy"])
@pytest.mark.parametrize("arn", [TABLE, STREAM])
def test_a_policy_is_of_the_table_or_stream_that_it_hangs_on(operation: str, arn: str) -> None:
    assert needed(operation, ResourceArn=arn) == [(operation, arn)]


def test_looking_for_a_kinesis_stream_is_of_the_table() -> None:
    operation = "DescribeKinesisStreamingDestination"
    assert needed(operation, TableName="T") == [(operation, TABLE)]


def test_an_update_of_a_table_needs_itself_alone() -> None:
    assert needed("UpdateTable", TableName="T", ReplicaUpdates=None) == [("UpdateTable", TABLE)]


@pytest.mark.parametrize(
    ("change", "actions"),
    [
        ("Create", ("CreateTable", "CreateTableReplica", *REPLICATION)),
        ("Delete", ("DeleteTable", "DeleteTableReplica")),
        ("Update", ()),
    ],
)
def test_a_replica_needs_permissions_in_its_region(change: str, actions: tuple[str, ...]) -> None:
    found = needed("UpdateTable", TableName=TABLE, ReplicaUpdates=[{change: {"RegionName": "us-west-2"}}])
    assert found == [("UpdateTable", TABLE), *((action, THERE.table("T")) for action in actions)]


@pytest.mark.parametrize("change", ["Create", "Delete"])
def test_a_witness_needs_a_permission_of_its_own(change: str) -> None:
    found = needed("UpdateTable", TableName="T", GlobalTableWitnessUpdates=[{change: {"RegionName": "us-west-2"}}])
    assert found == [("UpdateTable", TABLE), (f"{change}GlobalTableWitness", TABLE)]


REQUESTS: dict[str, dict[str, Any]] = {
    "CreateTable": {"TableName": "T"},
    "GetRecords": {"ShardIterator": f"{STREAM}|1|x"},
    "TagResource": {"ResourceArn": TABLE, "Tags": []},
    "UntagResource": {"ResourceArn": TABLE, "TagKeys": []},
}
EVERYTHING = {"TableName": "T", "ResourceArn": TABLE, "StreamArn": STREAM, "RequestItems": {}, "TransactItems": [],
              "Statement": "SELECT * FROM T", "Statements": [], "TransactStatements": [],
              "TableArn": TABLE, "BackupArn": f"{TABLE}/backup/1", "ExportArn": f"{TABLE}/export/1",
              "ImportArn": f"{TABLE}/import/1", "TargetTableName": "New", "SourceTableName": "T",
              "TableCreationParameters": {"TableName": "New"}}  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_of_the_engine_can_be_allowed(operation: str) -> None:
    request = REQUESTS.get(operation, EVERYTHING)
    single = item_access(operation, request, HOME)
    if single is None:
        assert access_requests(operation, request, lambda _name: None, home=HOME) is not None
