"""Engines by account and region: isolated, opened when they are asked for, closed when there are too many."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantable.engine import Engine
from tenantable.engine.accounts.homes import IDLE_SECONDS_MIN, Homes
from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.errors import StorageError
from tenantable.testing import ManualClock
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

IRELAND = Home(region="eu-west-1")
OTHER = Home(account_id="111122223333")
TABLE = {
    "TableName": "notes",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def open_engine(path: Path | str, home: Home) -> Engine:
    return Engine(path, home=home, durability="none")


@pytest.fixture
def homes(tmp_path: Path, clock: ManualClock) -> Iterator[Homes]:
    with Homes(tmp_path, open_engine, clock=clock, open_max=3) as homes:
        yield homes


def names(homes: Homes, home: Home) -> list[str]:
    found: list[str] = homes.engine_for(home).call("ListTables", {})["TableNames"]
    return found


def test_each_pair_sees_its_own_tables_alone(homes: Homes) -> None:
    homes.engine_for(IRELAND).call("CreateTable", TABLE)
    assert [names(homes, home) for home in (Home(), IRELAND, OTHER)] == [[], ["notes"], []]


def test_tables_of_one_name_are_different_tables(homes: Homes) -> None:
    for home in (Home(), OTHER):
        homes.engine_for(home).call("CreateTable", TABLE)
    homes.engine_for(OTHER).call("PutItem", {"TableName": "notes", "Item": {"pk": {"S": "a"}}})
    counts = [homes.engine_for(home).call("Scan", {"TableName": "notes"})["Count"] for home in (Home(), OTHER)]
    assert counts == [0, 1]


def test_arns_say_where_a_table_and_its_stream_live(homes: Homes) -> None:
    described = homes.engine_for(OTHER).call("CreateTable", TABLE)["TableDescription"]
    start = "arn:aws:dynamodb:us-east-1:111122223333:table/notes"
    assert described["TableArn"] == start
    assert described["LatestStreamArn"].startswith(f"{start}/stream/")


def test_streams_are_isolated(homes: Homes) -> None:
    described = homes.engine_for(OTHER).call("CreateTable", TABLE)["TableDescription"]
    assert homes.engine_for(IRELAND).call("ListStreams", {})["Streams"] == []
    with pytest.raises(DynamoError) as caught:
        homes.engine_for(IRELAND).call("DescribeStream", {"StreamArn": described["LatestStreamArn"]})
    assert caught.value.code == "ResourceNotFoundException"


def test_the_default_pair_has_the_directory_and_others_a_folder_in_it(homes: Homes, tmp_path: Path) -> None:
    homes.engine_for(Home(account_id="111122223333", region="eu-west-1"))
    assert (tmp_path / DATABASE_NAME).exists()
    assert (tmp_path / "accounts" / "111122223333" / "eu-west-1" / DATABASE_NAME).exists()


def test_a_pair_takes_no_place_before_it_is_asked_for(homes: Homes, tmp_path: Path) -> None:
    assert not (tmp_path / "accounts").exists()
    assert len(homes.engines()) == 1


def test_tables_outlive_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    with Homes(tmp_path, open_engine, clock=clock) as homes:
        homes.engine_for(IRELAND).call("CreateTable", TABLE)
    with Homes(tmp_path, open_engine, clock=clock) as homes:
        assert names(homes, IRELAND) == ["notes"]


def region(number: int) -> Home:
    return Home(region=f"region-{number}")


def test_the_one_that_rested_longest_is_closed_and_comes_back(homes: Homes, clock: ManualClock) -> None:
    homes.engine_for(region(0)).call("CreateTable", TABLE)
    homes.engine_for(region(1))
    clock.now += IDLE_SECONDS_MIN
    homes.engine_for(region(1))
    rested = homes.engine_for(Home())
    homes.engine_for(region(2))
    assert len(homes.engines()) == 3
    assert rested in homes.engines()
    assert names(homes, region(1)) == []
    clock.now += IDLE_SECONDS_MIN
    assert names(homes, region(0)) == ["notes"]


def test_what_was_asked_for_a_moment_ago_is_never_closed(homes: Homes) -> None:
    homes.engine_for(region(0))
    homes.engine_for(region(1))
    with pytest.raises(DynamoError) as caught:
        homes.engine_for(region(2))
    assert caught.value.code == "LimitExceededException"
    homes.engine_for(region(0)).call("ListTables", {})


def test_memory_is_never_closed(clock: ManualClock) -> None:
    with Homes(":memory:", open_engine, clock=clock, open_max=2) as homes:
        homes.engine_for(IRELAND).call("CreateTable", TABLE)
        assert names(homes, Home()) == []
        clock.now += 10 * IDLE_SECONDS_MIN
        with pytest.raises(DynamoError):
            homes.engine_for(OTHER)
        assert names(homes, IRELAND) == ["notes"]


def test_closing_gives_every_directory_back(tmp_path: Path, clock: ManualClock) -> None:
    homes = Homes(tmp_path, open_engine, clock=clock)
    homes.engine_for(IRELAND)
    homes.close()
    for directory in (tmp_path, tmp_path / "accounts" / "000000000000" / "eu-west-1"):
        Engine(directory).close()


def test_a_directory_that_cannot_be_used_is_named_at_the_start(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        Homes(tmp_path / "file", open_engine, clock=clock)
