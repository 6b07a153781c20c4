"""One suite for every kind of event bus."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tenantable.cloud.events.bus import (
    DETAIL_TYPE_CHARACTERS_MAX,
    PUT_BYTES_MAX,
    Event,
    EventBus,
    InvalidEvent,
    ReceivedEvent,
    Rule,
    parse_event,
)
from tenantable.cloud.events.embedded import EmbeddedEvents
from tenantable.cloud.events.eventbridge import EventBridgeBus, create_rule
from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import Queue, QueueSettings
from tenantable.cloud.queues.sqs import SqsQueue, create_queue
from tenantable.wire.arns import Home

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

_names = count()


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bus, and how a rule of it sends on to a new queue."""

    bus: EventBus
    route: Callable[[tuple[str, ...], tuple[str, ...]], Queue]

    def received(self, queue: Queue) -> list[ReceivedEvent]:
        messages = queue.receive(limit=10)
        queue.delete([message.receipt for message in messages])
        return [parse_event(message.body) for message in messages]


@pytest.fixture(params=["embedded", "eventbridge"])
def target(request: pytest.FixtureRequest) -> Target:
    found: Target = request.getfixturevalue(f"{request.param}_target")
    return found


@pytest.fixture
def embedded_target(tmp_path: Path) -> Iterator[Target]:
    queues = EmbeddedQueues(tmp_path / "queues.db")

    def queue(name: str) -> Queue:
        return queues.queue(QueueSettings(name=name))

    events = EmbeddedEvents(
        tmp_path / "events.db", lambda name, messages: queue(name).send(messages), home=Home(), clock=time.time
    )
    bus = events.bus("main")

    def route(sources: tuple[str, ...], detail_types: tuple[str, ...]) -> Queue:
        name = f"events-{next(_names)}"
        bus.put_rule(Rule(name=name, queue=name, sources=sources, detail_types=detail_types))
        return queue(name)

    yield Target(bus=bus, route=route)
    events.close()
    queues.close()


@pytest.fixture(scope="module")
def sqs(aws_client_arguments: dict[str, str]) -> Iterator["SQSClient"]:
    client: SQSClient = boto3.client("sqs", **aws_client_arguments)  # type: ignore[call-overload]
    yield client
    client.close()


@pytest.fixture(scope="module")
def eventbridge(aws_client_arguments: dict[str, str]) -> Iterator["EventBridgeClient"]:
    client: EventBridgeClient = boto3.client("events", **aws_client_arguments)  # type: ignore[call-overload]
    yield client
    client.close()


@pytest.fixture
def eventbridge_target(sqs: "SQSClient", eventbridge: "EventBridgeClient") -> Target:
    bus = f"main-{next(_names)}"
    eventbridge.create_event_bus(Name=bus)

    def route(sources: tuple[str, ...], detail_types: tuple[str, ...]) -> Queue:
        name = f"events-{next(_names)}"
        create_queue(sqs, QueueSettings(name=name))
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        rule = Rule(name=name, queue=name, sources=sources, detail_types=detail_types)
        create_rule(eventbridge, bus, rule, queue_arn=arn)
        return SqsQueue(sqs, QueueSettings(name=name))

    return Target(bus=EventBridgeBus(eventbridge, bus), route=route)


def event(source: str = "accounts", detail_type: str = "AccountCreated", **detail: Any) -> Event:
    return Event(source=source, detail_type=detail_type, detail=detail)


def test_an_event_reaches_the_queue_of_its_rule(target: Target) -> None:
    queue = target.route(("accounts",), ())
    before = time.time()
    target.bus.put([event(accountId="a1", name="snow ☃", nested={"list": [1, None, True]})])
    (received,) = target.received(queue)
    assert (received.source, received.detail_type) == ("accounts", "AccountCreated")
    assert received.detail == {"accountId": "a1", "name": "snow ☃", "nested": {"list": [1, None, True]}}
    assert before - 2 <= received.time <= time.time() + 2


def test_an_event_says_when_it_happened(target: Target) -> None:
    queue = target.route(("accounts",), ())
    target.bus.put([Event(source="accounts", detail_type="a", detail={}, time=1_700_000_000.0)])
    assert [each.time for each in target.received(queue)] == [1_700_000_000.0]


def test_each_event_has_an_id_of_its_own(target: Target) -> None:
    queue = target.route(("accounts",), ())
    target.bus.put([event(), event()])
    assert len({each.id for each in target.received(queue)}) == 2


def test_rules_select_by_source_and_detail_type(target: Target) -> None:
    of_source = target.route(("accounts", "billing"), ())
    of_type = target.route((), ("AccountCreated",))
    of_both = target.route(("accounts",), ("AccountDeleted",))
    target.bus.put(
        [event("accounts", "AccountCreated"), event("billing", "AccountDeleted"), event("other", "AccountCreated")]
    )
    assert {each.source for each in target.received(of_source)} == {"accounts", "billing"}
    assert {each.source for each in target.received(of_type)} == {"accounts", "other"}
    assert target.received(of_both) == []


def test_what_no_rule_selects_is_gone(target: Target) -> None:
    target.bus.put([event()])
    assert target.received(target.route(("accounts",), ())) == []


def test_ten_events_go_together(target: Target) -> None:
    queue = target.route(("accounts",), ())
    target.bus.put([event(number=number) for number in range(10)])
    assert sorted(each.detail["number"] for each in target.received(queue)) == list(range(10))


@pytest.mark.parametrize("events", [[], [event()] * 11])
def test_refuses_none_and_more_than_ten(target: Target, events: list[Event]) -> None:
    with pytest.raises(InvalidEvent, match="1 to 10 events"):
        target.bus.put(events)


def test_refuses_more_than_256_kib_together(target: Target) -> None:
    half = event(text="x" * (PUT_BYTES_MAX // 2))
    with pytest.raises(InvalidEvent, match="put fewer"):
        target.bus.put([half, half])
    with pytest.raises(InvalidEvent, match="has up to"):
        event(text="x" * PUT_BYTES_MAX)


@pytest.mark.parametrize(
    "members",
    [
        {"source": ""},
        {"source": "aws.s3"},
        {"source": "x" * 257},
        {"detail_type": ""},
        {"detail_type": "x" * (DETAIL_TYPE_CHARACTERS_MAX + 1)},
        {"detail": {"a": object()}},
        {"detail": {"a": "\ud800"}},
    ],
)
def test_refuses_events_that_no_bus_takes(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent):
        Event(**{"source": "a", "detail_type": "b", "detail": {}, **members})


@pytest.mark.parametrize("members", [{"name": ""}, {"name": "a b"}, {"sources": ()}])
def test_refuses_rules_that_no_bus_takes(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent):
        Rule(**{"name": "a", "queue": "b", "sources": ("c",), **members})


@pytest.mark.parametrize("body", ["", "{}", "[]", json.dumps({"id": "a", "time": "yesterday"})])
def test_a_message_that_is_no_event_is_told(body: str) -> None:
    with pytest.raises(InvalidEvent, match="no event"):
        parse_event(body)
