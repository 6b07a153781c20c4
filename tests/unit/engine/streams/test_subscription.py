"""Reading a stream in process, and finding one's place again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine import Engine
from tenantable.engine.streams.limits import CONSUMERS_MAX, RETENTION_SECONDS
from tenantable.engine.streams.subscription import Subscription
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, TableRequest

STREAM: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}


@pytest.fixture
def subscription(create: "Create", engine: Engine) -> Subscription:
    create("orders", keys=("pk",), **STREAM)
    return engine.stream("orders")


def put(call: "Call", *numbers: int) -> None:
    for number in numbers:
        call("PutItem", TableName="orders", Item={"pk": {"S": str(number)}})


def key_of(record: dict[str, Any]) -> int:
    return int(record["dynamodb"]["Keys"]["pk"]["S"])


def number_of(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def handle(record: dict[str, Any]) -> float:
    """Fails on one key."""
    return 1 / (2 - key_of(record))


def test_records_come_page_by_page_in_the_order_of_the_changes(call: "Call", subscription: Subscription) -> None:
    put(call, *range(25))
    read: list[dict[str, Any]] = []
    while page := subscription.read(number_of(read[-1]) if read else None, limit=10):
        assert len(page) <= 10
        read += page
    assert [key_of(record) for record in read] == list(range(25))


def test_a_page_has_a_megabyte_at_most(call: "Call", subscription: Subscription) -> None:
    for number in range(12):
        call("PutItem", TableName="orders", Item={"pk": {"S": str(number)}, "fill": {"S": "x" * 300_000}})
    assert [key_of(record) for record in subscription.read()] == [0, 1, 2]


def test_a_consumer_gets_each_record_once(call: "Call", subscription: Subscription) -> None:
    put(call, *range(5))
    assert [key_of(record) for record in subscription.consume("mail", limit=3)] == [0, 1, 2]
    put(call, 5)
    assert [key_of(record) for record in subscription.consume("mail")] == [3, 4, 5]
    assert list(subscription.consume("mail")) == []
    assert len(list(subscription.consume("other"))) == 6


def test_a_consumer_that_fails_gets_the_record_again(call: "Call", subscription: Subscription) -> None:
    put(call, *range(5))
    with pytest.raises(ZeroDivisionError):
        list(map(handle, subscription.consume("mail")))
    assert [key_of(record) for record in subscription.consume("mail")] == [2, 3, 4]


def test_a_checkpoint_survives_and_never_goes_back(tmp_path: Path, table_request: "TableRequest") -> None:
    with Engine(tmp_path) as engine:
        engine.call("CreateTable", table_request("orders", keys=("pk",), **STREAM))
        for number in range(3):
            engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": str(number)}}})
        records = engine.stream("orders").read()
        engine.stream("orders").advance("mail", number_of(records[1]))
    with Engine(tmp_path) as engine:
        subscription = engine.stream("orders")
        subscription.advance("mail", number_of(records[0]))
        assert subscription.checkpoint("mail") == number_of(records[1])
        engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": "3"}}})
        assert [key_of(record) for record in subscription.consume("mail")] == [2, 3]


def test_sequence_numbers_grow_over_restarts_and_trims(
    tmp_path: Path, clock: ManualClock, table_request: "TableRequest"
) -> None:
    numbers: list[str] = []
    for number in range(3):
        with Engine(tmp_path, clock=clock) as engine:
            if number == 0:
                engine.call("CreateTable", table_request("orders", keys=("pk",), **STREAM))
            engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": str(number)}}})
            numbers += map(number_of, engine.stream("orders").read())
            clock.now += RETENTION_SECONDS
            assert engine.trim_streams() == 1
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 3


def test_a_reader_that_came_too_late_learns_of_it(
    call: "Call", subscription: Subscription, engine: Engine, clock: ManualClock
) -> None:
    put(call, 1)
    seen = number_of(subscription.read()[0])
    put(call, 2)
    clock.now += RETENTION_SECONDS
    engine.trim_streams()
    with pytest.raises(DynamoError) as caught:
        subscription.read(seen)
    assert caught.value.code == "TrimmedDataAccessException"
    put(call, 3)
    assert [key_of(record) for record in subscription.read()] == [3]


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"limit": 1001}, {"after_sequence": "12"}, {"after_sequence": "x" * 21}]
)
def test_wrong_places_are_refused(subscription: Subscription, wrong: dict[str, Any]) -> None:
    with pytest.raises(DynamoError) as caught:
        subscription.read(**wrong)
    assert caught.value.code == "ValidationException"


def test_consumers_are_bounded(call: "Call", subscription: Subscription) -> None:
    put(call, 1)
    number = number_of(subscription.read()[0])
    for consumer in range(CONSUMERS_MAX):
        subscription.advance(f"consumer-{consumer}", number)
    subscription.advance("consumer-0", number)
    with pytest.raises(DynamoError) as caught:
        subscription.advance("one-more", number)
    assert caught.value.code == "LimitExceededException"
    with pytest.raises(DynamoError):
        subscription.advance("", number)


@pytest.mark.parametrize("name", ["plain", "missing"])
def test_a_table_without_a_stream_has_no_subscription(create: "Create", engine: Engine, name: str) -> None:
    create("plain")
    with pytest.raises(DynamoError) as caught:
        engine.stream(name)
    assert caught.value.code == "ResourceNotFoundException"


def test_a_reader_beside_writers_misses_nothing(tmp_path: Path, table_request: "TableRequest") -> None:
    """Each page is of one state of the database: no record turns up before the place where the reader is already."""
    writers, puts = 3, 1000
    with Engine(tmp_path, durability="none") as engine, ThreadPoolExecutor(writers) as threads:
        engine.call("CreateTable", table_request("orders", keys=("pk",), **STREAM))

        def write(writer: int) -> None:
            for number in range(puts):
                item = {"pk": {"S": str(writer * puts + number)}}
                engine.call("PutItem", {"TableName": "orders", "Item": item})

        running = [threads.submit(write, writer) for writer in range(writers)]
        read: list[int] = []
        while len(read) < writers * puts and not (all(each.done() for each in running) and stalled(engine)):
            read += [key_of(record) for record in engine.stream("orders").consume("mail", limit=7)]
    assert sorted(read) == list(range(writers * puts))


def stalled(engine: Engine) -> bool:
    """Nothing is left to read."""
    subscription = engine.stream("orders")
    return subscription.read(subscription.checkpoint("mail"), limit=1) == []


def test_a_stream_that_was_cleared_away_is_trimmed(
    call: "Call", engine: Engine, subscription: Subscription, clock: ManualClock
) -> None:
    put(call, 1)
    call("UpdateTable", TableName="orders", StreamSpecification={"StreamEnabled": False})
    clock.now += RETENTION_SECONDS
    while engine.trim_streams():
        pass
    engine.trim_streams()
    with pytest.raises(DynamoError) as caught:
        subscription.read()
    assert caught.value.code == "TrimmedDataAccessException"
