"""The estimate of a system: capacity, heat, storage and dollars by table and index."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil

from tenantable.declare.keys.layouts import EntityLayout
from tenantable.declare.systems import System
from tenantable.declare.tables import Table
from tenantable.infra.cost.measurement import Stored, measured_storage, measured_units
from tenantable.infra.cost.prices import Prices
from tenantable.infra.cost.samples import Sampler
from tenantable.infra.cost.traffic import TABLE, Operation, Traffic, patterns_by_place
from tenantable.infra.cost.units import Place, Units
from tenantable.infra.cost.world import samplers
from tenantable.infra.design.subjects import has_period, is_guessed, partition_values

PARTITION_READS_MAX = 3000
PARTITION_WRITES_MAX = 1000
HOURS_PER_MONTH = 730
GB = 1024**3
ITEM_OVERHEAD_BYTES = 100
"""What storage is billed for each item and index entry beside its own size."""
HOTTEST_SHARE = 0.01
"""What the hottest key is assumed to get where nothing is known of it."""
_SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600


@dataclass(kw_only=True)
class Load:
    """
    What a table (`index` None) or an index has to do.

    Units are per second: on average, at the peak, and at the peak for the hottest partition key.
    """

    table: str
    index: str | None
    reads: float = 0.0
    writes: float = 0.0
    peak_reads: float = 0.0
    peak_writes: float = 0.0
    hottest_reads: float = 0.0
    hottest_writes: float = 0.0
    storage_gb: float = 0.0
    hottest: list[tuple[float, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.table if self.index is None else f"{self.table}.{self.index}"

    @property
    def heat(self) -> float:
        """The part of a partition's reads or writes, whichever is more, that the hottest key takes; 1 is all of it."""
        return max(self.hottest_reads / PARTITION_READS_MAX, self.hottest_writes / PARTITION_WRITES_MAX)

    @property
    def hottest_operation(self) -> str | None:
        """What gives the hottest key most to do."""
        return max(self.hottest)[1] if self.hottest else None


@dataclass(frozen=True, kw_only=True)
class TableDollars:
    """Dollars a month of one table and its indexes; `throughput` is the declared way of billing's."""

    table: str
    on_demand: float
    provisioned: float
    provisioned_reads: int
    provisioned_writes: int
    storage: float
    recovery: float
    backups: float
    streams: float
    replicas: float
    is_provisioned: bool

    @property
    def throughput(self) -> float:
        return self.provisioned if self.is_provisioned else self.on_demand

    @property
    def total(self) -> float:
        return self.throughput + self.storage + self.recovery + self.backups + self.streams + self.replicas


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Loads in the order of declaration, dollars by table, units of one call by place in the file, assumptions."""

    loads: tuple[Load, ...]
    dollars: tuple[TableDollars, ...]
    calls: Mapping[str, Units]
    assumptions: tuple[str, ...]

    @property
    def total(self) -> float:
        """Dollars a month."""
        return sum(each.total for each in self.dollars)


def estimate(system: System, traffic: Traffic, prices: Prices) -> Estimate:
    """
    Raises:
        InfrastructureError: An operation cannot be carried out on samples of the given sizes.
    """
    loads = _empty_loads(system)
    made = samplers(system, traffic)
    assumptions = list(_size_assumptions(traffic, made))
    calls = {}
    for place, operation in traffic.each_operation():
        units = calls[place] = measured_units(system, traffic, place, operation)
        layout = _layout_of_operation(system, place)
        assumptions += [f"{place}: {text}" for text in _add_load(loads, layout, operation, units, place=place)]
    for sampler in made.values():
        _add_storage(loads, sampler)
    dollars = tuple(_dollars(table, loads, traffic, prices) for table in system.tables)
    unique = tuple(dict.fromkeys(assumptions))
    return Estimate(loads=tuple(loads.values()), dollars=dollars, calls=calls, assumptions=unique)


def _empty_loads(system: System) -> dict[Place, Load]:
    places = [
        (table.name, index) for table in system.tables for index in (None, *(each.name for each in table.indexes))
    ]
    return {place: Load(table=place[0], index=place[1]) for place in places}


def _size_assumptions(traffic: Traffic, made: Mapping[str, Sampler]) -> Iterator[str]:
    named = {name.partition("[")[0] for name, _ in traffic.each_operation()}
    for name, sampler in made.items():
        used = name in traffic.items or any(each.startswith(f"{name}.") for each in named)
        if used and sampler.items.bytes is None:
            values = sampler.values(1)
            yield f"{name}: {sampler.size_bytes(values)} bytes an item, estimated from the types"
        if used and not sampler.items.absent:
            sparse = [
                key.index.name
                for key in sampler.layout.index_keys.values()
                if key.index is not None
                and key.index.name not in sampler.items.standing
                and any(sampler.layout.entity.attributes[each].optional for each in key.names)
            ]
            if sparse:
                yield f"{name}: all items stand in {', '.join(sparse)}; name absent attributes where they do not"


def _add_load(
    loads: dict[Place, Load], layout: EntityLayout, operation: Operation, units: Units, *, place: str
) -> Iterator[str]:
    """Add what an operation does to every table and index; yields what was assumed."""
    for kind, found in (("reads", units.reads), ("writes", units.writes)):
        for (table, index), each in found.items():
            load = loads[table, index]
            share, assumption = _hottest_share(layout, index, operation)
            hottest = each * operation.peak * share
            setattr(load, kind, getattr(load, kind) + each * operation.per_second)
            setattr(load, f"peak_{kind}", getattr(load, f"peak_{kind}") + each * operation.peak)
            setattr(load, f"hottest_{kind}", getattr(load, f"hottest_{kind}") + hottest)
            limit = PARTITION_READS_MAX if kind == "reads" else PARTITION_WRITES_MAX
            load.hottest.append((hottest / limit, place))
            if assumption:
                yield assumption


def _layout_of_operation(system: System, place: str) -> EntityLayout:
    name = place.partition("[")[0]
    pattern = patterns_by_place(system).get(name)
    if pattern is not None:
        return pattern.resolution.layouts[0]
    entity = name.rpartition(".")[0]
    return next(layout for layout in system.layouts if layout.entity.model.__name__ == entity)


def _hottest_share(layout: EntityLayout, index: str | None, operation: Operation) -> tuple[float, str | None]:
    """The part that goes to the hottest key, and what was assumed for it."""
    share = operation.hottest_share
    if isinstance(share, Mapping):
        share = share.get(index or TABLE)
    if operation.keys is not None:
        share = operation.keys.hottest_share
    key = layout.table_key if index is None else layout.index_keys.get(index)
    count = None if key is None else partition_values(layout, key.partition)
    if key is None or count is None:
        if share is not None:
            return share, None
        return HOTTEST_SHARE, f"{HOTTEST_SHARE:.0%} of the calls go to the hottest key"
    if has_period(layout, key) or is_guessed(layout, key.partition):  # it may be more: the file knows better
        if share is not None:
            return share, None
        return 1 / count, f"1 in {count} of the calls goes to the hottest key of {str(key.partition)!r}"
    return max(share or 0.0, 1 / count), None


def _add_storage(loads: dict[Place, Load], sampler: Sampler) -> None:
    """Items as they usually are; where some stand in an index that most do not, entries of those that do."""
    items, table = sampler.items, sampler.layout.table
    if not items.count:
        return
    usual = measured_storage(sampler)
    loads[table.name, None].storage_gb += _gigabytes(items.count, usual[None])
    for name, key in sampler.layout.index_keys.items():
        standing = measured_storage(sampler, absent=items.absent - key.names) if items.absent & key.names else usual
        share = items.standing.get(name, 1.0 if usual[name].entries else 0.0)
        loads[table.name, name].storage_gb += _gigabytes(items.count * share, standing[name])


def _gigabytes(count: float, stored: Stored) -> float:
    return count * (stored.bytes + ITEM_OVERHEAD_BYTES * stored.entries) / GB


def _dollars(table: Table, loads: Mapping[Place, Load], traffic: Traffic, prices: Prices) -> TableDollars:
    own = [load for load in loads.values() if load.table == table.name]
    local = {index.name for index in table.indexes if index.local}
    main = [load for load in own if load.index is None or load.index in local]  # a local index lives in the table
    groups = [main, *([load] for load in own if load not in main)]
    reads = sum(_provisioned([each.peak_reads for each in group], traffic.utilisation) for group in groups)
    writes = sum(_provisioned([each.peak_writes for each in group], traffic.utilisation) for group in groups)
    if table.billing is not None:
        reads = table.billing.read_units * len(groups)
        writes = table.billing.write_units * len(groups)
    storage_gb = sum(load.storage_gb for load in own)
    base_gb = sum(load.storage_gb for load in main)
    million = _SECONDS_PER_MONTH / 1_000_000
    written = sum(load.writes for load in own) * million
    streams = traffic.streams[table.name].reads_per_second if table.name in traffic.streams else 0.0
    replicated = written * prices.replicated_write_request_units_million
    if table.billing is not None:
        replicated = writes * prices.replicated_write_capacity_unit_hour * HOURS_PER_MONTH
    read = sum(load.reads for load in own) * million
    return TableDollars(
        table=table.name,
        on_demand=read * prices.read_request_units_million + written * prices.write_request_units_million,
        provisioned=HOURS_PER_MONTH
        * (reads * prices.read_capacity_unit_hour + writes * prices.write_capacity_unit_hour),
        provisioned_reads=reads,
        provisioned_writes=writes,
        storage=storage_gb * prices.storage_gb_month,
        recovery=base_gb * prices.point_in_time_recovery_gb_month if table.recovery else 0.0,
        backups=base_gb * traffic.backups.get(table.name, 0) * prices.backup_gb_month,
        streams=streams * million * prices.stream_read_request_units_million,
        replicas=len(table.replicas) * (replicated + storage_gb * prices.storage_gb_month),
        is_provisioned=table.billing is not None,
    )


def _provisioned(peaks: list[float], utilisation: float) -> int:
    return max(1, ceil(sum(peaks) / utilisation - 1e-9))
