"""
Capacity units: what operations cost, to the half unit, and how the answer says it.

Source: Developer Guide, "DynamoDB read and write operations" (4 KB a read unit, half when eventually consistent; 1 KB a
write unit; transactions cost double), and API reference, ConsumedCapacity.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenantable.engine.tables.table import Table
from tenantable.wire.limits import READ_UNIT_BYTES, WRITE_UNIT_BYTES

DETAIL = "ReturnConsumedCapacity"
OBSERVED = "OBSERVED"
"""In the place of a detail: the answer is to tell the engine what was consumed, and not the caller."""
CONSUMED = ""
"""Where the answer tells the engine: units by table, as pairs. No member of an answer has this name."""
_NONE = "NONE"
_INDEXES = "INDEXES"
_TRANSACTION_FACTOR = 2


def read_units(size_bytes: int, *, consistent: bool) -> float:
    """What a read of so many bytes costs: one item, or all items of a page together; nothing costs the minimum."""
    units = -(-size_bytes // READ_UNIT_BYTES) or 1
    return float(units) if consistent else units / 2


def write_units(size_bytes: int) -> float:
    """What a write costs; the larger of the item's sizes before and after counts."""
    return float(-(-size_bytes // WRITE_UNIT_BYTES) or 1)


@dataclass(kw_only=True, slots=True)
class TableCost:
    """What an operation consumed of one table: the table's own part and each index's."""

    table: float = 0.0
    indexes: dict[str, float] = field(default_factory=dict)

    def add_index(self, name: str, units: float) -> None:
        self.indexes[name] = self.indexes.get(name, 0.0) + units

    def add(self, other: "TableCost") -> None:
        self.table += other.table
        for name, units in other.indexes.items():
            self.add_index(name, units)

    def in_transaction(self) -> "TableCost":
        """
        A transaction prepares and commits each write of the table; its indexes cost what they always do.

        Source: measured, https://github.com/nubo-db/dynoxide/pull/188.
        """
        return TableCost(table=self.table * _TRANSACTION_FACTOR, indexes=self.indexes)

    @property
    def total(self) -> float:
        return self.table + sum(self.indexes.values()) if self.indexes else self.table


def consumed_capacity(table: Table, cost: TableCost, detail: str, *, kind: str | None = None) -> dict[str, Any]:
    """
    The ConsumedCapacity of one table.

    Args:
        detail: `TOTAL` or `INDEXES`.
        kind: `Read` or `Write` for operations whose answer also says which kind of unit it was (transactions).
    """

    def part(units: float) -> dict[str, float]:
        return {"CapacityUnits": units} if kind is None else {"CapacityUnits": units, f"{kind}CapacityUnits": units}

    shown: dict[str, Any] = {"TableName": table.name, **part(cost.total)}
    if detail == _INDEXES:
        shown["Table"] = part(cost.table)
        for is_global, member in ((False, "LocalSecondaryIndexes"), (True, "GlobalSecondaryIndexes")):
            parts = {
                name: part(units) for name, units in cost.indexes.items() if table.indexes[name].is_global == is_global
            }
            if parts:
                shown[member] = parts
    return shown


def add_consumed_capacity(
    response: dict[str, Any], request: Mapping[str, Any], table: Table, cost: TableCost
) -> dict[str, Any]:
    """Add the cost to the answer when the request asks for it."""
    detail = request.get(DETAIL)
    if detail is OBSERVED:
        response[CONSUMED] = ((table.name, cost.total),)
    elif detail is not None and detail != _NONE:
        response["ConsumedCapacity"] = consumed_capacity(table, cost, detail)
    return response


def add_consumed_capacities(
    response: dict[str, Any],
    request: Mapping[str, Any],
    costs: Iterable[tuple[Table, TableCost]],
    *,
    kind: str | None = None,
) -> dict[str, Any]:
    """As `add_consumed_capacity`, for operations on several tables."""
    detail = request.get(DETAIL)
    if detail is OBSERVED:
        response[CONSUMED] = tuple([(table.name, cost.total) for table, cost in costs])
    elif detail is not None and detail != _NONE:
        response["ConsumedCapacity"] = [consumed_capacity(table, cost, detail, kind=kind) for table, cost in costs]
    return response
