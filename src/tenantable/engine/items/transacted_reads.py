"""What TransactGetItems and ExecuteTransaction do: items as they were at one moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tenantable.engine.capacity import TableCost, add_consumed_capacities, read_units
from tenantable.engine.items.transactions import cancellation_reason, transaction_cancelled
from tenantable.engine.keys import EmptyKeyError, key_of_request
from tenantable.engine.metering.admission import admit_get
from tenantable.engine.metering.throttle import Throttle, ThrottledError
from tenantable.engine.session import Session
from tenantable.engine.storage.checksums import Row
from tenantable.engine.tables.table import Table
from tenantable.expressions.evaluation import Predicate
from tenantable.expressions.partiql.columns import Columns
from tenantable.expressions.projections import Projection
from tenantable.wire.errors import DynamoError, validation_error
from tenantable.wire.limits import TRANSACTION_BYTES_MAX
from tenantable.wire.values import Item

_TRANSACTION_FACTOR = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class TransactedRead:
    """
    One item to read; `key_item` gives its key once its table is known. An item that does not pass the filter counts as
    none.
    """

    table_name: str
    key_item: Callable[[Table], Item]
    projection: Projection | Columns | None
    filter: Predicate | None = None


def read_transaction(session: Session, request: Mapping[str, Any], reads: list[TransactedRead]) -> dict[str, Any]:
    """
    The answer to reads of one moment.

    Args:
        request: Says whether the answer shows what they cost.
    Raises:
        DynamoError: TransactionCanceledException with the reasons of all that failed; ResourceNotFoundException;
            ValidationException for what is wrong with the whole.
    """
    tables = [session.catalog.table(read.table_name) for read in reads]
    keys = _keys(reads, tables)
    with session.storage.read() as reader:
        reader.freeze()
        rows = [reader.get(table.items, key) for table, key in zip(tables, keys, strict=True)]
    if sum(row[0] for row in rows if row is not None) > TRANSACTION_BYTES_MAX:
        raise validation_error("Transaction request size exceeded the 4 MB limit")

    if session.throttle is not None:
        _admit(session.throttle, tables, keys, rows)
    response = {"Responses": [_shown(session, read, row) for read, row in zip(reads, rows, strict=True)]}
    return add_consumed_capacities(response, request, _costs(tables, rows), kind="Read")


def _keys(reads: list[TransactedRead], tables: list[Table]) -> list[bytes]:
    keys: list[bytes] = []
    reasons: list[dict[str, Any] | None] = []
    for read, table in zip(reads, tables, strict=True):
        try:
            keys.append(key_of_request(table.keys, read.key_item(table)))
            reasons.append(None)
        except EmptyKeyError:
            raise
        except DynamoError as error:
            reasons.append(cancellation_reason(error))
    if any(reasons):
        raise transaction_cancelled(reasons)
    if len({(table.name, key) for table, key in zip(tables, keys, strict=True)}) != len(keys):
        raise validation_error("Transaction request cannot include multiple operations on one item")
    return keys


def _admit(throttle: Throttle, tables: list[Table], keys: list[bytes], rows: list[Row | None]) -> None:
    """Spend what each read costs; when something is left of none of it, the transaction is cancelled."""
    reasons: list[dict[str, Any] | None] = []
    for table, key, row in zip(tables, keys, rows, strict=True):
        try:
            admit_get(throttle, table, key, row, consistent=True, transacted=True)
            reasons.append(None)
        except ThrottledError as error:
            reasons.append(cancellation_reason(error))
    if any(reasons):
        raise transaction_cancelled(reasons)


def _shown(session: Session, read: TransactedRead, row: Row | None) -> dict[str, Any]:
    if row is None:
        return {}
    if read.projection is None and read.filter is None:
        return {"Item": session.render(row[1])}
    item = orjson.loads(row[1])
    if read.filter is not None and not read.filter(item):
        return {}
    return {"Item": item if read.projection is None else read.projection.apply(item)}


def _costs(tables: list[Table], rows: list[Row | None]) -> list[tuple[Table, TableCost]]:
    costs: dict[str, tuple[Table, TableCost]] = {}
    for table, row in zip(tables, rows, strict=True):
        _, total = costs.setdefault(table.name, (table, TableCost()))
        total.table += read_units(row[0] if row else 0, consistent=True) * _TRANSACTION_FACTOR
    return list(costs.values())
