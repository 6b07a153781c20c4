"""From what a caller asks to a plan: reads what must be known, and starts over when others were faster."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tenantable.data.store import AnyStore
from tenantable.data.writing.changes import valid_changes
from tenantable.data.writing.execution import run_single, run_together
from tenantable.data.writing.plans import Stored, plan_create, plan_delete, plan_mark, plan_put
from tenantable.data.writing.updates import needed_fields, plan_update
from tenantable.data.writing.upgrades import upgrade_stored
from tenantable.data.writing.write import OlderVersion, Outdated, Write
from tenantable.declare.keys.layouts import Key
from tenantable.declare.references import Change, Condition
from tenantable.errors import ItemNotFound, StaleItem
from tenantable.wire.values import Item

ResultT = TypeVar("ResultT")
Preparation = Callable[[], Write]
"""Makes a write anew, reading what it needs."""

ATTEMPTS_MAX = 5
"""How often a write that must read first starts over."""


def prepare_put(store: AnyStore, entity: Any, when: Condition[Any] | None = None) -> Write:
    values = store.field_values(entity)
    old = _stored(store, values) if store.codec.entity.unique else None
    return plan_put(store, values, when, old=old)


def prepare_create(store: AnyStore, entity: Any) -> Write:
    return plan_create(store, store.field_values(entity))


def prepare_update(
    store: AnyStore, target: Any, changes: Sequence[Change[Any]], when: Condition[Any] | None = None
) -> Write:
    """ItemNotFound when something must be known of an item that does not exist."""
    values = store.field_values(target)
    changes = valid_changes(store.codec, changes, values)
    lock = store.lock_of(target)
    own_reading = isinstance(target, Key) and bool(needed_fields(store.codec, changes))
    known = values
    if own_reading:
        stored = _stored(store, values)
        if stored is None:
            raise ItemNotFound(f"{target} does not exist")
        known = stored
    key = {name: values[name] for name in store.codec.layout.table_key.names}
    return plan_update(store, changes, when, values=key, known=known, own_reading=own_reading, lock=lock)


def prepare_delete(store: AnyStore, target: Any, when: Condition[Any] | None = None) -> Write:
    """Soft where the entity is declared so."""
    if store.codec.entity.soft_delete is None:
        return prepare_erase(store, target, when)
    return plan_mark(store, store.field_values(target), when, lock=store.lock_of(target), deleted=True)


def prepare_erase(store: AnyStore, target: Any, when: Condition[Any] | None = None) -> Write:
    values = store.field_values(target)
    own_reading = isinstance(target, Key)
    old: Stored = None
    if store.codec.entity.unique:
        old = _stored(store, values) if own_reading else values
    return plan_delete(store, values, when, old=old, own_reading=own_reading, lock=store.lock_of(target))


def prepare_restore(store: AnyStore, target: Any) -> Write:
    return plan_mark(store, store.field_values(target), None, lock=store.lock_of(target), deleted=False)


def run(store: AnyStore, prepare: Preparation, *, returning: bool = False) -> Item | None:
    """Prepare and carry out one write; the item afterwards when `returning`."""

    def attempt() -> Item | None:
        write = prepare()
        if not write.markers:
            return run_single(store.session, write, returning=returning)
        run_together(store.session, [write])
        return store.read_key(write.request["Key"]) if returning else None

    return until_current(attempt)


def until_current(attempt: Callable[[], ResultT]) -> ResultT:
    """
    Start over while what `attempt` read is outdated when it writes, at most five times; brings an item that is stored
    in an older schema version to the current one in between.
    """
    for _ in range(ATTEMPTS_MAX - 1):
        try:
            return attempt()
        except OlderVersion as error:
            upgrade_stored(error.store, error.item)
        except Outdated:
            continue
    try:
        return attempt()
    except Outdated as error:
        raise StaleItem(error.message, hint="others write it all the time; try again later") from error


def _stored(store: AnyStore, values: Mapping[str, Any]) -> Stored:
    item = store.read(values)
    return None if item is None else store.codec.values(store.codec.upgraded(item))
