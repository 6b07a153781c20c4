"""
Filling a table or a backup in bounded steps, while nobody knows of it.

What a build creates is written down in the transaction that creates it, and belongs to a table or backup with the
transaction that makes that known. So a crash in between leaves a build, which is dropped at the next start.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import orjson

from tenantable.engine.backups.limits import STEP_BYTES_MAX, STEP_ITEMS_MAX
from tenantable.engine.index_keys import stored_index_key
from tenantable.engine.items.stored import Change, StoredItem, apply_change
from tenantable.engine.session import Session
from tenantable.engine.storage.queries import IndexRelation, ItemRelation
from tenantable.engine.storage.reading import KeyedRow
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.errors import StorageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """A table that is being filled and that the catalog does not know."""

    number: int
    table: Table


def begin_build(
    transaction: Transaction, table: Table, *, target: str | None = None, backup: str | None = None
) -> Build:
    """
    Write down that everything a table consists of was just created for a build.

    Args:
        target: The name of the table that it will be; None when it will be a backup.
        backup: The ARN of the backup that it will be or is filled from; None when it has to do with none.
    """
    relations: list[ItemRelation | IndexRelation] = [table.items, *(index.relation for index in table.indexes.values())]
    names = orjson.dumps([[relation.sql_table, relation.number] for relation in relations]).decode()
    return Build(number=transaction.add_build(target=target, backup=backup, relations=names), table=table)


@contextmanager
def finishing(session: Session, build: Build) -> Iterator[None]:
    """A block that makes a build known in the end; when it fails, nothing stays of the build."""
    try:
        yield
    except BaseException:
        with suppress(StorageError):  # what cannot be dropped now is dropped at the next start
            discard(session, build)
        raise


def discard(session: Session, build: Build) -> None:
    """Drop a build, its items in bounded steps: SQLite drops a relation in one go, which takes long for a large one."""
    while session.storage.write(lambda transaction: transaction.clear_items(build.table.items, STEP_ITEMS_MAX)):
        pass
    session.storage.write(lambda transaction: _drop(transaction, build.number))


def is_being_built(transaction: Transaction, backup: str) -> bool:
    """Whether the backup of this ARN is being made or restored."""
    return any(named == backup for _number, _target, named, _relations in transaction.builds())


def drop_unfinished(transaction: Transaction) -> None:
    """Drop everything that builds have left behind: only when nobody can be building."""
    for build in transaction.builds():
        _drop(transaction, build[0])


def fill(session: Session, table: Table, rows: Iterable[KeyedRow]) -> None:
    """Store items, of keys that the table does not hold yet, with their index entries; other writers come between."""
    for chunk in _chunks(rows):
        session.storage.write(partial(_store, table, chunk))


def unchanging_items(session: Session, relation: ItemRelation) -> Iterator[KeyedRow]:
    """All items of a relation that nobody changes, without holding on to a state of the database."""
    after = b""
    while True:
        with session.storage.read() as reader:
            rows = reader.next_items(relation, after=after, limit=STEP_ITEMS_MAX)
        yield from rows
        if len(rows) < STEP_ITEMS_MAX:
            return
        after = rows[-1][0]


def _store(table: Table, rows: list[KeyedRow], transaction: Transaction) -> None:
    for key, size_bytes, body in rows:
        stored = StoredItem((size_bytes, body))
        entries = {name: stored_index_key(index.keys, stored.item) for name, index in table.indexes.items()}
        apply_change(transaction, table, Change(key=key, before=None, after=stored, entries=entries))


def _chunks(rows: Iterable[KeyedRow]) -> Iterator[list[KeyedRow]]:
    chunk: list[KeyedRow] = []
    size_bytes = 0
    for row in rows:
        chunk.append(row)
        size_bytes += row[1]
        if len(chunk) == STEP_ITEMS_MAX or size_bytes >= STEP_BYTES_MAX:
            yield chunk
            chunk, size_bytes = [], 0
    if chunk:
        yield chunk


def _drop(transaction: Transaction, number: int) -> None:
    """Drop what a build has created, and with it the backup that it was to be."""
    for known, target, backup, relations in transaction.builds():
        if known == number:
            for name, relation_number in orjson.loads(relations):
                transaction.drop_named(name, relation_number)
            if target is None and backup is not None:
                transaction.forget_backup(backup)
    transaction.forget_build(number)
