"""
Reads that may be late: an old state of the database, held for a while.

A state is a read transaction of SQLite that stays open, so what a late read sees was once true of the whole database,
items and index entries together. The state is taken anew before the first write after it, and when that write is as
old as a read may be late: so a write is not seen when it has just been made, and is seen when its time has come.
"""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from tenantable.engine.storage.files import failure, log_bytes, open_reader
from tenantable.engine.storage.queries import QUERIES
from tenantable.engine.storage.reading import Reader

_LOG_BYTES_MAX = 16 * 1024 * 1024
"""Above this the log is brought into the database between two states: SQLite cannot do it while one is held."""


class LateReads:
    """The state that late reads see. One of them reads at a time, and a write waits for it."""

    def __init__(self, directory: Path, *, late_seconds: float, clock: Callable[[], float]) -> None:
        """
        Args:
            late_seconds: How far a read may be behind.
            clock: In seconds.
        """
        self._directory = directory
        self._late_seconds = late_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = open_reader(directory)
        self._reader = _StateReader(self._connection, lambda _reader: self._lock.release())
        self._is_behind = False  # something was written since the state was taken
        self._take()

    def read(self) -> Reader:
        """A reader of the state for one `with` block."""
        self._lock.acquire()
        try:
            if self._is_over():
                self._take()
        except sqlite3.Error as error:
            self._lock.release()
            raise failure(error) from error
        return self._reader

    def before_write(self) -> None:
        """To be called by the writer before it begins a transaction."""
        with self._lock:
            if not self._is_behind or self._is_over():
                self._take()
                self._is_behind = True

    def renew(self) -> None:
        """See what there is now. To be called when tables or indexes came or went: who reads one must find it."""
        with self._lock:
            self._take()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _is_over(self) -> bool:
        return not 0 <= self._clock() - self._taken_at < self._late_seconds

    def _take(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        if log_bytes(self._directory) > _LOG_BYTES_MAX:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self._connection.execute("BEGIN")
        self._connection.execute(QUERIES["take_state"]).fetchall()
        self._taken_at = self._clock()
        self._is_behind = False


class _StateReader(Reader):
    """Reads a state that outlives the block."""

    __slots__ = ()

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._give_back(self)
        if isinstance(error, sqlite3.Error):
            raise failure(error) from error

    def freeze(self) -> None:
        """It is one state already."""
