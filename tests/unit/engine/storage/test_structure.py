"""A small database is looked through at the start: what is damaged is left out or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.directories import opened_database

from tenantable.engine import Engine
from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.errors import StorageError
from tenantable.wire.errors import DynamoError

PAGE_BYTES = 8192


@pytest.fixture
def directory(tmp_path: Path, table_request: Callable[..., dict[str, Any]]) -> Path:
    """Two tables; 20 items of the first are on pages of its own."""
    with Engine(tmp_path) as engine:
        for name in ("calm", "orders"):
            engine.call("CreateTable", table_request(name))
        for number in range(20):
            item = {"pk": {"S": f"order-{number}"}, "sk": {"S": "s"}, "fill": {"S": "x" * 1000}}
            engine.call("PutItem", {"TableName": "orders", "Item": item})
    return tmp_path


def overwrite(directory: Path, start: int, content: bytes) -> None:
    with (directory / DATABASE_NAME).open("rb+") as file:
        file.seek(start)
        file.write(content)


def change_a_key(directory: Path) -> None:
    """In the tree, not in the item: its bytes stay sound, and it cannot be found any more."""
    content = (directory / DATABASE_NAME).read_bytes()
    with opened_database(directory) as connection:
        [key] = connection.execute("SELECT key FROM items_2 ORDER BY key LIMIT 1 OFFSET 3").fetchone()
    overwrite(directory, content.index(key), b"\xff")


def test_a_row_that_damage_hides_is_not_reported_missing(directory: Path) -> None:
    change_a_key(directory)
    with Engine(directory) as engine:
        for operation, request in (
            ("Scan", {}),
            ("GetItem", {"Key": {"pk": {"S": "order-1"}, "sk": {"S": "s"}}}),
            ("PutItem", {"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}),
            ("DescribeTable", {}),
        ):
            with pytest.raises(DynamoError, match="damaged: table orders") as caught:
                engine.call(operation, {"TableName": "orders", **request})
            assert caught.value.status == 500


def test_a_damaged_table_keeps_its_name_and_no_other_from_work(
    directory: Path, table_request: Callable[..., dict[str, Any]]
) -> None:
    change_a_key(directory)
    with Engine(directory) as engine:
        assert engine.call("ListTables", {})["TableNames"] == ["calm", "orders"]
        with pytest.raises(DynamoError, match="damaged: table orders"):
            engine.call("CreateTable", table_request("orders"))
        engine.call("PutItem", {"TableName": "calm", "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}})
        assert engine.expire(0) == 0


def test_a_file_in_which_writes_could_do_harm_is_refused(directory: Path) -> None:
    """The list of free pages names one that is in use."""
    with Engine(directory) as engine:
        engine.call("DeleteTable", {"TableName": "orders"})
    free_page = int.from_bytes((directory / DATABASE_NAME).read_bytes()[32:36], "big")
    assert free_page
    overwrite(directory, 32, (2).to_bytes(4, "big"))
    with pytest.raises(StorageError, match="damaged") as caught:
        Engine(directory)
    assert "check --repair" in str(caught.value)


def test_a_damaged_catalog_is_refused(directory: Path) -> None:
    with opened_database(directory) as connection:
        [page] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'relations'").fetchone()
    overwrite(directory, (page - 1) * PAGE_BYTES, bytes(200))
    with pytest.raises(StorageError, match="damaged"):
        Engine(directory)


def test_a_table_with_a_damaged_description_is_left_out(directory: Path) -> None:
    statement = "UPDATE tables SET description = CAST(replace(description, 'pk', 'qk') AS BLOB) WHERE name = 'orders'"
    with opened_database(directory) as connection:
        assert connection.execute(statement).rowcount == 1
    with Engine(directory) as engine:
        with pytest.raises(DynamoError, match="description"):
            engine.call("Scan", {"TableName": "orders"})
        assert engine.call("Scan", {"TableName": "calm"})["Count"] == 0
