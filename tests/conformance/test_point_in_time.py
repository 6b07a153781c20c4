"""Point-in-time recovery: the window, a table as it was at a second, and what is refused."""

import time
from collections.abc import Callable
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

    MakeTable = Callable[..., Table]
    Restore = Callable[..., Table]

pytestmark = pytest.mark.needs("recovery")


@pytest.fixture
def restored(client: "DynamoClient", adopt: Callable[[str], "Table"]) -> "Restore":
    """Restores a table, to a second or with other members of the request, as a table of the test's own."""

    def restore(source: "Table", second: int | None = None, **members: Any) -> "Table":
        name = f"conformance-restored-{token_hex(6)}"
        moment = {"UseLatestRestorableTime": True} if second is None else {"RestoreDateTime": second}
        request = {"SourceTableName": source.name, "TargetTableName": name, **moment, **members}
        client.call("RestoreTableToPointInTime", request)
        return adopt(name)

    return restore


def recoverable(make_table: "MakeTable", schema: str = "simple", **members: Any) -> "Table":
    """A table whose window has begun."""
    table = make_table(schema)
    enable(table, **members)
    earliest = window(table)["EarliestRestorableDateTime"]
    while time.time() < earliest:
        time.sleep(0.05)
    return table


def enable(table: "Table", **members: Any) -> dict[str, Any]:
    specification = {"PointInTimeRecoveryEnabled": True, **members}
    answer = table.call("UpdateContinuousBackups", PointInTimeRecoverySpecification=specification)
    description: dict[str, Any] = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return description


def disable(table: "Table") -> dict[str, Any]:
    specification = {"PointInTimeRecoveryEnabled": False}
    answer = table.call("UpdateContinuousBackups", PointInTimeRecoverySpecification=specification)
    description: dict[str, Any] = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return description


def window(table: "Table") -> dict[str, Any]:
    answer = table.call("DescribeContinuousBackups")
    description: dict[str, Any] = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return description


def next_second() -> int:
    """A second that has just begun."""
    second = int(time.time()) + 1
    while time.time() < second:
        time.sleep(0.01)
    return second


def test_it_is_off_until_it_is_switched_on(make_table: "MakeTable") -> None:
    table = make_table()
    assert window(table) == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert enable(table)["PointInTimeRecoveryStatus"] == "ENABLED"
    assert window(table)["RecoveryPeriodInDays"] == 35
    assert disable(table) == {"PointInTimeRecoveryStatus": "DISABLED"}


def test_the_period_can_be_chosen(make_table: "MakeTable") -> None:
    table = make_table()
    assert enable(table, RecoveryPeriodInDays=7)["RecoveryPeriodInDays"] == 7
    for days in (0, 36):
        specification = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days}
        error = table.refusal("UpdateContinuousBackups", PointInTimeRecoverySpecification=specification)
        assert error.code == "ValidationException"


def test_the_window_begins_when_it_is_switched_on(make_table: "MakeTable") -> None:
    table = make_table()
    before = int(time.time())
    description = enable(table)
    assert before <= description["EarliestRestorableDateTime"] <= description["LatestRestorableDateTime"]


def test_a_table_is_restored_as_it_was_at_a_second(make_table: "MakeTable", restored: "Restore") -> None:
    """Whatever changed it since: puts, updates, deletes, batches, transactions and statements."""
    table = recoverable(make_table)
    before = [{"pk": {"S": name}, "n": {"N": "1"}} for name in ("put", "update", "delete", "transact", "state")]
    table.put(*before)
    second = next_second()
    time.sleep(0.05)
    table.put({"pk": {"S": "put"}, "n": {"N": "2"}})
    key = {"pk": {"S": "update"}}
    values = {":one": {"N": "1"}}
    table.call("UpdateItem", Key=key, UpdateExpression="ADD n :one", ExpressionAttributeValues=values)
    table.call("DeleteItem", Key={"pk": {"S": "delete"}})
    put = {"TableName": table.name, "Item": {"pk": {"S": "transact"}}}
    table.client.call("TransactWriteItems", {"TransactItems": [{"Put": put}]})
    batch = [{"PutRequest": {"Item": {"pk": {"S": "batch"}}}}]
    table.client.call("BatchWriteItem", {"RequestItems": {table.name: batch}})
    statement = f"""UPDATE "{table.name}" SET n=2 WHERE pk='state'"""
    table.client.call("ExecuteStatement", {"Statement": statement})
    copy = restored(table, second)
    assert sorted(copy.all_items("Scan"), key=str) == sorted(before, key=str)
    assert len(restored(table).all_items("Scan")) == 5


def test_indexes_are_restored_as_they_were(make_table: "MakeTable", restored: "Restore") -> None:
    table = recoverable(make_table, "indexed")
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}, "kind": {"S": "k"}, "rank": {"N": "1"}, "label": {"S": "l"}}
    table.put(item)
    second = next_second()
    time.sleep(0.05)
    table.put({**item, "kind": {"S": "other"}, "rank": {"N": "2"}})
    copy = restored(table, second)
    assert copy.all_items("Scan", IndexName="by-kind") == [item]
    assert copy.all_items("Scan", IndexName="by-rank") == [item]


def test_a_restored_table_says_where_it_comes_from(make_table: "MakeTable", restored: "Restore") -> None:
    table = recoverable(make_table)
    second = next_second()
    description = restored(table, second).call("DescribeTable")["Table"]
    assert description["RestoreSummary"]["SourceTableArn"] == table.call("DescribeTable")["Table"]["TableArn"]
    assert description["RestoreSummary"]["RestoreDateTime"] == second
    assert description["RestoreSummary"]["RestoreInProgress"] is False


def test_the_source_can_be_named_by_its_arn(make_table: "MakeTable", restored: "Restore") -> None:
    table = recoverable(make_table)
    table.put({"pk": {"S": "a"}})
    arn = table.call("DescribeTable")["Table"]["TableArn"]
    assert restored(table, SourceTableName=None, SourceTableArn=arn).all_items("Scan") == [{"pk": {"S": "a"}}]


def test_recovery_itself_is_not_restored(make_table: "MakeTable", restored: "Restore") -> None:
    copy = restored(recoverable(make_table))
    assert window(copy) == {"PointInTimeRecoveryStatus": "DISABLED"}


@pytest.mark.parametrize("hours", [-1000, 1])
def test_a_second_outside_of_the_window_is_refused(make_table: "MakeTable", unused_name: str, hours: int) -> None:
    table = recoverable(make_table)
    error = table.refusal(
        "RestoreTableToPointInTime",
        SourceTableName=table.name,
        TargetTableName=unused_name,
        RestoreDateTime=int(time.time()) + hours * 3600,
    )
    assert error.code == "InvalidRestoreTimeException"


def test_a_table_without_recovery_cannot_be_restored(simple: "Table", unused_name: str) -> None:
    error = simple.refusal(
        "RestoreTableToPointInTime",
        SourceTableName=simple.name,
        TargetTableName=unused_name,
        UseLatestRestorableTime=True,
    )
    assert error.code == "PointInTimeRecoveryUnavailableException"


def test_what_is_switched_on_again_begins_anew(make_table: "MakeTable", unused_name: str) -> None:
    table = recoverable(make_table)
    before = next_second()
    disable(table)
    time.sleep(1)
    enable(table)
    error = table.refusal(
        "RestoreTableToPointInTime",
        SourceTableName=table.name,
        TargetTableName=unused_name,
        RestoreDateTime=before,
    )
    assert error.code == "InvalidRestoreTimeException"


def test_a_table_that_does_not_exist_is_not_found(client: "DynamoClient", unused_name: str, simple: "Table") -> None:
    for operation, members in (
        ("DescribeContinuousBackups", {"TableName": unused_name}),
        (
            "UpdateContinuousBackups",
            {
                "TableName": unused_name,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        ),
        (
            "RestoreTableToPointInTime",
            {"SourceTableName": unused_name, "TargetTableName": unused_name, "UseLatestRestorableTime": True},
        ),
    ):
        error = simple.refusal(operation, **members)
        assert (error.code, error.message) == ("TableNotFoundException", f"Table not found: {unused_name}")


def test_a_name_that_is_taken_is_refused(make_table: "MakeTable") -> None:
    table = recoverable(make_table)
    error = table.refusal(
        "RestoreTableToPointInTime",
        SourceTableName=table.name,
        TargetTableName=table.name,
        UseLatestRestorableTime=True,
    )
    assert error.code == "TableAlreadyExistsException"


@pytest.mark.parametrize("moment", [{}, {"UseLatestRestorableTime": True, "RestoreDateTime": 1_700_000_000}])
def test_one_moment_must_be_given(simple: "Table", unused_name: str, moment: dict[str, Any]) -> None:
    names = {"SourceTableName": simple.name, "TargetTableName": unused_name}
    assert simple.refusal("RestoreTableToPointInTime", **names, **moment).code == "ValidationException"
