"""Short ways to export, import and look into buckets."""

import gzip
from pathlib import Path
from typing import Any

import orjson
from tests.unit.engine.backups.tables import TABLE, enable_recovery

from tenantable.engine import Engine

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/notes"
CREATION = {
    "TableName": "imported",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": TABLE["KeySchema"],
    "AttributeDefinitions": TABLE["AttributeDefinitions"],
    "GlobalSecondaryIndexes": TABLE["GlobalSecondaryIndexes"],
}

Description = dict[str, Any]


def create_recovered(engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    enable_recovery(engine)


def export(engine: Engine, **members: Any) -> Description:
    """What is known of an export when it is over."""
    request = {"TableArn": ARN, "S3Bucket": "exports", **members}
    begun = engine.call("ExportTableToPointInTime", request)["ExportDescription"]
    assert begun["ExportStatus"] == "IN_PROGRESS"
    description: Description = engine.call("DescribeExport", {"ExportArn": begun["ExportArn"]})["ExportDescription"]
    return description


def import_(engine: Engine, source: dict[str, str], **members: Any) -> Description:
    """What is known of an import when it is over."""
    request = {
        "S3BucketSource": source,
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": CREATION,
        **members,
    }
    begun = engine.call("ImportTable", request)["ImportTableDescription"]
    assert begun["ImportStatus"] == "IN_PROGRESS"
    description: Description = engine.call("DescribeImport", {"ImportArn": begun["ImportArn"]})[
        "ImportTableDescription"
    ]
    return description


def read_json(path: Path) -> Any:
    return orjson.loads(path.read_bytes())


def read_lines(*paths: Path) -> list[Any]:
    """The lines of data files, in no order."""
    return [orjson.loads(line) for path in paths for line in gzip.decompress(path.read_bytes()).splitlines()]
