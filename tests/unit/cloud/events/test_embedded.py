"""What only the embedded bus promises; the rest is in the suite that EventBridge passes too."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tenantable.cloud.events import embedded
from tenantable.cloud.events.bus import BusFull, Event, Rule, parse_event
from tenantable.cloud.events.embedded import EmbeddedEvents
from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import Message, QueueFull, QueueSettings
from tenantable.errors import CloudError
from tenantable.wire.arns import Home


class Queues:
    """Queues that keep what they are sent, or refuse all of it."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.refuse: set[str] = set()

    def send(self, name: str, messages: Sequence[Message]) -> None:
        if name in self.refuse:
            raise QueueFull
        self.bodies += [message.body for message in messages]

    @property
    def numbers(self) -> list[int]:
        return [parse_event(body).detail["number"] for body in self.bodies]


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
def events(tmp_path: Path, queues: Queues) -> Iterator[EmbeddedEvents]:
    opened = EmbeddedEvents(tmp_path / "events.db", queues.send, home=Home())
    yield opened
    opened.close()


def event(number: int) -> Event:
    return Event(source="tests", detail_type="Counted", detail={"number": number})


def test_rules_survive_reopening(tmp_path: Path, queues: Queues) -> None:
    path = tmp_path / "events.db"
    first = EmbeddedEvents(path, queues.send, home=Home())
    first.bus("main").put_rule(Rule(name="all", queue="q", sources=("tests",)))
    first.close()
    second = EmbeddedEvents(path, queues.send, home=Home())
    second.bus("main").put([event(1)])
    second.close()
    assert queues.numbers == [1]


def test_a_deleted_rule_selects_nothing_more(events: EmbeddedEvents, queues: Queues) -> None:
    bus = events.bus("main")
    bus.put_rule(Rule(name="all", queue="q", sources=("tests",)))
    bus.delete_rule("all")
    bus.put([event(1)])
    assert queues.bodies == []


def test_buses_are_separate(events: EmbeddedEvents, queues: Queues) -> None:
    events.bus("main").put_rule(Rule(name="all", queue="q", sources=("tests",)))
    events.bus("other").put([event(1)])
    assert queues.bodies == []


def test_what_a_queue_does_not_take_waits_and_holds_up_no_other_queue(events: EmbeddedEvents, queues: Queues) -> None:
    bus = events.bus("main")
    for name in ("full", "free"):
        bus.put_rule(Rule(name=name, queue=name, sources=("tests",)))
    queues.refuse = {"full"}
    bus.put([event(1), event(2)])
    assert queues.numbers == [1, 2]
    assert events.deliver() == 0
    queues.refuse = set()
    assert events.deliver() == 2
    assert queues.numbers == [1, 2, 1, 2]
    assert events.deliver() == 0


def test_a_step_delivers_so_many_and_no_more(events: EmbeddedEvents, queues: Queues) -> None:
    bus = events.bus("main")
    bus.put_rule(Rule(name="all", queue="q", sources=("tests",)))
    queues.refuse = {"q"}
    for number in range(12):
        bus.put([event(number)])
    queues.refuse = set()
    assert [events.deliver(limit=5) for _ in range(4)] == [5, 5, 2, 0]
    assert queues.numbers == list(range(12))


def test_a_loop_tries_again_what_a_queue_did_not_take(events: EmbeddedEvents, queues: Queues) -> None:
    bus = events.bus("main")
    bus.put_rule(Rule(name="all", queue="q", sources=("tests",)))
    assert [events.step(), events.step()] == [0, 0]
    queues.refuse = {"q"}
    bus.put([event(1)])
    with pytest.raises(CloudError, match="1 events wait"):
        events.step()
    queues.refuse = set()
    assert [events.step(), events.step()] == [1, 0]
    assert queues.numbers == [1]


def test_too_much_that_waits_is_refused(
    events: EmbeddedEvents, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "DELIVERIES_MAX", 3)
    bus = events.bus("main")
    bus.put_rule(Rule(name="all", queue="q", sources=("tests",)))
    queues.refuse = {"q"}
    bus.put([event(1), event(2)])
    with pytest.raises(BusFull, match="2 events wait"):
        bus.put([event(3), event(4)])
    queues.refuse = set()
    assert events.deliver() == 2


def test_a_loop_beside_puts_delivers_nothing_twice(events: EmbeddedEvents, queues: Queues) -> None:
    bus = events.bus("main")
    bus.put_rule(Rule(name="all", queue="q", sources=("tests",)))
    ended = threading.Event()

    def loop() -> None:
        while not ended.is_set():
            events.deliver()

    loops = threading.Thread(target=loop)
    loops.start()
    for number in range(100):
        bus.put([event(number)])
    ended.set()
    loops.join()
    assert sorted(queues.numbers) == list(range(100))


ENDLESS_PUTTER = """
import sys, threading
from pathlib import Path
from tenantable.cloud.events.bus import Event
from tenantable.cloud.events.embedded import EmbeddedEvents
from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import QueueSettings
from tenantable.wire.arns import Home

folder = Path(sys.argv[1])
queue = EmbeddedQueues(folder / "queues.db").queue(QueueSettings(name="q"))
bus = EmbeddedEvents(folder / "events.db", lambda name, messages: queue.send(messages), home=Home()).bus("main")

def put(putter):
    number = putter
    while True:
        number += 4
        bus.put([Event(source="tests", detail_type="Counted", detail={"number": number})])
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()

for putter in range(4):
    threading.Thread(target=put, args=[putter]).start()
"""


@pytest.mark.slow
def test_acknowledged_events_survive_sigkill(tmp_path: Path) -> None:
    """A process is killed between keeping events and sending them on; all that it acknowledged reach their queue."""
    for crash in range(5):
        folder = tmp_path / str(crash)
        folder.mkdir()
        queues = EmbeddedQueues(folder / "queues.db")
        queue = queues.queue(QueueSettings(name="q"))
        events = EmbeddedEvents(folder / "events.db", lambda _, messages, q=queue: q.send(messages), home=Home())  # type: ignore[misc]
        events.bus("main").put_rule(Rule(name="all", queue="q", sources=("tests",)))
        command = [sys.executable, "-c", ENDLESS_PUTTER, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            acknowledged = {int(child.stdout.readline()) for _ in range(150 + 37 * crash)}
            child.kill()
        events.deliver()
        stored: set[int] = set()
        while messages := queue.receive(limit=10):
            stored |= {parse_event(message.body).detail["number"] for message in messages}
        events.close()
        queues.close()
        assert acknowledged <= stored


@pytest.mark.slow
def test_an_event_that_was_kept_and_not_sent_is_sent_after_a_crash(tmp_path: Path) -> None:
    """The moment between the two, exactly: the process is killed while it sends."""
    program = ENDLESS_PUTTER.replace("lambda name, messages: queue.send(messages)", "die").replace(
        "folder = ",
        "def die(name, messages):\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n\nfolder = ",
    )
    received = Queues()
    events = EmbeddedEvents(tmp_path / "events.db", received.send, home=Home())
    events.bus("main").put_rule(Rule(name="all", queue="q", sources=("tests",)))
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == -9
    assert events.deliver() >= 1
    assert received.numbers
    events.close()
