"""Data directories, looked into and changed behind the engine's back."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tenantable.engine.storage.files import DATABASE_NAME


@contextmanager
def opened_database(directory: Path) -> Iterator[sqlite3.Connection]:
    """The database of a directory; what the block changes is committed at its end."""
    with closing(sqlite3.connect(directory / DATABASE_NAME)) as connection, connection:
        yield connection


def no_report(_task: str, _done: int, _total: int) -> None:
    """Where nobody wants to know how far a check, a repair or a backup has come."""
