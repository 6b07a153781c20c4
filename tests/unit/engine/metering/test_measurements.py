"""What is measured of an engine: sizes, how far consumers are behind, what was throttled."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenantable.engine import Engine
from tenantable.engine.metering.measurements import Sizes
from tenantable.testing import ManualClock
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

TABLE = {
    "TableName": "notes",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "gk")],
    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_gk",
            "KeySchema": [{"AttributeName": "gk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def engine(clock: ManualClock) -> Iterator[Engine]:
    with Engine(":memory:", clock=clock, throttle=True) as engine:
        engine.call("CreateTable", TABLE)
        yield engine


def put(engine: Engine, pk: str, **more: Any) -> None:
    engine.call("PutItem", {"TableName": "notes", "Item": {"pk": {"S": pk}, **more}})


def test_tables_and_indexes_are_measured_by_what_they_hold(engine: Engine) -> None:
    put(engine, "a", gk={"S": "g"})
    put(engine, "b")
    assert engine.measure().sizes == (
        Sizes(table_name="notes", index=None, item_count=2, size_bytes=9),
        Sizes(table_name="notes", index="by_gk", item_count=1, size_bytes=6),
    )


def test_a_consumer_is_behind_by_records_and_by_the_age_of_the_first(engine: Engine, clock: ManualClock) -> None:
    stream = engine.stream("notes")
    put(engine, "a")
    first = stream.read()[0]["dynamodb"]["SequenceNumber"]
    stream.advance("mailer", first)
    clock.now += 5
    put(engine, "b")
    clock.now += 7
    put(engine, "c")
    [lag] = engine.measure().lags
    assert (lag.table_name, lag.consumer, lag.records, lag.seconds) == ("notes", "mailer", 2, 7.0)


def test_a_consumer_that_has_dealt_with_everything_is_not_behind(engine: Engine, clock: ManualClock) -> None:
    put(engine, "a")
    for _ in engine.stream("notes").consume("mailer"):
        pass
    clock.now += 100
    [lag] = engine.measure().lags
    assert (lag.records, lag.seconds) == (0, 0.0)


def test_what_was_throttled_is_counted_by_its_limit(engine: Engine) -> None:
    put(engine, "large", x={"S": "x" * 307_000})
    for _ in range(2):
        with pytest.raises(DynamoError):
            put(engine, "b")
    [(limit, number)] = engine.measure().throttled.items()
    assert (limit.table_name, limit.index_name, limit.kind, number) == ("notes", None, "Write", 2)
    assert limit.reason == "TableWriteProvisionedThroughputExceeded"


def test_files_have_a_size_and_memory_has_none(engine: Engine, tmp_path: Path) -> None:
    assert (engine.measure().database_bytes, engine.measure().log_bytes) == (0, 0)
    with Engine(tmp_path, home=Home(region="eu-west-1")) as stored:
        stored.call("CreateTable", TABLE)
        measured = stored.measure()
    assert measured.home.region == "eu-west-1"
    assert measured.log_bytes > 0
