"""Reads of items and ranges."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from heapq import merge
from types import TracebackType
from typing import Self

from tenantable.engine.storage.checksums import (
    CHECKSUM_MASK,
    SIZE_MASK,
    DamageError,
    RecordRow,
    Row,
    damaged_item,
    digest,
    verified,
    verified_record,
)
from tenantable.engine.storage.files import failure
from tenantable.engine.storage.queries import QUERIES, IndexRelation, ItemRelation, RecordRelation, UndoRelation

_ROWS_FETCHED_AT_ONCE = 32  # faster than row by row; the last fetch of a page may read so many too many

KeyedRow = tuple[bytes, int, bytes]
"""An item with its key: key, size and wire JSON."""

ChangedRow = tuple[int, int | None, bytes | None, int | None, bytes | None]
"""What became of an item: the moment of the last change, and its size and JSON before and after; None for no item."""

BuildRow = tuple[int, str | None, str | None, str]
"""What is being filled: number, name of the table that it will be, ARN of the backup, JSON of its relations."""

ShardRow = tuple[int, int, int | None, int | None, float, float | None, int]
"""A shard: first sequence, slot, last sequence, the parent's first, when it was opened and closed, what is trimmed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyRange:
    """
    Keys from `lower` (included) up to `upper` (excluded), in the order of their bytes.

    In an index several entries may share a key; `after` and `before` are the key of the item behind the last entry
    seen, and leave out everything up to it: `after` at `lower` when ascending, `before` at `upper` when descending.
    """

    lower: bytes
    upper: bytes
    after: bytes = b""
    before: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """What a relation holds."""

    item_count: int
    size_bytes: int


class Reader:
    """
    One connection's worth of reading. It sees what was committed when it reads; after `freeze`, one state only.

    A context manager: leaving it gives the connection back, and nothing may be read any more.
    """

    __slots__ = ("_connection", "_cursor", "_give_back")

    def __init__(self, connection: sqlite3.Connection, give_back: "Callable[[Reader], None]") -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._give_back = give_back

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")  # of reads; a commit could fail on a damaged file
        self._give_back(self)
        if isinstance(error, sqlite3.Error):
            raise failure(error) from error

    def close(self) -> None:
        self._connection.close()

    def empty_log(self) -> None:
        """Move what was committed from the log into the file as far as no reader needs it; nobody waits for this."""
        with suppress(sqlite3.OperationalError):  # a statement that was given up in the middle still reads the log
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def freeze(self) -> None:
        """Let all reads from here on see the state of the first one."""
        self._cursor.execute("BEGIN")

    def generation(self) -> int:
        """How often tables and streams were changed, by whomever."""
        return int(self._cursor.execute(QUERIES["read_generation"]).fetchone()[0])

    def tables(self) -> Iterator[tuple[str, bytes]]:
        """Name and description of every table, by name."""
        return self._cursor.execute(QUERIES["list_tables"])

    def streams(self) -> Iterator[tuple[int, bytes]]:
        """Number and description of every stream."""
        return self._cursor.execute(QUERIES["list_streams"])

    def get(self, relation: ItemRelation, key: bytes) -> Row | None:
        stored: Row | None = self._cursor.execute(relation.get, (key,)).fetchone()
        return None if stored is None else verified(stored)

    def page(
        self, relation: ItemRelation | IndexRelation, keys: KeyRange, *, descending: bool, limit: int, bytes_max: int
    ) -> tuple[list[Row], bool]:
        """
        The first rows of a range.

        Args:
            limit: Rows at most; -1 for no limit.
            bytes_max: The page ends with the row that brings the sizes above this.
        Returns:
            The rows in the order of the keys, and whether one of the two limits ended the page: then there may be more.
        Raises:
            DamageError: A row does not match its checksum, or an index entry has no item.
        """
        parameters = _range_parameters(relation, keys, descending=descending)
        query = relation.descending if descending else relation.ascending
        rows: list[Row] = []
        size_bytes = 0
        try:
            cursor = self._cursor.execute(query, (*parameters, limit))
            while fetched := cursor.fetchmany(_ROWS_FETCHED_AT_ONCE):
                for mark, item in fetched:
                    size = mark & SIZE_MASK
                    if (digest(item, size) ^ mark) & CHECKSUM_MASK and mark & CHECKSUM_MASK:  # `verified`, inline
                        raise damaged_item()
                    rows.append((size, item))
                    size_bytes += size
                    if size_bytes > bytes_max:
                        self._reset_cursor()
                        return rows, True
        except (TypeError, DamageError) as error:
            self._reset_cursor()
            if isinstance(error, DamageError):
                raise
            raise DamageError("an index entry has no item, or an item has a value of another type") from error
        return rows, len(rows) == limit

    def walk(self, relation: ItemRelation) -> Iterator[KeyedRow]:
        """All items in the order of their keys."""
        return _verified_rows(self._connection.execute(relation.walk))

    def next_items(self, relation: ItemRelation, *, after: bytes, limit: int) -> list[KeyedRow]:
        """The first items behind a key."""
        return list(_verified_rows(self._cursor.execute(relation.next, (after, limit))))

    def state(self, relation: UndoRelation, *, after: int) -> Iterator[KeyedRow]:
        """All items of a table without what was changed behind a moment, in no order."""
        return _verified_rows(self._connection.execute(relation.state, (after,)))

    def changes(self, relation: UndoRelation, *, after: int, through: int) -> Iterator[ChangedRow]:
        """What was changed behind a moment and up to another, one row per item, in the order of the keys."""
        for moment, *marked in self._connection.execute(relation.changes, (after, through)):
            yield moment, *_verified_image(*marked[:2]), *_verified_image(*marked[2:])

    def backups(self, lower: str, upper: str) -> list[tuple[str, bytes]]:
        """ARN and description of the backups whose ARN is at least the one and below the other, sorted."""
        return self._cursor.execute(QUERIES["list_backups"], (lower, upper)).fetchall()

    def backup(self, arn: str) -> bytes | None:
        """The description of a backup; None when there is none of this ARN."""
        return _only(self._cursor.execute(QUERIES["find_backup"], (arn,)).fetchone())

    def transfer(self, arn: str) -> bytes | None:
        """The description of an export or import; None when there is none of this ARN."""
        return _only(self._cursor.execute(QUERIES["find_transfer"], (arn,)).fetchone())

    def transfers(self) -> list[tuple[str, bytes]]:
        """ARN and description of all exports and imports, the ARNs sorted backwards."""
        return self._cursor.execute(QUERIES["list_transfers"]).fetchall()

    def statistics(self, relation_number: int) -> Statistics:
        return read_statistics(self._cursor.execute(QUERIES["read_statistics"], (relation_number,)))

    def shards(self, stream_number: int) -> list[ShardRow]:
        """All shards of a stream in the order of their first sequence and slot."""
        return self._cursor.execute(QUERIES["list_shards"], (stream_number,)).fetchall()

    def records(
        self, slots: Sequence[RecordRelation], *, after: int, through: int, limit: int, bytes_max: int
    ) -> tuple[list[RecordRow], bool]:
        """
        The first records in a stretch of the sequence.

        Args:
            limit: Records at most.
            bytes_max: The page ends before the record that would bring keys and images above this.
        Returns:
            The records of all these slots in the order of the sequence, and whether they are all there are.
        """
        page: list[RecordRow] = []
        size_bytes = 0
        with ExitStack() as stack:
            rows = [self._connection.execute(slot.range, (after, through, limit)) for slot in slots]
            for cursor in rows:
                stack.callback(cursor.close)
            for row in map(verified_record, merge(*rows)):
                size_bytes += row[3] + len(row[4])
                if len(page) == limit or (page and size_bytes > bytes_max):
                    return page, False
                page.append(row)
        return page, len(page) < limit

    def last_sequence(self, relation: RecordRelation) -> int:
        """The sequence of the newest record of a slot; 0 when there is none."""
        return int(self._cursor.execute(relation.last).fetchone()[0])

    def sequence_before(self, relation: RecordRelation, moment: float) -> int:
        """The sequence of the newest record of a slot from before a moment, seconds since 1970; 0 for none."""
        row = self._cursor.execute(relation.before, (moment,)).fetchone()
        self._reset_cursor()
        return 0 if row is None else int(row[0])

    def checkpoint(self, stream_number: int, consumer: str) -> int | None:
        """The sequence that a consumer of a stream has come to; None for one that has never said."""
        row = self._cursor.execute(QUERIES["read_checkpoint"], (stream_number, consumer)).fetchone()
        return None if row is None else int(row[0])

    def checkpoints(self, stream_number: int) -> list[tuple[str, int]]:
        """The consumers of a stream that have said how far they have come, and how far."""
        return self._cursor.execute(QUERIES["list_consumers"], (stream_number,)).fetchall()

    def _reset_cursor(self) -> None:
        """End a statement before its last row, so that an idle connection does not hold an old state alive."""
        self._cursor.close()
        self._cursor = self._connection.cursor()


def read_statistics(found: sqlite3.Cursor) -> Statistics:
    """What was found of a relation; a relation that is gone holds nothing."""
    item_count, size_bytes = found.fetchone() or (0, 0)
    return Statistics(item_count=item_count, size_bytes=size_bytes)


def _only(row: tuple[bytes] | None) -> bytes | None:
    return None if row is None else row[0]


def _range_parameters(relation: ItemRelation | IndexRelation, keys: KeyRange, *, descending: bool) -> tuple[bytes, ...]:
    if isinstance(relation, ItemRelation):
        return (keys.lower, keys.upper)
    if descending:
        return (keys.lower, keys.upper, keys.before)
    return (keys.lower, keys.after, keys.upper)


def _verified_rows(stored: Iterable[KeyedRow]) -> Iterator[KeyedRow]:
    for key, mark, item in stored:
        yield key, *verified((mark, item))


def _verified_image(mark: int | None, item: bytes | None) -> Row | tuple[None, None]:
    return (None, None) if mark is None or item is None else verified((mark, item))
