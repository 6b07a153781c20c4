"""
BatchGetItem: up to 100 items of several tables; what does not fit 16 MB, or what throughput is left, comes back as
UnprocessedKeys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tenantable.engine.capacity import TableCost, add_consumed_capacities, read_units
from tenantable.engine.items.expressions import read_projection
from tenantable.engine.keys import key_of_request
from tenantable.engine.legacy.parameters import GET
from tenantable.engine.legacy.projections import read_attributes_to_get
from tenantable.engine.metering.admission import admit_get
from tenantable.engine.metering.throttle import ThrottledError
from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Reader
from tenantable.engine.tables.table import Table
from tenantable.expressions.projections import Projection
from tenantable.wire.errors import validation_error
from tenantable.wire.limits import BATCH_GET_BYTES_MAX, BATCH_GET_KEYS_MAX
from tenantable.wire.values import Item, check_item


@dataclass(frozen=True, kw_only=True, slots=True)
class _TableKeys:
    """The keys to read from one table, as given and as bytes; `name` is how the request names the table."""

    name: str
    table: Table
    request: Mapping[str, Any]
    given: list[Item]
    keys: list[bytes]
    projection: Projection | None


def batch_get_item(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    by_table = request["RequestItems"]
    if not by_table:  # as most regions answered in 2026: https://github.com/nubo-db/dynoxide/pull/198
        raise validation_error(
            "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        )
    if sum(len(entry["Keys"]) for entry in by_table.values()) > BATCH_GET_KEYS_MAX:
        raise validation_error("Too many items requested for the BatchGetItem call")
    decoded = {name: _decode(entry) for name, entry in by_table.items()}
    wanted = [_locate(session, name, *decoded[name], request=entry) for name, entry in by_table.items()]

    response: dict[str, Any] = {"Responses": {}, "UnprocessedKeys": {}}
    costs: list[tuple[Table, TableCost]] = []
    throttled: list[ThrottledError] = []
    bytes_left = BATCH_GET_BYTES_MAX
    for table_keys in wanted:
        with session.storage.read(eventual=not table_keys.request.get("ConsistentRead")) as reader:
            cost, bytes_left = _read(
                session, reader, table_keys, response=response, bytes_left=bytes_left, throttled=throttled
            )
        costs.append((table_keys.table, cost))
    if throttled and len(throttled) == sum(len(table_keys.keys) for table_keys in wanted):
        raise throttled[0]
    return add_consumed_capacities(response, request, costs)


def _decode(entry: Mapping[str, Any]) -> tuple[list[Item], Projection | None]:
    """Keys that are the same are refused before the table is looked for: https://github.com/ExtendDB/extenddb/pull/192."""
    GET.refuse_mixture(entry)
    keys = [check_item(key)[0] for key in entry["Keys"]]
    projection = read_projection(entry) or read_attributes_to_get(entry)
    if len({orjson.dumps(key, option=orjson.OPT_SORT_KEYS) for key in keys}) != len(keys):
        raise validation_error("Provided list of item keys contains duplicates")
    return keys, projection


def _locate(
    session: Session, name: str, given: list[Item], projection: Projection | None, *, request: Mapping[str, Any]
) -> _TableKeys:
    table = session.catalog.table(name)
    keys = [key_of_request(table.keys, key) for key in given]
    return _TableKeys(name=name, table=table, request=request, given=given, keys=keys, projection=projection)


def _read(
    session: Session,
    reader: Reader,
    wanted: _TableKeys,
    *,
    response: dict[str, Any],
    bytes_left: int,
    throttled: list[ThrottledError],
) -> tuple[TableCost, int]:
    """Read the keys of one table into the answer; gives what it cost and how many bytes may still be read."""
    consistent = bool(wanted.request.get("ConsistentRead"))
    items: list[Any] = response["Responses"].setdefault(wanted.name, [])
    unprocessed: list[Item] = []
    cost = TableCost()
    for position, key in enumerate(wanted.keys):
        row = reader.get(wanted.table.items, key)
        size_bytes = row[0] if row else 0
        if size_bytes > bytes_left:
            unprocessed += wanted.given[position:]
            bytes_left = 0
            break
        try:
            admit_get(session.throttle, wanted.table, key, row, consistent=consistent)
        except ThrottledError as error:
            throttled.append(error)
            unprocessed.append(wanted.given[position])
            continue
        bytes_left -= size_bytes
        cost.table += read_units(size_bytes, consistent=consistent)
        if row is not None:
            projection = wanted.projection
            items.append(session.render(row[1]) if projection is None else projection.apply(orjson.loads(row[1])))
    if unprocessed:
        response["UnprocessedKeys"][wanted.name] = {**wanted.request, "Keys": unprocessed}
    return cost, bytes_left
