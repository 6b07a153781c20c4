"""TableDescription: what CreateTable, DescribeTable, UpdateTable and DeleteTable say of a table."""

from copy import deepcopy
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Reader, Statistics
from tenantable.engine.tables.ceilings import WARM, warmth
from tenantable.engine.tables.table import INCLUDE, Index, Table, Throughput
from tenantable.wire.keys import KeyNames

_GONE = frozenset(
    "AttributeDefinitions CreationDateTime GlobalSecondaryIndexes KeySchema LocalSecondaryIndexes".split()
)
_NOTHING = Statistics(item_count=0, size_bytes=0)


def describe_table(
    session: Session, table: Table, *, status: str = "ACTIVE", reader: Reader | None = None, creating: str | None = None
) -> dict[str, Any]:
    """
    Args:
        status: The table's state, as the answer of the operation names it.
        reader: Where counts and sizes come from; None for a table that holds nothing yet or no more.
        creating: The index that the operation has just begun.
    """
    held = _NOTHING if reader is None else reader.statistics(table.items.number)
    description: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": key_type} for name, key_type in table.attribute_types.items()
        ],
        "TableName": table.name,
        "KeySchema": key_schema(table.keys),
        "TableStatus": status,
        "CreationDateTime": table.created_at,
        "ProvisionedThroughput": _throughput(table.throughput),
        "TableSizeBytes": held.size_bytes,
        "ItemCount": held.item_count,
        "TableArn": session.home.table(table.name),
        "TableId": table.table_id,
        "DeletionProtectionEnabled": table.deletion_protected,
        **_billing(table),
        **deepcopy(dict(table.options)),
        WARM: _warm_throughput(table.options.get(WARM), table.throughput, table),
    }
    for is_global, member in ((False, "LocalSecondaryIndexes"), (True, "GlobalSecondaryIndexes")):
        indexes = [index for index in table.indexes.values() if index.is_global == is_global]
        if indexes:
            description[member] = [
                _describe_index(session, table, index, reader, creating=status == "CREATING" or index.name == creating)
                for index in indexes
            ]
    return description


def describe_deletion(session: Session, table: Table) -> dict[str, Any]:
    """What is left to say of a table that goes. Source: API reference, the sample answer of DeleteTable."""
    description = describe_table(session, table, status="DELETING")
    return {name: member for name, member in description.items() if name not in _GONE}


def _billing(table: Table) -> dict[str, Any]:
    if table.on_demand_since is None:
        return {}
    return {
        "BillingModeSummary": {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": table.on_demand_since,
        }
    }


def _describe_index(
    session: Session, table: Table, index: Index, reader: Reader | None, *, creating: bool
) -> dict[str, Any]:
    held = _NOTHING if reader is None else reader.statistics(index.relation.number)
    description: dict[str, Any] = {
        **index_schema(index),
        "IndexSizeBytes": held.size_bytes,
        "ItemCount": held.item_count,
        "IndexArn": session.home.index(table.name, index.name),
    }
    if index.is_global:
        description["IndexStatus"] = "CREATING" if creating else "ACTIVE"
        description["ProvisionedThroughput"] = _throughput(index.throughput)
        description |= deepcopy(dict(index.capacities))
        description[WARM] = _warm_throughput(index.capacities.get(WARM), index.throughput, table)
    return description


def _warm_throughput(kept: dict[str, int] | None, throughput: Throughput, table: Table) -> dict[str, Any]:
    return {**warmth(kept, throughput, on_demand=table.is_on_demand), "Status": "ACTIVE"}


def key_schema(keys: KeyNames) -> list[dict[str, str]]:
    """The API's form of keys."""
    kinds = ["HASH"] * len(keys.partitions) + ["RANGE"] * len(keys.sorts)
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys.names, kinds, strict=True)]


def index_schema(index: Index) -> dict[str, Any]:
    """What the API says of an index wherever it shows one."""
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.projection == INCLUDE:
        projection["NonKeyAttributes"] = list(index.non_key_attributes)
    return {"IndexName": index.name, "KeySchema": key_schema(index.keys), "Projection": projection}


def capacity_units(throughput: Throughput) -> dict[str, int]:
    """The API's form of provisioned throughput."""
    return {"ReadCapacityUnits": throughput.read_units, "WriteCapacityUnits": throughput.write_units}


def _throughput(throughput: Throughput) -> dict[str, Any]:
    description: dict[str, Any] = {"NumberOfDecreasesToday": 0, **capacity_units(throughput)}
    if throughput.increased_at is not None:
        description["LastIncreaseDateTime"] = throughput.increased_at
    if throughput.decreased_at is not None:
        description["LastDecreaseDateTime"] = throughput.decreased_at
    return description
