"""Exports and imports: the round trip, what is described and listed, and what is refused."""

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

BUCKET = "conformance"
UNKNOWN = "arn:aws:dynamodb:us-east-1:000000000000:table/conformance"


def recoverable(make_table: "MakeTable", schema: str = "simple") -> "Table":
    table = make_table(schema)
    table.call("UpdateContinuousBackups", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    return table


def arn_of(table: "Table") -> str:
    return str(table.call("DescribeTable")["Table"]["TableArn"])


def exported(table: "Table", **members: Any) -> dict[str, Any]:
    """An export when it is over."""
    request = {"TableArn": arn_of(table), "S3Bucket": BUCKET, **members}
    arn = table.client.call("ExportTableToPointInTime", request)["ExportDescription"]["ExportArn"]
    while True:
        answer = table.client.call("DescribeExport", {"ExportArn": arn})
        description: dict[str, Any] = answer["ExportDescription"]
        if description["ExportStatus"] != "IN_PROGRESS":
            return description
        time.sleep(0.2)


def imported(client: "DynamoClient", request: dict[str, Any]) -> dict[str, Any]:
    """An import when it is over."""
    arn = client.call("ImportTable", request)["ImportTableDescription"]["ImportArn"]
    while True:
        description: dict[str, Any] = client.call("DescribeImport", {"ImportArn": arn})["ImportTableDescription"]
        if description["ImportStatus"] != "IN_PROGRESS":
            return description
        time.sleep(0.2)


def refusal(client: "DynamoClient", operation: str, **request: Any) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, request)
    return caught.value


@pytest.mark.needs("buckets")
def test_what_is_exported_can_be_imported(make_table: "MakeTable", adopt: "Callable[[str], Table]") -> None:
    table = recoverable(make_table)
    items = [{"pk": {"S": f"p{number}"}, "n": {"N": str(number)}, "flag": {"BOOL": True}} for number in range(20)]
    table.put(*items)
    export = exported(table)
    assert (export["ExportStatus"], export["ItemCount"], export["ExportFormat"]) == ("COMPLETED", 20, "DYNAMODB_JSON")
    name = f"conformance-imported-{token_hex(6)}"
    description = imported(
        table.client,
        {
            "S3BucketSource": {
                "S3Bucket": BUCKET,
                "S3KeyPrefix": export["ExportManifest"].replace("manifest-summary.json", "data/"),
            },
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "GZIP",
            "TableCreationParameters": {
                "TableName": name,
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            },
        },
    )
    assert (description["ImportStatus"], description["ImportedItemCount"], description["ErrorCount"]) == (
        "COMPLETED",
        20,
        0,
    )
    assert sorted(adopt(name).all_items("Scan"), key=str) == sorted(items, key=str)
    listed = table.client.call("ListImports", {"TableArn": description["TableArn"]})["ImportSummaryList"]
    assert [each["ImportArn"] for each in listed] == [description["ImportArn"]]


@pytest.mark.needs("buckets")
def test_exports_are_listed(make_table: "MakeTable") -> None:
    table = recoverable(make_table)
    export = exported(table, S3Prefix="listed")
    [summary] = table.client.call("ListExports", {"TableArn": arn_of(table)})["ExportSummaries"]
    assert summary == {"ExportArn": export["ExportArn"], "ExportStatus": "COMPLETED", "ExportType": "FULL_EXPORT"}


@pytest.mark.needs("buckets")
def test_a_table_without_recovery_cannot_be_exported(simple: "Table") -> None:
    error = refusal(simple.client, "ExportTableToPointInTime", TableArn=arn_of(simple), S3Bucket=BUCKET)
    assert error.code == "PointInTimeRecoveryUnavailableException"


def test_what_does_not_exist_is_not_found(client: "DynamoClient") -> None:
    identifier = "01800000000000-00000000"
    error = refusal(client, "DescribeExport", ExportArn=f"{UNKNOWN}/export/{identifier}")
    assert error.code == "ExportNotFoundException"
    error = refusal(client, "DescribeImport", ImportArn=f"{UNKNOWN}/import/{identifier}")
    assert error.code == "ImportNotFoundException"


def test_a_page_has_25_at_most(client: "DynamoClient") -> None:
    assert refusal(client, "ListExports", MaxResults=26).code == "ValidationException"
    assert refusal(client, "ListImports", PageSize=26).code == "ValidationException"
