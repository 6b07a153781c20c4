"""
The undo log of a table: what each change replaced, written in the transaction of the change.

A moment is a whole millisecond and a count within it, in one number: changes have an order of their own, and all that
one transaction changes lies in one millisecond, so that no second parts it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from tenantable.engine.backups.limits import (
    CHANGES_BETWEEN_TRIMS,
    DAY_SECONDS,
    TRIMMED_AT_ONCE_MAX,
    UNDO_SLACK_SECONDS,
)
from tenantable.engine.storage.checksums import Row
from tenantable.engine.storage.queries import UndoRelation
from tenantable.engine.storage.transaction import Transaction

LAST_OF_ALL_MOMENTS = 2**63 - 1
"""After every change: the state that follows on it is the present one."""

_COUNT_BITS = 20
_MILLISECONDS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class UndoLog:
    """
    The log of a table that can be restored to any second of the last `days`, but not before `since`.

    `since` is in seconds since 1970, as is what `clock` gives.
    """

    relation: UndoRelation
    since: float
    days: int
    clock: Callable[[], float] = field(compare=False)
    turns: Iterator[int] = field(default_factory=count, compare=False)


def first_moment(seconds: float) -> int:
    """The first moment that a change may have which is made at this time."""
    return int(seconds * _MILLISECONDS) << _COUNT_BITS


def last_moment(seconds: float) -> int:
    """The last moment that a change may have which is made at this time."""
    return first_moment(seconds) + (1 << _COUNT_BITS) - 1


def seconds_of(moment: int) -> float:
    """When a change was made."""
    return (moment >> _COUNT_BITS) / _MILLISECONDS


def note_change(transaction: Transaction, log: UndoLog, key: bytes, before: Row | None) -> None:
    """Write down what a change replaces; None when there was no item under this key."""
    now = transaction.time(log.clock)
    transaction.add_undo(log.relation, moment=first_moment(now), key=key, before=before)
    if next(log.turns) % CHANGES_BETWEEN_TRIMS == 0:
        trim_log(transaction, log, now=now)


def trim_log(transaction: Transaction, log: UndoLog, *, now: float) -> int:
    """
    Forget what was replaced too long ago.

    Returns:
        How many rows were deleted, `TRIMMED_AT_ONCE_MAX` at most.
    """
    oldest = first_moment(now - log.days * DAY_SECONDS - UNDO_SLACK_SECONDS)
    return transaction.trim_undo(log.relation, before=oldest, limit=TRIMMED_AT_ONCE_MAX)
