"""Bringing a stored item to the current schema version, so that a partial update can change it."""

from tenantable.data.expressions import Expressions
from tenantable.data.store import AnyStore
from tenantable.data.writing.execution import run_single
from tenantable.data.writing.write import Outdated, Write, request_of
from tenantable.errors import CorruptItem
from tenantable.wire.values import Item


def upgrade_stored(store: AnyStore, item: Item) -> None:
    """
    Replace an item by its current form unless somebody changes it meanwhile (then the caller's next attempt sees that).

    Raises:
        CorruptItem: The item does not fit the entity, or a newer program wrote it.
    """
    codec = store.codec
    if codec.version_of(item) > codec.entity.version:
        raise CorruptItem(f"{codec.entity.name} {codec.described(item)} was written by a newer version")
    current = {**codec.upgraded(item), **store.item(vars(store.decode(item)))}
    expressions = Expressions()
    unchanged = [expressions.equals(name, value) for name, value in item.items()]
    subject = f"{codec.entity.name} {codec.described(item)}"
    write = Write(
        kind="Put",
        request=request_of(store, expressions, conditions=unchanged, Item=current),
        explain=lambda _: Outdated(f"{subject} was changed meanwhile"),
        subject=subject,
    )
    try:
        run_single(store.session, write)
    except Outdated:
        return
