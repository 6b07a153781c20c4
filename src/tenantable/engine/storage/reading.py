"""Reads of items and ranges."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from heapq import merge
from types import TracebackType
from typing import Self

from tenantable.engine.storage.checksums import (
    CHECKSUM_MASK,
    SIZE_MASK,
    DamageError,
    damaged_item,
    digest,
    verified,
    verified_record,
)
from tenantable.engine.storage.files import failure
from tenantable.engine.storage.queries import QUERIES, IndexRelation, ItemRelation, RecordRelation

_ROWS_FETCHED_AT_ONCE = 32  # faster than row by row; the last fetch of a page may read so many too many

Row = tuple[int, bytes]
"""An item: its size by DynamoDB's rules, and its wire JSON."""

RecordRow = tuple[int, float, int, int, bytes, bytes | None, bytes | None]
"""A record of a stream: sequence, time of creation, event, size of its images, and JSON: keys, old and new image."""

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

    def statistics(self, relation_number: int) -> Statistics:
        row = self._cursor.execute(QUERIES["read_statistics"], (relation_number,)).fetchone() or (0, 0)
        return Statistics(item_count=row[0], size_bytes=row[1])

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

    def last_shard_sequence(self, stream_number: int) -> int:
        """The last sequence that the shards of a stream speak of; no record that comes may have it."""
        return int(self._cursor.execute(QUERIES["last_shard_sequence"], (stream_number,)).fetchone()[0])

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


def _range_parameters(relation: ItemRelation | IndexRelation, keys: KeyRange, *, descending: bool) -> tuple[bytes, ...]:
    if isinstance(relation, ItemRelation):
        return (keys.lower, keys.upper)
    if descending:
        return (keys.lower, keys.upper, keys.before)
    return (keys.lower, keys.after, keys.upper)
