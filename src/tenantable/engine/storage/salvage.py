"""Writing a new database file from what can be read of an old one, and putting it in its place."""

import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tenantable.engine.storage.files import open_new_database
from tenantable.engine.storage.inspection import Inspection
from tenantable.engine.storage.queries import QUERIES
from tenantable.engine.storage.transaction import Transaction
from tenantable.errors import StorageError

_DRAFT_SUFFIX = ".repaired"
_KEPT_SUFFIX = ".before-repair"


def is_left_over(file_name: str) -> bool:
    """Whether a file is an old database that a repair kept, or a new one that it did not finish."""
    return _KEPT_SUFFIX in file_name or file_name.endswith(_DRAFT_SUFFIX)


class Salvage:
    """
    A new database beside an old one, with the same SQL tables, still empty. A context manager: what was not put in the
    place of the old one by `replace_original` is gone at its end.
    """

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self._file = inspection.file
        self._draft = self._file.with_name(self._file.name + _DRAFT_SUFFIX)
        self._draft.unlink(missing_ok=True)
        self._connection = open_new_database(self._draft, like=inspection.connection)
        self.transaction = Transaction(self._connection.cursor(), lambda: None, {})
        """Writes to the new database."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._draft.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            raise StorageError(
                f"The repaired database cannot be written: {error}", hint="free space on the disk"
            ) from error

    def copy(self, sql_table: str) -> bool:
        """Copy the rows of an SQL table as they are; False when they could not be read to the end."""
        try:
            rows = self._inspection.connection.execute(f"SELECT * FROM {sql_table}")
            places = ", ".join("?" * len(rows.description))
            for row in rows:
                self._connection.execute(f"INSERT OR IGNORE INTO {sql_table} VALUES ({places})", row)
        except sqlite3.DatabaseError:
            return False
        return True

    def reset_statistics(self, relation_numbers: Iterable[int]) -> None:
        """Count these relations from nothing."""
        for number in relation_numbers:
            self._connection.execute(QUERIES["reset_statistics"], (number,))

    def replace_original(self) -> Path:
        """
        Put the new database in the place of the old one, which is kept beside it under the name that is returned.

        Nobody else may have the directory open.
        """
        self.transaction.write_counts()
        self._connection.execute("COMMIT")
        self._connection.close()
        self._inspection.connection.close()
        _empty_log(self._file)
        kept = _keep(self._file)
        shutil.copymode(self._file, self._draft)
        with self._draft.open("rb") as draft:
            os.fsync(draft.fileno())
        for suffix in ("-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        self._draft.replace(self._file)
        return kept


def _empty_log(file: Path) -> None:
    """Bring what the write-ahead log holds into the file, if the damage lets us."""
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(file)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()


def _keep(file: Path) -> Path:
    """Keep a database and its log under another name, too."""
    number = 1
    while (kept := file.with_name(f"{file.name}{_KEPT_SUFFIX}-{number}")).exists():
        number += 1
    for suffix in ("", "-wal"):
        source = file.with_name(file.name + suffix)
        if source.exists():
            shutil.copy2(source, kept.with_name(kept.name + suffix))
    return kept
