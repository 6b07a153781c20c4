"""ListContributorInsights: every table and global index, or those of one table, and whether its keys are counted."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from tenantable.engine.insights.descriptions import summary
from tenantable.engine.insights.setting import TABLE
from tenantable.engine.session import Session
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import validation_error

_PAGE_MAX = 100


def list_contributor_insights(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    start, limit = _read_token(request.get("NextToken")), request.get("MaxResults")
    if limit is None:
        limit = _PAGE_MAX
    if limit < 1:
        raise validation_error(f"MaxResults must be at least 1, not {limit}")
    found = [(table, index) for table, index in _resources(session, request) if (table.name, index) > start]
    page = found[:limit]
    response: dict[str, Any] = {
        "ContributorInsightsSummaries": [summary(table, index or None) for table, index in page]
    }
    if len(found) > limit:
        table, index = page[-1]
        response["NextToken"] = base64.b64encode(orjson.dumps([table.name, index])).decode()
    return response


def _resources(session: Session, request: Mapping[str, Any]) -> Iterator[tuple[Table, str]]:
    """Tables and their global indexes, sorted by their names; a table stands before its indexes."""
    catalog = session.catalog
    if request.get("TableName") is not None:
        tables = [catalog.described_table(request["TableName"])]
    else:
        tables = [catalog.described_table(name) for name in catalog.names()]
    for table in tables:
        yield table, TABLE
        yield from ((table, name) for name in sorted(table.indexes) if table.indexes[name].is_global)


def _read_token(token: str | None) -> tuple[str, str]:
    """The names of the last table and index that were listed; empty ones for the beginning."""
    if token is None:
        return "", TABLE
    try:
        table, index = orjson.loads(base64.b64decode(token, validate=True))
        return str(table), str(index)
    except (binascii.Error, ValueError, TypeError) as error:
        raise validation_error("Invalid NextToken") from error
