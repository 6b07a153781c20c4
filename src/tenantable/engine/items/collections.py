"""ItemCollectionMetrics: how large the collection is that a write touched. Only tables with a local index have it."""

from collections.abc import Iterable, Mapping
from typing import Any

from tenantable.engine.keys import after_prefix, partition_bytes, sortable_bytes
from tenantable.engine.storage.reading import KeyRange
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.wire.values import Item

_GIBIBYTE = 1024**3


def wants_metrics(request: Mapping[str, Any], table: Table) -> bool:
    return request.get("ReturnItemCollectionMetrics") == "SIZE" and table.has_local_indexes


def collection_metrics(transaction: Transaction, table: Table, key: Item) -> dict[str, Any]:
    """The metrics of the collection that an item with this key belongs to."""
    name = table.keys.partition.name
    partition = partition_bytes(sortable_bytes(table.keys.partition.type, key[name][table.keys.partition.type]))
    size_bytes = transaction.size_bytes(table.items, KeyRange(lower=partition, upper=after_prefix(partition)))
    whole_gibibytes = size_bytes // _GIBIBYTE
    return {
        "ItemCollectionKey": {name: key[name]},
        "SizeEstimateRangeGB": [float(whole_gibibytes), float(whole_gibibytes + 1)],
    }


def add_metrics(response: dict[str, Any], name: str, metrics: Iterable[dict[str, Any]]) -> None:
    """Add the metrics of one table to the answer of an operation on several; each collection once."""
    distinct: list[dict[str, Any]] = []
    for metric in metrics:
        if metric not in distinct:
            distinct.append(metric)
    if distinct:
        response.setdefault("ItemCollectionMetrics", {})[name] = distinct
