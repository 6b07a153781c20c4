"""The commands that look after a data folder: check, repair, backup, restore."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.directories import opened_database

from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.engine import Engine
from tenantable.engine.accounts.homes import directory_of
from tenantable.engine.storage.files import LOCK_NAMES
from tenantable.wire.arns import Home

if TYPE_CHECKING:
    from tests.conftest import StartDynamo

pytestmark = pytest.mark.slow

CREATE_TABLE = {
    "TableName": "orders",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "day")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-day",
            "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tenantable.cli", "dynamodb", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three items, and a file of queues."""
    with Engine(tmp_path / "data") as engine:
        engine.call("CreateTable", CREATE_TABLE)
        for number in range(3):
            item = {"pk": {"S": f"order-{number}"}, "day": {"S": "monday"}}
            engine.call("PutItem", {"TableName": "orders", "Item": item})
    EmbeddedQueues(tmp_path / "data" / "queues.db").file.close()
    return tmp_path / "data"


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - set(LOCK_NAMES)


def change(data: Path, statement: str) -> None:
    with opened_database(data) as connection:
        connection.execute(statement)


def test_a_sound_folder_is_told_and_the_status_is_0(data: Path) -> None:
    done = run("check", "--data", str(data))
    assert (done.returncode, done.stdout, done.stderr) == (0, "No damage found\n", "")


def test_a_single_fault_is_told_in_the_singular(data: Path) -> None:
    change(data, "UPDATE relations SET item_count = 7 WHERE rowid = 1")
    assert run("check", "--data", str(data)).stdout.endswith("\n1 fault found\n")


def test_what_only_a_repair_takes_is_refused_without_it(data: Path) -> None:
    done = run("check", "--set-aside", "--data", str(data))
    assert done.returncode == 2
    assert "check --repair --set-aside" in done.stderr


def test_a_check_may_run_beside_the_server(data: Path, start_dynamo: "StartDynamo") -> None:
    with start_dynamo(data):
        assert run("check", "--data", str(data)).returncode == 0


def test_damage_is_told_in_a_sentence_and_the_status_is_1(data: Path) -> None:
    change(data, "DELETE FROM index_2")
    done = run("check", "--data", str(data))
    assert done.returncode == 1
    assert "table orders, index by-day: item pk='order-1' has no entry\n" in done.stdout
    assert "4 faults found" in done.stdout


def test_a_repair_says_what_it_did(data: Path) -> None:
    change(data, "DELETE FROM index_2")
    done = run("check", "--data", str(data), "--repair")
    assert done.returncode == 0
    assert "a new database holds 3 items, 3 index entries" in done.stdout
    assert done.stdout.endswith("No damage found\n")
    assert run("check", "--data", str(data)).returncode == 0


def test_a_damaged_item_is_only_left_out_when_that_is_asked_for(data: Path) -> None:
    change(data, "UPDATE items_1 SET item = x'7b7d' WHERE instr(item, CAST('order-1' AS BLOB))")
    refused = run("check", "--data", str(data), "--repair")
    assert refused.returncode == 1
    assert "item pk='order-1' is damaged" in refused.stdout
    assert "Nothing was changed" in refused.stderr
    done = run("check", "--data", str(data), "--repair", "--set-aside")
    assert done.returncode == 0
    assert "a new database holds 2 items" in done.stdout
    assert (data / "set-aside.jsonl").exists()


@pytest.fixture
def elsewhere(data: Path) -> Path:
    """The folder of another account and region, with as many items."""
    home = Home(account_id="111122223333", region="eu-west-1")
    folder = directory_of(data, home)
    with Engine(folder, home=home) as engine:
        engine.call("CreateTable", CREATE_TABLE)
        for number in range(3):
            item = {"pk": {"S": f"order-{number}"}, "day": {"S": "monday"}}
            engine.call("PutItem", {"TableName": "orders", "Item": item})
    return folder


def test_tables_of_other_accounts_are_checked_and_repaired_too(data: Path, elsewhere: Path) -> None:
    change(elsewhere, "DELETE FROM index_2")
    done = run("check", "--data", str(data))
    assert done.returncode == 1
    place = "accounts/111122223333/eu-west-1: "
    assert f"{place}table orders, index by-day: item pk='order-1' has no entry\n" in done.stdout
    assert "4 faults found" in done.stdout
    repaired = run("check", "--data", str(data), "--repair")
    assert repaired.returncode == 0
    assert f"{place}Repaired: a new database holds 3 items, 3 index entries" in repaired.stdout
    assert repaired.stdout.count("Repaired") == 1
    assert repaired.stdout.endswith("No damage found\n")


def test_a_backup_holds_the_tables_of_other_accounts(data: Path, elsewhere: Path, tmp_path: Path) -> None:
    assert run("backup", "--data", str(data), str(tmp_path / "backup")).returncode == 0
    restored = tmp_path / "restored"
    assert run("restore", "--data", str(restored), str(tmp_path / "backup")).returncode == 0
    with Engine(restored / elsewhere.relative_to(data)) as engine:
        assert engine.call("Scan", {"TableName": "orders"})["Count"] == 3


def test_a_folder_in_use_is_not_repaired(data: Path, start_dynamo: "StartDynamo") -> None:
    change(data, "UPDATE relations SET item_count = 7")
    with start_dynamo(data):
        done = run("check", "--data", str(data), "--repair")
    assert done.returncode == 1
    assert "in use" in done.stderr


def test_damaged_queues_are_told(data: Path) -> None:
    (data / "queues.db").write_bytes(b"no database at all" * 1000)
    done = run("check", "--data", str(data))
    assert done.returncode == 1
    assert "queues.db: file is not a database" in done.stdout


def test_a_backup_of_a_running_server_comes_back(data: Path, tmp_path: Path, start_dynamo: "StartDynamo") -> None:
    with start_dynamo(data) as server:
        done = run("backup", "--data", str(data), str(tmp_path / "backup"))
        assert (done.returncode, done.stderr) == (0, "")
        used = run("restore", "--data", str(data), str(tmp_path / "backup"))
        assert used.returncode == 1
        assert "in use" in used.stderr
    restored = tmp_path / "restored"
    assert run("restore", "--data", str(restored), str(tmp_path / "backup")).returncode == 0
    assert names_in(restored) == names_in(data)
    with start_dynamo(restored) as again:
        assert again.access_key_id == server.access_key_id


def test_options_before_a_command_are_refused_and_not_ignored(data: Path) -> None:
    done = run("--data", str(data), "check")
    assert done.returncode == 2
    assert "check --data" in done.stderr
