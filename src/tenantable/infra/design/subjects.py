"""What the rules look at: keys of entities, how many values they can have, and what grants say of their use."""

from collections.abc import Iterator
from math import prod
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from tenantable.declare.annotations import few_values, is_union, plain_type, value_types
from tenantable.declare.attributes import Attribute, EntityDeclaration
from tenantable.declare.grants.components import Component
from tenantable.declare.grants.granted import Grant, WriteKind
from tenantable.declare.keys.layouts import EntityLayout, KeyLayout, KeyPart, TemplatePart
from tenantable.declare.keys.templates import TENANT
from tenantable.declare.patterns import Pattern
from tenantable.declare.systems import System

FEW_VALUES_MAX = 100
"""With so many partition keys, or fewer, load cannot spread."""
GUESSED_VALUES = 10
"""How many values a text is taken to have whose name says that it has few."""
_FEW_BY_NAME = ("status", "state", "type", "kind", "category")
_PERIODS = ("day", "date", "month", "week", "hour", "year")
LARGE_VALUE_BYTES = 4096
_LARGE_BY_NAME = ("payload", "body", "content", "html", "document", "blob", "markdown")


def keys_of(layout: EntityLayout) -> Iterator[tuple[str, KeyLayout]]:
    """An entity's keys, each with the place that findings name: `AuditLog`, `AuditLog.action-type-index`."""
    name = layout.entity.model.__name__
    yield name, layout.table_key
    for key in layout.index_keys.values():
        assert key.index is not None, "the table's key stands apart"
        yield f"{name}.{key.index.name}", key


def where(key: KeyLayout, layout: EntityLayout) -> str:
    """The table or index in words."""
    return f"the index {key.index.name}" if key.index is not None else f"the table {layout.table.name}"


def partition_values(layout: EntityLayout, part: KeyPart) -> int | None:
    """How many values a partition key can have at one time; None: nobody knows, so many. A day is one at a time."""
    counts = [None if _is_many(layout, part, name) else _count(layout, part, name) for name in part.names]
    return None if any(count is None for count in counts) else prod(count for count in counts if count is not None)


def is_guessed(layout: EntityLayout, part: KeyPart) -> bool:
    """Does a number of partition keys rest on the names of texts?"""
    return any(few_values(_annotation(layout, name)) is None and _is_few_by_name(layout, name) for name in part.names)


def is_period(layout: EntityLayout, part: KeyPart, name: str) -> bool:
    """Is this part of a key the day of a point in time, or a date that writes pass through as time goes on?"""
    if name == TENANT:
        return False
    if isinstance(part, TemplatePart) and name in part.days:
        return True
    attribute = layout.entity.attributes[name]
    timed = is_time(attribute) or plain_type(attribute.annotation) is str
    return timed and (name in _PERIODS or name.endswith(tuple(f"_{word}" for word in _PERIODS)))


def has_period(layout: EntityLayout, key: KeyLayout) -> bool:
    return any(is_period(layout, key.partition, name) for name in key.partition.names)


def may_hold_many(key: KeyLayout) -> bool:
    """Can one partition hold several items of the entity?"""
    if key.index is not None and not key.index.local and key.sort is None:
        return True
    return key.sort is not None and bool(set(key.sort.names) - set(key.partition.names))


def grants_of(system: System) -> Iterator[tuple[Component, Grant]]:
    for component in system.components:
        yield from ((component, grant) for grant in component.grants if isinstance(grant, Grant))


def granted_patterns(system: System) -> set[Pattern]:
    return {pattern for _, grant in grants_of(system) for pattern in grant.patterns}


def granted_kinds(system: System, entity: EntityDeclaration) -> set[WriteKind]:
    """The writes of an entity that some component may do; without components nobody knows, so all but removal."""
    if not system.components:
        return {"create", "put", "update"}
    return {
        kind
        for _, grant in grants_of(system)
        for written in grant.writes
        if written.entity is entity
        for kind in written.kinds
    }


def is_removed(system: System, entity: EntityDeclaration) -> bool:
    """Do items go: by their time to live, or because somebody may delete them for good?"""
    kinds = granted_kinds(system, entity)
    return entity.ttl is not None or "erase" in kinds or ("delete" in kinds and entity.soft_delete is None)


def is_log(system: System, entity: EntityDeclaration) -> bool:
    """Is it only ever added to: created, and neither changed nor replaced nor removed?"""
    kinds = granted_kinds(system, entity)
    if not system.components:
        layout = entity.table.layouts[entity.model]
        return entity.lock is None and any(_ends_with_time(layout, key) for _, key in keys_of(layout))
    return "create" in kinds and not kinds & {"put", "update", "delete", "erase"}


def is_container(annotation: Any) -> bool:
    """Does it hold any number of elements?"""
    plain = plain_type(annotation)
    if get_origin(plain) is tuple and Ellipsis not in get_args(plain):
        return False
    return (get_origin(plain) or plain) in {list, tuple, set, frozenset, dict}


def is_payload(entity: EntityDeclaration, attribute: Attribute) -> bool:
    """A value that can be large: binary, a free map, a list of structures, or a text that says so."""
    plain = plain_type(attribute.annotation)
    origin = get_origin(plain) or plain
    limit = size_limit(entity, attribute)
    if plain is str and limit is None:
        return attribute.name in _LARGE_BY_NAME or attribute.name.endswith(tuple(f"_{each}" for each in _LARGE_BY_NAME))
    if plain is str or plain is bytes:
        return limit is None or limit >= LARGE_VALUE_BYTES
    members = [each for each in get_args(plain) if isinstance(each, type)]
    return origin is dict or (is_container(plain) and any(issubclass(each, BaseModel) for each in members))


def size_limit(entity: EntityDeclaration, attribute: Attribute) -> int | None:
    """The largest number of elements, characters or bytes that a type allows; None: any."""
    metadata = [*entity.model.model_fields[attribute.name].metadata, *_inner_metadata(attribute.annotation)]
    limits = [limit.max_length for limit in metadata if getattr(limit, "max_length", None) is not None]
    return min(limits) if limits else None


def _inner_metadata(annotation: Any) -> Iterator[Any]:
    """What is said of a type inside `... | None`."""
    if is_union(annotation):
        for member in get_args(annotation):
            yield from _inner_metadata(member)
    elif get_origin(annotation) is Annotated:
        for mark in get_args(annotation)[1:]:
            yield from getattr(mark, "metadata", (mark,))


def is_changeable(system: System, entity: EntityDeclaration, attribute: Attribute) -> bool:
    """May some component put the entity, or update this attribute of it?"""
    return not system.components or any(
        "put" in written.kinds
        or ("update" in written.kinds and (grant.attributes is None or attribute.stored_as in grant.attributes))
        for _, grant in grants_of(system)
        for written in grant.writes
        if written.entity is entity
    )


def _ends_with_time(layout: EntityLayout, key: KeyLayout) -> bool:
    """Does the sort key hold a point in time, so that every write lands at the end?"""
    names = key.sort.names if key.sort is not None else ()
    return any(is_time(layout.entity.attributes[name]) for name in names if name != TENANT)


def _is_many(layout: EntityLayout, part: KeyPart, name: str) -> bool:
    return name == TENANT or _count(layout, part, name) is None


def _count(layout: EntityLayout, part: KeyPart, name: str) -> int | None:
    if is_period(layout, part, name):
        return 1
    listed = few_values(_annotation(layout, name))
    return GUESSED_VALUES if listed is None and _is_few_by_name(layout, name) else listed


def _is_few_by_name(layout: EntityLayout, name: str) -> bool:
    """A text called `status` or `action_type`, unless that is the entity's own key."""
    if name == TENANT or plain_type(_annotation(layout, name)) is not str or layout.table_key.names == {name}:
        return False
    return name in _FEW_BY_NAME or name.endswith(tuple(f"_{word}" for word in _FEW_BY_NAME))


def _annotation(layout: EntityLayout, name: str) -> Any:
    return layout.entity.attributes[name].annotation


def is_time(attribute: Attribute) -> bool:
    return bool({kind.__name__ for kind in value_types(attribute.annotation)} & {"datetime", "date"})
