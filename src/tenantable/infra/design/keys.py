"""Rules about keys: where load or data pile up."""

from collections.abc import Iterator

from tenantable.declare.keys.layouts import EntityLayout, KeyLayout
from tenantable.declare.systems import System
from tenantable.infra.design.finding import Found
from tenantable.infra.design.subjects import (
    FEW_VALUES_MAX,
    granted_kinds,
    has_period,
    is_guessed,
    is_log,
    is_removed,
    is_time,
    keys_of,
    may_hold_many,
    partition_values,
    where,
)

_MOVING = ("updated", "modified", "changed", "last_", "latest", "touched", "seen_at")


def constant_partitions(system: System) -> Iterator[Found]:
    for layout, place, key in _every_key(system):
        if not key.partition.names and may_hold_many(key):
            problem = (
                f"every {layout.entity.model.__name__} stands in one partition of {where(key, layout)}, "
                f"{str(key.partition)!r}{_back_pressure(key)}"
            )
            yield Found(place=place, problem=problem, index=key.index)


def few_partitions(system: System) -> Iterator[Found]:
    for layout, place, key in _every_key(system):
        count = partition_values(layout, key.partition)
        if count is None or count > FEW_VALUES_MAX or not key.partition.names or has_period(layout, key):
            continue
        if may_hold_many(key):
            values = "few values, by its name" if is_guessed(layout, key.partition) else f"{count} values"
            few = "a few" if is_guessed(layout, key.partition) else f"at most {count}"
            problem = (
                f"the partition key {str(key.partition)!r} of {where(key, layout)} has {values}, so {few} partitions "
                f"share the load of every {layout.entity.model.__name__}{_back_pressure(key)}"
            )
            yield Found(place=place, problem=problem, index=key.index)


def rolling_partitions(system: System) -> Iterator[Found]:
    for layout, place, key in _every_key(system):
        count = partition_values(layout, key.partition)
        if count is None or count > FEW_VALUES_MAX or not has_period(layout, key):
            continue
        partitions = "one partition" if count == 1 else f"{count} partitions"
        if is_guessed(layout, key.partition):
            partitions = "a few partitions"
        problem = (
            f"the partition key {str(key.partition)!r} of {where(key, layout)} is a period and little else, so all "
            f"writes of {layout.entity.model.__name__} in that period go to {partitions}{_back_pressure(key)}"
        )
        yield Found(place=place, problem=problem, index=key.index)


def growing_partitions(system: System) -> Iterator[Found]:
    for layout, place, key in _every_key(system):
        entity = layout.entity
        grows = is_log(system, entity) and not is_removed(system, entity)
        if grows and may_hold_many(key) and not has_period(layout, key) and key.partition.names:
            problem = (
                f"{entity.model.__name__} is added and never removed, and its partition {str(key.partition)!r} of "
                f"{where(key, layout)} has no part of time: it grows for ever"
            )
            yield Found(place=place, problem=problem, index=key.index)


def large_collections(system: System) -> Iterator[Found]:
    for table in system.tables:
        local = [index for index in table.indexes if index.local]
        for layout in table.layouts.values() if local else ():
            if may_hold_many(layout.table_key) and not is_removed(system, layout.entity):
                names = ", ".join(index.name for index in local)
                problem = (
                    f"items of {layout.entity.model.__name__} with one partition key, together with their entries in "
                    f"{names}, may not pass 10 GB, and nothing removes them"
                )
                yield Found(place=layout.entity.model.__name__, problem=problem, index=local[0])


def moving_entries(system: System) -> Iterator[Found]:
    for layout, place, key in _every_key(system):
        if key.index is None or not granted_kinds(system, layout.entity) & {"put", "update"}:
            continue
        moving = sorted(
            name
            for name in key.names
            if is_time(layout.entity.attributes[name]) and any(word in name for word in _MOVING)
        )
        if moving:
            problem = (
                f"{', '.join(moving)} changes at every write of {layout.entity.model.__name__}, so every write deletes "
                f"its entry of {where(key, layout)} and makes another: twice the write units, whatever was changed"
            )
            yield Found(place=place, problem=problem, index=key.index)


def _every_key(system: System) -> Iterator[tuple[EntityLayout, str, KeyLayout]]:
    for layout in system.layouts:
        for place, key in keys_of(layout):
            yield layout, place, key


def _back_pressure(key: KeyLayout) -> str:
    if key.index is None or key.index.local:
        return ""
    return "; when that is too much for the index, writes of the table are throttled"
