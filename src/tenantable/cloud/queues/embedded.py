"""Queues in one SQLite file: a message that was accepted survives the end of the process and a power cut."""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from tenantable.cloud.queues.queue import (
    Depth,
    Message,
    QueueFull,
    QueueSettings,
    ReceivedMessage,
    check_count,
    check_receive,
    check_visibility,
)
from tenantable.cloud.sqlite_file import SqliteFile, named_queries

FORMAT_VERSION = 1
# A sender in this process wakes waiting receivers at once; one in another process is noticed after this long.
POLL_SECONDS = 0.1

_QUERIES = named_queries("tenantable.cloud.queues")
_SCHEMA = (files("tenantable.cloud.queues") / "schema.sql").read_text()


class EmbeddedQueues:
    """
    All queues of one data directory.

    Args:
        path: The SQLite file; created when it is not there. Several processes may share it.
        clock: Unix seconds, for due times and visibility.
        monotonic: Seconds that only grow, for how long a receive waits.
    Raises:
        StorageError: The file cannot be opened, or has a newer format.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        self.monotonic = monotonic
        self.file = SqliteFile(path, schema=_SCHEMA, version=FORMAT_VERSION)
        self._arrivals: dict[str, _Arrivals] = {}

    def arrivals(self, queue_name: str) -> "_Arrivals":
        return self._arrivals.setdefault(queue_name, _Arrivals())

    def queue(self, settings: QueueSettings) -> "EmbeddedQueue":
        """The queue of this name, created when it is not there; so is its dead-letter queue."""
        names = [settings.name]
        if settings.dead_letters is not None:
            names.append(settings.dead_letters.queue)
        self.file.write(lambda db: db.executemany(_QUERIES["add_queue"], [{"queue": name} for name in names]))
        return EmbeddedQueue(self, settings)

    def release_held(self) -> int:
        """
        Give back every message that a receiver holds, for a start after a crash: nobody waits for its time-out.

        Only for whoever knows that no other process has receivers on this file. Returns how many were given back.
        """
        row = {"now": self.clock()}
        return self.file.write(lambda db: db.execute(_QUERIES["release_held"], row).rowcount, durable=False)

    def close(self) -> None:
        self.file.close()


class EmbeddedQueue:
    """
    One queue of the file; implements `Queue`.

    Only sending waits for the disk: a receive or delete that a power cut takes back means that the message is
    delivered again, which a receiver must stand anyway.
    """

    def __init__(self, queues: EmbeddedQueues, settings: QueueSettings) -> None:
        self._file = queues.file
        self._clock = queues.clock
        self._monotonic = queues.monotonic
        self._settings = settings
        self._arrivals = queues.arrivals(settings.name)

    @property
    def name(self) -> str:
        return self._settings.name

    def send(self, messages: Sequence[Message]) -> None:
        check_count(len(messages))
        now = self._clock()
        rows = [
            {"queue": self.name, "body": message.body, "visible_at": now + message.delay_seconds}
            for message in messages
        ]
        self._file.write(lambda db: self._add(db, rows))
        self._arrivals.announce()

    def receive(
        self, *, limit: int = 1, wait_seconds: float = 0.0, visibility_seconds: float | None = None
    ) -> tuple[ReceivedMessage, ...]:
        hidden_seconds = self._settings.visibility_seconds if visibility_seconds is None else visibility_seconds
        check_receive(limit, wait_seconds, hidden_seconds)
        deadline = self._monotonic() + wait_seconds
        while True:
            seen = self._arrivals.count
            now = self._clock()
            due_at = self._file.read(self._next_due)
            if due_at is not None and due_at <= now:
                taken = self._file.write(lambda db: self._take(db, limit, hidden_seconds), durable=False)
                if taken:
                    return taken
            remaining = deadline - self._monotonic()
            if remaining <= 0:
                return ()
            until_due = max(due_at - now, 0.001) if due_at is not None else POLL_SECONDS
            self._arrivals.wait(seen, min(remaining, until_due, POLL_SECONDS))

    def delete(self, receipts: Sequence[str]) -> None:
        check_count(len(receipts))
        rows = [self._held_row(receipt) for receipt in receipts]
        self._file.write(lambda db: db.executemany(_QUERIES["delete_message"], rows), durable=False)

    def change_visibility(self, receipt: str, seconds: float) -> bool:
        check_visibility(seconds)
        now = self._clock()
        row = self._held_row(receipt) | {"now": now, "visible_at": now + seconds, "held": seconds > 0}
        changed = self._file.write(lambda db: db.execute(_QUERIES["change_visibility"], row).rowcount, durable=False)
        if seconds == 0:
            self._arrivals.announce()
        return changed == 1

    def depth(self) -> Depth:
        row = {"queue": self.name, "now": self._clock()}
        total, later, in_flight = self._file.read(lambda db: db.execute(_QUERIES["depth"], row).fetchone())
        return Depth(visible=total - later, in_flight=in_flight, delayed=later - in_flight)

    def _add(self, db: sqlite3.Connection, rows: list[dict[str, Any]]) -> None:
        (held,) = db.execute(_QUERIES["count_messages"], {"queue": self.name}).fetchone()
        if held + len(rows) > self._settings.messages_max:
            raise QueueFull(
                f"{self.name} holds {held} messages and may hold {self._settings.messages_max}",
                hint="let its receivers catch up, then send again",
            )
        db.executemany(_QUERIES["add_message"], rows)

    def _next_due(self, db: sqlite3.Connection) -> float | None:
        (due_at,) = db.execute(_QUERIES["next_due"], {"queue": self.name}).fetchone()
        return None if due_at is None else float(due_at)

    def _take(self, db: sqlite3.Connection, limit: int, hidden_seconds: float) -> tuple[ReceivedMessage, ...]:
        now = self._clock()
        taken: list[ReceivedMessage] = []
        while len(taken) < limit:
            due = {"queue": self.name, "now": now, "limit": limit - len(taken)}
            candidates = db.execute(_QUERIES["due_messages"], due).fetchall()
            if not candidates:
                break
            for message_id, receive_count in candidates:
                if self._is_used_up(receive_count):
                    self._bury(db, message_id, now)
                else:
                    row = {"id": message_id, "visible_at": now + hidden_seconds}
                    (body,) = db.execute(_QUERIES["hold_message"], row).fetchone()
                    receipt = f"{message_id}.{receive_count + 1}"
                    taken.append(ReceivedMessage(body=body, receipt=receipt, receive_count=receive_count + 1))
        return tuple(taken)

    def _is_used_up(self, receive_count: int) -> bool:
        dead_letters = self._settings.dead_letters
        return dead_letters is not None and receive_count >= dead_letters.receives_max

    def _bury(self, db: sqlite3.Connection, message_id: int, now: float) -> None:
        assert self._settings.dead_letters is not None
        row = {"id": message_id, "dead_letters": self._settings.dead_letters.queue, "now": now}
        db.execute(_QUERIES["bury_message"], row)

    def _held_row(self, receipt: str) -> dict[str, Any]:
        """The message that a receipt names, in the form the queries take; nothing when the receipt is none of ours."""
        message_id, _, receive_count = receipt.partition(".")
        if not (_is_count(message_id) and _is_count(receive_count)):
            return {"queue": self.name, "id": -1, "receive_count": -1}
        return {"queue": self.name, "id": int(message_id), "receive_count": int(receive_count)}


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


class _Arrivals:
    """Wakes the receivers of one queue; the count tells a receiver that looked just before a message came."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def announce(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, seen: int, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.count != seen, seconds)
