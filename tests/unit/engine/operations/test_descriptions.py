"""The operations that describe the service: DescribeLimits, DescribeEndpoints, DescribeContinuousBackups."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal


def test_limits_are_the_documented_defaults(call: "Call") -> None:
    assert call("DescribeLimits") == {
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }


def test_the_endpoint_is_the_regions(call: "Call") -> None:
    endpoint = {"Address": "dynamodb.us-east-1.amazonaws.com", "CachePeriodInMinutes": 1440}
    assert call("DescribeEndpoints") == {"Endpoints": [endpoint]}


def test_point_in_time_recovery_is_off(call: "Call", create: "Create") -> None:
    create("orders")
    assert call("DescribeContinuousBackups", TableName="orders") == {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
        }
    }


def test_a_missing_table_has_no_backups(refusal: "Refusal") -> None:
    error = refusal("DescribeContinuousBackups", TableName="missing")
    assert (error.code, error.message) == ("TableNotFoundException", "Table not found: missing")
