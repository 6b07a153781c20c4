"""Query: items of one partition, in the order of the sort key."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.items.expressions import bind_projection, parse_filter, refuse_legacy_parameters
from tenantable.engine.items.key_ranges import query_range
from tenantable.engine.items.pages import PageRequest, find_index, read_page, start_key
from tenantable.engine.items.selection import check_select, select_attributes
from tenantable.engine.session import Session
from tenantable.expressions.conditions import Condition
from tenantable.expressions.key_conditions import KeyCondition, parse_key_condition
from tenantable.expressions.placeholders import Placeholders, read_placeholders
from tenantable.wire.errors import validation_error
from tenantable.wire.keys import KeyNames
from tenantable.wire.values import Item

_EXPRESSIONS = ("FilterExpression", "KeyConditionExpression", "ProjectionExpression")
_LEGACY_PARAMETERS = ("KeyConditions", "QueryFilter", "AttributesToGet", "ConditionalOperator")


def query(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    refuse_legacy_parameters(request, _LEGACY_PARAMETERS)
    check_select(request)
    placeholders = read_placeholders(request, expressions=_EXPRESSIONS)
    text = request.get("KeyConditionExpression")
    if text is None:
        raise validation_error(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )
    key_expression = parse_key_condition(text)
    filter_expression = parse_filter(request)
    filter_condition = None if filter_expression is None else filter_expression.bind(placeholders)
    projection = bind_projection(request, placeholders)
    start = start_key(request)

    table = session.catalog.table(request["TableName"])
    index = find_index(table, request)
    keys = table.keys if index is None else index.keys
    condition = key_expression.bind(placeholders, keys)
    placeholders.check_all_used()
    if filter_expression is not None:
        _refuse_keys_in_filter(filter_expression, placeholders, keys)
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


def _refuse_keys_in_filter(expression: Condition, placeholders: Placeholders, keys: KeyNames) -> None:
    names = expression.attribute_names(placeholders)
    for name in keys.names:
        if name in names:
            raise validation_error(
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
            )


def _check_start(page: PageRequest, condition: KeyCondition, start: Item) -> None:
    """Refuse an ExclusiveStartKey that this query can never have returned."""
    key = page.check_start_key(start)
    if start[page.key_names.partition.name] != condition.partition:
        raise validation_error("The provided starting key is outside query boundaries based on provided conditions")
    if not page.keys.lower <= key < page.keys.upper:
        raise validation_error("The provided starting key does not match the range key predicate")
