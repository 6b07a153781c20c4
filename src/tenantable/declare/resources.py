"""Resources beside tables that a system declares: queues, keys, parameters, buckets, event buses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tenantable.errors import DeclarationError, Fault

if TYPE_CHECKING:
    from tenantable.declare.tables import Table

TableFact = Literal["name", "arn", "stream-arn", "dedicated-billing-mode"]
"""What a parameter can tell of a table; the last is how the tables are billed that tenants have for themselves."""

DAY_SECONDS = 24 * 3600

_NAME = re.compile(r"[A-Za-z0-9_./-]{1,512}")


@dataclass(frozen=True, kw_only=True)
class Queue:
    """
    A queue.

    Args:
        name: Logical name; the physical one comes from `Naming.resource`.
        visibility_seconds: How long a received message stays hidden from others, 0 to 12 hours.
        retention_seconds: How long a message is kept, a minute to 14 days.
        dead_letters: The queue that takes over what was received `receives_max` times (1 to 1000); None: there is none.
    Raises:
        DeclarationError: A number is out of range, or one of `dead_letters` and `receives_max` is given alone.
    """

    name: str
    visibility_seconds: int = 30
    retention_seconds: int = 4 * DAY_SECONDS
    dead_letters: "Queue | None" = None
    receives_max: int | None = None

    service = "sqs"

    def __post_init__(self) -> None:
        faults = [*_name_faults(self), *_queue_faults(self)]
        if faults:
            raise DeclarationError(faults)


@dataclass(frozen=True, kw_only=True)
class EncryptionKey:
    """A symmetric key that seals what a system stores, by its alias's logical name."""

    name: str
    description: str = ""

    service = "kms"

    def __post_init__(self) -> None:
        _refuse(_name_faults(self))


@dataclass(frozen=True, kw_only=True)
class ParameterTree:
    """Parameters below one path, such as `/accounts`: those of one kind are granted together."""

    name: str
    description: str = ""

    service = "ssm"

    def __post_init__(self) -> None:
        _refuse(_name_faults(self))
        if not self.name.startswith("/") or self.name.endswith("/"):
            problem = "a path begins with a slash and ends without one"
            raise DeclarationError([Fault(place=_place(self), problem=problem, hint="write '/accounts'")])


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter that infrastructure writes once it knows the value: `fact` of the table `of`, for others to find."""

    name: str
    of: "Table"
    fact: TableFact
    description: str = ""

    service = "ssm"

    def __post_init__(self) -> None:
        _refuse(_name_faults(self))


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket of objects."""

    name: str
    description: str = ""

    service = "s3"

    def __post_init__(self) -> None:
        _refuse(_name_faults(self))


@dataclass(frozen=True, kw_only=True)
class EventBus:
    """A bus that events are published to."""

    name: str
    description: str = ""

    service = "events"

    def __post_init__(self) -> None:
        _refuse(_name_faults(self))


Resource = Queue | EncryptionKey | ParameterTree | Parameter | Bucket | EventBus
"""Anything beside tables that a system declares; `service` is the prefix of its actions, such as `sqs`."""


def _place(resource: Resource) -> str:
    return f"{type(resource).__name__} {resource.name!r}"


def _name_faults(resource: Resource) -> Iterator[Fault]:
    if not _NAME.fullmatch(resource.name):
        hint = "use 1 to 512 letters, digits and _ . / -"
        yield Fault(place=_place(resource), problem="the name is not allowed", hint=hint)


def _queue_faults(queue: Queue) -> Iterator[Fault]:
    for name, value, least, most in (
        ("visibility_seconds", queue.visibility_seconds, 0, 12 * 3600),
        ("retention_seconds", queue.retention_seconds, 60, 14 * DAY_SECONDS),
        ("receives_max", 1 if queue.receives_max is None else queue.receives_max, 1, 1000),
    ):
        if not least <= value <= most:
            hint = f"choose a number from {least} to {most}"
            yield Fault(place=_place(queue), problem=f"{name} is {value}", hint=hint)
    if (queue.dead_letters is None) != (queue.receives_max is None):
        hint = "give both, or neither"
        yield Fault(place=_place(queue), problem="dead_letters and receives_max belong together", hint=hint)


def _refuse(faults: Iterator[Fault]) -> None:
    found = list(faults)
    if found:
        raise DeclarationError(found)
