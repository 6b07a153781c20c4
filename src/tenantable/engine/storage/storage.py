"""The database of an engine: a file that survives and that several processes may share, or memory for tests."""

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self
from weakref import WeakSet

from tenantable.engine.storage.eventual.late_reads import LateReads
from tenantable.engine.storage.files import (
    DirectoryInUseError,
    Durability,
    admit_others,
    check_durability,
    database_bytes,
    lock_directory,
    log_bytes,
    open_database,
    open_memory,
    open_reader,
    unusable,
)
from tenantable.engine.storage.reading import Reader
from tenantable.engine.storage.structure import damaged_tables
from tenantable.engine.storage.turn import CAN_BE_SHARED, SharedTurn, Turn
from tenantable.engine.storage.writing import Writer
from tenantable.errors import StorageError

_IDLE_READERS_MAX = 16
_CLOSED = "The engine is closed"
_DISOWNED = "The engine belongs to the process that this one is a fork of: open one after the fork"


class Storage:
    """
    Readers and the writer of a database, of which there is one at a time among all processes that have it open.

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
        self._closed_because: str | None = None
        self._damage: Mapping[str, str] = {}
        self._late: LateReads | None = None
        if eventual_seconds < 0:
            raise StorageError(f"Reads cannot be {eventual_seconds} seconds late", hint="give 0 or more seconds")
        if directory is None and eventual_seconds:
            hint = "choose a data directory; with durability 'none' it is nearly as fast"
            raise StorageError("An engine in memory has one state, so that no read can be late", hint=hint)
        self._lock: sqlite3.Connection | None = None
        self.is_alone = True
        """Whether nobody else has the directory open, nor can before `admit_others`."""
        with ExitStack() as opened:
            if directory is None:
                self.turn = Turn()
                connection = open_memory()
            else:
                self._lock, self.is_alone = _lock(directory)
                opened.enter_context(closing(self._lock))
                self.turn = opened.enter_context(closing(_open_turn(directory)))
                connection, self._damage = _open_in_turn(directory, durability, self.turn)
                if eventual_seconds:
                    late = LateReads(directory, late_seconds=eventual_seconds, clock=clock)
                    self._late = opened.enter_context(closing(late))
            self._files = opened.pop_all()
        self.write = Writer(connection, self.turn, late=self._late)
        self._memory_reader = Reader(connection, lambda _reader: self.write.lock.release())
        if directory is not None:
            _SHARED_WITH_FORKS.add(self)

    def admit_others(self) -> None:
        """Let other processes open the directory, where several can."""
        if self.is_alone and self._lock is not None and CAN_BE_SHARED:
            admit_others(self._lock)
            self.is_alone = False

    def read(self, *, eventual: bool = False) -> Reader:
        """
        A reader for one `with` block.

        Args:
            eventual: It may see an old state, where there are late reads.
        """
        self._check_open()
        if eventual and self._late is not None:
            return self._late.read()
        if self._directory is None:
            self.write.lock.acquire()
            return self._memory_reader
        try:
            return self._idle_readers.pop()
        except IndexError:
            return Reader(open_reader(self._directory), self._take_back)

    def renew_late_reads(self) -> None:
        """Let late reads see what there is now, as tables came or went. Not inside such a read, which it waits for."""
        if self._late is not None:
            self._late.renew()

    def damage_of(self, sql_tables: Iterable[str]) -> str | None:
        """What is wrong with the first of these that was found damaged at the start; None when all may be used."""
        return next((self._damage[name] for name in sql_tables if name in self._damage), None)

    def file_bytes(self) -> tuple[int, int]:
        """The sizes of the database's file and of its log; 0 in memory."""
        return (0, 0) if self._directory is None else (database_bytes(self._directory), log_bytes(self._directory))

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

    def close(self) -> None:
        """Finish the commit under way and give the files back. Nothing may be read or written any more."""
        if self._closed_because is not None:
            return
        self._closed_because = _CLOSED
        while self._idle_readers:
            self._idle_readers.pop().close()
        self.write.close(_CLOSED)
        self._files.close()

    def disown(self) -> None:
        """
        Leave everything to the process that this one was forked from, where the fork would corrupt it: the two would
        share every lock, and SQLite's connections must not be used by both.
        """
        self._closed_because = _DISOWNED
        self.write.disown(_DISOWNED)
        self.turn.close()  # else a lock that was held would outlive the other process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed_because is not None:
            raise StorageError(self._closed_because)

    def _take_back(self, reader: Reader) -> None:
        if self._closed_because is not None or len(self._idle_readers) >= _IDLE_READERS_MAX:
            reader.close()
        else:
            self._idle_readers.append(reader)


_SHARED_WITH_FORKS: WeakSet[Storage] = WeakSet()


def _disown_all() -> None:
    for storage in list(_SHARED_WITH_FORKS):
        storage.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)


def _lock(directory: Path) -> tuple[sqlite3.Connection, bool]:
    """The lock of a directory, and whether nobody else has it open."""
    try:
        return lock_directory(directory, exclusive=True, seconds=0), True
    except DirectoryInUseError:
        return lock_directory(directory, exclusive=not CAN_BE_SHARED), False


def _open_turn(directory: Path) -> Turn:
    try:
        return SharedTurn(directory) if CAN_BE_SHARED else Turn()
    except OSError as error:
        raise unusable(directory, error) from error


def _open_in_turn(directory: Path, durability: Durability, turn: Turn) -> tuple[sqlite3.Connection, Mapping[str, str]]:
    """
    One process creates or upgrades the database, and the others find it made.

    Returns:
        A connection for writing, and what is damaged.
    """
    turn.take(wait=True)
    try:
        with ExitStack() as opened:
            connection = opened.enter_context(closing(open_database(directory, durability)))
            damage = damaged_tables(connection, directory)
            opened.pop_all()
        return connection, damage
    finally:
        turn.give_back()


def _end_snapshot(reader: Reader) -> None:
    """Bring what was written meanwhile from the log into the file here, lest the next writer does it and waits."""
    reader.empty_log()
    reader.close()
