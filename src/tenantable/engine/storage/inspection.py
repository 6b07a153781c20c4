"""A database file as it lies, damaged or not: raw rows, for checking and repairing it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tenantable.engine.storage.checksums import DamageError, RecordRow, Row
from tenantable.engine.storage.files import DATABASE_NAME, open_as_it_lies
from tenantable.engine.storage.queries import QUERIES, ExpiryRelation, IndexRelation, ItemRelation, RecordRelation
from tenantable.engine.storage.reading import ShardRow
from tenantable.engine.storage.structure import structure_problems


class Inspection:
    """
    One state of a database; others may write meanwhile. A context manager.

    Marks and items come as they are stored, unverified. Every method raises DamageError when SQLite finds that it
    cannot read on.
    """

    def __init__(self, directory: Path) -> None:
        """
        Raises:
            StorageError: There is no database of ours here, it is of a newer format, or it cannot be opened at all.
        """
        self.file = directory / DATABASE_NAME
        self.connection = open_as_it_lies(directory)
        self.sql_tables: dict[str, str] = dict(
            self._rows("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def structure_problems(self) -> list[str]:
        """See `structure_problems`."""
        return structure_problems(self.connection)

    def tables(self) -> list[tuple[str, bytes]]:
        """Name and description of each table."""
        return list(self._rows(QUERIES["list_tables"]))

    def streams(self) -> list[tuple[int, bytes]]:
        """Number and description of each stream."""
        return list(self._rows(QUERIES["list_streams"])) if "streams" in self.sql_tables else []

    def statistics(self) -> dict[int, tuple[int, int]]:
        """By the number of a relation: how many rows it is said to hold, and their size."""
        return {number: (count, size) for number, count, size in self._rows(QUERIES["list_statistics"])}

    def shards(self, stream_number: int) -> list[ShardRow]:
        return list(self._rows(QUERIES["list_shards"], (stream_number,)))

    def checkpoints(self) -> list[tuple[int, str, int]]:
        """Stream number, consumer and sequence."""
        return list(self._rows(QUERIES["list_checkpoints"])) if "checkpoints" in self.sql_tables else []

    def count(self, relation: IndexRelation | ExpiryRelation) -> int:
        return int(next(self._rows(relation.count))[0])

    def items(self, relation: ItemRelation) -> Iterator[tuple[bytes, int, bytes]]:
        """Key, mark and item, in the order they lie in."""
        return self._rows(relation.walk)

    def item(self, relation: ItemRelation, key: bytes) -> Row | None:
        """Mark and item."""
        return next(self._rows(relation.get, (key,)), None)

    def entry(self, relation: IndexRelation, key: bytes, base: bytes) -> Row | None:
        """Mark and copy of an index entry, 0 and nothing when it only points to its item; None: there is none."""
        return next(self._rows(relation.find, (key, base)), None)

    def entries(self, relation: IndexRelation) -> Iterator[tuple[bytes, bytes]]:
        """The key of each entry and of its item."""
        return self._rows(relation.walk)

    def has_expiry(self, relation: ExpiryRelation, at: int, key: bytes) -> bool:
        return next(self._rows(relation.has, (at, key)), None) is not None

    def expiries(self, relation: ExpiryRelation) -> Iterator[tuple[int, bytes]]:
        """Second and key."""
        return self._rows(relation.walk)

    def records(self, relation: RecordRelation) -> Iterator[RecordRow]:
        """The records of a slot in their order, with marks in the place of sizes."""
        return self._rows(relation.walk)

    def salvaged(
        self, relation: ItemRelation | RecordRelation, when_damaged: Callable[[DamageError], None]
    ) -> Iterator[Any]:
        """
        The rows of `items` or `records` that can be read: from the beginning up to a damaged place, and from the end
        down to it. A row may come twice.

        Args:
            when_damaged: Called, in the place of raising, when there is such a place.
        """
        try:
            yield from self._rows(relation.walk)
        except DamageError as error:
            when_damaged(error)
            with suppress(DamageError):
                yield from self._rows(f"{relation.walk} DESC")

    def _rows(self, query: str, parameters: tuple[object, ...] = ()) -> Iterator[Any]:
        try:
            yield from self.connection.execute(query, parameters)
        except sqlite3.Error as error:
            raise DamageError(str(error)) from error


def file_problems(file: Path) -> list[str]:
    """What SQLite says is wrong with any database file; nothing when it is sound."""
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)
    except sqlite3.Error as error:
        return [str(error)]
    try:
        return structure_problems(connection)
    finally:
        connection.close()
