"""A primitive's own SQLite file: named queries, and write transactions that concurrent callers share."""

import re
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Generic, TypeVar

from tenantable.errors import CloudError, StorageError

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]

SHARED_COMMIT_MAX = 256
BUSY_SECONDS = 10.0
_QUERY_NAME = re.compile(r"^-- ([a-z_]+) --$", re.MULTILINE)


def named_queries(package: str) -> dict[str, str]:
    """The queries of a package's `queries.sql` by the name in the line `-- name --` above each."""
    parts = _QUERY_NAME.split((files(package) / "queries.sql").read_text())
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


class SqliteFile:
    """
    One file, one connection, any number of threads and processes.

    A write that returned survives the end of the process always. It also survives a power cut when it was `durable`:
    only then is the disk waited for. Writes of concurrent callers share one transaction, and so one such wait.
    """

    def __init__(self, path: Path, *, schema: str, version: int) -> None:
        """
        Open or create the file.

        Args:
            schema: Statements that create everything, run once on a new file.
            version: Of that schema; kept in the file.
        Raises:
            StorageError: The file cannot be opened, or a newer version of this program wrote it.
        """
        self._path = path
        self._pending: deque[_Job[Any]] = deque()
        self._pending_lock = threading.Lock()
        self._connection_lock = threading.Lock()
        self._durable = True
        try:
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise _unusable(path, error) from error
        try:
            self._prepare(schema, version)
        except sqlite3.Error as error:
            self._connection.close()
            raise _unusable(path, error) from error
        except StorageError:
            self._connection.close()
            raise

    def _prepare(self, schema: str, version: int) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=FULL")
        execute("BEGIN IMMEDIATE")
        found = execute("PRAGMA user_version").fetchone()[0]
        if found > version:
            execute("ROLLBACK")
            raise StorageError(
                f"{self._path} has format {found}; this program knows up to {version}",
                hint="upgrade tenantable, or point it at another data directory",
            )
        if found == 0:
            for statement in schema.split(";;"):
                execute(statement)
            execute(f"PRAGMA user_version={version}")
        execute("COMMIT")

    def read(self, work: Work[Result]) -> Result:
        """What `work` selects; it must not write."""
        with self._connection_lock:
            try:
                return work(self._connection)
            except sqlite3.Error as error:
                raise _failed(self._path, error) from error

    def write(self, work: Work[Result], *, durable: bool = True) -> Result:
        """
        Run `work` inside a transaction and return its result once that is committed.

        A CloudError from `work` undoes what this work did, not what the others in the transaction did.
        """
        job = _Job(work, durable)
        with self._pending_lock:
            self._pending.append(job)
        with self._connection_lock:
            if not job.done:  # else another caller's transaction carried it
                self._commit_pending()
        return job.outcome()

    def close(self) -> None:
        with self._connection_lock:
            self._connection.close()

    def _commit_pending(self) -> None:
        with self._pending_lock:
            jobs = [self._pending.popleft() for _ in range(min(len(self._pending), SHARED_COMMIT_MAX))]
        try:
            self._synchronize(durable=any(job.durable for job in jobs))
            self._connection.execute("BEGIN IMMEDIATE")
            for job in jobs:
                job.run(self._connection)
            self._connection.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            for job in jobs:
                job.error = _failed(self._path, error)
            if not isinstance(error, sqlite3.Error):
                raise
        finally:
            for job in jobs:
                job.done = True

    def _synchronize(self, *, durable: bool) -> None:
        if durable != self._durable:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable


class _Job(Generic[Result]):
    def __init__(self, work: Work[Result], durable: bool) -> None:
        self.durable = durable
        self.done = False
        self.error: CloudError | None = None
        self._work = work
        self._results: list[Result] = []

    def run(self, connection: sqlite3.Connection) -> None:
        connection.execute("SAVEPOINT job")
        try:
            self._results.append(self._work(connection))
        except CloudError as error:
            self.error = error
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def outcome(self) -> Result:
        if self.error is not None:
            raise self.error
        return self._results[0]


def _failed(path: Path, error: BaseException) -> CloudError:
    return CloudError(f"{path} cannot be used: {error}", hint="nothing was changed; see to the disk and try again")


def _unusable(path: Path, error: sqlite3.Error) -> StorageError:
    return StorageError(f"{path} cannot be opened: {error}", hint="check that the directory exists and is writable")
