"""
One page of a Query or a Scan: what is read, what of it is shown, and where the next page begins.

A page without filter and projection never parses its items: their stored bytes go into the answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson

from tenantable.engine.capacity import TableCost, add_consumed_capacity, read_units
from tenantable.engine.items.selection import Selection
from tenantable.engine.keys import just_after, key_bytes
from tenantable.engine.session import Session
from tenantable.engine.storage.reading import KeyRange, Reader, Row
from tenantable.engine.tables.table import Index, Table
from tenantable.expressions.evaluation import Predicate
from tenantable.wire.errors import validation_error
from tenantable.wire.keys import KeyNames
from tenantable.wire.limits import PAGE_BYTES_MAX
from tenantable.wire.values import Item, check_item


@dataclass(frozen=True, kw_only=True, slots=True)
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

    def check_start_key(self, start: Item) -> bytes:
        """
        The key, in what the page reads, of an ExclusiveStartKey.

        Raises:
            DynamoError: ValidationException when it is not of the form that `last_evaluated_key` gives.
        """
        wanted = {
            attribute.name: attribute.type for attribute in (*self.table.keys.attributes, *self.key_names.attributes)
        }
        if start.keys() != wanted.keys() or any(wanted[name] not in value for name, value in start.items()):
            raise validation_error("The provided starting key is invalid")
        return key_bytes(self.key_names, start)

    def after(self, start: Item) -> "PageRequest":
        """The page behind a checked ExclusiveStartKey, in the direction of this one."""
        key, base = key_bytes(self.key_names, start), key_bytes(self.table.keys, start)
        if self.index is None:
            keys = replace(self.keys, upper=key) if self.descending else replace(self.keys, lower=just_after(key))
        elif self.descending:
            keys = replace(self.keys, upper=key, before=base)
        else:
            keys = replace(self.keys, lower=key, after=base)
        return replace(self, keys=keys)


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


def read_page(session: Session, request: Mapping[str, Any], page: PageRequest) -> dict[str, Any]:
    """The answer to a Query or Scan."""
    relation = page.table.items if page.index is None else page.index.relation
    with session.storage.read() as reader:
        if page.selection.fetches:
            reader.freeze()
        rows, may_go_on = reader.page(
            relation,
            page.keys,
            descending=page.descending,
            limit=request.get("Limit") or -1,
            bytes_max=PAGE_BYTES_MAX,
        )
        cost = _cost(request, page, sum([row[0] for row in rows]))
        last = rows[-1] if rows and may_go_on else None
        if page.selection.fetches:
            rows = _fetch(reader, page.table, rows, cost, consistent=bool(request.get("ConsistentRead")))

    response = _shown(session, page, rows)
    response["ScannedCount"] = len(rows)
    if last is not None:
        response["LastEvaluatedKey"] = page.last_evaluated_key(orjson.loads(last[1]))
    return add_consumed_capacity(response, request, page.table, cost)


def _shown(session: Session, page: PageRequest, rows: list[Row]) -> dict[str, Any]:
    """Items and Count."""
    selection = page.selection
    if page.filter is None and selection.shows_stored_items:
        return {"Items": [session.render(row[1]) for row in rows], "Count": len(rows)}
    if page.filter is None and selection.counts_only:
        return {"Count": len(rows)}
    items = list(_filtered(page.filter, rows))
    if selection.counts_only:
        return {"Count": len(items)}
    if selection.projection is not None:
        items = [selection.projection.apply(item) for item in items]
    return {"Items": items, "Count": len(items)}


def _filtered(condition: Predicate | None, rows: list[Row]) -> Iterator[Item]:
    for row in rows:
        item = cast("Item", orjson.loads(row[1]))
        if condition is None or condition(item):
            yield item


def _cost(request: Mapping[str, Any], page: PageRequest, size_bytes: int) -> TableCost:
    units = read_units(size_bytes, consistent=bool(request.get("ConsistentRead")))
    return TableCost(table=units) if page.index is None else TableCost(indexes={page.index.name: units})


def _fetch(reader: Reader, table: Table, rows: list[Row], cost: TableCost, *, consistent: bool) -> list[Row]:
    """The items behind the entries of a local index that does not hold all that is asked for; each costs a read."""
    whole = []
    for row in rows:
        stored = reader.get(table.items, key_bytes(table.keys, orjson.loads(row[1])))
        assert stored is not None, "an index entry always has its item"
        cost.table += read_units(stored[0], consistent=consistent)
        whole.append(stored)
    return whole
