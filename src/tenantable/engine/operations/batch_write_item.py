"""
BatchWriteItem: up to 25 puts and deletes without conditions. What is throttled comes back as UnprocessedItems; without
a throttle there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.engine.capacity import TableCost, add_consumed_capacities
from tenantable.engine.items.collections import add_metrics, collection_metrics, wants_metrics
from tenantable.engine.items.stored import apply_change, find_item
from tenantable.engine.items.writes import Changer, Write, key_of_write, read_delete, read_put
from tenantable.engine.keys import KeyMismatchError
from tenantable.engine.metering.admission import admit_change
from tenantable.engine.metering.throttle import Throttle, ThrottledError
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import KEY_MISMATCH, validation_error
from tenantable.wire.limits import BATCH_WRITE_ITEMS_MAX


@dataclass(kw_only=True, slots=True)
class _Aimed:
    """A write with the key that it has in its table."""

    write: Write
    key: bytes
    changer: Changer


def batch_write_item(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    requested = request["RequestItems"]
    if not requested:  # unlike BatchGetItem: https://github.com/nubo-db/dynoxide/pull/198
        raise validation_error("The requestItems parameter is required for BatchWriteItem")
    if sum(map(len, requested.values())) > BATCH_WRITE_ITEMS_MAX:
        raise validation_error("Too many items requested for the BatchWriteItem call")
    decoded = {name: [_read_write(entry) for entry in entries] for name, entries in requested.items()}

    response: dict[str, Any] = {"UnprocessedItems": {}}

    def work(transaction: Transaction) -> list[tuple[Table, TableCost]]:
        by_table: dict[str, list[Write]] = {}  # a request may name one table in two ways
        for name, decoded_writes in decoded.items():
            by_table.setdefault(session.catalog.table(name).name, []).extend(decoded_writes)
        aimed = [_aim(session.catalog.table(name), each) for name, each in by_table.items()]
        throttled: list[ThrottledError] = []
        costs = [
            (table, _apply(session.throttle, transaction, table, writes, response=response, throttled=throttled))
            for table, writes in aimed
        ]
        if throttled and len(throttled) == sum(len(writes) for _, writes in aimed):
            raise throttled[0]
        for table, writes in aimed:
            if wants_metrics(request, table):
                keys = [key_of_write(table, aim.write) for aim in writes]
                add_metrics(response, table.name, [collection_metrics(transaction, table, key) for key in keys])
        return costs

    costs = session.storage.write(work)
    return add_consumed_capacities(response, request, costs)


def _read_write(entry: Mapping[str, Any]) -> Write:
    put, delete = entry.get("PutRequest"), entry.get("DeleteRequest")
    if (put is None) == (delete is None):
        state = "is empty" if put is None else "has more than one datatypes set"
        raise validation_error(f"Supplied AttributeValue {state}, must contain exactly one of the supported datatypes")
    return read_delete(entry["DeleteRequest"]) if put is None else read_put(put)


def _aim(table: Table, writes: list[Write]) -> tuple[Table, list[_Aimed]]:
    aimed = []
    for write in writes:
        try:
            key, changer = write.prepare(table)
        except KeyMismatchError as error:  # observed: the service does not say here what is wrong with the table's key
            raise validation_error(KEY_MISMATCH) from error
        aimed.append(_Aimed(write=write, key=key, changer=changer))
    if len({aim.key for aim in aimed}) != len(aimed):
        raise validation_error("Provided list of item keys contains duplicates")
    return table, aimed


def _apply(
    throttle: Throttle | None,
    transaction: Transaction,
    table: Table,
    aimed: list[_Aimed],
    *,
    response: dict[str, Any],
    throttled: list[ThrottledError],
) -> TableCost:
    """Write what is not throttled; the rest goes back with the answer, and to `throttled` with the reason."""
    cost = TableCost()
    for aim in aimed:
        change = aim.changer(find_item(transaction, table, aim.key))
        assert change is not None
        try:
            admit_change(throttle, table, change)
        except ThrottledError as error:
            throttled.append(error)
            kind = "PutRequest" if "Item" in aim.write.request else "DeleteRequest"
            response["UnprocessedItems"].setdefault(table.name, []).append({kind: aim.write.request})
            continue
        cost.add(apply_change(transaction, table, change))
    return cost
