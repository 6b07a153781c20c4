"""
Event buses in one SQLite file, which deliver to queues.

An event that was accepted is written down for each queue that shall have it, then sent, then crossed off. Whatever a
crash leaves written down is sent at the next start: at least once, as from EventBridge.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import orjson

from tenantable.cloud.events.bus import BusFull, Event, InvalidEvent, Rule, check_bus, check_put, render_event
from tenantable.cloud.queues.queue import InvalidMessage, Message
from tenantable.cloud.sqlite_file import SqliteFile, named_queries
from tenantable.errors import CloudError, TenantableError
from tenantable.wire.arns import Home

FORMAT_VERSION = 1
DELIVERIES_MAX = 100_000
"""How many events may wait for queues that do not take them."""
STEP_DELIVERIES = 100

_QUERIES = named_queries("tenantable.cloud.events")
_SCHEMA = (files("tenantable.cloud.events") / "schema.sql").read_text()

Send = Callable[[str, Sequence[Message]], None]
"""Sends messages to the queue of a name, and raises an error when it does not take them."""


class _Delivery(NamedTuple):
    id: int
    queue: str
    body: str


class EmbeddedEvents:
    """
    All event buses of one data directory.

    Args:
        path: The SQLite file; created when it is not there. Several processes may share it.
        home: What events say of where they come from.
        clock: Unix seconds, for events that come without a time.
        new_id: A text that no other event has.
    Raises:
        StorageError: The file cannot be opened, or has a newer format.
    """

    def __init__(
        self,
        path: Path,
        send: Send,
        *,
        home: Home,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(UUID(bytes=os.urandom(16), version=4)),
    ) -> None:
        self.home = home
        self.clock = clock
        self.new_id = new_id
        self.file = SqliteFile(path, schema=_SCHEMA, version=FORMAT_VERSION)
        self.in_hand: set[int] = set()  # written down by a put that is about to send them itself
        self._send = send
        self._one_at_a_time = threading.Lock()
        self._waiting = threading.Event()
        self._waiting.set()  # a killed process may have left something

    def bus(self, name: str) -> "EmbeddedBus":
        """The bus of this name; it is there for whoever asks."""
        check_bus(name)
        return EmbeddedBus(self, name)

    def deliver(self, *, limit: int = STEP_DELIVERIES) -> int:
        """
        Send on what waits, the oldest first; for a start after a crash, and for a loop.

        Returns:
            How many of up to `limit` were taken by their queues; the others wait on.
        """
        with self._one_at_a_time:
            delivered, after = 0, 0
            while limit > 0:
                wanted = {"after": after, "limit": min(limit, STEP_DELIVERIES)}
                waiting = self.file.read(partial(_oldest, wanted=wanted))
                if not waiting:
                    break
                idle = {each.id for each in waiting} - self.in_hand
                # Read again: a put that let go of one just now has crossed it off first.
                delivered += self.send(
                    each for each in self.file.read(partial(_oldest, wanted=wanted)) if each.id in idle
                )
                after, limit = waiting[-1].id, limit - len(waiting)
            return delivered

    def step(self, *, wait_seconds: float = 0.0) -> int:
        """
        Wait up to so long for something that a queue did not take, and try it again; for a loop.

        Returns:
            How many were taken by their queues.
        Raises:
            CloudError: Something waits, and no queue takes anything.
        """
        if not self._waiting.wait(wait_seconds):
            return 0
        self._waiting.clear()
        delivered = self.deliver()
        (waiting,) = self.file.read(lambda db: db.execute(_QUERIES["count_deliveries"]).fetchone())
        if waiting > len(self.in_hand):
            self._waiting.set()
            if delivered == 0:
                raise CloudError(f"{waiting} events wait for queues that do not take them")
        return delivered

    def send(self, deliveries: Iterable[_Delivery]) -> int:
        """Give each queue its messages and cross them off; what a queue does not take waits on."""
        taken = 0
        by_queue: dict[str, list[_Delivery]] = {}
        for delivery in deliveries:
            by_queue.setdefault(delivery.queue, []).append(delivery)
        for queue, same in by_queue.items():
            try:
                self._send(queue, [Message(body=each.body) for each in same])
            except TenantableError:
                self._waiting.set()
                continue
            self.file.write(partial(_cross_off, deliveries=same), durable=False)
            taken += len(same)
        return taken

    def close(self) -> None:
        self.file.close()


class EmbeddedBus:
    """One bus of the file; implements `EventBus`."""

    def __init__(self, events: EmbeddedEvents, name: str) -> None:
        self._events = events
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def put_rule(self, rule: Rule) -> None:
        """Send what the rule selects on to its queue from now on; for deployments, not for components."""
        row = {
            "bus": self._name,
            "name": rule.name,
            "queue": rule.queue,
            "sources": orjson.dumps(rule.sources).decode(),
            "detail_types": orjson.dumps(rule.detail_types).decode(),
        }
        self._events.file.write(lambda db: db.execute(_QUERIES["put_rule"], row))

    def delete_rule(self, name: str) -> None:
        """Send on no more by this rule; what it selected before is still delivered."""
        row = {"bus": self._name, "name": name}
        self._events.file.write(lambda db: db.execute(_QUERIES["delete_rule"], row))

    def put(self, events: Sequence[Event]) -> None:
        check_put(events)
        envelopes = [(event, self._envelope(event)) for event in events]
        deliveries = self._events.file.write(lambda db: self._write_down(db, envelopes))
        try:
            self._events.send(deliveries)
        finally:
            self._events.in_hand.difference_update(each.id for each in deliveries)

    def _envelope(self, event: Event) -> str:
        home = self._events.home
        body = render_event(
            event,
            event_id=self._events.new_id(),
            account_id=home.account_id,
            region=home.region,
            now=self._events.clock(),
        )
        try:
            return Message(body=body).body
        except InvalidMessage as error:
            raise InvalidEvent(f"No queue can be sent {event.detail_type}: {error}") from error

    def _write_down(self, db: sqlite3.Connection, envelopes: Sequence[tuple[Event, str]]) -> list[_Delivery]:
        rules = [
            Rule(name=name, queue=queue, sources=_texts(sources), detail_types=_texts(detail_types))
            for name, queue, sources, detail_types in db.execute(_QUERIES["list_rules"], {"bus": self._name})
        ]
        wanted = [(rule.queue, body) for event, body in envelopes for rule in rules if rule.selects(event)]
        (waiting,) = db.execute(_QUERIES["count_deliveries"]).fetchone()
        if wanted and waiting + len(wanted) > DELIVERIES_MAX:
            raise BusFull(
                f"{waiting} events wait for queues that do not take them",
                hint="let the receivers of the queues catch up",
            )
        deliveries = [
            _Delivery(db.execute(_QUERIES["add_delivery"], {"queue": queue, "body": body}).lastrowid or 0, queue, body)
            for queue, body in wanted
        ]
        self._events.in_hand.update(each.id for each in deliveries)
        return deliveries


def _oldest(db: sqlite3.Connection, *, wanted: dict[str, int]) -> list[_Delivery]:
    return [_Delivery(*row) for row in db.execute(_QUERIES["oldest_deliveries"], wanted)]


def _cross_off(db: sqlite3.Connection, *, deliveries: Sequence[_Delivery]) -> None:
    db.executemany(_QUERIES["delete_delivery"], [{"id": each.id} for each in deliveries])


def _texts(text: str) -> tuple[str, ...]:
    return tuple(orjson.loads(text))
