"""
Unique values: each is held by a marker item whose key is the value, written in one transaction with its entity.

A marker knows its owner and expires with it, so a value is free again when the owner is gone, however it went.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tenantable.data.codecs.entities import EntityCodec
from tenantable.data.expressions import Expressions
from tenantable.data.store import AnyStore
from tenantable.data.writing.write import Write, request_of
from tenantable.declare.attributes import Attribute
from tenantable.declare.checks import MARKER_HEAD, MARKER_SORT, marker_head
from tenantable.declare.keys.layouts import check_length
from tenantable.declare.keys.templates import TENANT, escape_value
from tenantable.declare.keys.text import key_text
from tenantable.errors import DataError, DuplicateValue, StaleItem
from tenantable.wire.values import AttributeValue, Item

OWNER = "_owner"


def marker_writes(
    store: AnyStore, *, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> tuple[Write, ...]:
    """
    The marker writes that follow from an entity's change.

    Args:
        old: Field values before, None when the entity is new.
        new: Field values after, None when it is deleted.
    """
    return tuple(_writes(store, old or {}, new or {}))


def check_natural_key(codec: EntityCodec[Any], key: Mapping[str, AttributeValue]) -> None:
    """DataError for a primary key that could be taken for a marker's."""
    if codec.entity.unique and key[codec.layout.table.partition.name].get("S", "").startswith(MARKER_HEAD):
        raise DataError(f"{codec.entity.name}: a key must not begin with {MARKER_HEAD}")


def _writes(store: AnyStore, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Write]:
    codec = store.codec
    owner = _owner(store, new or old)
    ttl = codec.entity.ttl
    moved = ttl is not None and old.get(ttl.name) != new.get(ttl.name)
    for field in codec.entity.unique:
        before, after = old.get(field.name), new.get(field.name)
        if after is not None and (after != before or moved):
            yield _take(store, field, after, owner=owner, expiry=None if ttl is None else new.get(ttl.name))
        if before is not None and before != after:
            yield _release(store, field, before, owner=owner)


def _take(store: AnyStore, field: Attribute, value: Any, *, owner: AttributeValue, expiry: Any) -> Write:
    codec = store.codec
    key = _marker_key(store, field, value)
    item: Item = {**key, OWNER: owner}
    ttl = codec.entity.ttl
    expressions = Expressions()
    free = f"attribute_not_exists({expressions.name(codec.layout.table.partition.name)})"
    free += f" OR {expressions.equals(OWNER, owner)}"
    if ttl is not None:
        now = expressions.value(store.now())
        free += f" OR {expressions.name(ttl.stored_as)} <= {now}"
        if expiry is not None:
            item[ttl.stored_as] = codec.fields[ttl.name].encode(expiry)
    subject = f"{codec.entity.name}.{field.name} {value!r}"
    return Write(
        kind="Put",
        request=request_of(store, expressions, conditions=[free], Item=item),
        explain=lambda _: DuplicateValue(f"{subject} is taken", hint="choose another value"),
        subject=subject,
    )


def _release(store: AnyStore, field: Attribute, value: Any, *, owner: AttributeValue) -> Write:
    codec = store.codec
    expressions = Expressions()
    gone = f"attribute_not_exists({expressions.name(codec.layout.table.partition.name)})"
    mine = f"{gone} OR {expressions.equals(OWNER, owner)}"
    key = _marker_key(store, field, value)
    subject = f"{codec.entity.name}.{field.name} {value!r}"
    return Write(
        kind="Delete",
        request=request_of(store, expressions, conditions=[mine], Key=key),
        explain=lambda _: StaleItem(f"{subject} belongs to another item meanwhile", hint="read it again"),
        subject=subject,
    )


def _marker_key(store: AnyStore, field: Attribute, value: Any) -> dict[str, AttributeValue]:
    codec = store.codec
    table = codec.layout.table
    tenant = {} if store.session.tenant is None else {TENANT: store.session.tenant}
    text = escape_value(key_text(field.annotation).write(value))
    key: dict[str, AttributeValue] = {table.partition.name: {"S": marker_head(codec.layout, field.name, tenant) + text}}
    if table.sort is not None:
        key[table.sort.name] = {"S": MARKER_SORT}
    try:
        check_length(table.partition, key[table.partition.name], partition=True)
    except ValueError as error:
        raise DataError(f"{codec.entity.name}.{field.name} is too long to be unique: {error}") from error
    return key


def _owner(store: AnyStore, values: Mapping[str, Any]) -> AttributeValue:
    codec = store.codec
    key = store.key(values)
    return {"L": [key[name] for name in codec.layout.table.keys.names]}
