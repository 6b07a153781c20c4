"""What a queue is: the port, its values and limits. Embedded and SQS queues keep the same promises."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tenantable.errors import CloudError

BATCH_MAX = 10  # messages a receive, and entries a call to SQS
# SQS's 256 KiB, less the attributes that a message with a long delay carries.
BODY_BYTES_MAX = 255 * 1024
WAIT_SECONDS_MAX = 20.0
DELAY_SECONDS_MAX = 7 * 24 * 3600.0
VISIBILITY_SECONDS_MAX = 12 * 3600.0
RECEIVES_MAX = 1000
SEND_MAX = 1000

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
# SQS carries what XML 1.0 can; a body that only one kind of queue takes would surface in production first.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class QueueFull(CloudError):
    """The queue holds as many messages as it may."""


class QueueNotFound(CloudError, LookupError):
    """There is no queue of this name."""


class InvalidMessage(CloudError, ValueError):
    """The queue does not take such a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetters:
    """After `receives_max` receives (1..1000) without a delete, a message moves to the queue named `queue`."""

    queue: str
    receives_max: int

    def __post_init__(self) -> None:
        _check_name(self.queue)
        if not 1 <= self.receives_max <= RECEIVES_MAX:
            raise CloudError(f"receives_max is {self.receives_max}; it must be 1..{RECEIVES_MAX}")


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueSettings:
    """
    How a queue behaves.

    `visibility_seconds` (above 0, up to 12 h) is how long a received message stays hidden from other receivers when
    the receive does not say. `messages_max` bounds an embedded queue; SQS has no such bound.
    """

    name: str
    visibility_seconds: float = 30.0
    dead_letters: DeadLetters | None = None
    messages_max: int = 1_000_000

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not 0 < self.visibility_seconds <= VISIBILITY_SECONDS_MAX:
            raise CloudError(f"The visibility time-out of {self.name} must be above 0 and up to 12 hours")
        if self.dead_letters is not None and self.dead_letters.queue == self.name:
            raise CloudError(f"{self.name} cannot be its own dead-letter queue")


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message to send: text of 1 byte to 255 KiB that XML can carry, delivered no sooner than after the delay."""

    body: str
    delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        size_bytes = len(self.body.encode("utf-8", "surrogatepass"))
        if not 1 <= size_bytes <= BODY_BYTES_MAX:
            raise InvalidMessage(f"A message body has 1 to {BODY_BYTES_MAX} bytes; this one has {size_bytes}")
        if forbidden := _FORBIDDEN.search(self.body):
            raise InvalidMessage(f"A message body cannot carry the character U+{ord(forbidden[0]):04X}")
        if not 0 <= self.delay_seconds <= DELAY_SECONDS_MAX:
            raise InvalidMessage(f"The delay is {self.delay_seconds} s; it must be 0 to 7 days")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedMessage:
    """A message in the hands of one receiver. `receive_count` is 1 the first time; `receipt` proves the holder."""

    body: str
    receipt: str
    receive_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Depth:
    """How many messages can be received now, are held by receivers, and are not due yet. SQS: approximately."""

    visible: int
    in_flight: int
    delayed: int


class Queue(Protocol):
    """
    A durable queue: at least once, no order promised, any number of senders and receivers in any number of threads.

    Every operation raises CloudError when the queue cannot be reached or written.
    """

    @property
    def name(self) -> str: ...

    def send(self, messages: Sequence[Message]) -> None:
        """
        Keep up to 1000 messages; once this returns they survive the end of the process.

        Raises:
            QueueFull: Nothing was kept.
            CloudError: From SQS, some may have been kept: send all of them again.
        """
        ...

    def receive(
        self, *, limit: int = 1, wait_seconds: float = 0.0, visibility_seconds: float | None = None
    ) -> tuple[ReceivedMessage, ...]:
        """
        Take up to `limit` (1..10) due messages and hide them from others for `visibility_seconds`
        (above 0, up to 12 h; None: as the queue's settings say).

        Waits up to `wait_seconds` (0..20) for the first one. Messages whose receives are used up go to the
        dead-letter queue instead.
        """
        ...

    def delete(self, receipts: Sequence[str]) -> None:
        """Forget messages that were dealt with (up to 1000). A receipt that is no longer valid does nothing."""
        ...

    def change_visibility(self, receipt: str, seconds: float) -> bool:
        """Hide a held message for `seconds` (0..12 h) from now; 0 gives it back. False: it is no longer held."""
        ...

    def depth(self) -> Depth: ...


def redrive(dead_letters: Queue, target: Queue, *, limit: int) -> int:
    """
    Move up to `limit` messages from a dead-letter queue to the queue they should be tried on again.

    Returns:
        How many were moved. A crash in the middle leaves messages in both queues, never in neither.
    """
    moved = 0
    while moved < limit:
        received = dead_letters.receive(limit=min(BATCH_MAX, limit - moved))
        if not received:
            break
        target.send([Message(body=message.body) for message in received])
        dead_letters.delete([message.receipt for message in received])
        moved += len(received)
    return moved


def check_receive(limit: int, wait_seconds: float, visibility_seconds: float) -> None:
    """Raise CloudError for an argument of `Queue.receive` that is out of range."""
    if not 1 <= limit <= BATCH_MAX:
        raise CloudError(f"A receive takes 1 to {BATCH_MAX} messages, not {limit}")
    if not 0 <= wait_seconds <= WAIT_SECONDS_MAX:
        raise CloudError(f"A receive waits 0 to {WAIT_SECONDS_MAX:.0f} seconds, not {wait_seconds}")
    if not 0 < visibility_seconds <= VISIBILITY_SECONDS_MAX:
        raise CloudError(f"A received message is hidden for up to 12 hours, not for {visibility_seconds} s")


def check_visibility(seconds: float) -> None:
    """Raise CloudError when a new visibility time-out is out of range."""
    if not 0 <= seconds <= VISIBILITY_SECONDS_MAX:
        raise CloudError(f"A visibility time-out is 0 to 12 hours, not {seconds} s")


def check_count(count: int) -> None:
    """Raise CloudError when a call names more messages than one call may."""
    if count > SEND_MAX:
        raise CloudError(f"One call takes up to {SEND_MAX} messages, not {count}")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise CloudError(f"A queue name has 1 to 80 letters, digits, hyphens and underscores; {name!r} does not fit")
