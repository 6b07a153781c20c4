"""One table on an engine in memory, and what a step in it consumes."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from tenantable.data.database import Database, TenantId
from tenantable.data.repositories import Operations
from tenantable.declare.keys.layouts import EntityLayout
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.declare.tables import Table, physical_table
from tenantable.engine import Engine
from tenantable.errors import CorruptItem, InfrastructureError
from tenantable.infra.cost.samples import NOW, Sampler
from tenantable.infra.cost.traffic import Traffic
from tenantable.infra.cost.units import CountingClient, Place, Units
from tenantable.wire.client import DynamoClient

PREFIX = "sample-"
NAMING = Naming(table=f"{PREFIX}{{table}}", index=f"{PREFIX}{{index}}")
"""Logical names may be too short to be physical ones."""
TENANT_NUMBER = 0
_CURSOR_KEY = bytes(32)  # no cursor leaves this module


@dataclass(frozen=True, kw_only=True)
class World:
    """One table on an engine of its own: `plain` for what goes before, `counted` for what is measured."""

    engine: Engine
    plain: Database
    counted: Database
    counter: CountingClient

    def repository(self, layout: EntityLayout, sampler: Sampler, *, counted: bool, tenant: int = TENANT_NUMBER) -> Any:
        """A repository of the entity, in the scope of a sample tenant where the table has tenants."""
        database = self.counted if counted else self.plain
        declared: Any = _repository_class(layout)
        if layout.table.tenancy is None:
            return database.repository(declared)
        return database.tenant(TenantId(sampler.tenant(tenant))).repository(declared)


@contextmanager
def open_world(table: Table) -> Iterator[World]:
    physical = physical_table(table, NAMING)
    with Engine(":memory:", clock=NOW.timestamp, durability="none") as engine:
        engine.call("CreateTable", physical.create_request())
        counter = CountingClient(engine)
        clients: tuple[DynamoClient, ...] = (engine, counter)
        plain, counted = (
            Database(
                client,
                naming=NAMING,
                cursor_key=_CURSOR_KEY,
                clock=NOW.timestamp,
                random=random.Random(seed),  # noqa: S311 - tokens of transactions in memory
            )
            for seed, client in enumerate(clients)
        )
        yield World(engine=engine, plain=plain, counted=counted, counter=counter)


def measure(table: Table, work: Callable[[World], Callable[[], object]]) -> Units:
    """Prepare in a fresh world, and count what the prepared step consumes."""
    with open_world(table) as world:
        step = work(world)
        with suppress(CorruptItem):  # a validator wants more than the type says; what was consumed is counted already
            step()
        return _under_logical_names(world.counter.units)


def _under_logical_names(units: Units) -> Units:
    def renamed(counted: Mapping[Place, float]) -> dict[Place, float]:
        return {
            (table.removeprefix(PREFIX), None if index is None else index.removeprefix(PREFIX)): amount
            for (table, index), amount in counted.items()
        }

    return Units(reads=renamed(units.reads), writes=renamed(units.writes))


def samplers(system: System, traffic: Traffic) -> dict[str, Sampler]:
    """The sampler of every entity, by class name."""
    return {
        layout.entity.model.__name__: Sampler(
            layout=layout,
            items=traffic.items_of(layout.entity.model.__name__),
            tenant_bytes=traffic.tenant_bytes,
        )
        for layout in system.layouts
    }


def _repository_class(layout: EntityLayout) -> type[Operations[Any]]:
    """A repository class of the entity; it needs none of the declared patterns, which come as values."""
    for pattern in layout.table.patterns:
        if pattern.entities == (layout.entity.model,) and pattern.owner is not None:
            return cast("type[Operations[Any]]", pattern.owner)
    raise InfrastructureError(f"{layout.entity.name} has no repository", hint="declare one with a key pattern")
