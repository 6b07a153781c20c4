"""The database of one engine: a file that survives, or memory for tests."""

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from tenantable.engine.storage.eventual import LateReads
from tenantable.engine.storage.files import (
    Durability,
    check_durability,
    database_bytes,
    failure,
    lock_directory,
    log_bytes,
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

    def __init__(
        self,
        directory: Path | None,
        durability: Durability = "power",
        *,
        eventual_seconds: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            directory: Where the database file lies or is created; None for memory.
            eventual_seconds: How far eventual reads are behind at most; with 0 they see what was committed.
            clock: In seconds; for eventual reads.
        Raises:
            StorageError: The directory cannot be used; says why and the way out.
        """
        check_durability(durability)
        self._directory = directory
        self._idle_readers: deque[Reader] = deque()
        self._closed = False
        self._lock: sqlite3.Connection | None = None
        self._late: LateReads | None = None
        if directory is None:
            if eventual_seconds:
                hint = "choose a data directory; with durability 'none' it is nearly as fast"
                raise StorageError("An engine in memory has one state, so that no read can be late", hint=hint)
            connection = open_memory()
        else:
            self._lock = lock_directory(directory)
            connection = self._open_locked(directory, durability)
            if eventual_seconds:
                self._late = LateReads(directory, late_seconds=eventual_seconds, clock=clock)
        self.write = Writer(connection, late=self._late)
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

    def read(self, *, eventual: bool = False) -> Reader:
        """
        A reader for one `with` block.

        Args:
            eventual: It may see an old state, where there are late reads.
        """
        if self._closed:
            raise StorageError("The engine is closed")
        if eventual and self._late is not None:
            return self._late.read()
        if self._directory is None:
            self.write.lock.acquire()
            return self._memory_reader
        try:
            return self._idle_readers.pop()
        except IndexError:
            return Reader(open_reader(self._directory), self._take_back)

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

    def file_bytes(self) -> tuple[int, int]:
        """The sizes of the database's file and of its log; 0 in memory."""
        return (0, 0) if self._directory is None else (database_bytes(self._directory), log_bytes(self._directory))

    def close(self) -> None:
        """Finish the commit under way and give the directory back. Nothing may be read or written any more."""
        if self._closed:
            return
        self._closed = True
        while self._idle_readers:
            self._idle_readers.pop().close()
        self.write.close()
        if self._late is not None:
            self._late.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _take_back(self, reader: Reader) -> None:
        if self._closed or len(self._idle_readers) >= _IDLE_READERS_MAX:
            reader.close()
        else:
            self._idle_readers.append(reader)
