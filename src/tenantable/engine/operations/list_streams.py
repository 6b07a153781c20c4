"""ListStreams: the streams of all tables or of one, also those that were disabled within the last day."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.streams.limits import STREAMS_PAGE_MAX


def list_streams(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    streams = iter(session.catalog.streams(request.get("TableName")))
    start = request.get("ExclusiveStartStreamArn")
    if start is not None:
        last = session.catalog.stream(start)
        streams = (each for each in streams if (each.table_name, each.label) > (last.table_name, last.label))
    limit = min(request.get("Limit") or STREAMS_PAGE_MAX, STREAMS_PAGE_MAX)
    page = list(islice(streams, limit + 1))
    shown = [
        {"StreamArn": session.catalog.arn_of(each), "TableName": each.table_name, "StreamLabel": each.label}
        for each in page[:limit]
    ]
    response: dict[str, Any] = {"Streams": shown}
    if len(page) > limit:
        response["LastEvaluatedStreamArn"] = shown[-1]["StreamArn"]
    return response
