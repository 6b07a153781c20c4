"""Items as they lie in the storage, and every change of one together with its index entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

import orjson

from tenantable.engine.backups.undo import UndoLog, note_change
from tenantable.engine.capacity import TableCost, write_units
from tenantable.engine.expiry.times import expires_at
from tenantable.engine.index_keys import index_key_of_item, stored_index_key
from tenantable.engine.storage.checksums import Row
from tenantable.engine.storage.queries import ExpiryRelation
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.records import add_record
from tenantable.engine.streams.stream import Stream
from tenantable.engine.tables.table import Index, Table
from tenantable.expressions.comparison import equal
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyNames
from tenantable.wire.values import Item, item_size_bytes


class StoredItem:
    """An item in the form it is stored in; it is parsed when somebody looks into it."""

    __slots__ = ("_item", "row")

    def __init__(self, row: Row, item: Item | None = None) -> None:
        self.row = row
        self._item = item

    @classmethod
    def of(cls, item: Item, size_bytes: int) -> "StoredItem":
        """The stored form of a canonical item."""
        return cls((size_bytes, orjson.dumps(item)), item)

    @property
    def size_bytes(self) -> int:
        return self.row[0]

    @property
    def body(self) -> bytes:
        """Its wire JSON."""
        return self.row[1]

    @property
    def item(self) -> Item:
        """Its attributes. Shared: never to be changed."""
        if self._item is None:
            self._item = cast("Item", orjson.loads(self.row[1]))
        return self._item

    def begins_as(self, other: "StoredItem", names: frozenset[str]) -> bool:
        """
        Whether both items begin with the attributes of these names, in the same order and with the same values: most
        clients write keys first. Found out without parsing this item; False when that is done already.
        """
        if self._item is not None:
            return False
        head = dict(islice(other.item.items(), len(names)))
        return head.keys() == names and self.body.startswith(orjson.dumps(head)[:-1])


EntryKeys = Mapping[str, bytes | None]
"""By index name: the key of an item's entry there, None when it has none."""


def find_item(transaction: Transaction, table: Table, key: bytes) -> StoredItem | None:
    row = transaction.get(table.items, key)
    return None if row is None else StoredItem(row)


def entry_keys(table: Table, item: Item, *, by_update: bool = False) -> EntryKeys:
    """
    The keys of the index entries of an item that is to be stored.

    An update is refused too when it leaves alone what cannot be a key. Source: Developer Guide, "Detecting and
    correcting index key violations": all writes of such items are rejected.

    Args:
        by_update: See `index_key_of_item`.
    Raises:
        DynamoError: ValidationException when an attribute cannot be the key of an index.
    """
    try:
        return {
            name: index_key_of_item(name, index.keys, item, by_update=by_update)
            for name, index in table.indexes.items()
        }
    except DynamoError:  # of several the first by name is told: https://github.com/ExtendDB/extenddb/pull/184
        for name in sorted(table.indexes):
            index_key_of_item(name, table.indexes[name].keys, item, by_update=by_update)
        raise


@dataclass(kw_only=True, slots=True)  # not frozen: that would double what making one costs
class Change:
    """
    One item before and after a write; None where there is none. `entries` belongs to `after`.

    `expired` says that the item is deleted because its time to live is over, and by nobody.
    """

    key: bytes
    before: StoredItem | None
    after: StoredItem | None
    entries: EntryKeys
    expired: bool = False


def apply_change(transaction: Transaction, table: Table, change: Change) -> TableCost:
    """
    Store, replace or delete an item and bring every index in step. Everything was checked before: nothing here refuses.

    Returns:
        What it costs: the table's part by the larger of both sizes, an index only when its entry changes.
    """
    before, after = change.before, change.after
    sizes = (before.size_bytes if before else 0, after.size_bytes if after else 0)
    cost = TableCost(table=write_units(max(sizes)))
    if after is not None:
        transaction.put_item(table.items, change.key, after.row, replaced=before.row if before else None)
    elif before is not None:
        transaction.delete_item(table.items, change.key, replaced=before.row)
    keeps_keys = (
        bool(table.indexes)
        and before is not None
        and after is not None
        and before.begins_as(after, table.all_key_names)
    )
    for name, index in table.indexes.items():
        units = _apply_to_index(transaction, index, change, keeps_key=keeps_keys)
        if units:
            cost.indexes[name] = units
    if table.undo is not None:
        _note_replaced(transaction, table.undo, change)
    if table.stream is not None:
        _record(transaction, table.stream, change)
    if table.expiry is not None and table.time_to_live is not None:
        _note_expiry(transaction, table.expiry, table.time_to_live, change)
    return cost


def index_existing(transaction: Transaction, table: Table, index: Index) -> None:
    """Fill a new index from the items of its table. An item whose attributes cannot be its keys gets no entry."""
    for key, size_bytes, body in transaction.walk(table.items):
        item = orjson.loads(body)
        entry_key = stored_index_key(index.keys, item)
        if entry_key is not None:
            row = entry_row(index, StoredItem((size_bytes, body), item))
            transaction.add_entry(index.relation, entry_key, base=key, row=row)


def _note_replaced(transaction: Transaction, log: UndoLog, change: Change) -> None:
    """Keep what the change replaces; a write that leaves everything as it was replaces nothing."""
    before, after = change.before, change.after
    if before is None:
        if after is not None:
            note_change(transaction, log, change.key, None)
    elif after is None or before.row != after.row:
        note_change(transaction, log, change.key, before.row)


def _record(transaction: Transaction, stream: Stream, change: Change) -> None:
    """Tell the stream of a change; a write that leaves everything as it was is none."""
    before, after = change.before, change.after
    present = after or before
    if present is None or (before is not None and after is not None and _is_same(before, after)):
        return
    add_record(
        transaction,
        stream,
        key=change.key,
        item=present.item,
        old=None if before is None else before.row,
        new=None if after is None else after.row,
        expired=change.expired,
    )


def _is_same(before: StoredItem, after: StoredItem) -> bool:
    if before.size_bytes != after.size_bytes:
        return False
    return before.body == after.body or equal({"M": before.item}, {"M": after.item})


def _note_expiry(transaction: Transaction, expiry: ExpiryRelation, attribute: str, change: Change) -> None:
    """Keep the order of expiry in step."""
    before = None if change.before is None else expires_at(change.before.item, attribute)
    after = None if change.after is None else expires_at(change.after.item, attribute)
    if before == after:
        return
    if before is not None:
        transaction.delete_expiry(expiry, before, change.key)
    if after is not None:
        transaction.add_expiry(expiry, after, change.key)


def _apply_to_index(transaction: Transaction, index: Index, change: Change, *, keeps_key: bool) -> float:
    """
    Bring one index in step; the capacity units that it costs, 0 when its entry stays as it is.

    Args:
        keeps_key: It is known already that the item has the same index key as before.
    """
    before, after = change.before, change.after
    new_key = None if after is None else change.entries[index.name]
    if before is None:
        old_key = None
    elif keeps_key or (after is not None and _has_same_key(index.keys, before.item, after.item)):
        old_key = new_key
    else:
        old_key = stored_index_key(index.keys, before.item)
    if old_key is not None and old_key == new_key:
        return _replace_entry(transaction, index, change, key=old_key)
    units = 0.0
    if before is not None and old_key is not None:
        old_bytes = entry_row(index, before)[0]
        transaction.delete_entry(index.relation, old_key, base=change.key, replaced_bytes=old_bytes)
        units += write_units(old_bytes)
    if after is not None and new_key is not None:
        row = entry_row(index, after)
        transaction.add_entry(index.relation, new_key, base=change.key, row=row)
        units += write_units(row[0])
    return units


def _has_same_key(keys: KeyNames, item: Item, other: Item) -> bool:
    if keys.multiple:
        return all(item.get(name) == other.get(name) for name in keys.names)
    partition, sort = keys.partition.name, keys.sort
    return item.get(partition) == other.get(partition) and (sort is None or item.get(sort.name) == other.get(sort.name))


def _replace_entry(transaction: Transaction, index: Index, change: Change, *, key: bytes) -> float:
    """Change what an entry holds that keeps its key; it is only written, and paid, when that differs."""
    before, after = change.before, change.after
    assert before is not None
    assert after is not None
    old_row, new_row = entry_row(index, before), entry_row(index, after)
    may_be_equal = old_row[0] == new_row[0] and len(old_row[1]) == len(new_row[1])
    if may_be_equal and (old_row[1] == new_row[1] or index.project(before.item) == index.project(after.item)):
        return 0.0
    transaction.replace_entry(index.relation, key, base=change.key, row=new_row, replaced_bytes=old_row[0])
    return write_units(max(old_row[0], new_row[0]))


def entry_row(index: Index, stored: StoredItem) -> Row:
    """Size and JSON of what an index holds of an item."""
    if index.projected is None:
        return stored.row
    projected = index.project(stored.item)
    return item_size_bytes(projected), orjson.dumps(projected)


def attributes_of(stored: StoredItem | None) -> Item:
    """The attributes of an item; none when there is no item. What conditions are evaluated on."""
    return {} if stored is None else stored.item


def item_in_error(stored: StoredItem | None, request: Mapping[str, Any]) -> Item | None:
    """The item that the error of a failed condition shows, when the request asks for it and there is one."""
    wanted = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return stored.item if wanted and stored is not None else None
