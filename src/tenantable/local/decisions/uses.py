"""How often grants were exercised, kept in the data folder: summed over processes and starts."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tenantable.cloud.sqlite_file import SqliteFile
from tenantable.iam.use.counting import GrantId, GrantUses
from tenantable.local.loops import Loop

USES_FILE = "grants.db"
KEEP_SECONDS = 2.0
"""How often counts are written: a killed process loses as much of them, and never one that was written."""

_VERSION = 1
_SCHEMA = """
CREATE TABLE uses (
    system TEXT NOT NULL, component TEXT NOT NULL, words TEXT NOT NULL,
    count INTEGER NOT NULL, used_at REAL NOT NULL,
    PRIMARY KEY (system, component, words)
) WITHOUT ROWID;;
CREATE TABLE beginning (began_at REAL NOT NULL)
"""
_ADD = """
INSERT INTO uses VALUES (?, ?, ?, ?, ?)
ON CONFLICT (system, component, words) DO UPDATE SET count = count + excluded.count, used_at = excluded.used_at
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptUses:
    """
    What was counted since `began_at`. `last_used` is accurate to the interval of writing.

    Times are seconds since 1970. A grant that was never exercised is in neither.
    """

    began_at: float
    counts: Mapping[GrantId, int]
    last_used: Mapping[GrantId, float]


class UsesFile:
    """The counts of a data folder. Threads and processes may share it."""

    def __init__(self, folder: Path, *, clock: Callable[[], float]) -> None:
        """
        Open or create it.

        Raises:
            StorageError: The file cannot be used.
        """
        self._clock = clock
        self._file = SqliteFile(folder / USES_FILE, schema=_SCHEMA, version=_VERSION)
        self._file.write(self._begin, durable=False)

    def add(self, news: Mapping[GrantId, int]) -> None:
        """Add to the counts; a power cut may take the last ones."""
        if news:
            now = self._clock()
            rows = [(each.system, each.component, each.words, number, now) for each, number in news.items()]
            self._file.write(lambda connection: connection.executemany(_ADD, rows), durable=False)

    def read(self) -> KeptUses:
        rows = self._file.read(lambda connection: connection.execute("SELECT * FROM uses").fetchall())
        (began_at,) = self._file.read(lambda connection: connection.execute("SELECT * FROM beginning").fetchone())
        found = [(GrantId(system=row[0], component=row[1], words=row[2]), row[3], row[4]) for row in rows]
        return KeptUses(
            began_at=began_at,
            counts={grant: number for grant, number, _ in found},
            last_used={grant: used_at for grant, _, used_at in found},
        )

    def forget(self, systems: Iterable[str]) -> None:
        """Begin anew for these systems."""
        names = [(name,) for name in systems]

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM uses WHERE system = ?", names)
            connection.execute("UPDATE beginning SET began_at = ?", (self._clock(),))

        self._file.write(work)

    def close(self) -> None:
        self._file.close()

    def _begin(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO beginning SELECT ? WHERE NOT EXISTS (SELECT 1 FROM beginning)", (self._clock(),)
        )


@contextmanager
def kept_uses(
    uses: GrantUses, folder: Path, *, clock: Callable[[], float], every_seconds: float = KEEP_SECONDS
) -> Iterator[None]:
    """
    Write what is counted to the data folder, at intervals and at the end of the block.

    Raises:
        StorageError: The file cannot be used.
    """
    file = UsesFile(folder, clock=clock)
    keeper = _Keeper(uses, file, stopping=threading.Event(), every_seconds=every_seconds)
    loop = Loop("count of grants", keeper.step)
    loop.start()
    try:
        yield
    finally:
        keeper.stopping.set()
        loop.stop()
        keeper.keep()
        file.close()


class _Keeper:
    """Hands counts on; what could not be written is tried again with the next."""

    def __init__(self, uses: GrantUses, file: UsesFile, *, stopping: threading.Event, every_seconds: float) -> None:
        self.stopping = stopping
        self._uses = uses
        self._file = file
        self._every_seconds = every_seconds
        self._kept_at = time.monotonic()
        self._waiting: dict[GrantId, int] = {}

    def step(self, wait_seconds: float) -> int:
        self.stopping.wait(min(wait_seconds, self._every_seconds))
        if time.monotonic() - self._kept_at < self._every_seconds:
            return 0
        self._kept_at = time.monotonic()
        return self.keep()

    def keep(self) -> int:
        for grant, number in self._uses.take().items():
            self._waiting[grant] = self._waiting.get(grant, 0) + number
        written = len(self._waiting)
        self._file.add(self._waiting)
        self._waiting = {}
        return written
