"""DescribeKinesisStreamingDestination: a table streams to nowhere. Inventories and plans ask this of every table."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session


def describe_kinesis_streaming_destination(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    table = session.catalog.described_table(request["TableName"])
    return {"TableName": table.name, "KinesisDataStreamDestinations": []}
