"""Scan: all items of a table or an index, or one segment of them, in the order of the partitions' hashes."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.items.expressions import bind_projection, parse_filter
from tenantable.engine.items.pages import PageRequest, find_index, read_page, start_key
from tenantable.engine.items.selection import check_select, select_attributes
from tenantable.engine.keys import AFTER_ALL_KEYS, segment_range
from tenantable.engine.legacy.conditions import read_filter
from tenantable.engine.legacy.parameters import SCAN
from tenantable.engine.legacy.projections import read_attributes_to_get
from tenantable.engine.session import Session
from tenantable.engine.storage.reading import KeyRange
from tenantable.expressions.placeholders import read_placeholders
from tenantable.wire.errors import KEY_MISMATCH, validation_error
from tenantable.wire.values import Item

_EXPRESSIONS = ("FilterExpression", "ProjectionExpression")


def scan(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    SCAN.refuse_mixture(request)
    check_select(request)
    keys = _segment(request)
    placeholders = read_placeholders(request, expressions=_EXPRESSIONS)
    filter_expression = parse_filter(request)
    filter_condition = filter_expression.bind(placeholders) if filter_expression else read_filter(request, "ScanFilter")
    projection = bind_projection(request, placeholders) or read_attributes_to_get(request)
    placeholders.check_all_used()
    start = start_key(request)

    table = session.catalog.table(request["TableName"])
    index = find_index(table, request)
    page = PageRequest(
        table=table,
        index=index,
        keys=keys,
        descending=False,
        selection=select_attributes(request, index, projection),
        filter=filter_condition,
    )
    if start is not None:
        _check_start(request, page, start)
        page = page.after(start)
    return read_page(session, request, page)


def _segment(request: Mapping[str, Any]) -> KeyRange:
    segment, total_segments = request.get("Segment"), request.get("TotalSegments")
    if segment is None and total_segments is None:
        return KeyRange(lower=b"", upper=AFTER_ALL_KEYS)
    if total_segments is None:
        raise validation_error(
            "The TotalSegments parameter is required but was not present in the request "
            "when Segment parameter is present"
        )
    if segment is None:
        raise validation_error(
            "The Segment parameter is required but was not present in the request "
            "when parameter TotalSegments is present"
        )
    if segment >= total_segments:
        raise validation_error(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total_segments}"
        )
    return segment_range(segment, total_segments)


def _check_start(request: Mapping[str, Any], page: PageRequest, start: Item) -> None:
    """
    Refuse an ExclusiveStartKey that belongs to another segment, or has not the attributes of the keys.

    A Scan of the table itself says more than any other page. Source: https://github.com/ExtendDB/extenddb/pull/86.
    """
    key = page.check_start_key(start, mismatch=f": {KEY_MISMATCH}" if page.index is None else "")
    if not page.keys.lower <= key < page.keys.upper:
        raise validation_error(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey "
            f"with correct Segment. TotalSegments: {request.get('TotalSegments')} Segment: {request.get('Segment')}"
        )
