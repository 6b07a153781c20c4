"""
Throughput that is enforced: of a table, of each global index, and of each of their partitions.

The model, which is simpler than the service's:

* a provisioned table or index may spend its units, and what it has not used of the last 300 seconds;
* one that is paid on demand has no bound but the maximum that is set for it (OnDemandThroughput);
* either is cut into partitions, equal parts of the space of hashes: one for every 3,000 read or 1,000 write units that
  are provisioned, four on demand. A partition gives 3,000 read and 1,000 write units a second and saves none;
* a partition may use all of its table's units, which is where the service's adaptive capacity leads at last; a
  partition is not split because it is hot, and a table on demand does not grow beyond its four.

Source: Developer Guide, "Burst and adaptive capacity", "Designing partition keys to distribute your workload",
"DynamoDB maximum throughput for on-demand tables"; API reference, ThrottlingReason.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from math import ceil
from typing import Literal, NamedTuple

from tenantable.engine.capacity import TableCost
from tenantable.engine.keys import HASH_BYTES
from tenantable.engine.metering.buckets import Buckets, Spending
from tenantable.engine.tables.ceilings import ON_DEMAND
from tenantable.engine.tables.table import Table, Throughput
from tenantable.errors import SettingsError
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

Kind = Literal["Read", "Write"]

BURST_SECONDS = 300
PARTITION_UNITS = {"Read": 3000, "Write": 1000}
PARTITIONS_ON_DEMAND = 4

_PROVISIONED = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
_PROVISIONED_INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the "
    "UpdateTable API"
)
_MAXIMUM = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
_CAPACITY = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or "
    "index so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
)
_CAPACITY_INDEX = (
    "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically "
    "scaling your index so please try again shortly."
)

PROVISIONED_EXCEEDED = "ProvisionedThroughputExceededException"
THROTTLING = "ThrottlingException"
_REASONS = {PROVISIONED_EXCEEDED: "ThrottlingReasons", THROTTLING: "throttlingReasons"}  # spelt as the model has them


class ThrottledError(DynamoError):
    """A request, or one item of it, exceeds what is provisioned: to be tried again later."""


class Limit(NamedTuple):
    """The limit of a table (`index_name` is None) or of a global index that throttled something."""

    table_name: str
    index_name: str | None
    kind: Kind
    reason: str


class _Subject(NamedTuple):
    """A table or a global index, whose throughput is to be spent; `start` begins its partition's keys, if known."""

    table: Table
    index_name: str | None
    units: float
    start: bytes | None

    @property
    def throughput(self) -> Throughput:
        return self.table.throughput if self.index_name is None else self.table.indexes[self.index_name].throughput


class Throttle:
    """What is left to spend of the tables of one engine. Threads may share it; it is forgotten with the process."""

    def __init__(self, home: Home, clock: Callable[[], float], *, share: float = 1.0) -> None:
        """
        Args:
            clock: In seconds.
            share: The part of all throughput that may be spent here: 0.5 for one of two processes.
        Raises:
            SettingsError: The share is not in (0, 1].
        """
        if not 0 < share <= 1:
            raise SettingsError(f"throttle={share} is no part of the throughput", hint="give True, or 0.5 for a half")
        self._home = home
        self._clock = clock
        self._share = share
        self._buckets = Buckets()
        self._lock = threading.Lock()
        self._throttled: Counter[Limit] = Counter()

    def spend(self, table: Table, kind: Kind, cost: TableCost, starts: Mapping[str | None, bytes]) -> None:
        """
        Spend what something costs, of the table and of each global index, or nothing.

        Args:
            starts: What the key begins with that is read or written, in the table (None) and in indexes, by name.
        Raises:
            ThrottledError: Nothing is left of something.
        """
        subjects = list(_subjects(table, cost, starts))
        spendings = [spending for subject in subjects for spending in self._spendings(subject, kind)]
        with self._lock:
            refused = self._buckets.spend(spendings, now=self._clock())
            if refused is None:
                return
            limit: Limit = refused.bucket[0]  # type: ignore[index] # as _spendings has made it
            self._throttled[limit] += 1
        raise self._error(table, limit)

    def throttled(self) -> Mapping[Limit, int]:
        """How often each limit has throttled something since the start."""
        with self._lock:
            return dict(self._throttled)

    def _spendings(self, subject: _Subject, kind: Kind) -> Iterator[Spending]:
        table, index_name = subject.table, subject.index_name
        resource = "Table" if index_name is None else "Index"

        def spending(reason: str, rate: float, *, partition: int = 0, seconds_saved: float = 1) -> Spending:
            limit = Limit(table_name=table.name, index_name=index_name, kind=kind, reason=f"{resource}{kind}{reason}")
            bucket = (limit, table.table_id, partition)
            return Spending(bucket=bucket, units=subject.units, rate=rate * self._share, seconds_saved=seconds_saved)

        rate = _provisioned(subject.throughput, kind)
        maximum = _maximum(table, index_name, kind) if table.is_on_demand else None
        if maximum is not None:
            yield spending("MaxOnDemandThroughputExceeded", maximum)
        elif not table.is_on_demand:
            yield spending("ProvisionedThroughputExceeded", rate, seconds_saved=BURST_SECONDS)
        if subject.start is not None:
            partition = _partition(subject.start, _partitions(table, subject.throughput))
            yield spending("KeyRangeThroughputExceeded", PARTITION_UNITS[kind], partition=partition)

    def _error(self, table: Table, limit: Limit) -> ThrottledError:
        writes_index = limit.index_name is not None and limit.kind == "Write"
        if not table.is_on_demand:
            code, message = PROVISIONED_EXCEEDED, _PROVISIONED if limit.index_name is None else _PROVISIONED_INDEX
        elif limit.reason.endswith("MaxOnDemandThroughputExceeded"):
            code, message = THROTTLING, _MAXIMUM
        else:
            code, message = THROTTLING, _CAPACITY_INDEX if writes_index else _CAPACITY
        resource = self._home.table_or_index(table.name, limit.index_name)
        return ThrottledError(code, message, extra={_REASONS[code]: [{"reason": limit.reason, "resource": resource}]})


def _subjects(table: Table, cost: TableCost, starts: Mapping[str | None, bytes]) -> Iterator[_Subject]:
    """The table, which pays for its local indexes too, and each global index."""
    own = cost.table + sum(units for name, units in cost.indexes.items() if not table.indexes[name].is_global)
    if own:
        yield _Subject(table=table, index_name=None, units=own, start=starts.get(None))
    for name, units in cost.indexes.items():
        if table.indexes[name].is_global:
            yield _Subject(table=table, index_name=name, units=units, start=starts.get(name))


def _provisioned(throughput: Throughput, kind: Kind) -> int:
    return throughput.read_units if kind == "Read" else throughput.write_units


def _maximum(table: Table, index_name: str | None, kind: Kind) -> int | None:
    """Units per second that are set as the most of an on-demand table or its index; None when there is no bound."""
    options = table.options if index_name is None else table.indexes[index_name].capacities
    units = (options.get(ON_DEMAND) or {}).get(f"Max{kind}RequestUnits")
    return units if units is not None and units > 0 else None


def _partitions(table: Table, throughput: Throughput) -> int:
    if table.is_on_demand:
        return PARTITIONS_ON_DEMAND
    parts = throughput.read_units / PARTITION_UNITS["Read"] + throughput.write_units / PARTITION_UNITS["Write"]
    return max(1, ceil(parts))


def _partition(start: bytes, partitions: int) -> int:
    """The partition that the hash at the beginning of a key lies in."""
    start = start[:HASH_BYTES].ljust(HASH_BYTES, b"\0")
    return int.from_bytes(start, "big") * partitions >> 8 * HASH_BYTES
