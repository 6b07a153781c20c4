"""SELECT: the partitions that the WHERE clause names, one after the other, or everything there is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from tenantable.engine.capacity import TableCost
from tenantable.engine.items.key_ranges import query_range
from tenantable.engine.items.pages import PageRequest, PageRows, find_index, read_rows, shown_items
from tenantable.engine.items.selection import select_attributes
from tenantable.engine.keys import AFTER_ALL_KEYS, key_of_request, sortable_bytes
from tenantable.engine.session import Session
from tenantable.engine.statements.continuation import make_token, read_token, wrong_token
from tenantable.engine.storage.checksums import Row
from tenantable.engine.storage.reading import KeyRange
from tenantable.engine.tables.table import Table
from tenantable.expressions.comparison import rank
from tenantable.expressions.key_conditions import KeyCondition, SortCondition
from tenantable.expressions.partiql.keys import Bounds, SortTerm, equal_values, find_bounds, missing_key_equality
from tenantable.expressions.partiql.statements import BoundStatement, Select
from tenantable.expressions.syntax import ConditionNode, Value
from tenantable.wire.errors import DynamoError, invalid_parameter_values, validation_error
from tenantable.wire.keys import KeyAttribute, KeyNames
from tenantable.wire.limits import PAGE_BYTES_MAX, STATEMENT_PARTITIONS_MAX
from tenantable.wire.values import AttributeValue, Item


@dataclass(frozen=True, kw_only=True, slots=True)
class Selected:
    """What a SELECT gives: `last` and `token` say where the next page begins, None on the last."""

    table: Table
    items: list[Any]
    cost: TableCost
    last: Item | None
    token: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """
    The ranges to read, in their order, all of one table or index. `sorts_page` says that the items of a page are to be
    brought into the order of the sort key, since they come from several partitions; `is_point` that there can be but
    one item, so that no limit ends a page.
    """

    pages: tuple[PageRequest, ...]
    sorts_page: bool = False
    is_point: bool = False


def select(session: Session, request: Mapping[str, Any], bound: BoundStatement) -> Selected:
    """
    One page of what a SELECT selects.

    Args:
        request: The request, or one entry of a batch.
    Raises:
        DynamoError: ResourceNotFoundException; ValidationException for what does not fit the table.
    """
    body = bound.body
    assert isinstance(body, Select)
    table = session.catalog.table(body.table)
    plan = _plan(table, request, bound)
    pages = _continued(plan.pages, request)
    limit = None if plan.is_point else request.get("Limit")
    found = _read(session, pages, limit=limit, consistent=bool(request.get("ConsistentRead")))
    rows = _sorted_rows(plan.pages[0], found.rows) if plan.sorts_page else found.rows
    return Selected(
        table=table,
        items=shown_items(session, plan.pages[0], rows) if rows else [],
        cost=found.cost,
        last=found.last,
        token=None if found.last is None else make_token(request, found.last),
    )


def key_of_where(bound: BoundStatement, where: ConditionNode | None, keys: KeyNames) -> Item:
    """
    The key that a WHERE clause binds with `=`.

    Raises:
        DynamoError: ValidationException when it leaves a key attribute open.
    """
    if where is None:
        raise missing_key_equality()
    scope = bound.scope("ConditionExpression")
    return {name: scope.value(value) for name, value in equal_values(where, keys.names).items()}


def _plan(table: Table, request: Mapping[str, Any], bound: BoundStatement) -> _Plan:
    body = bound.body
    assert isinstance(body, Select)
    index = find_index(table, {"IndexName": body.index, "ConsistentRead": request.get("ConsistentRead")})
    keys = table.keys if index is None else index.keys
    predicate = None if body.where is None else bound.predicate(body.where, "FilterExpression")
    everything = PageRequest(
        table=table,
        index=index,
        keys=KeyRange(lower=b"", upper=AFTER_ALL_KEYS),
        descending=False,
        selection=select_attributes({}, index, body.columns),
        filter=predicate,
    )
    bounds = find_bounds(body.where, keys)
    _check_order(body, keys, bounds)
    if bounds is None:
        return _Plan(pages=(everything,))
    rest = None if bounds.rest is None else bound.predicate(bounds.rest, "FilterExpression")
    template = replace(everything, filter=rest, descending=_descends(body, keys))
    conditions = _key_conditions(bound, bounds, body, keys=keys)
    has_all_keys = keys.sort is None or (bounds.sort is not None and bounds.sort.operator == "=")
    return _Plan(
        pages=tuple(replace(template, keys=query_range(keys, condition)) for condition in conditions),
        sorts_page=len(conditions) > 1 and bool(body.order) and body.order[0].attribute != keys.partition.name,
        is_point=index is None and has_all_keys and len(conditions) == 1,
    )


def _check_order(body: Select, keys: KeyNames, bounds: Bounds | None) -> None:
    if not body.order:
        return
    if bounds is None:
        raise validation_error(
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
        )
    for ordering in body.order:
        if ordering.attribute not in keys.names:
            raise validation_error(
                f"Variable reference {ordering.attribute} in ORDER BY clause must be part of the primary key"
            )
    if keys.multiple:
        _check_multiple_order(body, keys, bounds)


def _check_multiple_order(body: Select, keys: KeyNames, bounds: Bounds) -> None:
    """Items lie in the order of the sort attributes, from left to right: no other order can be had."""
    terms = () if bounds.sort is None else (bounds.sort, *bounds.other_sorts)
    fixed = {each.name for each in keys.partitions}
    fixed |= {each.name for each, term in zip(keys.sorts, terms, strict=False) if term.operator == "="}
    ordered = [ordering for ordering in body.order if ordering.attribute not in fixed]
    open_names = [each.name for each in keys.sorts if each.name not in fixed]
    in_order = [ordering.attribute for ordering in ordered] == open_names[: len(ordered)]
    if not in_order or len({ordering.descending for ordering in ordered}) > 1:
        raise validation_error(
            "ORDER BY clause must name the sort key attributes of the index from left to right, in one direction"
        )


def _descends(body: Select, keys: KeyNames) -> bool:
    """Whether the statement reads its partitions from the last item to the first."""
    if keys.multiple:
        return bool(body.order) and body.order[-1].descending
    return _direction(body, keys.sort)


def _direction(body: Select, attribute: KeyAttribute | None) -> bool:
    """Whether the statement orders by this attribute from the last to the first."""
    return any(attribute is not None and each.attribute == attribute.name and each.descending for each in body.order)


def _key_conditions(bound: BoundStatement, bounds: Bounds, body: Select, *, keys: KeyNames) -> list[KeyCondition]:
    """One for each partition: in the order of the values, or in that of ORDER BY."""
    if keys.multiple:
        return [_multiple_condition(bound, bounds, keys)]
    partitions = _values(bound, bounds.partitions, keys.partition)
    distinct = list({next(iter(value.values())): value for value in partitions}.values())
    if len(distinct) > STATEMENT_PARTITIONS_MAX:
        raise validation_error(
            f"The IN operator is provided with too many operands; number of operands: {len(distinct)}"
        )
    if any(ordering.attribute == keys.partition.name for ordering in body.order):
        distinct.sort(key=rank, reverse=_direction(body, keys.partition))
    sort = None
    if bounds.sort is not None:
        assert keys.sort is not None
        sort = _sort_condition(bound, bounds.sort, keys.sort)
    return [KeyCondition(partition=value, sort=sort) for value in distinct]


def _multiple_condition(bound: BoundStatement, bounds: Bounds, keys: KeyNames) -> KeyCondition:
    """The one condition on an index whose key has several attributes."""
    written = (*bounds.partitions, *bounds.other_partitions)
    values = [_values(bound, (value,), each)[0] for value, each in zip(written, keys.partitions, strict=True)]
    terms = () if bounds.sort is None else (bounds.sort, *bounds.other_sorts)
    sorts = [_sort_condition(bound, term, each) for term, each in zip(terms, keys.sorts, strict=False)]
    return KeyCondition(
        partition=values[0],
        sort=sorts[0] if sorts else None,
        other_partitions=tuple(values[1:]),
        other_sorts=tuple(sorts[1:]),
    )


def _sort_condition(bound: BoundStatement, term: SortTerm, attribute: KeyAttribute) -> SortCondition:
    return SortCondition(operator=term.operator, operands=tuple(_values(bound, term.operands, attribute)))


def _values(bound: BoundStatement, written: tuple[Value, ...], attribute: KeyAttribute) -> list[AttributeValue]:
    scope = bound.scope("KeyConditionExpression")
    values = [scope.value(value) for value in written]
    if not all(attribute.type in value for value in values):
        raise invalid_parameter_values("Condition parameter type does not match schema type")
    return values


def _continued(pages: tuple[PageRequest, ...], request: Mapping[str, Any]) -> tuple[PageRequest, ...]:
    """What is left to read behind the request's NextToken."""
    start = read_token(request)
    if start is None:
        return pages
    try:
        key = pages[0].check_start_key(start)
        key_of_request(pages[0].table.keys, {name: start[name] for name in pages[0].table.keys.names})
    except DynamoError as error:
        raise wrong_token() from error
    for position, page in enumerate(pages):
        if page.keys.lower <= key < page.keys.upper:
            return (page.after(start), *pages[position + 1 :])
    raise wrong_token()


def _read(session: Session, pages: tuple[PageRequest, ...], *, limit: int | None, consistent: bool) -> PageRows:
    """The first rows of several ranges: `limit` of them at most, and no more bytes than one page has."""
    rows: list[Row] = []
    cost = TableCost()
    bytes_left = PAGE_BYTES_MAX
    for page in pages:
        rows_left = None if limit is None else limit - len(rows)
        found = read_rows(session, page, limit=rows_left, bytes_max=bytes_left, consistent=consistent)
        rows += found.rows
        cost.add(found.cost)
        bytes_left = max(0, bytes_left - found.size_bytes)
        if found.last is not None:
            return PageRows(rows=rows, last=found.last, size_bytes=PAGE_BYTES_MAX - bytes_left, cost=cost)
    return PageRows(rows=rows, last=None, size_bytes=PAGE_BYTES_MAX - bytes_left, cost=cost)


def _sorted_rows(page: PageRequest, rows: list[Row]) -> list[Row]:
    """The rows in the order of the sort key, whichever partition they come from."""
    sort = page.key_names.sort
    assert sort is not None

    def position(row: Row) -> bytes:
        return sortable_bytes(sort.type, orjson.loads(row[1])[sort.name][sort.type])

    return sorted(rows, key=position, reverse=page.descending)
