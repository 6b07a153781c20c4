"""Reads of items and ranges."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tenantable.engine.storage.files import failure
from tenantable.engine.storage.queries import QUERIES, IndexRelation, ItemRelation

Row = tuple[int, bytes]
"""An item as it is stored: its size by DynamoDB's rules, and its wire JSON."""


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
            self._connection.execute("COMMIT")
        self._give_back(self)
        if isinstance(error, sqlite3.Error):
            raise failure(error) from error

    def close(self) -> None:
        self._connection.close()

    def freeze(self) -> None:
        """Let all reads from here on see the state of the first one."""
        self._cursor.execute("BEGIN")

    def get(self, relation: ItemRelation, key: bytes) -> Row | None:
        row: Row | None = self._cursor.execute(relation.get, (key,)).fetchone()
        return row

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
        """
        parameters = _range_parameters(relation, keys, descending=descending)
        query = relation.descending if descending else relation.ascending
        rows: list[Row] = []
        size_bytes = 0
        for row in self._cursor.execute(query, (*parameters, limit)):
            rows.append(row)
            size_bytes += row[0]
            if size_bytes > bytes_max:
                self._reset_cursor()
                return rows, True
        return rows, len(rows) == limit

    def statistics(self, relation_number: int) -> Statistics:
        row = self._cursor.execute(QUERIES["read_statistics"], (relation_number,)).fetchone() or (0, 0)
        return Statistics(item_count=row[0], size_bytes=row[1])

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
