"""
The writer's turn among the processes that have one data directory open, and what they tell each other by it.

A process takes the lock `queue`, then the lock `writer`, and lets `queue` go again; it lets `writer` go when its commit
is done. Who waits for `writer` holds `queue`, so whoever has just had a turn stands behind it: processes alternate,
where SQLite's own busy handler sleeps, looks again, and may find others first for ever. The kernel takes the locks from
a process that ends, however it ends. See docs/decisions/0007-several-processes.md.
"""

import mmap
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

from tenantable.engine.storage.files import QUEUE_NAME, TURN_NAME

if sys.platform != "win32":
    import fcntl

CAN_BE_SHARED = sys.platform != "win32"
"""Whether several processes may open a data directory on this platform."""

MARK = 0
_TURNS = 1
_CELL_BYTES = 8
_CELLS = 2

Cells: TypeAlias = "list[int] | memoryview[int]"


def settled_mark(generation: int) -> int:
    """The mark of a catalog that nobody is changing."""
    return 2 * generation


class Turn:
    """
    The turn of a writer that no other process can meet; in memory.

    `cells[MARK]` says which generation of the catalog is the newest: `settled_mark` of it, or an odd number while a
    newer one may be committed at any moment, also after the death of a process in the middle of that.
    """

    def __init__(self, cells: "Cells | None" = None) -> None:
        """
        Args:
            cells: Two numbers that everybody concerned shares; None for numbers of its own.
        """
        self.cells: Cells = [0] * _CELLS if cells is None else cells
        self._turns_seen = -1
        self.is_behind = True
        """Whether somebody else had the turn before this one, so that only the database is to be believed."""

    def take(self, *, wait: bool) -> bool:  # noqa: ARG002 - nobody can be in the way
        """
        Take the turn.

        Args:
            wait: Until it is free. Otherwise False is returned, and nothing taken, if it is not.
        """
        turns = self.cells[_TURNS]
        self.is_behind = turns != self._turns_seen or self.cells[MARK] % 2 != 0
        self._turns_seen = turns + 1
        self.cells[_TURNS] = turns + 1
        return True

    def give_back(self) -> None:
        """Let the next one have it; nothing when it is not held."""

    def unsettle(self) -> None:
        """Say that a newer catalog is about to be committed. Only in one's turn."""
        self.cells[MARK] |= 1

    def settle(self, generation: int) -> None:
        """Say which catalog is the newest. Only in one's turn."""
        self.cells[MARK] = settled_mark(generation)

    def close(self) -> None:
        """Nothing is taken any more."""


class SharedTurn(Turn):
    """The turn of all processes that have a data directory open."""

    def __init__(self, directory: Path) -> None:
        """
        Raises:
            OSError: The directory cannot be written, or its file system has no locks.
        """
        with ExitStack() as opened:
            self._queue = _open(directory / QUEUE_NAME, opened)
            self._writer = _open(directory / TURN_NAME, opened)
            fcntl.flock(self._writer, fcntl.LOCK_EX)
            if os.fstat(self._writer).st_size < _CELLS * _CELL_BYTES:
                os.pwrite(self._writer, bytes(_CELLS * _CELL_BYTES), 0)
            fcntl.flock(self._writer, fcntl.LOCK_UN)
            # By a descriptor of its own: the map keeps a copy of it, and a lock lasts as long as any copy.
            with (directory / TURN_NAME).open("r+b") as file:
                shared = mmap.mmap(file.fileno(), _CELLS * _CELL_BYTES)
            self._files = opened.pop_all()
        super().__init__(memoryview(shared).cast("q"))

    def take(self, *, wait: bool) -> bool:
        how = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
        try:
            fcntl.flock(self._queue, how)
            fcntl.flock(self._writer, how)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(self._queue, fcntl.LOCK_UN)
        return super().take(wait=wait)

    def give_back(self) -> None:
        fcntl.flock(self._writer, fcntl.LOCK_UN)

    def close(self) -> None:
        self._files.close()


def _open(path: Path, opened: ExitStack) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    opened.callback(os.close, descriptor)
    return descriptor
