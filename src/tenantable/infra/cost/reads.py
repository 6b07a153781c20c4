"""What one call of an access pattern consumes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from tenantable.data.reading.queries import BoundQuery
from tenantable.declare.annotations import plain_type
from tenantable.declare.patterns import KeyPattern, Pattern, QueryPattern
from tenantable.declare.queries import Query
from tenantable.errors import CorruptItem, InfrastructureError
from tenantable.infra.cost.samples import Sampler
from tenantable.infra.cost.traffic import QUERY_BYTES_MAX, Operation
from tenantable.infra.cost.units import Units
from tenantable.infra.cost.world import TENANT_NUMBER, World, measure


def read_item(pattern: KeyPattern[..., Any, Any], operation: Operation, made: Mapping[str, Sampler]) -> Units:
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

    units = measure(sampler.layout.table, reading(1)).scaled(operation.found_share)
    if operation.found_share < 1:
        units.add(measure(sampler.layout.table, reading(2)), 1 - operation.found_share)
    return units


def query_items(pattern: QueryPattern[..., Any, Any], operation: Operation, made: Mapping[str, Sampler]) -> Units:
    layouts = pattern.resolution.layouts
    given = operation.filled(pattern)
    counts = _item_counts(pattern, operation)
    size_bytes = sum(count * made[name].size_bytes(made[name].values(1)) for name, count in counts.items())
    if size_bytes > QUERY_BYTES_MAX:
        problem = f"{pattern.place} would read {size_bytes:,} bytes in one call"
        raise InfrastructureError(
            problem, hint=f"at most {QUERY_BYTES_MAX:,} are measured; write a page's items, and more calls"
        )
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

    return measure(table, prepare)


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
    """Numbers of different keys; InfrastructureError where a call finds one item at most."""
    if count > 1 and not across and sampler.layout.table_key.names <= shared:
        name = sampler.layout.entity.name
        hint = f"write items: 1, or of a collection how many there are of each: items: {{{name}: 1, ...}}"
        raise InfrastructureError(f"{count} items of {name} would have one key", hint=hint)
    return range(1, count + 1)


def _fill(world: World, sampler: Sampler, samples: Sequence[Mapping[str, Any]], *, across: bool) -> None:
    """Store what one query finds; over all tenants, each is another tenant's."""
    for number, values in enumerate(samples, start=1):
        store = world.repository(
            sampler.layout, sampler, counted=False, tenant=number if across else TENANT_NUMBER
        ).store
        world.engine.call("PutItem", {"TableName": store.table_name, "Item": store.item(values)})
