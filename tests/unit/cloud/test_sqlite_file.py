"""Shared commits: what one caller does never harms another."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantable.cloud.sqlite_file import SqliteFile
from tenantable.errors import CloudError, StorageError

SCHEMA = "CREATE TABLE note (text TEXT NOT NULL)"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteFile]:
    opened = SqliteFile(tmp_path / "notes.sqlite", schema=SCHEMA, version=1)
    yield opened
    opened.close()


def add(db: sqlite3.Connection, text: str | None) -> None:
    db.execute("INSERT INTO note VALUES (?)", [text])


def texts(file: SqliteFile) -> list[str]:
    return sorted(text for (text,) in file.read(lambda db: db.execute("SELECT text FROM note").fetchall()))


def test_returns_what_the_work_returns(file: SqliteFile) -> None:
    assert file.write(lambda db: db.execute("SELECT 7").fetchone()) == (7,)


def test_a_refused_work_leaves_nothing_behind(file: SqliteFile) -> None:
    def refuse(db: sqlite3.Connection) -> None:
        add(db, "half")
        raise CloudError("refused")

    with pytest.raises(CloudError, match="refused"):
        file.write(refuse)
    assert texts(file) == []


def test_a_refused_work_does_not_undo_its_neighbours(file: SqliteFile) -> None:
    """Works that share a transaction fail alone."""
    first_runs, others_wait = threading.Event(), threading.Event()
    errors: list[CloudError] = []

    def hold_the_file(db: sqlite3.Connection) -> None:
        first_runs.set()
        others_wait.wait(5)
        add(db, "first")

    def refuse(db: sqlite3.Connection) -> None:
        add(db, "refused")
        raise CloudError("refused")

    def write_refused() -> None:
        try:
            file.write(refuse)
        except CloudError as error:
            errors.append(error)

    threads = [threading.Thread(target=file.write, args=[hold_the_file])]
    threads[0].start()
    first_runs.wait(5)
    threads += [threading.Thread(target=write_refused)]
    threads += [threading.Thread(target=file.write, args=[lambda db: add(db, "neighbour")]) for _ in range(5)]
    for thread in threads[1:]:
        thread.start()
    others_wait.set()
    for thread in threads:
        thread.join()
    assert texts(file) == ["first"] + ["neighbour"] * 5
    assert len(errors) == 1


def test_a_failure_of_the_database_reaches_the_caller(file: SqliteFile) -> None:
    with pytest.raises(CloudError, match="NOT NULL"):
        file.write(lambda db: add(db, None))
    file.write(lambda db: add(db, "still works"))
    assert texts(file) == ["still works"]


def test_a_fault_in_the_work_is_raised_and_rolled_back(file: SqliteFile) -> None:
    def faulty(db: sqlite3.Connection) -> None:
        add(db, "half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        file.write(faulty)
    file.write(lambda db: add(db, "still works"))
    assert texts(file) == ["still works"]


def test_writes_survive_reopening(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    for text in ("a", "b"):
        file = SqliteFile(path, schema=SCHEMA, version=1)
        file.write(lambda db, text=text: add(db, text), durable=False)  # type: ignore[misc]
        file.close()
    file = SqliteFile(path, schema=SCHEMA, version=1)
    assert texts(file) == ["a", "b"]
    file.close()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    SqliteFile(tmp_path / "notes.sqlite", schema=SCHEMA, version=2).close()
    with pytest.raises(StorageError, match="has format 2; this program knows up to 1"):
        SqliteFile(tmp_path / "notes.sqlite", schema=SCHEMA, version=1)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.sqlite").write_bytes(b"something else entirely, long enough to be looked at" * 20)
    with pytest.raises(StorageError, match="not a database"):
        SqliteFile(tmp_path / "notes.sqlite", schema=SCHEMA, version=1)


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        SqliteFile(tmp_path / "missing" / "notes.sqlite", schema=SCHEMA, version=1)
