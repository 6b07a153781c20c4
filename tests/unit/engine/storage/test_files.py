import os
from contextlib import closing
from pathlib import Path

import pytest
from tests.directories import opened_database

from tenantable.engine.storage.files import DATABASE_NAME, FORMAT_VERSION, Durability, lock_directory
from tenantable.engine.storage.storage import Storage
from tenantable.errors import StorageError


def refusal(directory: Path, durability: Durability = "power") -> StorageError:
    with pytest.raises(StorageError) as caught:
        Storage(directory, durability)
    assert caught.value.hint
    return caught.value


def test_a_directory_is_created_with_everything_above_it(tmp_path: Path) -> None:
    Storage(tmp_path / "some" / "where").close()
    assert (tmp_path / "some" / "where" / DATABASE_NAME).exists()


def test_engines_share_a_directory_and_keep_out_who_wants_it_alone(tmp_path: Path) -> None:
    with Storage(tmp_path) as first:
        first.admit_others()
        with Storage(tmp_path), pytest.raises(StorageError, match="in use by another process"):
            lock_directory(tmp_path, exclusive=True)
    lock_directory(tmp_path, exclusive=True).close()


def test_whoever_comes_first_knows_that_nobody_else_is_there(tmp_path: Path) -> None:
    with Storage(tmp_path) as first:
        assert first.is_alone
        first.admit_others()
        with Storage(tmp_path) as second:
            assert not second.is_alone


def test_who_has_a_directory_alone_keeps_engines_out(tmp_path: Path) -> None:
    with closing(lock_directory(tmp_path, exclusive=True)):
        assert "in use by another process" in refusal(tmp_path).message
    Storage(tmp_path).close()


@pytest.mark.parametrize(("durability", "synchronous"), [("power", 2), ("process", 1), ("none", 0)])
def test_durability_decides_when_the_disk_is_awaited(tmp_path: Path, durability: Durability, synchronous: int) -> None:
    """Source: SQLite documentation, PRAGMA synchronous: 2 syncs at each commit, 1 at checkpoints, 0 never."""
    with Storage(tmp_path, durability) as storage:
        connection = storage.write.connection
        assert connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_unknown_durability_is_refused(tmp_path: Path) -> None:
    assert "'forever'" in refusal(tmp_path, "forever").message  # type: ignore[arg-type]


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    Storage(tmp_path).close()
    with opened_database(tmp_path) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    before = (tmp_path / DATABASE_NAME).read_bytes()
    assert f"has format {FORMAT_VERSION + 1}" in refusal(tmp_path).message
    assert (tmp_path / DATABASE_NAME).read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    with opened_database(tmp_path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = (tmp_path / DATABASE_NAME).read_bytes()
    assert "another program" in refusal(tmp_path).message
    assert (tmp_path / DATABASE_NAME).read_bytes() == before


def test_a_damaged_file_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"no database at all" * 1000)
    assert "damaged" in refusal(tmp_path).message


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable for root")
def test_an_unwritable_directory_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "cannot be used" in refusal(tmp_path).message


def test_a_refused_directory_is_not_kept_locked(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"no database at all" * 1000)
    refusal(tmp_path)
    (tmp_path / DATABASE_NAME).unlink()
    Storage(tmp_path).close()


@pytest.mark.parametrize("name", ["file", "file/inside"])
def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    assert str(refusal(tmp_path / name)) == f"{tmp_path / name} is not a folder (choose another directory)"


def test_a_database_that_was_deleted_is_not_made_again_by_who_reads(tmp_path: Path) -> None:
    """An empty one would pass for the real one at the next start."""
    with Storage(tmp_path) as storage:
        for file in tmp_path.iterdir():
            file.unlink()
        with pytest.raises(StorageError, match="cannot be used"):
            storage.read()
        assert list(tmp_path.iterdir()) == []
