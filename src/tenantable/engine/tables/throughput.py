"""The part of UpdateTable that changes how capacity is paid for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.tables.ceilings import CAPACITIES, change_capacities
from tenantable.engine.tables.definitions import read_index_throughput, read_table_throughput
from tenantable.engine.tables.table import Index, Table, Throughput
from tenantable.wire.errors import DynamoError, validation_error

_SUMMARY = "BillingModeSummary"
_UNCHANGED = (
    "The provisioned throughput for the {subject} will not change. The requested value equals the current value. "
    "Current ReadCapacityUnits provisioned for the {kind}: {read}. Requested ReadCapacityUnits: {read}. "
    "Current WriteCapacityUnits provisioned for the {kind}: {write}. Requested WriteCapacityUnits: {write}. "
    "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
)


def change_throughput(session: Session, request: Mapping[str, Any], table: Table) -> Table:
    """
    The table with the billing mode and the throughput that the request asks for.

    Raises:
        DynamoError: ValidationException when the throughput does not fit the billing mode or would not change.
    """
    now = session.clock()
    mode = request.get("BillingMode")
    on_demand = table.is_on_demand if mode is None else mode == "PAY_PER_REQUEST"
    switches = on_demand != table.is_on_demand
    throughput = table.throughput
    if switches or request.get("ProvisionedThroughput") is not None:
        throughput = read_table_throughput(request, on_demand=on_demand)
    if not switches and request.get("ProvisionedThroughput") is not None:
        throughput = _changed("table", table.throughput, throughput, now=now)
    updates = _index_updates(request, table)
    indexes = {
        name: _change_index(index, updates.get(name), on_demand=on_demand, switches=switches, now=now)
        for name, index in table.indexes.items()
    }
    on_demand_since = (table.on_demand_since or now) if on_demand else None
    options = _with_former_mode(table) if switches else table.options
    options = {name: value for name, value in options.items() if name not in CAPACITIES}
    options |= change_capacities(request, table.options, throughput, on_demand=on_demand, subject="table")
    return replace(table, throughput=throughput, indexes=indexes, on_demand_since=on_demand_since, options=options)


def _with_former_mode(before: Table) -> dict[str, Any]:
    """A table that has once been on demand says so for ever. Source: API reference, TableDescription."""
    options = {name: option for name, option in before.options.items() if name != _SUMMARY}
    if before.on_demand_since is not None:
        options[_SUMMARY] = {
            "BillingMode": "PROVISIONED",
            "LastUpdateToPayPerRequestDateTime": before.on_demand_since,
        }
    return options


def _index_updates(request: Mapping[str, Any], table: Table) -> dict[str, Mapping[str, Any]]:
    """The new throughput of indexes, by name."""
    updates = [entry["Update"] for entry in request.get("GlobalSecondaryIndexUpdates") or [] if entry.get("Update")]
    for update in updates:
        index = table.indexes.get(update["IndexName"])
        if index is None or not index.is_global:
            raise DynamoError("ResourceNotFoundException", "Requested resource not found")
    return {update["IndexName"]: update for update in updates}


def _change_index(
    index: Index, update: Mapping[str, Any] | None, *, on_demand: bool, switches: bool, now: float
) -> Index:
    if not index.is_global or (update is None and not switches):
        return index
    given = update or {"IndexName": index.name}
    throughput = index.throughput
    if switches or given.get("ProvisionedThroughput") is not None or not any(given.get(name) for name in CAPACITIES):
        throughput = read_index_throughput(given, on_demand=on_demand)
        if not switches:
            throughput = _changed(f"index {index.name}", index.throughput, throughput, now=now)
    subject = f"index {index.name}"
    capacities = change_capacities(given, index.capacities, throughput, on_demand=on_demand, subject=subject)
    return replace(index, throughput=throughput, capacities=capacities)


def _changed(subject: str, before: Throughput, after: Throughput, *, now: float) -> Throughput:
    if (before.read_units, before.write_units) == (after.read_units, after.write_units):
        units = {"read": after.read_units, "write": after.write_units}
        raise validation_error(_UNCHANGED.format(subject=subject, kind=subject.partition(" ")[0], **units))
    grows = after.read_units > before.read_units or after.write_units > before.write_units
    shrinks = after.read_units < before.read_units or after.write_units < before.write_units
    return replace(
        after,
        increased_at=now if grows else before.increased_at,
        decreased_at=now if shrinks else before.decreased_at,
    )
