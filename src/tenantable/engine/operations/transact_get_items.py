"""TransactGetItems: up to 100 items as they were at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tenantable.engine.capacity import TableCost, add_consumed_capacities, read_units
from tenantable.engine.items.expressions import read_projection
from tenantable.engine.items.transactions import cancellation_reason, transaction_cancelled
from tenantable.engine.keys import EmptyKeyError, key_of_request
from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Row
from tenantable.engine.tables.table import Table
from tenantable.expressions.projections import Projection
from tenantable.wire.errors import DynamoError, validation_error
from tenantable.wire.limits import TRANSACTION_BYTES_MAX
from tenantable.wire.values import Item, check_item

_TRANSACTION_FACTOR = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class _Get:
    """One item to read."""

    table_name: str
    key_item: Item
    projection: Projection | None


def transact_get_items(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    gets = [_read_get(entry["Get"]) for entry in request["TransactItems"]]
    tables = [session.catalog.table(get.table_name) for get in gets]
    keys = _keys(gets, tables)
    with session.storage.read() as reader:
        reader.freeze()
        rows = [reader.get(table.items, key) for table, key in zip(tables, keys, strict=True)]
    if sum(row[0] for row in rows if row is not None) > TRANSACTION_BYTES_MAX:
        raise validation_error("Transaction request size exceeded the 4 MB limit")

    response = {"Responses": [_shown(session, get, row) for get, row in zip(gets, rows, strict=True)]}
    return add_consumed_capacities(response, request, _costs(tables, rows), kind="Read")


def _read_get(get: Mapping[str, Any]) -> _Get:
    key_item, _ = check_item(get["Key"])
    return _Get(table_name=get["TableName"], key_item=key_item, projection=read_projection(get))


def _keys(gets: list[_Get], tables: list[Table]) -> list[bytes]:
    keys: list[bytes] = []
    reasons: list[dict[str, Any] | None] = []
    for get, table in zip(gets, tables, strict=True):
        try:
            keys.append(key_of_request(table.keys, get.key_item))
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


def _shown(session: Session, get: _Get, row: Row | None) -> dict[str, Any]:
    if row is None:
        return {}
    if get.projection is None:
        return {"Item": session.render(row[1])}
    return {"Item": get.projection.apply(orjson.loads(row[1]))}


def _costs(tables: list[Table], rows: list[Row | None]) -> list[tuple[Table, TableCost]]:
    costs: dict[str, tuple[Table, TableCost]] = {}
    for table, row in zip(tables, rows, strict=True):
        _, total = costs.setdefault(table.name, (table, TableCost()))
        total.table += read_units(row[0] if row else 0, consistent=True) * _TRANSACTION_FACTOR
    return list(costs.values())
