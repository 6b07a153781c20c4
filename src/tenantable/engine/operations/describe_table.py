"""DescribeTable: what a table is and what it holds."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.tables.descriptions import describe_table as describe


def describe_table(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    table = session.catalog.described_table(request["TableName"])
    with session.storage.read() as reader:
        return {"Table": describe(session, table, reader=reader)}
