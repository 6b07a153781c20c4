"""Plans of put, create, delete and check. Each is a `Write`; nothing is sent here."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tenantable.data.codecs.entities import EntityCodec
from tenantable.data.expressions import Expressions, UpdateClauses, condition_text
from tenantable.data.store import AnyStore
from tenantable.data.writing.markers import check_natural_key, marker_writes
from tenantable.data.writing.write import Guard, Write, request_of
from tenantable.declare.references import Condition
from tenantable.errors import ConditionFailed, DataError
from tenantable.wire.values import AttributeValue, Item

Stored = Mapping[str, Any] | None
"""Field values as they were read, or None when there is no item."""


def plan_put(store: AnyStore, values: Mapping[str, Any], when: Condition[Any] | None, *, old: Stored) -> Write:
    """
    Write the whole entity, whether it exists or not.

    `old` is what is stored, needed for entities with unique values only.
    """
    codec = store.codec
    new, version = raised_version(codec, values)
    item = store.item(new)
    expressions = Expressions()
    wanted = unique_values(codec, old)
    guard = Guard(store=store, expressions=expressions, wanted=wanted, own_reading=True, lock=version)
    conditions = guard.conditions(alive=False) + when_texts(when, codec, expressions)
    subject = _subject(codec, item)
    return Write(
        kind="Put",
        request=request_of(store, expressions, conditions=conditions, Item=item),
        explain=lambda found: guard.explain(found, subject, alive=False),
        subject=subject,
        markers=marker_writes(store, old=old, new=new) if codec.entity.unique else (),
    )


def plan_create(store: AnyStore, values: Mapping[str, Any]) -> Write:
    """Write the entity if there is none with its key, or only an expired one."""
    codec = store.codec
    new, _ = raised_version(codec, values)
    item = store.item(new)
    expressions = Expressions()
    free = store.free_condition(expressions, codec.layout.table.partition.name)
    subject = _subject(codec, item)
    return Write(
        kind="Put",
        request=request_of(store, expressions, conditions=[free], Item=item),
        explain=lambda found: _taken(store, found, subject),
        subject=subject,
        markers=marker_writes(store, old=None, new=new) if codec.entity.unique else (),
    )


def _taken(store: AnyStore, found: Item | None, subject: str) -> ConditionFailed:
    mark = store.codec.entity.soft_delete
    if found is not None and mark is not None and mark.stored_as in found:
        return ConditionFailed(f"{subject} exists already, softly deleted", hint="restore it, or erase it before")
    return ConditionFailed(f"{subject} exists already")


def plan_delete(
    store: AnyStore,
    values: Mapping[str, Any],
    when: Condition[Any] | None,
    *,
    old: Stored,
    own_reading: bool,
    lock: int | None,
) -> Write:
    """Remove the item. Without `when` and `lock` it need not exist."""
    codec = store.codec
    expressions = Expressions()
    key = store.key(values)
    wanted = unique_values(codec, old)
    guard = Guard(store=store, expressions=expressions, wanted=wanted, own_reading=own_reading, lock=lock)
    conditions = guard.conditions(alive=False) + when_texts(when, codec, expressions)
    subject = _subject(codec, key)
    return Write(
        kind="Delete",
        request=request_of(store, expressions, conditions=conditions, Key=key),
        explain=lambda found: guard.explain(found, subject, alive=False),
        subject=subject,
        markers=marker_writes(store, old=old, new=None) if codec.entity.unique and old else (),
    )


def plan_mark(
    store: AnyStore,
    values: Mapping[str, Any],
    when: Condition[Any] | None,
    *,
    lock: int | None,
    deleted: bool,
) -> Write:
    """Soft deletion: set the time of deletion, or (`deleted` False) take it away again."""
    codec = store.codec
    mark = codec.entity.soft_delete
    assert mark is not None, "the entity has soft deletion"
    expressions = Expressions()
    key = store.key(values)
    guard = Guard(store=store, expressions=expressions, wanted={}, lock=lock, deleted=not deleted)
    clauses = UpdateClauses(codec, expressions)
    instant = codec.fields[mark.name].encode(datetime.fromtimestamp(store.session.clock(), UTC))
    clauses.assign(mark.stored_as, instant if deleted else None)
    locked = codec.entity.lock
    if locked is not None:
        clauses.raise_by_one(locked.stored_as)
    conditions = guard.conditions(alive=True) + when_texts(when, codec, expressions)
    subject = _subject(codec, key)
    return Write(
        kind="Update",
        request=request_of(store, expressions, conditions=conditions, Key=key, UpdateExpression=clauses.text()),
        explain=lambda found: guard.explain(found, subject, alive=True),
        subject=subject,
        locked=lock is not None,
    )


def plan_check(store: AnyStore, values: Mapping[str, Any], when: Condition[Any] | None) -> Write:
    """Demand that the item exists, and that `when` holds, without changing it."""
    codec = store.codec
    expressions = Expressions()
    key = store.key(values)
    guard = Guard(store=store, expressions=expressions, wanted={})
    exists = expressions.exists(codec.layout.table.partition.name)
    conditions = [exists, *store.alive_conditions(expressions), *when_texts(when, codec, expressions)]
    subject = _subject(codec, key)
    return Write(
        kind="ConditionCheck",
        request=request_of(store, expressions, conditions=conditions, Key=key),
        explain=lambda found: guard.explain(found, subject, alive=True),
        subject=subject,
    )


def raised_version(codec: EntityCodec[Any], values: Mapping[str, Any]) -> tuple[Mapping[str, Any], int | None]:
    """The values to store, their lock raised by one, and the lock that must be there now (None: no lock)."""
    lock = codec.entity.lock
    if lock is None:
        return values, None
    version = int(values[lock.name])
    return {**values, lock.name: version + 1}, version


def unique_values(codec: EntityCodec[Any], old: Stored) -> dict[str, AttributeValue | None]:
    """What the unique attributes must still be, by stored name."""
    return {
        field.stored_as: stored_value(codec, field.name, (old or {}).get(field.name)) for field in codec.entity.unique
    }


def stored_value(codec: EntityCodec[Any], name: str, value: Any) -> AttributeValue | None:
    """How a field's value is stored; None: not at all."""
    field = codec.fields[name]
    if value is None:
        return {"NULL": True} if field.keep_null else None
    return field.encode(value)


def when_texts(when: Condition[Any] | None, codec: EntityCodec[Any], expressions: Expressions) -> list[str]:
    return [] if when is None else [condition_text(when, codec, expressions)]


def _subject(codec: EntityCodec[Any], item: Item | Mapping[str, AttributeValue]) -> str:
    if codec.layout.table.keys.partition.name not in item:
        raise DataError(f"{codec.entity.name} has no key")
    check_natural_key(codec, item)
    return f"{codec.entity.name} {codec.described(item)}"
