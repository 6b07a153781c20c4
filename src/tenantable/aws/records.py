"""
What the services remember: one SQLite file, a row for each resource.

A change is on disk before it is answered. Several processes may share the file: nothing is remembered beside it.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import orjson

from tenantable.aws.refusals import LIMIT_EXCEEDED, Refusal
from tenantable.cloud.sqlite_file import SqliteFile, named_queries
from tenantable.wire.arns import Home

FORMAT_VERSION = 1
RECORDS_MAX = 5000
"""Of one kind in one account and region."""

GLOBAL = "aws-global"
"""Where the records of services are that have no regions."""

Result = TypeVar("Result")
_QUERIES = named_queries("tenantable.aws")


class Records:
    """The records of one account in one region, inside a transaction. `kind` is a word such as `iam/role`."""

    def __init__(self, db: sqlite3.Connection, account_id: str, region: str) -> None:
        self._db = db
        self._place = {"account": account_id, "region": region}

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """The record of this name; None when there is none."""
        row = self._db.execute(_QUERIES["find"], self._place | {"kind": kind, "name": name}).fetchone()
        return None if row is None else orjson.loads(row[0])

    def put(self, kind: str, name: str, content: Mapping[str, Any]) -> None:
        """
        Create or replace a record.

        Raises:
            Refusal: LIMIT_EXCEEDED when there are 5,000 of this kind.
        """
        key = self._place | {"kind": kind, "name": name}
        (others,) = self._db.execute(_QUERIES["count_others"], key).fetchone()
        if others >= RECORDS_MAX:
            raise Refusal(LIMIT_EXCEEDED, f"Cannot exceed quota: {RECORDS_MAX} of {kind}")
        self._db.execute(_QUERIES["put"], key | {"content": orjson.dumps(content)})

    def remove(self, kind: str, name: str) -> bool:
        """Whether there was such a record."""
        return self._db.execute(_QUERIES["remove"], self._place | {"kind": kind, "name": name}).rowcount > 0

    def all(self, kind: str, beginning: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """Names and contents of those whose name begins so, sorted by name."""
        key = self._place | {"kind": kind, "beginning": beginning}
        rows = self._db.execute(_QUERIES["all"], key).fetchall()
        return ((name, orjson.loads(content)) for name, content in rows)


NO_RECORDS = Records(sqlite3.connect(":memory:", check_same_thread=False), "", "")
"""For calls that look nothing up: there is nothing in them."""


class RecordFile:
    """
    All records of one data directory. Threads may share it.

    Args:
        path: The SQLite file; None for memory.
    Raises:
        StorageError: The file cannot be opened, or has a newer format.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = SqliteFile(path or Path(":memory:"), schema=_QUERIES["schema"], version=FORMAT_VERSION)
        self._changes = 0
        self._watch_lock = threading.Lock()
        # A connection of its own tells what any other has changed, and waits for none.
        self._watch = None if path is None else sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    @property
    def version(self) -> int:
        """Another number after every change, by whichever process. It is cheap."""
        if self._watch is None:
            return self._changes
        with self._watch_lock:
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def read(self, home: Home, work: Callable[[Records], Result]) -> Result:
        return self._file.read(lambda db: work(Records(db, home.account_id, home.region)))

    def write(self, home: Home, work: Callable[[Records], Result]) -> Result:
        """As `read`, durably; a CloudError undoes what the work has done."""
        try:
            return self._file.write(lambda db: work(Records(db, home.account_id, home.region)))
        finally:
            self._changes += 1

    def close(self) -> None:
        if self._watch is not None:
            self._watch.close()
        self._file.close()
