"""
What one access pattern or write consumes: it is carried out once, by the typed repositories on an engine in memory,
against items of the sizes that the traffic file says.

So index projections, keys that move, markers of unique values, transactions and reads that go before a write are
counted as they happen. Source of the rules: `engine.capacity`.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from tenantable.data.database import Database, TenantId
from tenantable.data.reading.queries import BoundQuery
from tenantable.data.repositories import Operations
from tenantable.declare.annotations import plain_type
from tenantable.declare.grants.granted import Grant, WriteKind
from tenantable.declare.keys.layouts import EntityLayout, Key
from tenantable.declare.naming import Naming
from tenantable.declare.patterns import KeyPattern, Pattern, QueryPattern
from tenantable.declare.queries import Query
from tenantable.declare.references import Change, Reference
from tenantable.declare.systems import System
from tenantable.declare.tables import Table, physical_table
from tenantable.engine import Engine
from tenantable.engine.capacity import write_units
from tenantable.errors import CorruptItem, InfraError, TenantableError
from tenantable.infra.cost.samples import NOW, Sampler
from tenantable.infra.cost.traffic import Operation, Traffic, patterns_by_place
from tenantable.infra.cost.units import CountingClient, Units
from tenantable.wire.client import DynamoClient

_NAMING = Naming()
_TENANT = 0
_CURSOR_KEY = bytes(32)  # no cursor leaves this module


@dataclass(frozen=True, kw_only=True)
class World:
    """One table on an engine of its own: `plain` for what goes before, `counted` for what is measured."""

    engine: Engine
    plain: Database
    counted: Database
    counter: CountingClient

    def repository(self, layout: EntityLayout, sampler: Sampler, *, counted: bool, tenant: int = _TENANT) -> Any:
        """A repository of the entity, in the scope of a sample tenant where the table has tenants."""
        database = self.counted if counted else self.plain
        declared: Any = _repository_class(layout)
        if layout.table.tenancy is None:
            return database.repository(declared)
        return database.tenant(TenantId(sampler.tenant(tenant))).repository(declared)


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


def measured_units(system: System, traffic: Traffic, place: str, operation: Operation) -> Units:
    """
    What the operation consumes each time, on average over its shares.

    Args:
        place: Its place in the traffic file.
    Raises:
        InfraError: The samples cannot be made, or the operation cannot be carried out on them.
    """
    name = place.partition("[")[0]
    made = samplers(system, traffic)
    pattern = patterns_by_place(system).get(name)
    try:
        if isinstance(pattern, KeyPattern):
            return _read_item(pattern, operation, made)
        if isinstance(pattern, QueryPattern):
            return _query(pattern, operation, made)
        entity, _, kind = name.rpartition(".")
        return _write(system, cast("WriteKind", kind), operation, made[entity])
    except InfraError:
        raise
    except TenantableError as error:
        raise InfraError(f"operations.{place} cannot be carried out: {error}") from error


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
    with _world(sampler.layout.table) as world:
        world.repository(sampler.layout, sampler, counted=False).create(sampler.entity(1, absent=absent))
        found = world.engine.call("DescribeTable", {"TableName": sampler.layout.table.name})["Table"]
    stored: dict[str | None, Stored] = {None: Stored(entries=found["ItemCount"], bytes=found["TableSizeBytes"])}
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for index in found.get(member, ()):
            stored[index["IndexName"]] = Stored(entries=index["ItemCount"], bytes=index["IndexSizeBytes"])
    return stored


@contextmanager
def _world(table: Table) -> Iterator[World]:
    physical = physical_table(table, _NAMING)
    with Engine(":memory:", clock=NOW.timestamp, durability="none") as engine:
        engine.call("CreateTable", physical.create_request())
        counter = CountingClient(engine)
        clients: tuple[DynamoClient, ...] = (engine, counter)
        plain, counted = (
            Database(
                client,
                naming=_NAMING,
                cursor_key=_CURSOR_KEY,
                clock=NOW.timestamp,
                random=random.Random(seed),  # noqa: S311 - tokens of transactions in memory
            )
            for seed, client in enumerate(clients)
        )
        yield World(engine=engine, plain=plain, counted=counted, counter=counter)


def _measure(table: Table, work: Callable[[World], Callable[[], object]]) -> Units:
    """Prepare in a fresh world, and count what the prepared step consumes."""
    with _world(table) as world:
        step = work(world)
        with suppress(CorruptItem):  # a validator wants more than the type says; what was consumed is counted already
            step()
        return world.counter.units


def _read_item(pattern: KeyPattern[..., Any, Any], operation: Operation, made: Mapping[str, Sampler]) -> Units:
    sampler = made[pattern.entity.__name__]

    def reading(number: int) -> Callable[[World], Callable[[], object]]:
        def prepare(world: World) -> Callable[[], object]:
            world.repository(sampler.layout, sampler, counted=False).create(sampler.entity(1))
            repository = world.repository(sampler.layout, sampler, counted=True)
            values = sampler.values(number)
            arguments = {name: values[name] for name in pattern.parameters}
            if operation.consistent:
                repository = repository.consistent
            return lambda: repository.run_key(pattern, arguments)

        return prepare

    units = _measure(sampler.layout.table, reading(1)).scaled(operation.found_share)
    if operation.found_share < 1:
        units.add(_measure(sampler.layout.table, reading(2)), 1 - operation.found_share)
    return units


def _query(pattern: QueryPattern[..., Any, Any], operation: Operation, made: Mapping[str, Sampler]) -> Units:
    layouts = pattern.resolution.layouts
    given = _given(pattern, operation)
    counts = _item_counts(pattern, operation)
    table = layouts[0].table
    across = pattern.index is not None and pattern.index.across_tenants

    def prepare(world: World) -> Callable[[], object]:
        for layout in layouts:
            sampler = made[layout.entity.model.__name__]
            numbers = _sample_numbers(sampler, counts[layout.entity.model.__name__], given, across=across)
            key = layout.key(pattern.index)
            assert key is not None, "a resolved pattern has a key"
            standing = sampler.items.absent - key.names - given  # what is found by an index stands in it
            samples = [sampler.values(number, shared=given, absent=standing) for number in numbers]
            _fill(world, sampler, samples, across=across)
        sampler = made[layouts[0].entity.model.__name__]
        repository = world.repository(layouts[0], sampler, counted=True)
        session = repository.store.session
        if across:
            session = replace(session, tenant=None)
        arguments = _arguments(pattern, sampler.values(0, absent=sampler.items.absent - given), given)
        query: Query[Any, Any] = Query(source=BoundQuery(session, pattern, arguments), strong=operation.consistent)

        def read() -> None:
            try:
                query.all()
            except CorruptItem:  # further pages are left: counting reads them all, and makes no entities
                world.counter.units = Units()
                query.count()

        return read

    return _measure(table, prepare)


def _given(pattern: QueryPattern[..., Any, Any], operation: Operation) -> frozenset[str]:
    """The parameters that calls fill: those without a default, and those that the traffic file names."""
    required = {name for name, each in pattern.parameters.items() if each.default is each.empty}
    return frozenset(required) | operation.given


def _arguments(pattern: Pattern, values: Mapping[str, Any], given: frozenset[str]) -> dict[str, Any]:
    arguments: dict[str, Any] = dict.fromkeys(pattern.parameters)
    for name in given:
        value = values[name]
        wants_day = plain_type(pattern.annotations.get(name)) is date
        arguments[name] = value.date() if wants_day and isinstance(value, datetime) else value
    return arguments


def _item_counts(pattern: QueryPattern[..., Any, Any], operation: Operation) -> dict[str, int]:
    names = [entity.__name__ for entity in pattern.entities]
    if isinstance(operation.items, Mapping):
        return {name: operation.items.get(name, 0) for name in names}
    each, rest = divmod(operation.items, len(names))
    return {name: each + (place < rest) for place, name in enumerate(names)}


def _sample_numbers(sampler: Sampler, count: int, shared: frozenset[str], *, across: bool) -> range:
    """Numbers of different keys; InfraError where a call finds one item at most."""
    if count > 1 and not across and sampler.layout.table_key.names <= shared:
        raise InfraError(f"{count} items of {sampler.layout.entity.name} would have one key", hint="write items: 1")
    return range(1, count + 1)


def _fill(world: World, sampler: Sampler, samples: Sequence[Mapping[str, Any]], *, across: bool) -> None:
    """Store what one query finds; over all tenants, each is another tenant's."""
    for number, values in enumerate(samples, start=1):
        store = world.repository(sampler.layout, sampler, counted=False, tenant=number if across else _TENANT).store
        world.engine.call("PutItem", {"TableName": store.table_name, "Item": store.item(values)})


def _write(system: System, kind: WriteKind, operation: Operation, sampler: Sampler) -> Units:
    transacted = operation.in_transaction
    if transacted is None:
        transacted = kind == "check" or _only_in_transactions(system, kind, sampler)
    if kind == "put":
        units = _put(operation, sampler, transacted=transacted)
    else:
        work = _preparation(kind, operation, sampler, exists=kind != "create", transacted=transacted)
        units = _measure(sampler.layout.table, work)
    if operation.failing_share:
        units = units.scaled(1 - operation.failing_share)
        units.add(_failed(operation, sampler, transacted=transacted), operation.failing_share)
    return units


def _put(operation: Operation, sampler: Sampler, *, transacted: bool) -> Units:
    table, units = sampler.layout.table, Units()
    for exists, share in ((True, operation.replaces_share), (False, 1 - operation.replaces_share)):
        if share:
            work = _preparation("put", operation, sampler, exists=exists, transacted=transacted)
            units.add(_measure(table, work), share)
    return units


def _preparation(
    kind: WriteKind, operation: Operation, sampler: Sampler, *, exists: bool, transacted: bool
) -> Callable[[World], Callable[[], object]]:
    def prepare(world: World) -> Callable[[], object]:
        layout = sampler.layout
        entity = sampler.entity(1, absent=operation.absent)
        if exists:
            entity = world.repository(layout, sampler, counted=False).create(entity)
        repository = world.repository(layout, sampler, counted=True)
        changes = _changes(operation, sampler)
        key = Key(entity=layout.entity.model, values={name: vars(entity)[name] for name in layout.table_key.names})
        target = entity if operation.target == "entity" else key
        if kind == "put":
            entity = _changed(entity, changes)
        if transacted:
            return lambda: _in_transaction(world.counted, kind, repository, (entity, target, changes))
        return lambda: _alone(kind, repository, operation, (entity, target, changes))

    return prepare


def _alone(kind: WriteKind, repository: Any, operation: Operation, subject: tuple[Any, Any, list[Change[Any]]]) -> None:
    entity, target, changes = subject
    match kind:
        case "create" | "put":
            getattr(repository, kind)(entity)
        case "update":
            (repository.update if operation.returning else repository.change)(target, *changes)
        case _:
            getattr(repository, kind)(target)


def _in_transaction(
    database: Database, kind: WriteKind, repository: Any, subject: tuple[Any, Any, list[Change[Any]]]
) -> None:
    entity, target, changes = subject
    tenant = repository.store.session.tenant
    scope: Any = database if tenant is None else database.tenant(tenant)
    with scope.transaction() as transaction:
        if kind in {"create", "put"}:
            getattr(transaction, kind)(repository, entity)
        elif kind == "update":
            transaction.update(repository, target, *changes)
        else:
            getattr(transaction, "delete" if kind == "erase" else kind)(repository, target)


def _changes(operation: Operation, sampler: Sampler) -> list[Change[Any]]:
    model = sampler.model
    absent = (sampler.items.absent if operation.absent is None else operation.absent) - set(operation.changes)
    after = sampler.values(1, absent=absent, variant=1)
    made = [Reference(model, name).set(after[name]) for name in operation.changes]
    return made + [Reference(model, name).remove() for name in operation.removes]


def _changed(entity: Any, changes: list[Change[Any]]) -> Any:
    values = {**vars(entity), **{change.subject.name: change.value for change in changes}}
    return type(entity).model_construct(**values)


def _failed(operation: Operation, sampler: Sampler, *, transacted: bool) -> Units:
    """
    A write whose condition fails is charged for the item that is there, and touches no index.

    Source: Developer Guide, "Working with items": failed conditional writes consume write capacity of the table.
    """
    size = sampler.size_bytes(sampler.values(1, absent=operation.absent))
    return Units(writes={(sampler.layout.table.name, None): write_units(size) * (2 if transacted else 1)})


def _only_in_transactions(system: System, kind: WriteKind, sampler: Sampler) -> bool:
    """Do all grants of this write demand a transaction?"""
    grants = [
        grant
        for component in system.components
        for grant in component.grants
        if isinstance(grant, Grant)
        for written in grant.writes
        if written.entity.model is sampler.model and kind in written.kinds
    ]
    return bool(grants) and all(grant.in_transaction for grant in grants)


def _repository_class(layout: EntityLayout) -> type[Operations[Any]]:
    """A repository class of the entity; it needs none of the declared patterns, which come as values."""
    for pattern in layout.table.patterns:
        if pattern.entities == (layout.entity.model,) and pattern.owner is not None:
            return cast("type[Operations[Any]]", pattern.owner)
    raise InfraError(f"{layout.entity.name} has no repository", hint="declare one with a key pattern")
