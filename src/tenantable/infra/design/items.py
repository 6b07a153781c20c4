"""Rules about items and what indexes hold of them: growth, expiry, copies."""

from collections.abc import Iterator

from tenantable.declare.annotations import plain_type, value_types
from tenantable.declare.attributes import Attribute, EntityDeclaration
from tenantable.declare.patterns import Pattern
from tenantable.declare.systems import System
from tenantable.declare.tables import Index, Table
from tenantable.infra.design.finding import Found
from tenantable.infra.design.subjects import (
    granted_kinds,
    is_changeable,
    is_container,
    is_payload,
    size_limit,
)
from tenantable.wire.limits import ITEM_SIZE_BYTES_MAX

INDEXES_PER_WRITE_MAX = 4
_EXPIRIES = ("expires", "expired", "expiry", "expiration", "expire", "not_after", "valid_until", "valid_to", "ttl",
             "delete_after", "delete_at", "purge")  # fmt: skip
_SHORT_LIVED = ("token", "session", "nonce", "challenge", "otp")
_CHARACTER_BYTES_MAX = 4
_NEARLY = 0.8


def growing_items(system: System) -> Iterator[Found]:
    for entity in system.entities:
        for attribute in entity.attributes.values():
            growing = is_container(attribute.annotation) or plain_type(attribute.annotation) is bytes
            if growing and size_limit(entity, attribute) is None and is_changeable(system, entity, attribute):
                place = f"{entity.model.__name__}.{attribute.name}"
                problem = (
                    f"it has no limit, and {entity.model.__name__} is updated: every update pays for the whole item, "
                    "until one is refused at 400 KB"
                )
                yield Found(place=place, problem=problem)


def large_items(system: System) -> Iterator[Found]:
    for entity in system.entities:
        limits = {
            name: size_limit(entity, attribute) or 0
            for name, attribute in entity.attributes.items()
            if plain_type(attribute.annotation) in {str, bytes}
        }
        most = sum(limit * _bytes_of(entity, name) for name, limit in limits.items())
        if most > ITEM_SIZE_BYTES_MAX * _NEARLY:
            largest = max(limits, key=lambda name: limits[name])
            problem = (
                f"its declared limits allow {most:,} bytes, and an item has {ITEM_SIZE_BYTES_MAX:,} at most; "
                f"{largest} alone may have {limits[largest]:,} characters"
            )
            yield Found(place=entity.model.__name__, problem=problem)


def _bytes_of(entity: EntityDeclaration, name: str) -> int:
    return 1 if plain_type(entity.attributes[name].annotation) is bytes else _CHARACTER_BYTES_MAX


def missing_expiry(system: System) -> Iterator[Found]:
    for entity in system.entities:
        name = entity.model.__name__
        if entity.ttl is not None:
            continue
        missing = "the table has no ttl=" if entity.table.ttl is None else f"it has no {entity.table.ttl}"
        expiring = [attribute.name for attribute in entity.attributes.values() if _is_expiry(attribute)]
        if expiring:
            problem = f"it ends ({', '.join(expiring)}), and {missing}: items stay, and are stored and read, for ever"
            yield Found(place=name, problem=problem)
        elif any(word in name.lower() for word in _SHORT_LIVED) and "create" in granted_kinds(system, entity):
            problem = f"by its name it is short-lived, and {missing}: items that nobody deletes stay for ever"
            yield Found(place=name, problem=problem)


def _is_expiry(attribute: Attribute) -> bool:
    timed = {kind.__name__ for kind in value_types(attribute.annotation)} & {"datetime", "date", "int"}
    return bool(timed) and any(attribute.name == word or attribute.name.startswith(f"{word}_") for word in _EXPIRIES)


def wide_projections(system: System) -> Iterator[Found]:
    for table in system.tables:
        for index in table.indexes:
            yield from _projection_findings(table, index)


def _projection_findings(table: Table, index: Index) -> Iterator[Found]:
    if index.projection != "all":
        return
    place = f"{table.name}.{index.name}"
    patterns: list[Pattern] = [pattern for pattern in table.patterns if pattern.index is index]
    if patterns and all(pattern.view is not None for pattern in patterns):
        names = sorted({name for pattern in patterns if pattern.view is not None for name in pattern.view.model_fields})
        problem = (
            f"{index!r} holds whole items, and its patterns read {', '.join(names)} alone: every write of another "
            "attribute is paid for twice"
        )
        yield Found(place=place, problem=problem, index=index)
        return
    for layout in table.layouts.values():
        large = [each.name for each in layout.entity.attributes.values() if is_payload(layout.entity, each)]
        if index.name in layout.index_keys and large:
            problem = (
                f"{index!r} copies {', '.join(large)} of every {layout.entity.model.__name__}, which can be large: "
                "storage and writes are paid for again"
            )
            yield Found(place=f"{layout.entity.model.__name__}.{index.name}", problem=problem, index=index)


def amplified_writes(system: System) -> Iterator[Found]:
    for layout in system.layouts:
        entity = layout.entity
        keys = [key for key in layout.index_keys.values() if key.index is not None]
        written = [key.index.name for key in keys if key.index is not None]
        if len(written) > INDEXES_PER_WRITE_MAX:
            problem = (
                f"a new {entity.model.__name__} is written to {len(written)} indexes too ({', '.join(written)}), and a "
                f"change to those that hold it: up to {len(written) + 1} times what one write to the table costs"
            )
            yield Found(place=entity.model.__name__, problem=problem)
