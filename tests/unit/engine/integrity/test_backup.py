import sqlite3
import stat
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from tests.directories import no_report

from tenantable.engine import Engine
from tenantable.engine.accounts.homes import Homes
from tenantable.engine.integrity.backup import MANIFEST_NAME, back_up, restore
from tenantable.engine.integrity.checking import check
from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.errors import StorageError
from tenantable.wire.arns import Home

TABLE = {
    "TableName": "notes",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def backup(directory: Path, tmp_path: Path) -> Path:
    """Of the directory with a file of credentials and a folder of objects beside the tables."""
    (directory / "credentials").write_text("[default]")
    (directory / "objects" / "a").mkdir(parents=True)
    (directory / "objects" / "a" / "photo").write_bytes(b"\x00\x01")
    back_up(directory, tmp_path / "backup", no_report)
    return tmp_path / "backup"


def test_everything_comes_back(directory: Path, backup: Path, tmp_path: Path) -> None:
    assert restore(tmp_path / "restored", backup, no_report) == 3
    with Engine(directory) as before, Engine(tmp_path / "restored") as after:
        for request in ({"TableName": "orders"}, {"TableName": "orders", "IndexName": "by-kind"}):
            assert after.call("Scan", request) == before.call("Scan", request)
        assert after.stream("orders").read() == before.stream("orders").read()
        assert after.stream("orders").checkpoint("ledger") == before.stream("orders").checkpoint("ledger")
    assert (tmp_path / "restored" / "objects" / "a" / "photo").read_bytes() == b"\x00\x01"


def test_tables_of_other_accounts_and_regions_come_back(directory: Path, tmp_path: Path) -> None:
    elsewhere = Home(account_id="111122223333", region="eu-west-1")
    opened = partial(Homes, open_engine=lambda path, home: Engine(path, home=home), clock=lambda: 0.0)
    with opened(directory) as homes:
        homes.engine_for(elsewhere).call("CreateTable", TABLE)
        homes.engine_for(elsewhere).call("PutItem", {"TableName": "notes", "Item": {"pk": {"S": "a"}}})
        back_up(directory, tmp_path / "backup", no_report)
    restore(tmp_path / "restored", tmp_path / "backup", no_report)
    with opened(tmp_path / "restored") as homes:
        assert homes.engine_for(Home()).call("ListTables", {})["TableNames"] == ["orders"]
        assert homes.engine_for(elsewhere).call("Scan", {"TableName": "notes"})["Items"] == [{"pk": {"S": "a"}}]


def test_what_comes_with_the_files_is_copied_and_what_comes_with_the_tables_is_not(
    directory: Path, tmp_path: Path
) -> None:
    """So no file tells of what the tables of the backup have not got yet."""
    (directory / "objects").mkdir()
    (directory / "objects" / "first").touch()

    def report(name: str, _done: int, _total: int) -> None:
        (directory / "objects" / f"while-{Path(name).name}").touch()

    back_up(directory, tmp_path / "backup", report)
    assert sorted(path.name for path in (tmp_path / "backup" / "objects").iterdir()) == ["first", "while-first"]


def test_a_backup_is_for_its_owner_alone(backup: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in backup.rglob("*") if path.is_file()} == {0o600}


def test_a_directory_is_copied_as_of_one_moment_while_it_is_written_to(directory: Path, tmp_path: Path) -> None:
    with Engine(directory, durability="process") as engine:
        stopping = threading.Event()

        def write() -> None:
            number = 0
            while not stopping.is_set():
                number += 1
                puts = [
                    {"Put": {"TableName": "orders", "Item": {"pk": {"S": f"pair-{part}"}, "sk": {"S": str(number)}}}}
                    for part in range(2)
                ]
                engine.call("TransactWriteItems", {"TransactItems": puts})

        writer = threading.Thread(target=write)
        writer.start()
        for number in range(5):
            back_up(directory, tmp_path / f"backup-{number}", no_report)
        stopping.set()
        writer.join()
    for number in range(5):
        restore(tmp_path / f"restored-{number}", tmp_path / f"backup-{number}", no_report)
        assert list(check(tmp_path / f"restored-{number}", no_report)) == []
        with Engine(tmp_path / f"restored-{number}") as engine:
            pairs = [item for item in engine.call("Scan", {"TableName": "orders"})["Items"] if "kind" not in item]
        assert len({item["sk"]["S"] for item in pairs}) * 2 == len(pairs)


def test_other_databases_are_copied_with_their_log(directory: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(directory / "queues.db", isolation_level=None)) as queues:
        queues.execute("PRAGMA journal_mode = WAL")
        queues.execute("CREATE TABLE messages (body)")
        queues.execute("INSERT INTO messages VALUES ('a')")
        back_up(directory, tmp_path / "backup", no_report)
    with closing(sqlite3.connect(tmp_path / "backup" / "queues.db")) as copy:
        assert copy.execute("SELECT body FROM messages").fetchall() == [("a",)]


def test_a_target_that_holds_something_is_refused(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "theirs").touch()
    with pytest.raises(StorageError, match="not empty: it holds theirs"):
        back_up(directory, tmp_path / "target", no_report)


def test_a_target_inside_of_what_is_copied_is_refused(directory: Path) -> None:
    with pytest.raises(StorageError, match="lies inside"):
        back_up(directory, directory / "backup", no_report)


def test_an_empty_folder_is_a_target(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    back_up(directory, tmp_path / "target", no_report)
    assert (tmp_path / "target" / DATABASE_NAME).exists()


def test_a_directory_in_use_is_not_overwritten(backup: Path, tmp_path: Path) -> None:
    with Engine(tmp_path / "used"), pytest.raises(StorageError, match="in use"):
        restore(tmp_path / "used", backup, no_report)


def test_a_directory_that_holds_something_is_not_overwritten(directory: Path, backup: Path) -> None:
    with pytest.raises(StorageError, match="is not empty"):
        restore(directory, backup, no_report)


def test_nothing_is_restored_into_the_backup(backup: Path) -> None:
    with pytest.raises(StorageError, match="lies inside the backup"):
        restore(backup / "restored", backup, no_report)
    assert not (backup / "restored").exists()


def test_a_damaged_backup_is_not_restored(backup: Path, tmp_path: Path) -> None:
    content = bytearray((backup / DATABASE_NAME).read_bytes())
    content[5000] ^= 1
    (backup / DATABASE_NAME).write_bytes(content)
    with pytest.raises(StorageError, match="the backup is damaged"):
        restore(tmp_path / "restored", backup, no_report)
    assert not (tmp_path / "restored" / DATABASE_NAME).exists()


@pytest.mark.parametrize("manifest", [None, "", "{}", '{"version": 2, "files": {}}'])
def test_a_folder_without_a_readable_manifest_is_no_backup(backup: Path, tmp_path: Path, manifest: str | None) -> None:
    (backup / MANIFEST_NAME).unlink()
    if manifest is not None:
        (backup / MANIFEST_NAME).write_text(manifest)
    with pytest.raises(StorageError, match="is no backup"):
        restore(tmp_path / "restored", backup, no_report)
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize("name", ["../stolen", "/stolen"])
def test_a_manifest_names_no_file_outside_of_the_folder(backup: Path, tmp_path: Path, name: str) -> None:
    manifest = (backup / MANIFEST_NAME).read_text().replace('"credentials"', f'"{name}"')
    (backup / MANIFEST_NAME).write_text(manifest)
    with pytest.raises(StorageError):
        restore(tmp_path / "restored", backup, no_report)


def test_a_backup_that_lacks_a_file_is_not_restored(backup: Path, tmp_path: Path) -> None:
    (backup / "credentials").unlink()
    with pytest.raises(StorageError, match="lacks credentials"):
        restore(tmp_path / "restored", backup, no_report)


def test_a_folder_without_tables_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "readme").touch()
    for folder in (tmp_path / "missing", tmp_path / "theirs"):
        with pytest.raises(StorageError, match=r"There are no tables in .*name the folder"):
            back_up(folder, tmp_path / "backup", no_report)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def _interrupt(_task: str, _done: int, _total: int) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_backup_leaves_nothing(directory: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        back_up(directory, tmp_path / "backup", _interrupt)
    assert set(tmp_path.iterdir()) == before
    back_up(directory, tmp_path / "backup", no_report)


def test_an_interrupted_restore_leaves_a_folder_that_can_be_restored_to(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        restore(tmp_path / "restored", backup, _interrupt)
    assert restore(tmp_path / "restored", backup, no_report) == 3
