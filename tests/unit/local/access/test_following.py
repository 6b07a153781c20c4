"""Following the table: whoever moves a head is told of, and nothing is lost when records are gone."""

from collections.abc import Iterator

import pytest

from tenantable.engine import Engine
from tenantable.local.access.following import HeadFollower
from tenantable.services.access.declaration import SYSTEM, naming
from tenantable.testing import ManualClock

TABLE = naming("dev").table_name("access-management")
DAY = 24 * 3600


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def engine(clock: ManualClock) -> Iterator[Engine]:
    with Engine(":memory:", clock=clock) as opened:
        for table in SYSTEM.physical_tables(naming("dev")):
            opened.call("CreateTable", table.create_request())
        yield opened


def put(engine: Engine, key: str) -> None:
    engine.call("PutItem", {"TableName": TABLE, "Item": {"PK": {"S": key}, "SK": {"S": "METADATA"}}})


def test_it_tells_of_heads_that_moved_and_of_nothing_else(engine: Engine) -> None:
    told: list[str] = []
    follower = HeadFollower(engine.stream(TABLE), told.append, sleep=lambda _seconds: None)
    for key in ("HEAD#acme", "ORG#acme", "HEAD#PLATFORM"):
        put(engine, key)
    assert follower.step(0.5) == 3
    assert told == ["acme", "PLATFORM"]
    assert follower.step(0.5) == 0


def test_it_waits_a_little_when_nothing_comes(engine: Engine) -> None:
    slept: list[float] = []
    follower = HeadFollower(engine.stream(TABLE), lambda _id: None, sleep=slept.append)
    follower.step(0.5)
    follower.step(0.01)
    assert slept == [0.1, 0.01]


def test_records_that_are_gone_do_not_stop_it(engine: Engine, clock: ManualClock) -> None:
    told: list[str] = []
    follower = HeadFollower(engine.stream(TABLE), told.append, sleep=lambda _seconds: None)
    put(engine, "HEAD#acme")
    follower.step(0)
    for _ in range(3):
        clock.now += DAY
        put(engine, "HEAD#zeta")
        engine.expire(now=clock.now)
    follower.step(0)
    assert "zeta" in told
