"""Plans of partial updates: index keys stay in step, the lock is kept, unique values follow."""

from collections.abc import Mapping
from typing import Any

from tenantable.data.codecs.entities import EntityCodec
from tenantable.data.expressions import Expressions, UpdateClauses
from tenantable.data.store import AnyStore
from tenantable.data.writing.changes import Changes
from tenantable.data.writing.markers import marker_writes
from tenantable.data.writing.plans import stored_value, when_texts
from tenantable.data.writing.write import Guard, Write, request_of
from tenantable.declare.keys.layouts import KeyLayout, TemplatePart
from tenantable.declare.references import Change, Condition
from tenantable.errors import DataError
from tenantable.wire.values import AttributeValue

_RELATIVE = frozenset({"add", "set_default"})


def needed_fields(codec: EntityCodec[Any], changes: Changes) -> frozenset[str]:
    """The fields whose stored values must be known to carry the changes out."""
    by_name = {change.subject.name: change for change in changes}
    needed = {name for key in _touched_keys(codec, by_name) for name in _unknown(codec, key, by_name)}
    unique = {field.name for field in codec.entity.unique}
    ttl = codec.entity.ttl
    if unique & by_name.keys() or (unique and ttl is not None and ttl.name in by_name):
        needed |= unique
        if ttl is not None:
            needed.add(ttl.name)
    return frozenset(needed)


def plan_update(
    store: AnyStore,
    changes: Changes,
    when: Condition[Any] | None,
    *,
    values: Mapping[str, Any],
    known: Mapping[str, Any],
    own_reading: bool = False,
    lock: int | None = None,
) -> Write:
    """
    Change some attributes of an item that exists.

    Args:
        values: The fields of the primary key.
        known: Stored values, at least of `needed_fields`; the update fails when they changed meanwhile.
        own_reading: `known` was read for this update, so reading again is worth it.
        lock: The version that must be there; None: any.
    """
    codec = store.codec
    needed = needed_fields(codec, changes)
    expressions = Expressions()
    clauses = UpdateClauses(codec, expressions)
    for change in changes:
        clauses.change(change)
    before = {**codec.defaults, **known, **values}
    after = {**before, **_new_values(codec, changes, before, needed)}
    for stored_as, value in _index_keys(store, changes, after).items():
        clauses.assign(stored_as, value)
    if codec.entity.lock is not None:
        clauses.raise_by_one(codec.entity.lock.stored_as)
    # Whoever holds the lock's version knows every value; without it each value that was used must still be there.
    used = needed if lock is None else frozenset()
    wanted = {codec.fields[name].stored_as: stored_value(codec, name, before.get(name)) for name in sorted(used)}
    guard = Guard(
        store=store,
        expressions=expressions,
        wanted=wanted,
        own_reading=own_reading,
        lock=lock,
        limits=tuple(clauses.limits.values()),
    )
    conditions = [*guard.conditions(alive=True), *clauses.limits, *when_texts(when, codec, expressions)]
    key = store.key(values)
    subject = f"{codec.entity.name} {codec.described(key)}"
    markers: tuple[Write, ...] = ()
    if needed & {field.name for field in codec.entity.unique}:
        markers = marker_writes(store, old=before, new=after)
    return Write(
        kind="Update",
        request=request_of(store, expressions, conditions=conditions, Key=key, UpdateExpression=clauses.text()),
        explain=lambda found: guard.explain(found, subject, alive=True),
        subject=subject,
        locked=lock is not None,
        markers=markers,
    )


def _touched_keys(codec: EntityCodec[Any], by_name: Mapping[str, Change[Any]]) -> list[KeyLayout]:
    """The index keys that are made from a changed field by a template."""
    return [key for key in codec.layout.derived_keys if not key.names.isdisjoint(by_name)]


def _unknown(codec: EntityCodec[Any], key: KeyLayout, by_name: Mapping[str, Change[Any]]) -> set[str]:
    fixed = codec.layout.table_key.names
    return {name for name in key.names - fixed if name not in by_name or by_name[name].action in _RELATIVE}


def _new_values(
    codec: EntityCodec[Any], changes: Changes, before: Mapping[str, Any], needed: frozenset[str]
) -> dict[str, Any]:
    """The changed fields' values after the update, as far as a key or a marker is made from them."""
    keyed = {name for key in codec.layout.index_keys.values() for name in key.names}
    keyed |= needed | {field.name for field in codec.entity.unique}
    return {change.subject.name: _new_value(change, before) for change in changes if change.subject.name in keyed}


def _new_value(change: Change[Any], before: Mapping[str, Any]) -> Any:
    old = before.get(change.subject.name)
    match change.action:
        case "set":
            return change.value
        case "remove":
            return None
        case "set_default":
            return change.value if old is None else old
        case "add":
            return change.value if old is None else old + change.value
    raise DataError(f"{change.subject!r} is part of a key or unique; {change.action} cannot be used on it")


def _index_keys(store: AnyStore, changes: Changes, after: Mapping[str, Any]) -> dict[str, AttributeValue | None]:
    """The key attributes to write, None for those to remove."""
    codec = store.codec
    by_name = {change.subject.name: change for change in changes}
    values = store.session.with_tenant(after)
    assigned: dict[str, AttributeValue | None] = {}
    for key in _touched_keys(codec, by_name):
        try:
            rendered = key.render(values) or {}
        except (TypeError, ValueError) as error:
            raise DataError(f"{codec.entity.name}: {error}") from error
        for part in key.parts:
            if isinstance(part, TemplatePart):
                assigned[part.attribute.name] = rendered.get(part.attribute.name)
    return assigned
