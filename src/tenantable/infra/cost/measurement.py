"""
What one access pattern or write consumes: it is carried out once, by the typed repositories on an engine in memory,
against items of the sizes that the traffic file says.

So index projections, keys that move, markers of unique values, transactions and reads that go before a write are
counted as they happen. Source of the rules: `engine.capacity`.
"""

from dataclasses import dataclass
from typing import cast

from tenantable.declare.grants.granted import WriteKind
from tenantable.declare.patterns import KeyPattern, QueryPattern
from tenantable.declare.systems import System
from tenantable.declare.tables import physical_table
from tenantable.errors import InfrastructureError, TenantableError
from tenantable.infra.cost.reads import query_items, read_item
from tenantable.infra.cost.samples import Sampler
from tenantable.infra.cost.traffic import Operation, Traffic, patterns_by_place
from tenantable.infra.cost.units import Units
from tenantable.infra.cost.world import NAMING, PREFIX, open_world, samplers
from tenantable.infra.cost.writes import write_item


def measured_units(system: System, traffic: Traffic, place: str, operation: Operation) -> Units:
    """
    What the operation consumes each time, on average over its shares.

    Args:
        place: Its place in the traffic file.
    Raises:
        InfrastructureError: The samples cannot be made, or the operation cannot be carried out on them.
    """
    name = place.partition("[")[0]
    made = samplers(system, traffic)
    pattern = patterns_by_place(system).get(name)
    try:
        if isinstance(pattern, KeyPattern):
            return read_item(pattern, operation, made)
        if isinstance(pattern, QueryPattern):
            return query_items(pattern, operation, made)
        entity, _, kind = name.rpartition(".")
        return write_item(system, cast("WriteKind", kind), operation, made[entity])
    except InfrastructureError:
        raise
    except TenantableError as error:
        raise InfrastructureError(f"operations.{place} cannot be carried out: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What one item takes up in the table or an index: its markers of unique values count as items too."""

    entries: int
    bytes: int


def measured_storage(sampler: Sampler, *, absent: frozenset[str] | None = None) -> dict[str | None, Stored]:
    """
    What one item takes up in its table (None) and in every index.

    Args:
        absent: Optional fields that it lacks, in the place of those that the traffic file names.
    """
    with open_world(sampler.layout.table) as world:
        world.repository(sampler.layout, sampler, counted=False).create(sampler.entity(1, absent=absent))
        name = physical_table(sampler.layout.table, NAMING).name
        found = world.engine.call("DescribeTable", {"TableName": name})["Table"]
    stored: dict[str | None, Stored] = {None: Stored(entries=found["ItemCount"], bytes=found["TableSizeBytes"])}
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for index in found.get(member, ()):
            stored[index["IndexName"].removeprefix(PREFIX)] = Stored(
                entries=index["ItemCount"], bytes=index["IndexSizeBytes"]
            )
    return stored
