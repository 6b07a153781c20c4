"""What only the embedded queue promises; the rest is in the suite that SQS passes too."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import DeadLetters, Message, Queue, QueueFull, QueueSettings
from tenantable.errors import CloudError
from tenantable.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queues.sqlite"


@pytest.fixture
def queues(path: Path, clock: ManualClock) -> Iterator[EmbeddedQueues]:
    opened = EmbeddedQueues(path, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def queue(queues: EmbeddedQueues) -> Queue:
    return queues.queue(QueueSettings(name="jobs"))


def test_messages_survive_reopening(path: Path, clock: ManualClock) -> None:
    for body in ("a", "b"):
        queues = EmbeddedQueues(path, clock=clock)
        queues.queue(QueueSettings(name="jobs")).send([Message(body=body)])
        queues.close()
    queues = EmbeddedQueues(path, clock=clock)
    received = queues.queue(QueueSettings(name="jobs")).receive(limit=10)
    assert [message.body for message in received] == ["a", "b"]
    queues.close()


def test_an_outdated_receipt_deletes_nothing(queue: Queue, clock: ManualClock) -> None:
    """A slow receiver must not delete what another one is working on."""
    queue.send([Message(body="a")])
    (slow,) = queue.receive(visibility_seconds=10)
    clock.now += 11
    (fast,) = queue.receive()
    queue.delete([slow.receipt])
    assert queue.change_visibility(fast.receipt, 0)
    assert len(queue.receive()) == 1


def test_a_message_whose_time_ran_out_cannot_be_held_longer(queue: Queue, clock: ManualClock) -> None:
    queue.send([Message(body="a")])
    (message,) = queue.receive(visibility_seconds=10)
    clock.now += 11
    assert not queue.change_visibility(message.receipt, 60)


def test_a_full_queue_takes_nothing_of_a_batch(queues: EmbeddedQueues) -> None:
    queue = queues.queue(QueueSettings(name="small", messages_max=3))
    queue.send([Message(body="a"), Message(body="b")])
    with pytest.raises(QueueFull):
        queue.send([Message(body="c"), Message(body="d")])
    assert queue.depth().visible == 2


def test_deleting_makes_room(queues: EmbeddedQueues) -> None:
    queue = queues.queue(QueueSettings(name="small", messages_max=1))
    queue.send([Message(body="a")])
    queue.delete([message.receipt for message in queue.receive()])
    queue.send([Message(body="b")])
    assert queue.depth().visible == 1


def test_dead_letters_keep_their_place_in_the_counts(queues: EmbeddedQueues, clock: ManualClock) -> None:
    queue = queues.queue(QueueSettings(name="jobs", dead_letters=DeadLetters(queue="dead", receives_max=1)))
    queue.send([Message(body="a")])
    queue.receive(visibility_seconds=1)
    clock.now += 2
    assert queue.receive() == ()
    assert (queue.depth().visible, queues.queue(QueueSettings(name="dead")).depth().visible) == (0, 1)


def test_due_messages_come_in_order_of_their_due_time(queue: Queue, clock: ManualClock) -> None:
    queue.send([Message(body="third", delay_seconds=3), Message(body="first", delay_seconds=1), Message(body="second")])
    clock.now += 5
    assert [message.body for message in queue.receive(limit=3)] == ["second", "first", "third"]


def test_a_receiver_of_another_opening_is_woken(path: Path, queue: Queue, clock: ManualClock) -> None:
    """Another process that shares the file notices a message without being told."""
    other = EmbeddedQueues(path, clock=clock)
    sender = threading.Timer(0.05, other.queue(QueueSettings(name="jobs")).send, [[Message(body="a")]])
    sender.start()
    assert [message.body for message in queue.receive(wait_seconds=5)] == ["a"]
    sender.join()
    other.close()


def test_one_call_takes_a_thousand_messages_at_most(queue: Queue) -> None:
    with pytest.raises(CloudError, match="up to 1000"):
        queue.send([Message(body="a")] * 1001)


ENDLESS_SENDER = """
import sys, threading
from pathlib import Path
from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import Message, QueueSettings

queue = EmbeddedQueues(Path(sys.argv[1])).queue(QueueSettings(name="jobs"))

def send(sender):
    number = 0
    while True:
        number += 1
        queue.send([Message(body=f"{sender}:{number}")])
        sys.stdout.write(f"{sender}:{number}\\n")
        sys.stdout.flush()

for sender in range(4):
    threading.Thread(target=send, args=[sender]).start()
"""


@pytest.mark.slow
def test_acknowledged_messages_survive_sigkill(tmp_path: Path) -> None:
    """A process is killed in the middle of concurrent sends; whatever it had acknowledged is delivered."""
    for crash in range(5):
        path = tmp_path / f"{crash}.sqlite"
        with subprocess.Popen([sys.executable, "-c", ENDLESS_SENDER, path], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            acknowledged = [child.stdout.readline().strip() for _ in range(200 + 37 * crash)]
            child.kill()
        queues = EmbeddedQueues(path)
        queue = queues.queue(QueueSettings(name="jobs"))
        stored: set[str] = set()
        while messages := queue.receive(limit=10):
            stored |= {message.body for message in messages}
        queues.close()
        assert set(acknowledged) <= stored


def test_messages_that_a_killed_process_held_can_be_given_back(queues: EmbeddedQueues) -> None:
    queue = queues.queue(QueueSettings(name="work", visibility_seconds=120))
    queue.send([Message(body="held"), Message(body="later", delay_seconds=60)])
    queue.receive(limit=10)
    assert queues.release_held() == 1
    assert [message.body for message in queue.receive(limit=10)] == ["held"]
