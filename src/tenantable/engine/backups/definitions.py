"""What a restored table is like: its source's keys, indexes, billing and encryption, but for the overrides."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.tables.ceilings import ON_DEMAND, change_capacities
from tenantable.engine.tables.creation import TableDefinition
from tenantable.engine.tables.definitions import (
    IndexDefinition,
    check_index_names,
    read_global_index,
    read_index_throughput,
    read_local_indexes,
    read_table_throughput,
)
from tenantable.engine.tables.descriptions import capacity_units
from tenantable.engine.tables.options import read_options
from tenantable.engine.tables.table import Index, Table, Throughput
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError, invalid_parameter_values, validation_error

_KEPT_OPTIONS = ("SSEDescription", "TableClassSummary")
"""Of the options. Streams, tags, time to live, deletion protection and recovery are not restored: the same source."""


def restored_definition(
    home: Home, source: Table, request: Mapping[str, Any], *, summary: Mapping[str, Any]
) -> TableDefinition:
    """
    Args:
        home: Where its key of encryption is, when the request names one.
        source: The table as it is or was.
        request: RestoreTableFromBackup or RestoreTableToPointInTime.
        summary: The restored table's RestoreSummary.
    Raises:
        DynamoError: ValidationException when an override does not fit.
    Source: API reference, RestoreTableFromBackup and RestoreTableToPointInTime.
    """
    if request.get("VectorIndexOverride"):
        raise validation_error("VectorIndexOverride is not supported here; leave it out")
    mode = request.get("BillingModeOverride")
    on_demand = source.is_on_demand if mode is None else mode == "PAY_PER_REQUEST"
    indexes = [*_local_indexes(source, request), *_global_indexes(source, request, on_demand=on_demand)]
    check_index_names(indexes)
    used = {name for keys in (source.keys, *(index.keys for index in indexes)) for name in keys.names}
    return TableDefinition(
        name=request["TargetTableName"],
        types={name: key_type for name, key_type in source.attribute_types.items() if name in used},
        keys=source.keys,
        indexes=indexes,
        on_demand=on_demand,
        throughput=_throughput(source, request, on_demand=on_demand),
        options=_options(home, source, request, on_demand=on_demand) | {"RestoreSummary": dict(summary)},
        tags={},
        deletion_protected=False,
    )


def _throughput(source: Table, request: Mapping[str, Any], *, on_demand: bool) -> Throughput:
    override = request.get("ProvisionedThroughputOverride")
    if override is None and not on_demand and not source.is_on_demand:
        return Throughput(read_units=source.throughput.read_units, write_units=source.throughput.write_units)
    return read_table_throughput({"ProvisionedThroughput": override}, on_demand=on_demand)


def _options(home: Home, source: Table, request: Mapping[str, Any], *, on_demand: bool) -> dict[str, Any]:
    options = {name: source.options[name] for name in _KEPT_OPTIONS if name in source.options}
    encryption, limits = request.get("SSESpecificationOverride"), request.get("OnDemandThroughputOverride")
    if encryption is not None:
        options.pop("SSEDescription", None)
    if limits is not None and not on_demand:
        raise invalid_parameter_values(
            "OnDemandThroughputOverride cannot be specified when the billing mode is PROVISIONED"
        )
    options |= read_options({"SSESpecification": encryption}, home)
    capacities = {ON_DEMAND: limits or source.options.get(ON_DEMAND)} if on_demand else {}
    throughput = _throughput(source, request, on_demand=on_demand)
    return options | change_capacities(capacities, None, throughput, on_demand=on_demand, subject="table")


def _local_indexes(source: Table, request: Mapping[str, Any]) -> list[IndexDefinition]:
    override = request.get("LocalSecondaryIndexOverride")
    existing = [index for index in source.indexes.values() if not index.is_global]
    if override is None:
        return [_definition(index, index.throughput) for index in existing]
    given = read_local_indexes({"LocalSecondaryIndexes": override or None}, source.keys, source.attribute_types)
    return [_matched(index, source) for index in given]


def _global_indexes(source: Table, request: Mapping[str, Any], *, on_demand: bool) -> list[IndexDefinition]:
    override = request.get("GlobalSecondaryIndexOverride")
    existing = [index for index in source.indexes.values() if index.is_global]
    if override is None:
        return [_global_definition(source, index, on_demand=on_demand) for index in existing]
    keeps_throughput = not on_demand and not source.is_on_demand
    throughputs = {index.name: capacity_units(index.throughput) for index in existing if keeps_throughput}
    completed = [{"ProvisionedThroughput": throughputs.get(given["IndexName"]), **given} for given in override]
    given = [read_global_index(index, source.attribute_types, on_demand=on_demand) for index in completed]
    return [_matched(index, source) for index in given]


def _global_definition(source: Table, index: Index, *, on_demand: bool) -> IndexDefinition:
    ceilings = index.capacities.get(ON_DEMAND) if on_demand else None
    definition = _definition(index, _index_throughput(source, index, on_demand=on_demand))
    return replace(definition, capacities={ON_DEMAND: ceilings} if ceilings else {})


def _index_throughput(source: Table, index: Index, *, on_demand: bool) -> Throughput:
    units = None if on_demand or source.is_on_demand else capacity_units(index.throughput)
    return read_index_throughput({"IndexName": index.name, "ProvisionedThroughput": units}, on_demand=on_demand)


def _matched(given: IndexDefinition, source: Table) -> IndexDefinition:
    """
    Raises:
        DynamoError: ValidationException when the source has no such index: a restore can leave out, but not add.
    """
    index = source.indexes.get(given.name)
    if index is None or index.is_global != given.is_global:
        raise _mismatch(f"there is no index {given.name} on the source table")
    alike = (
        index.keys == given.keys
        and index.projection == given.projection
        and set(index.non_key_attributes) == set(given.non_key_attributes)
    )
    if not alike:
        raise _mismatch(f"KeySchema and Projection of index {given.name} differ from those on the source table")
    return given


def _mismatch(detail: str) -> DynamoError:
    return invalid_parameter_values(f"Index override must match existing secondary indexes: {detail}")


def _definition(index: Index, throughput: Throughput) -> IndexDefinition:
    return IndexDefinition(
        name=index.name,
        is_global=index.is_global,
        keys=index.keys,
        projection=index.projection,
        non_key_attributes=index.non_key_attributes,
        throughput=throughput,
    )
