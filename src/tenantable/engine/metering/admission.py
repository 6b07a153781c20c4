"""Where operations meet the throttle: each read and each write of an item passes here before it has any effect."""

from dataclasses import replace
from typing import Any

from tenantable.engine.capacity import TableCost, read_units, write_units
from tenantable.engine.index_keys import stored_index_key
from tenantable.engine.items.stored import Change, apply_change
from tenantable.engine.metering.throttle import Throttle
from tenantable.engine.storage.checksums import Row
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table


def admit_get(
    throttle: Throttle | None,
    table: Table,
    key: bytes,
    row: Row | None,
    *,
    consistent: bool,
    transacted: bool = False,
) -> None:
    """
    Spend what the read of one item costs.

    Raises:
        ThrottledError: Nothing is left to spend; the item must not be shown.
    """
    if throttle is not None:
        cost = TableCost(table=read_units(row[0] if row else 0, consistent=consistent))
        throttle.spend(table, "Read", cost.in_transaction() if transacted else cost, {None: key})


def admit_change(throttle: Throttle | None, table: Table, change: Change, *, transacted: bool = False) -> None:
    """
    Spend what a change of an item and its index entries will cost.

    Raises:
        ThrottledError: Nothing is left to spend of the table or of an index; the change must not be applied.
    """
    if throttle is None:
        return
    starts: dict[str | None, bytes] = {None: change.key}
    for name, index in table.indexes.items():
        key = change.entries.get(name)
        if key is None and change.before is not None:
            key = stored_index_key(index.keys, change.before.item)
        if key is not None:
            starts[name] = key
    cost = _cost_of(table, change)
    throttle.spend(table, "Write", cost.in_transaction() if transacted else cost, starts)


def admit_look(
    throttle: Throttle | None, table: Table, key: bytes, size_bytes: int, *, transacted: bool = False
) -> None:
    """As `admit_change`, for a write that only looked at an item: a condition that failed, or a condition check."""
    if throttle is not None:
        cost = TableCost(table=write_units(size_bytes))
        throttle.spend(table, "Write", cost.in_transaction() if transacted else cost, {None: key})


def _cost_of(table: Table, change: Change) -> TableCost:
    """Found by carrying the change out on nothing, so that it is what the change itself will say."""
    return apply_change(_Nowhere(), replace(table, stream=None, expiry=None, undo=None), change)


class _Nowhere(Transaction):
    """Takes every change, and nothing comes of it."""

    def __init__(self) -> None:
        """There is no connection, and nothing that follows asks for one."""

    def count(self, relation_number: int, *, items: int, size_bytes: int) -> None:
        pass

    def _execute(self, query: str, parameters: tuple[object, ...] = ()) -> Any:  # noqa: ARG002
        return None
