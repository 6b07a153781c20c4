"""What SQLite can tell of the structure of a file: pages, trees, the order of keys."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.errors import StorageError

_PROBLEMS_MAX = 100
_CHECKED_AT_START_BYTES_MAX = 64 * 1024 * 1024  # takes 40 ms; a larger file is for `tenantable dynamodb check`
_OF_ONE_TABLE = ("items_", "index_", "expiry_", "records_", "undo_")


def structure_problems(connection: sqlite3.Connection, sql_table: str | None = None) -> list[str]:
    """
    What SQLite says is wrong with a file or one of its tables, a hundred lines at most; nothing when it is sound.
    """
    argument = _PROBLEMS_MAX if sql_table is None else sql_table
    try:
        lines = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({argument})")]
    except sqlite3.Error as error:
        return [str(error)]
    return [] if lines == ["ok"] else lines


def damaged_tables(connection: sqlite3.Connection, directory: Path) -> Mapping[str, str]:
    """
    The SQL tables of a small database that cannot be trusted, and why: a row can be hidden there although its bytes are
    sound. A large one is not looked at.

    Raises:
        StorageError: What is damaged belongs to all tables, or writing to one could harm another.
    """
    files = [directory / (DATABASE_NAME + suffix) for suffix in ("", "-wal")]
    if sum(file.stat().st_size for file in files if file.exists()) > _CHECKED_AT_START_BYTES_MAX:
        return {}
    problems = structure_problems(connection)
    if not problems:
        return {}
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = {name: structure_problems(connection, name) for name in names}
    damaged = {name: lines[0] for name, lines in found.items() if lines}
    shared = [line for line in problems if "freelist" in line.lower() or "reference" in line]
    shared += [line for name, line in damaged.items() if not name.startswith(_OF_ONE_TABLE)]
    if shared or not damaged:
        raise StorageError(
            f"The database in {directory} is damaged: {(shared or problems)[0]}",
            hint="`tenantable dynamodb check --repair` with the data folder saves what can be read",
        )
    return damaged
