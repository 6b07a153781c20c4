"""Deleting the items whose time to live is over."""

from tenantable.engine.expiry.times import EXPIRED_SECONDS_MAX, expires_at
from tenantable.engine.items.stored import Change, apply_change, find_item
from tenantable.engine.session import Session
from tenantable.engine.storage.checksums import DamageError
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table

_DELETED_AT_ONCE_MAX = 100  # in one turn of the writer, so that those who write meanwhile do not wait for long


def delete_expired(session: Session, *, now: float, limit: int) -> int:
    """
    Delete items that have expired, of every table up to the same number, and those first that expired first.

    Args:
        now: Seconds since 1970.
        limit: Items at most, in all tables together; at least one of each is tried.
    Returns:
        How many were deleted. 0: nothing is left to do at present.
    Raises:
        DamageError: A table is damaged; what has expired in the others is deleted.
    """
    names = [name for name in session.catalog.names() if session.catalog.table(name).expiry is not None]
    share = max(1, limit // max(1, len(names)))
    deleted, damage = 0, None
    for name in names:
        try:
            deleted += _delete_of_table(session, name, now=now, limit=share)
        except DamageError as error:  # the other tables have their turn first
            damage = error
    if damage is not None:
        raise damage
    return deleted


def _delete_of_table(session: Session, name: str, *, now: float, limit: int) -> int:
    deleted = 0
    while deleted < limit:
        at_once = min(limit - deleted, _DELETED_AT_ONCE_MAX)

        def work(transaction: Transaction, at_once: int = at_once) -> int:
            table = session.catalog.find(name)
            return 0 if table is None else _delete(transaction, table, now=now, limit=at_once)

        count = session.storage.write(work)
        deleted += count
        if count < at_once:
            break
    return deleted


def _delete(transaction: Transaction, table: Table, *, now: float, limit: int) -> int:
    if table.expiry is None or table.time_to_live is None:
        return 0
    oldest = int(now) - EXPIRED_SECONDS_MAX
    keys = transaction.find_expired(table.expiry, since=oldest, before=now, limit=limit)
    for key in keys:
        item = find_item(transaction, table, key)
        if item is None or (expires_at(item.item, table.time_to_live) or now) >= now:
            raise DamageError(f"what is to expire in {table.name} is not what its items say")
        apply_change(transaction, table, Change(key=key, before=item, after=None, entries={}, expired=True))
    return len(keys)
