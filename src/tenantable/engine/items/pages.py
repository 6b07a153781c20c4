"""
One page of a Query or a Scan: what is read, what of it is shown, and where the next page begins.

A page without filter and projection never parses its items: their stored bytes go into the answer.
"""

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson

from tenantable.engine.capacity import TableCost, add_consumed_capacity, read_units
from tenantable.engine.items.selection import Selection
from tenantable.engine.keys import just_after, key_bytes, multiple_key_bytes
from tenantable.engine.session import Session
from tenantable.engine.storage.checksums import DamageError, Row
from tenantable.engine.storage.reading import KeyRange, Reader
from tenantable.engine.tables.table import Index, Table
from tenantable.expressions.evaluation import Predicate
from tenantable.wire.errors import validation_error
from tenantable.wire.keys import KeyNames
from tenantable.wire.limits import PAGE_BYTES_MAX
from tenantable.wire.values import Item, check_item


@dataclass(kw_only=True, slots=True)  # not frozen: that would double what making one costs
class PageRequest:
    """What a Query or Scan reads: a range of a table or of one of its indexes."""

    table: Table
    index: Index | None
    keys: KeyRange
    descending: bool
    selection: Selection
    filter: Predicate | None

    @property
    def key_names(self) -> KeyNames:
        """The keys that the page is ordered by."""
        return self.table.keys if self.index is None else self.index.keys

    def last_evaluated_key(self, item: Item) -> Item:
        """Where the next page begins: the key of the table and, in an index, that of the index."""
        return {name: item[name] for name in dict.fromkeys((*self.table.keys.names, *self.key_names.names))}

    def check_start_key(self, start: Item, *, mismatch: str = "") -> bytes:
        """
        The key, in what the page reads, of an ExclusiveStartKey.

        Args:
            mismatch: What the message adds when it has not the attributes of the keys.
        Raises:
            DynamoError: ValidationException when it is not of the form that `last_evaluated_key` gives.
        """
        wanted = {
            attribute.name: attribute.type for attribute in (*self.table.keys.attributes, *self.key_names.attributes)
        }
        if start.keys() != wanted.keys() or any(wanted[name] not in value for name, value in start.items()):
            raise validation_error(f"The provided starting key is invalid{mismatch}")
        return self._position(start)

    def after(self, start: Item) -> "PageRequest":
        """The page behind a checked ExclusiveStartKey, in the direction of this one."""
        key, base = self._position(start), key_bytes(self.table.keys, start)
        if self.index is None:
            keys = replace(self.keys, upper=key) if self.descending else replace(self.keys, lower=just_after(key))
        elif self.descending:
            keys = replace(self.keys, upper=key, before=base)
        else:
            keys = replace(self.keys, lower=key, after=base)
        return replace(self, keys=keys)

    def _position(self, start: Item) -> bytes:
        """Where the item or entry with this key lies in what the page reads."""
        return (multiple_key_bytes if self.key_names.multiple else key_bytes)(self.key_names, start)


def find_index(table: Table, request: Mapping[str, Any]) -> Index | None:
    """
    The index that the request reads; None for the table itself.

    Raises:
        DynamoError: ValidationException when there is none of that name, or when it cannot be read consistently.
    """
    name = request.get("IndexName")
    if name is None:
        return None
    index = table.indexes.get(name)
    if index is None:
        raise validation_error(f"The table does not have the specified index: {name}")
    if index.is_global and request.get("ConsistentRead"):
        raise validation_error("Consistent reads are not supported on global secondary indexes")
    return index


def start_key(request: Mapping[str, Any]) -> Item | None:
    """The ExclusiveStartKey with canonical values; None to begin at the beginning."""
    given = request.get("ExclusiveStartKey")
    return None if given is None else check_item(given)[0]


@dataclass(kw_only=True, slots=True)
class PageRows:
    """
    What was read of a page, before its filter: whole items where an index does not hold all that is asked for.

    `last` is the key that the next page begins behind, None when there is none; `size_bytes` what counts against the
    limit of a page.
    """

    rows: list[Row]
    last: Item | None
    size_bytes: int
    cost: TableCost


def read_page(session: Session, request: Mapping[str, Any], page: PageRequest) -> dict[str, Any]:
    """The answer to a Query or Scan."""
    consistent = bool(request.get("ConsistentRead"))
    found = read_rows(session, page, limit=request.get("Limit"), bytes_max=PAGE_BYTES_MAX, consistent=consistent)
    response: dict[str, Any] = {}
    if page.filter is None and page.selection.counts_only:
        response["Count"] = len(found.rows)
    else:
        items = shown_items(session, page, found.rows)
        if not page.selection.counts_only:
            response["Items"] = items
        response["Count"] = len(items)
    response["ScannedCount"] = len(found.rows)
    if found.last is not None:
        response["LastEvaluatedKey"] = found.last
    return add_consumed_capacity(response, request, page.table, found.cost)


def read_rows(session: Session, page: PageRequest, *, limit: int | None, bytes_max: int, consistent: bool) -> PageRows:
    """
    Read a page.

    Args:
        limit: Items at most; None for no limit.
        bytes_max: The page ends with the item that brings the sizes above this.
    """
    relation = page.table.items if page.index is None else page.index.relation
    with session.storage.read(eventual=not consistent) as reader:
        if page.selection.fetches:
            reader.freeze()
        rows, may_go_on = reader.page(
            relation, page.keys, descending=page.descending, limit=limit or -1, bytes_max=bytes_max
        )
        size_bytes = sum([row[0] for row in rows])
        cost = _cost(page, size_bytes, consistent=consistent)
        last = page.last_evaluated_key(orjson.loads(rows[-1][1])) if rows and may_go_on else None
        if page.selection.fetches:
            rows = _fetch(reader, page.table, rows, cost, consistent=consistent)
    if session.throttle is not None:
        start = None if page.index is None or not page.index.is_global else page.index.name
        session.throttle.spend(page.table, "Read", cost, {start: page.keys.lower})
    return PageRows(rows=rows, last=last, size_bytes=size_bytes, cost=cost)


def shown_items(session: Session, page: PageRequest, rows: list[Row]) -> list[Any]:
    """What the answer shows of the items that pass the filter."""
    selection = page.selection
    if page.filter is None and selection.shows_stored_items:
        return _rendered(session, rows)
    items = _filtered(page.filter, rows)
    if selection.projection is None:
        return list(items)
    return [selection.projection.apply(item) for item in items]


def _rendered(session: Session, rows: list[Row]) -> list[Any]:
    """
    What the answer holds of stored items.

    A page that is parsed makes thousands of dictionaries, and none of them is garbage: the collector, which would go
    through all of them again and again, waits until they are made. Threads that do so at once leave it as it was.
    """
    pauses = gc.isenabled()
    try:
        if pauses:
            gc.disable()
        return [session.render(row[1]) for row in rows]
    finally:
        if pauses:
            gc.enable()


def _filtered(condition: Predicate | None, rows: list[Row]) -> Iterator[Item]:
    for row in rows:
        item = cast("Item", orjson.loads(row[1]))
        if condition is None or condition(item):
            yield item


def _cost(page: PageRequest, size_bytes: int, *, consistent: bool) -> TableCost:
    units = read_units(size_bytes, consistent=consistent)
    return TableCost(table=units) if page.index is None else TableCost(indexes={page.index.name: units})


def _fetch(reader: Reader, table: Table, rows: list[Row], cost: TableCost, *, consistent: bool) -> list[Row]:
    """The items behind the entries of a local index that does not hold all that is asked for; each costs a read."""
    whole = []
    for row in rows:
        stored = reader.get(table.items, key_bytes(table.keys, orjson.loads(row[1])))
        if stored is None:
            raise DamageError("an index entry has no item")
        cost.table += read_units(stored[0], consistent=consistent)
        whole.append(stored)
    return whole
