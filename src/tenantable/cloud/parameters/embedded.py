"""Parameters in one SQLite file: a value that was accepted survives the end of the process and a power cut."""

import sqlite3
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from tenantable.cloud.keys.envelope import Keys
from tenantable.cloud.parameters.parameter import (
    PAGE_MAX,
    InvalidParameter,
    NewValue,
    Parameter,
    ParameterExists,
    ParameterNotFound,
    ParameterPage,
    ParametersFull,
    check_name,
    check_page,
)
from tenantable.cloud.sqlite_file import SqliteFile, named_queries

FORMAT_VERSION = 1
PARAMETERS_MAX = 10_000
"""As many standard parameters as an account has in a region."""

_QUERIES = named_queries("tenantable.cloud.parameters")
_SCHEMA = (files("tenantable.cloud.parameters") / "schema.sql").read_text()


class EmbeddedParameters:
    """
    Implements `Parameters`; pages are in the order of names.

    Args:
        path: The SQLite file; created when it is not there. Several processes may share it.
        keys: Seal each SecureString, bound to its name.
        clock: Unix seconds.
    Raises:
        StorageError: The file cannot be opened, or has a newer format.
    """

    def __init__(self, path: Path, keys: Keys, *, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._clock = clock
        self._file = SqliteFile(path, schema=_SCHEMA, version=FORMAT_VERSION)

    def get(self, name: str) -> Parameter:
        check_name(name)
        row = self._file.read(lambda db: db.execute(_QUERIES["get_parameter"], {"name": name}).fetchone())
        if row is None:
            raise _not_found(name)
        return self._parameter(row)

    def page(
        self, path: str, *, recursive: bool = False, limit: int = PAGE_MAX, after: str | None = None
    ) -> ParameterPage:
        check_page(path, limit)
        start = path.rstrip("/") + "/"
        wanted = {
            "start": start,
            "after": max(start, after or ""),
            "end": start[:-1] + chr(ord("/") + 1),
            "recursive": recursive,
            "limit": limit + 1,
        }
        rows = self._file.read(lambda db: db.execute(_QUERIES["list_parameters"], wanted).fetchall())
        found = tuple(self._parameter(row) for row in rows[:limit])
        return ParameterPage(parameters=found, next=found[-1].name if len(rows) > limit else None)

    def put(self, name: str, value: NewValue, *, overwrite: bool = False) -> int:
        check_name(name, new=True)
        content = value.value.encode()
        row = {
            "name": name,
            "type": value.type,
            "value": self._keys.encrypt(content, _context(name)) if value.type == "SecureString" else content,
            "advanced": value.advanced,
            "modified_at": self._clock(),
        }
        return self._file.write(lambda db: _put(db, row, overwrite=overwrite))

    def delete(self, name: str) -> None:
        check_name(name)
        deleted = self._file.write(lambda db: db.execute(_QUERIES["delete_parameter"], {"name": name}).rowcount)
        if deleted == 0:
            raise _not_found(name)

    def close(self) -> None:
        self._file.close()

    def _parameter(self, row: Any) -> Parameter:
        name, kind, value, version, modified_at = row
        content = self._keys.decrypt(value, _context(name)) if kind == "SecureString" else value
        return Parameter(name=name, type=kind, value=content.decode(), version=version, modified_at=modified_at)


def _put(db: sqlite3.Connection, row: dict[str, Any], *, overwrite: bool) -> int:
    stored = db.execute(_QUERIES["get_kind"], {"name": row["name"]}).fetchone()
    if stored is None:
        (count,) = db.execute(_QUERIES["count_parameters"]).fetchone()
        if count >= PARAMETERS_MAX:
            raise ParametersFull(f"The store holds {count} parameters and takes no more", hint="delete unused ones")
        version = 1
    else:
        kind, advanced, former_version = stored
        if not overwrite:
            raise ParameterExists(f"There is a parameter {row['name']} already", hint="say overwrite to replace it")
        if kind != row["type"]:
            hint = "delete it first, or take another name"
            raise InvalidParameter(f"{row['name']} is a {kind} and cannot become a {row['type']}", hint=hint)
        if advanced and not row["advanced"]:
            hint = "put it as an advanced one, or delete it first"
            raise InvalidParameter(f"{row['name']} is advanced and cannot become a standard one", hint=hint)
        version = former_version + 1
    db.execute(_QUERIES["put_parameter"], {**row, "version": version})
    return int(version)


def _context(name: str) -> dict[str, str]:
    return {"parameter": name}


def _not_found(name: str) -> ParameterNotFound:
    return ParameterNotFound(f"There is no parameter {name}")
