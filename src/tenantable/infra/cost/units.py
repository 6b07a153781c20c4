"""Capacity units by table and index, and a client that counts those that its requests consume."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenantable.wire.client import DynamoClient

Place = tuple[str, str | None]
"""A table's name, and an index's or None for the table itself."""

_READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})


@dataclass(kw_only=True)
class Units:
    """Read and write units by place."""

    reads: dict[Place, float] = field(default_factory=dict)
    writes: dict[Place, float] = field(default_factory=dict)

    def add(self, other: "Units", times: float = 1.0) -> None:
        for mine, theirs in ((self.reads, other.reads), (self.writes, other.writes)):
            for place, units in theirs.items():
                mine[place] = mine.get(place, 0.0) + units * times

    def scaled(self, times: float) -> "Units":
        made = Units()
        made.add(self, times)
        return made


class CountingClient:
    """A DynamoDB client that asks for the consumed capacity of every request, by index, and adds it up in `units`."""

    def __init__(self, client: DynamoClient) -> None:
        self._client = client
        self.units = Units()

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._client.call(operation, {**request, "ReturnConsumedCapacity": "INDEXES"})
        consumed = answer.get("ConsumedCapacity") or []
        for table in [consumed] if isinstance(consumed, Mapping) else consumed:
            self._count(operation, table)
        return answer

    def _count(self, operation: str, consumed: Mapping[str, Any]) -> None:
        is_read = operation in _READS or "ReadCapacityUnits" in consumed  # a repeated transaction reads
        counted = self.units.reads if is_read else self.units.writes
        for index, units in _parts(consumed):
            if units:
                place = (consumed["TableName"], index)
                counted[place] = counted.get(place, 0.0) + units


def _parts(consumed: Mapping[str, Any]) -> Iterator[tuple[str | None, float]]:
    yield None, consumed.get("Table", {}).get("CapacityUnits", 0.0)
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for name, part in consumed.get(member, {}).items():
            yield name, part["CapacityUnits"]
