"""One suite for every kind of queue."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import (
    BODY_BYTES_MAX,
    DeadLetters,
    Depth,
    InvalidMessage,
    Message,
    Queue,
    QueueSettings,
    redrive,
)
from tenantable.cloud.queues.sqs import SqsQueue, create_queue
from tenantable.errors import CloudError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_names = count()


@dataclass(frozen=True, kw_only=True)
class Target:
    """A kind of queue. `advance` lets its time pass; `long_delay_seconds` needs several hops where there are hops."""

    open: Callable[[QueueSettings], Queue]
    advance: Callable[[float], None]
    long_delay_seconds: float


@pytest.fixture(params=["embedded", "sqs"])
def target(request: pytest.FixtureRequest) -> Target:
    found: Target = request.getfixturevalue(f"{request.param}_target")
    return found


@pytest.fixture
def embedded_target(tmp_path: Path) -> Iterator[Target]:
    offset = [0.0]

    def advance(seconds: float) -> None:
        offset[0] += seconds

    queues = EmbeddedQueues(tmp_path / "queues.sqlite", clock=lambda: time.time() + offset[0])
    yield Target(open=queues.queue, advance=advance, long_delay_seconds=24 * 3600.0)
    queues.close()


@pytest.fixture
def sqs_target(sqs: "SQSClient") -> Target:
    def open_queue(settings: QueueSettings) -> Queue:
        create_queue(sqs, settings)
        return SqsQueue(sqs, settings, hop_seconds=1)

    return Target(open=open_queue, advance=time.sleep, long_delay_seconds=2.5)


@pytest.fixture(scope="module")
def sqs(aws_client_arguments: dict[str, str]) -> Iterator["SQSClient"]:
    client: SQSClient = boto3.client("sqs", **aws_client_arguments)  # type: ignore[call-overload]
    yield client
    client.close()


def new_name() -> str:
    return f"queue-{next(_names)}"


@pytest.fixture
def queue(target: Target) -> Queue:
    return target.open(QueueSettings(name=new_name(), visibility_seconds=60))


def send(queue: Queue, *bodies: str, delay_seconds: float = 0) -> None:
    queue.send([Message(body=body, delay_seconds=delay_seconds) for body in bodies])


def received_bodies(queue: Queue, *, limit: int = 10, wait_seconds: float = 0) -> list[str]:
    return [message.body for message in queue.receive(limit=limit, wait_seconds=wait_seconds)]


def test_delivers_what_was_sent(queue: Queue) -> None:
    send(queue, "snow ☃ \t\n tab")
    (message,) = queue.receive()
    assert (message.body, message.receive_count) == ("snow ☃ \t\n tab", 1)


def test_is_empty_at_first(queue: Queue) -> None:
    assert queue.receive() == ()


def test_hides_a_received_message(queue: Queue) -> None:
    send(queue, "a")
    queue.receive()
    assert queue.receive() == ()


def test_shows_an_undeleted_message_again(target: Target, queue: Queue) -> None:
    send(queue, "a")
    queue.receive(visibility_seconds=1)
    target.advance(1.1)
    (message,) = queue.receive()
    assert message.receive_count == 2


def test_never_shows_a_deleted_message_again(target: Target, queue: Queue) -> None:
    send(queue, "a")
    (message,) = queue.receive(visibility_seconds=1)
    queue.delete([message.receipt])
    target.advance(1.1)
    assert queue.receive() == ()


def test_deleting_twice_does_nothing(queue: Queue) -> None:
    send(queue, "a", "b")
    first = queue.receive()
    queue.delete([first[0].receipt])
    queue.delete([first[0].receipt])
    assert len(queue.receive()) == 1


def test_delays(target: Target, queue: Queue) -> None:
    send(queue, "later", delay_seconds=2)
    assert queue.receive() == ()
    target.advance(2.1)
    assert received_bodies(queue) == ["later"]


def test_delays_of_one_batch_are_independent(queue: Queue) -> None:
    queue.send([Message(body="now"), Message(body="later", delay_seconds=60)])
    assert received_bodies(queue) == ["now"]


def test_long_delays_come_due_with_an_unused_receive_count(target: Target) -> None:
    """A delay beyond what one hop can carry must not use up the receives that lead to the dead-letter queue."""
    settings = QueueSettings(name=new_name(), dead_letters=DeadLetters(queue=new_name(), receives_max=1))
    queue = target.open(settings)
    send(queue, "tomorrow", delay_seconds=target.long_delay_seconds)
    steps = 5
    for _ in range(steps - 1):
        target.advance(target.long_delay_seconds / steps)
        assert queue.receive() == ()
    target.advance(target.long_delay_seconds / steps)
    (message,) = queue.receive(wait_seconds=3)
    assert (message.body, message.receive_count) == ("tomorrow", 1)


def test_giving_back_shows_a_message_at_once(queue: Queue) -> None:
    send(queue, "a")
    (message,) = queue.receive()
    assert queue.change_visibility(message.receipt, 0)
    assert received_bodies(queue) == ["a"]


def test_holding_longer_hides_a_message_longer(target: Target, queue: Queue) -> None:
    send(queue, "a")
    (message,) = queue.receive(visibility_seconds=1)
    assert queue.change_visibility(message.receipt, 60)
    target.advance(1.1)
    assert queue.receive() == ()


def test_a_deleted_message_cannot_be_held_longer(queue: Queue) -> None:
    send(queue, "a")
    (message,) = queue.receive()
    queue.delete([message.receipt])
    assert not queue.change_visibility(message.receipt, 60)


def test_a_made_up_receipt_holds_nothing(queue: Queue) -> None:
    assert not queue.change_visibility("made-up", 60)


def test_used_up_receives_lead_to_the_dead_letters(target: Target) -> None:
    dead_letters = target.open(QueueSettings(name=new_name()))
    settings = QueueSettings(name=new_name(), dead_letters=DeadLetters(queue=dead_letters.name, receives_max=2))
    queue = target.open(settings)
    send(queue, "poison")
    for _ in range(2):
        (message,) = queue.receive()
        queue.change_visibility(message.receipt, 0)
    assert queue.receive() == ()
    assert received_bodies(dead_letters) == ["poison"]


def test_redrive_moves_dead_letters_back(target: Target) -> None:
    source, dead_letters = target.open(QueueSettings(name=new_name())), target.open(QueueSettings(name=new_name()))
    bodies = [f"m{number}" for number in range(12)]
    send(dead_letters, *bodies)
    assert redrive(dead_letters, source, limit=100) == 12
    assert sorted(received_bodies(source) + received_bodies(source)) == sorted(bodies)
    assert dead_letters.receive() == ()


def test_redrive_stops_at_its_limit(target: Target) -> None:
    source, dead_letters = target.open(QueueSettings(name=new_name())), target.open(QueueSettings(name=new_name()))
    send(dead_letters, "a", "b", "c")
    assert redrive(dead_letters, source, limit=2) == 2
    assert dead_letters.depth().visible == 1


def test_counts_its_messages(queue: Queue) -> None:
    send(queue, "a", "b", "c")
    send(queue, "d", delay_seconds=60)
    queue.receive(limit=1)
    assert queue.depth() == Depth(visible=2, in_flight=1, delayed=1)


def test_large_batches_arrive_whole(queue: Queue) -> None:
    bodies = {f"{number}:{'x' * 20_000}" for number in range(30)}
    send(queue, *bodies)
    received: set[str] = set()
    while messages := queue.receive(limit=10):
        received |= {message.body for message in messages}
        queue.delete([message.receipt for message in messages])
    assert received == bodies


def test_a_waiting_receiver_gets_the_next_message(queue: Queue) -> None:
    sender = threading.Timer(0.3, send, [queue, "a"])
    sender.start()
    assert received_bodies(queue, limit=1, wait_seconds=5) == ["a"]
    sender.join()


def test_a_wait_ends(queue: Queue) -> None:
    started = time.monotonic()
    assert queue.receive(wait_seconds=1) == ()
    assert 0.9 <= time.monotonic() - started < 10


def test_several_receivers_share_the_messages(queue: Queue) -> None:
    send(queue, *[str(number) for number in range(40)])
    received: list[str] = []

    def consume() -> None:
        while messages := queue.receive(limit=3):
            received.extend(message.body for message in messages)
            queue.delete([message.receipt for message in messages])

    consumers = [threading.Thread(target=consume) for _ in range(4)]
    for consumer in consumers:
        consumer.start()
    for consumer in consumers:
        consumer.join()
    assert sorted(received, key=int) == [str(number) for number in range(40)]


def test_queues_are_separate(target: Target) -> None:
    one, other = target.open(QueueSettings(name=new_name())), target.open(QueueSettings(name=new_name()))
    send(one, "a")
    assert other.receive() == ()


@pytest.mark.parametrize("body", ["", "x" * (BODY_BYTES_MAX + 1), "\x00", "\ud800", "\ufffe"])
def test_refuses_bodies_that_sqs_would(body: str) -> None:
    with pytest.raises(InvalidMessage):
        Message(body=body)


def test_takes_the_largest_body_with_the_longest_delay(queue: Queue) -> None:
    send(queue, "x" * BODY_BYTES_MAX, delay_seconds=7 * 24 * 3600)
    assert queue.depth().delayed == 1


@pytest.mark.parametrize("arguments", [{"limit": 0}, {"limit": 11}, {"wait_seconds": 21}, {"visibility_seconds": 0}])
def test_refuses_a_receive_out_of_range(queue: Queue, arguments: dict[str, int]) -> None:
    with pytest.raises(CloudError):
        queue.receive(**arguments)
