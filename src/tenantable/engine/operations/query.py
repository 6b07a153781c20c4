"""Query: items of one partition, in the order of the sort key."""

from collections.abc import Collection, Mapping
from typing import Any

from tenantable.engine.items.expressions import bind_projection, parse_filter
from tenantable.engine.items.key_ranges import query_range
from tenantable.engine.items.pages import PageRequest, find_index, read_page, start_key
from tenantable.engine.items.selection import check_select, select_attributes
from tenantable.engine.legacy.conditions import read_filter
from tenantable.engine.legacy.key_conditions import read_key_conditions
from tenantable.engine.legacy.parameters import QUERY
from tenantable.engine.legacy.projections import read_attributes_to_get
from tenantable.engine.session import Session
from tenantable.expressions.key_conditions import KeyCondition, SortCondition, match_key, parse_key_condition
from tenantable.expressions.placeholders import Placeholders, read_placeholders
from tenantable.wire.errors import validation_error
from tenantable.wire.keys import KeyNames
from tenantable.wire.values import Item

_CONTRADICTION = "1 validation error detected: "
"""In a Query, and not in a Scan. Source: https://github.com/ExtendDB/extenddb/pull/211."""
_EXPRESSIONS = ("FilterExpression", "KeyConditionExpression", "ProjectionExpression")


def query(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    QUERY.refuse_mixture(request)
    check_select(request, contradiction=_CONTRADICTION)
    placeholders = read_placeholders(request, expressions=_EXPRESSIONS)
    conditions = _read_key_conditions(request, placeholders)
    filter_expression = parse_filter(request)
    filter_condition = (
        filter_expression.bind(placeholders) if filter_expression else read_filter(request, "QueryFilter")
    )
    projection = bind_projection(request, placeholders) or read_attributes_to_get(request)
    placeholders.check_all_used()
    start = start_key(request)

    table = session.catalog.table(request["TableName"])
    index = find_index(table, request)
    keys = table.keys if index is None else index.keys
    condition = match_key(conditions, keys)
    if filter_expression is not None:
        _refuse_keys("Filter Expression", filter_expression.attribute_names(placeholders), keys)
    elif filter_condition is not None:
        _refuse_keys("QueryFilter", request["QueryFilter"], keys)
    page = PageRequest(
        table=table,
        index=index,
        keys=query_range(keys, condition),
        descending=request.get("ScanIndexForward") is False,
        selection=select_attributes(request, index, projection),
        filter=filter_condition,
    )
    if start is not None:
        _check_start(page, condition, start)
        page = page.after(start)
    return read_page(session, request, page)


def bind_key_condition(request: Mapping[str, Any], keys: KeyNames) -> KeyCondition:
    """The key condition of a request that was carried out, for whoever wants to know what it read."""
    return match_key(_read_key_conditions(request, read_placeholders(request, expressions=_EXPRESSIONS)), keys)


def _read_key_conditions(request: Mapping[str, Any], placeholders: Placeholders) -> dict[str, SortCondition]:
    """The conditions of the request by attribute name, to be matched with the key of what is queried."""
    text = request.get("KeyConditionExpression")
    if text is not None:
        return parse_key_condition(text).conditions(placeholders)
    given = request.get("KeyConditions")
    if given is None:
        raise validation_error(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    return read_key_conditions(given, index_name=request.get("IndexName"))


def _refuse_keys(filter_title: str, names: Collection[str], keys: KeyNames) -> None:
    for name in keys.names:
        if name in names:
            raise validation_error(
                f"{filter_title} can only contain non-primary key attributes: Primary key attribute: {name}"
            )


def _check_start(page: PageRequest, condition: KeyCondition, start: Item) -> None:
    """Refuse an ExclusiveStartKey that this query can never have returned."""
    key = page.check_start_key(start)
    keys = page.key_names
    if start[keys.partition.name] != condition.partition or (
        keys.multiple and tuple(start[attribute.name] for attribute in keys.partitions) != condition.partitions
    ):
        raise validation_error("The provided starting key is outside query boundaries based on provided conditions")
    if not page.keys.lower <= key < page.keys.upper:
        raise validation_error("The provided starting key does not match the range key predicate")
