"""The database of one engine: a file that survives, or memory for tests."""

import sqlite3
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from tenantable.engine.storage.files import (
    Durability,
    check_durability,
    failure,
    lock_directory,
    open_database,
    open_memory,
    open_reader,
)
from tenantable.engine.storage.queries import QUERIES
from tenantable.engine.storage.reading import Reader
from tenantable.engine.storage.writing import Writer
from tenantable.errors import StorageError

_IDLE_READERS_MAX = 16


class Storage:
    """
    Readers and the one writer of a database.

    `with storage.read() as reader` reads, `storage.write(work)` writes. Within a file, readers have connections of
    their own and never wait for the writer; in memory there is one connection, and everybody takes turns. Never call
    `read` inside `work`: its transaction reads for itself.
    """

    def __init__(self, directory: Path | None, durability: Durability = "power") -> None:
        """
        Args:
            directory: Where the database file lies or is created; None for memory.
        Raises:
            StorageError: The directory cannot be used; says why and the way out.
        """
        check_durability(durability)
        self._directory = directory
        self._idle_readers: deque[Reader] = deque()
        self._closed = False
        self._lock: sqlite3.Connection | None = None
        if directory is None:
            connection = open_memory()
        else:
            self._lock = lock_directory(directory)
            connection = self._open_locked(directory, durability)
        self.write = Writer(connection)
        self._memory_reader = Reader(connection, lambda _reader: self.write.lock.release())

    def _open_locked(self, directory: Path, durability: Durability) -> sqlite3.Connection:
        assert self._lock is not None
        opened = False
        try:
            connection = open_database(directory, durability)
            opened = True
        finally:
            if not opened:
                self._lock.close()
        return connection

    def read(self) -> Reader:
        """A reader for one `with` block."""
        self._check_open()
        if self._directory is None:
            self.write.lock.acquire()
            return self._memory_reader
        try:
            return self._idle_readers.pop()
        except IndexError:
            return Reader(open_reader(self._directory), self._take_back)

    def snapshot(self) -> Reader:
        """
        A reader of one state for one `with` block, however long it takes: nobody waits for it.

        The state is that of the first read. In memory, where everybody takes turns, it is a copy of the database.
        """
        if self._directory is not None:
            self._check_open()
            reader = Reader(open_reader(self._directory), _end_snapshot)
            reader.freeze()
            return reader
        copy = open_memory()
        with self.read():
            self.write.connection.backup(copy)
        return Reader(copy, Reader.close)

    def tables(self) -> Iterator[tuple[str, bytes]]:
        """Name and description of every table, by name."""
        try:
            yield from self.write.connection.execute(QUERIES["list_tables"])
        except sqlite3.Error as error:
            raise failure(error) from error

    def streams(self) -> Iterator[tuple[int, bytes]]:
        """Number and description of every stream."""
        try:
            yield from self.write.connection.execute(QUERIES["list_streams"])
        except sqlite3.Error as error:
            raise failure(error) from error

    def close(self) -> None:
        """Finish the commit under way and give the directory back. Nothing may be read or written any more."""
        if self._closed:
            return
        self._closed = True
        while self._idle_readers:
            self._idle_readers.pop().close()
        self.write.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("The engine is closed")

    def _take_back(self, reader: Reader) -> None:
        if self._closed or len(self._idle_readers) >= _IDLE_READERS_MAX:
            reader.close()
        else:
            self._idle_readers.append(reader)


def _end_snapshot(reader: Reader) -> None:
    """Bring what was written meanwhile from the log into the file here, lest the next writer does it and waits."""
    reader.empty_log()
    reader.close()
