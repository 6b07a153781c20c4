"""
Put, update, delete and condition check of one item: read from a request, then carried out against what is stored.

PutItem, UpdateItem and DeleteItem carry out one; BatchWriteItem and TransactWriteItems several.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.engine.items.expressions import read_condition, read_update_expressions
from tenantable.engine.items.stored import Change, StoredItem, entry_keys
from tenantable.engine.keys import key_attributes, key_of_item, key_of_request
from tenantable.engine.tables.table import Table
from tenantable.expressions.evaluation import Predicate
from tenantable.expressions.updates import Update
from tenantable.wire.errors import ITEM_UPDATE_TOO_LARGE, invalid_parameter_values, validation_error
from tenantable.wire.limits import ITEM_SIZE_BYTES_MAX
from tenantable.wire.values import Item, check_item, check_value, item_size_bytes, text_size_bytes

Changer = Callable[[StoredItem | None], Change | None]
"""From the stored item to what becomes of it; None when it is only looked at."""


@dataclass(kw_only=True, slots=True)  # not frozen: that would double what making one costs
class Write:
    """
    A write as its request says it; it knows no table yet.

    `prepare` checks it against a table and gives the item's key and what to do with the item; `key_item` holds the key
    attributes, for a put among all others; `update` is there for updates only.
    """

    request: Mapping[str, Any]
    key_item: Item
    condition: Predicate | None
    prepare: Callable[[Table], tuple[bytes, Changer]]
    update: Update | None = None


def read_put(request: Mapping[str, Any]) -> Write:
    item, size_bytes = check_item(request["Item"])
    if size_bytes > ITEM_SIZE_BYTES_MAX:
        raise validation_error("Item size has exceeded the maximum allowed size")
    after = StoredItem.of(item, size_bytes)

    def prepare(table: Table) -> tuple[bytes, Changer]:
        key = key_of_item(table.keys, item)
        entries = entry_keys(table, item)
        return key, lambda before: Change(key=key, before=before, after=after, entries=entries)

    return Write(request=request, key_item=item, condition=read_condition(request), prepare=prepare)


def read_delete(request: Mapping[str, Any]) -> Write:
    return make_delete(request, key_item=check_item(request["Key"])[0], condition=read_condition(request))


def make_delete(request: Mapping[str, Any], *, key_item: Item, condition: Predicate | None) -> Write:
    """A delete whose parts are read already; of the request only what it says of the answer counts."""

    def prepare(table: Table) -> tuple[bytes, Changer]:
        key = key_of_request(table.keys, key_item)
        return key, lambda before: Change(key=key, before=before, after=None, entries={})

    return Write(request=request, key_item=key_item, condition=condition, prepare=prepare)


def read_condition_check(request: Mapping[str, Any]) -> Write:
    return make_check(request, key_item=check_item(request["Key"])[0], condition=read_condition(request))


def make_check(request: Mapping[str, Any], *, key_item: Item, condition: Predicate | None) -> Write:
    """As `make_delete`: a condition check."""

    def prepare(table: Table) -> tuple[bytes, Changer]:
        return key_of_request(table.keys, key_item), lambda _before: None

    return Write(request=request, key_item=key_item, condition=condition, prepare=prepare)


def read_update(request: Mapping[str, Any]) -> Write:
    key_item, _ = check_item(request["Key"])
    update, condition = read_update_expressions(request)
    return make_update(request, key_item=key_item, condition=condition, update=update)


def make_update(
    request: Mapping[str, Any], *, key_item: Item, condition: Predicate | None, update: Update | None
) -> Write:
    """As `make_delete`: an update; without one it only creates the item."""
    changed_names = frozenset(str(path[0]) for path in update.changed_paths) if update else frozenset()

    def prepare(table: Table) -> tuple[bytes, Changer]:
        key = key_of_request(table.keys, key_item)
        for name in table.keys.names:
            if name in changed_names:
                raise invalid_parameter_values(f"Cannot update attribute {name}. This attribute is part of the key")

        def change(before: StoredItem | None) -> Change:
            if before is None and update is not None and not update.creates_item:
                return Change(key=key, before=None, after=None, entries={})
            after = _updated(update, changed_names, before, key_item=key_item)
            entries = entry_keys(table, after.item, by_update=request.get("UpdateExpression") is not None)
            return Change(key=key, before=before, after=after, entries=entries)

        return key, change

    return Write(request=request, key_item=key_item, condition=condition, prepare=prepare, update=update)


def key_of_write(table: Table, write: Write) -> Item:
    """The key attributes of the item that is written."""
    return key_attributes(table.keys, write.key_item)


def _updated(
    update: Update | None, changed_names: frozenset[str], before: StoredItem | None, *, key_item: Item
) -> StoredItem:
    """The item after an update. Expressions do not see the key of an item that does not exist yet."""
    if update is None:
        return before or StoredItem.of(key_item, item_size_bytes(key_item))
    if before is None:
        after, size_bytes = key_item | update.apply(None), item_size_bytes(key_item)
    else:
        after, size_bytes = update.apply(before.item), before.size_bytes
    if before is not None:  # what did not change was measured when it was stored
        size_bytes -= sum(_member_size(before.item, name) for name in changed_names)
    for name in changed_names:
        size_bytes += _member_size(after, name)
        if size_bytes > ITEM_SIZE_BYTES_MAX:  # at once: what follows may be hundreds of times as large
            raise validation_error(ITEM_UPDATE_TOO_LARGE)
    return StoredItem.of(after, size_bytes)


def _member_size(item: Item, name: str) -> int:
    value = item.get(name)
    return 0 if value is None else text_size_bytes(name) + check_value(value)[1]
