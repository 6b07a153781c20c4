"""What an event bus is: the port, its values and limits. Embedded and EventBridge's buses keep the same promises."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from tenantable.errors import CloudError

ENTRIES_MAX = 10
PUT_BYTES_MAX = 256 * 1024
SOURCE_CHARACTERS_MAX = 256
DETAIL_TYPE_CHARACTERS_MAX = 128
TIME_BYTES = 14  # what EventBridge counts for the time of an entry

_NAME = re.compile(r"[A-Za-z0-9._/-]{1,256}")
_RULE_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class InvalidEvent(CloudError, ValueError):
    """A bus does not take such an event, or such a rule."""


class BusNotFound(CloudError, LookupError):
    """There is no event bus of this name."""


class BusFull(CloudError):
    """Too many events wait for queues that do not take them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """
    Something that happened: where (`accounts`), what (`AccountCreated`), and what is known of it, a JSON object.

    `time` is when, in Unix seconds; None: when it is put. Whole seconds reach the receiver.
    """

    source: str
    detail_type: str
    detail: Mapping[str, Any]
    time: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.source) <= SOURCE_CHARACTERS_MAX or self.source.startswith("aws."):
            hint = f"use 1 to {SOURCE_CHARACTERS_MAX} characters that do not begin with aws."
            raise InvalidEvent(f"{self.source!r} is no source of an event", hint=hint)
        if not 1 <= len(self.detail_type) <= DETAIL_TYPE_CHARACTERS_MAX:
            hint = f"use 1 to {DETAIL_TYPE_CHARACTERS_MAX} characters"
            raise InvalidEvent(f"{self.detail_type!r} is no detail type of an event", hint=hint)
        if self.size_bytes > PUT_BYTES_MAX:
            raise InvalidEvent(f"An event has up to {PUT_BYTES_MAX} bytes; this one has {self.size_bytes}")

    @property
    def detail_json(self) -> str:
        try:
            return orjson.dumps(dict(self.detail)).decode()
        except (TypeError, ValueError) as error:
            raise InvalidEvent(f"The detail of {self.detail_type} is no JSON object: {error}") from error

    @property
    def size_bytes(self) -> int:
        """As EventBridge counts it."""
        parts = (self.source, self.detail_type, self.detail_json)
        return sum(len(part.encode()) for part in parts) + (0 if self.time is None else TIME_BYTES)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedEvent:
    """An event as its receiver reads it from a message. `id` is the same when an event is delivered twice."""

    id: str
    source: str
    detail_type: str
    detail: Mapping[str, Any]
    time: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """
    Which events a bus sends on to the queue named `queue`: those of one of `sources` and one of `detail_types`.

    Empty means any; one of the two must say something.
    """

    name: str
    queue: str
    sources: tuple[str, ...] = ()
    detail_types: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _RULE_NAME.fullmatch(self.name):
            hint = "use 1 to 64 letters, digits and . _ -"
            raise InvalidEvent(f"{self.name!r} is no name of a rule", hint=hint)
        if not self.sources and not self.detail_types:
            raise InvalidEvent(f"The rule {self.name} selects nothing", hint="name sources, detail types or both")

    def selects(self, event: Event) -> bool:
        return (not self.sources or event.source in self.sources) and (
            not self.detail_types or event.detail_type in self.detail_types
        )

    @property
    def pattern(self) -> dict[str, list[str]]:
        """The same as EventBridge's event pattern."""
        parts = {"source": self.sources, "detail-type": self.detail_types}
        return {name: list(values) for name, values in parts.items() if values}


class EventBus(Protocol):
    """
    A bus: what is put is sent on, at least once and in no promised order, to the queue of each rule that selects it.

    The message's body is EventBridge's envelope; `parse_event` reads it. What no rule selects is gone.
    """

    @property
    def name(self) -> str: ...

    def put(self, events: Sequence[Event]) -> None:
        """
        Keep 1 to 10 events of 256 KiB together; once this returns they survive the end of the process.

        Raises:
            InvalidEvent: They are too many or too large; nothing was kept.
            BusFull: Nothing was kept.
            CloudError: From EventBridge, some may have been kept: put all of them again.
        """
        ...


def parse_event(body: str) -> ReceivedEvent:
    """
    The event in the body of a message that a bus sent.

    Raises:
        InvalidEvent: It is something else.
    """
    try:
        envelope = orjson.loads(body)
        return ReceivedEvent(
            id=envelope["id"],
            source=envelope["source"],
            detail_type=envelope["detail-type"],
            detail=envelope["detail"],
            time=datetime.strptime(envelope["time"], "%Y-%m-%dT%H:%M:%S%z").timestamp(),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidEvent("The message is no event from a bus") from error


def render_event(event: Event, *, event_id: str, account_id: str, region: str, now: float) -> str:
    """EventBridge's envelope of an event."""
    moment = datetime.fromtimestamp(now if event.time is None else event.time, UTC)
    return orjson.dumps(
        {
            "version": "0",
            "id": event_id,
            "detail-type": event.detail_type,
            "source": event.source,
            "account": account_id,
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [],
            "detail": dict(event.detail),
        }
    ).decode()


def check_bus(name: str) -> None:
    """Raise InvalidEvent for a name that no bus has."""
    if not _NAME.fullmatch(name):
        raise InvalidEvent(f"{name!r} is no name of a bus", hint="use 1 to 256 letters, digits and . _ / -")


def check_put(events: Sequence[Event]) -> None:
    """Raise InvalidEvent when one put has too much or nothing."""
    if not 1 <= len(events) <= ENTRIES_MAX:
        raise InvalidEvent(f"One put takes 1 to {ENTRIES_MAX} events, not {len(events)}")
    size_bytes = sum(event.size_bytes for event in events)
    if size_bytes > PUT_BYTES_MAX:
        raise InvalidEvent(f"One put takes up to {PUT_BYTES_MAX} bytes; these have {size_bytes}", hint="put fewer")
