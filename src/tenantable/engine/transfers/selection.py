"""What of a table is exported: a second or a stretch of time, and the filter."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tenantable.engine.backups.recovery import Window, recovery_window
from tenantable.engine.backups.undo import UndoLog
from tenantable.engine.items.expressions import bind_projection, parse_filter
from tenantable.engine.items.key_ranges import query_range
from tenantable.engine.tables.table import Table
from tenantable.engine.transfers.limits import INCREMENT_SECONDS_MAX, INCREMENT_SECONDS_MIN
from tenantable.expressions.key_conditions import match_key, parse_key_condition
from tenantable.expressions.placeholders import read_placeholders
from tenantable.wire.errors import DynamoError, validation_error
from tenantable.wire.values import Item

_EXPRESSIONS = ("FilterExpression", "KeyConditionExpression", "ProjectionExpression")
_OLD_AND_NEW = "NEW_AND_OLD_IMAGES"


class Increment(NamedTuple):
    """A stretch of time, in seconds since 1970: the first belongs to it, the last does not."""

    start: float
    end: float
    view: str


def read_export_time(request: Mapping[str, Any], log: UndoLog, now: float) -> float | None:
    """The second of a full export; None for the present."""
    second: float | None = request.get("ExportTime")
    if second is not None:
        _check_within(second, recovery_window(log, now), "ExportTime")
    return second


def read_increment(request: Mapping[str, Any], log: UndoLog, now: float) -> Increment:
    """
    Raises:
        DynamoError: ValidationException when the stretch has no beginning, or is too short or too long;
            InvalidExportTimeException when it is not within the recovery window.
    """
    given = request.get("IncrementalExportSpecification") or {}
    if request.get("FilterSpecification"):
        raise validation_error("FilterSpecification can only be specified for a full export")
    start, end = given.get("ExportFromTime"), given.get("ExportToTime")
    if start is None:
        raise validation_error("ExportFromTime must be specified for an incremental export")
    window = recovery_window(log, now)
    _check_within(start, window, "ExportFromTime")
    if end is None:
        end = min(window.latest, start + INCREMENT_SECONDS_MAX)
    _check_within(end, window, "ExportToTime")
    if not INCREMENT_SECONDS_MIN <= end - start <= INCREMENT_SECONDS_MAX:
        raise validation_error("An incremental export covers at least 15 minutes and at most 24 hours")
    return Increment(start, end, given.get("ExportViewType") or _OLD_AND_NEW)


def shows_old(increment: Increment) -> bool:
    return increment.view == _OLD_AND_NEW


def read_selection(request: Mapping[str, Any], table: Table) -> Callable[[bytes, Item], Item | None] | None:
    """
    From an item's key and attributes to what is exported of it, or None; None when there is no filter.

    Raises:
        DynamoError: ValidationException when an expression does not fit.
    """
    given = request.get("FilterSpecification")
    if not given:
        return None
    placeholders = read_placeholders(given, expressions=_EXPRESSIONS)
    expression = parse_filter(given)
    condition = None if expression is None else expression.bind(placeholders)
    projection = bind_projection(given, placeholders)
    text = given.get("KeyConditionExpression")
    keys = None
    if text is not None:
        keys = query_range(table.keys, match_key(parse_key_condition(text).conditions(placeholders), table.keys))
    placeholders.check_all_used()

    def select(key: bytes, item: Item) -> Item | None:
        if keys is not None and not keys.lower <= key < keys.upper:
            return None
        if condition is not None and not condition(item):
            return None
        return item if projection is None else projection.apply(item)

    return select


def _check_within(second: float, window: Window, name: str) -> None:
    if not window.earliest <= second <= window.latest:
        raise DynamoError(
            "InvalidExportTimeException",
            f"The specified {name} is outside of the point in time recovery window: it is {second}, the window is from "
            f"{window.earliest} to {window.latest}",
        )
