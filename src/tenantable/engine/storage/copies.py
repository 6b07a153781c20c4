"""Copying a database file while it is written to."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tenantable.errors import StorageError

_HEADER = b"SQLite format 3\x00"
_PAGES_AT_ONCE = 1024
_WAIT_SECONDS = 60.0


def is_database(file: Path) -> bool:
    """Whether this is a database file of SQLite, with something in it."""
    with file.open("rb") as opened:
        return opened.read(len(_HEADER)) == _HEADER


def copy_database(source: Path, target: Path, report: Callable[[int, int], None]) -> None:
    """
    Copy a database as it is at this moment, with what is in its write-ahead log; writers are not kept waiting.

    Args:
        target: Must not exist.
        report: Told how many pages are copied and how many there are.
    Raises:
        StorageError: One of both cannot be read or written.
    """
    opened: list[sqlite3.Connection] = []
    try:
        for file in (source, target):
            opened.append(sqlite3.connect(file, isolation_level=None, timeout=_WAIT_SECONDS))  # noqa: PERF401 - closed below, also when the second fails
        origin, copy = opened
        origin.execute("BEGIN")  # one state: without it, every write of somebody else would start the copy again
        origin.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        origin.backup(copy, pages=_PAGES_AT_ONCE, progress=lambda _status, left, total: report(total - left, total))
    except sqlite3.Error as error:
        raise StorageError(
            f"{source} cannot be copied: {error}", hint="check it with `tenantable dynamodb check`, and the free space"
        ) from error
    finally:
        for connection in opened:
            connection.close()
