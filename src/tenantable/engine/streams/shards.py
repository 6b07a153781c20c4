"""Shards: stretches of a stream's slots. They close, have children, and go when their records are a day old."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from tenantable.engine.storage.reading import ShardRow
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.limits import (
    RETENTION_SECONDS,
    SHARD_SECONDS_MAX,
    SHARD_SEQUENCES_MAX,
    TRIMMED_AT_ONCE_MAX,
)
from tenantable.engine.streams.stream import SEQUENCE_MAX, Stream


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """
    The records of one slot from the sequence `first` to `last`, which is None while the shard is open.

    `parent` is the shard before it in its slot. Records up to `trimmed` are gone.
    """

    slot: int
    first: int
    last: int | None
    parent: int | None
    opened_at: float
    closed_at: float | None
    trimmed: int

    @property
    def shard_id(self) -> str:
        return shard_id(self.first, self.slot)

    @property
    def parent_id(self) -> str | None:
        return None if self.parent is None else shard_id(self.parent, self.slot)

    @property
    def through(self) -> int:
        """Up to where its records can be."""
        return SEQUENCE_MAX if self.last is None else self.last


def shard_id(first: int, slot: int) -> str:
    """Ids sort as their shards are listed."""
    return f"shardId-{first:020}-{slot:08x}"


def read_shard(row: ShardRow) -> Shard:
    first, slot, last, parent, opened_at, closed_at, trimmed = row
    return Shard(
        slot=slot, first=first, last=last, parent=parent, opened_at=opened_at, closed_at=closed_at, trimmed=trimmed
    )


def horizon(shards: Sequence[Shard]) -> int:
    """The last sequence up to which a record may be gone; `shards` are all of a stream, in their order."""
    reached: dict[int, int] = {}
    for shard in shards:
        if reached.get(shard.slot, shard.first - 1) >= shard.first - 1:  # all before it is gone
            reached[shard.slot] = shard.trimmed
    return max(reached.values(), default=0)


def open_shards(transaction: Transaction, stream: Stream) -> None:
    """The first shards of a new stream."""
    for relation in stream.slots:
        transaction.create(relation)
        transaction.add_shard(stream.number, slot=relation.slot, first=1, parent=None, now=stream.created_at)


def close_shards(transaction: Transaction, stream: Stream, *, now: float) -> None:
    """No more records come."""
    for shard in map(read_shard, transaction.shards(stream.number)):
        if shard.last is None:
            _close(transaction, stream, shard, now=now)


def maintain_slot(transaction: Transaction, stream: Stream, slot: int, *, now: float) -> int:
    """
    Trim the oldest records of a slot, forget shards that are empty for good, and close one that is full.

    Returns:
        How many records were trimmed, `TRIMMED_AT_ONCE_MAX` at most.
    """
    relation = stream.slots[slot]
    oldest = transaction.oldest_records(relation, TRIMMED_AT_ONCE_MAX)
    outdated = list(takewhile(lambda record: record[1] <= now - RETENTION_SECONDS, oldest))
    if outdated:
        transaction.trim_records(relation, through=outdated[-1][0])
    kept = oldest[len(outdated)][0] if len(outdated) < len(oldest) else None
    is_trimmed = kept is not None or len(oldest) < TRIMMED_AT_ONCE_MAX  # else there may be more that is outdated
    for row in transaction.due_shards(stream.number, slot=slot, closed_until=now - RETENTION_SECONDS):
        shard = read_shard(row)
        if shard.last is None:
            _follow_on(transaction, stream, shard, now=now)
        elif is_trimmed and (kept is None or kept > shard.last):
            transaction.forget_shard(stream.number, slot=slot, first=shard.first)
    return len(outdated)


def _follow_on(transaction: Transaction, stream: Stream, shard: Shard, *, now: float) -> None:
    """Close an open shard when it is full, and open its child."""
    if _is_full(shard, transaction.last_sequence(stream.slots), now=now):
        last = _close(transaction, stream, shard, now=now)
        transaction.add_shard(stream.number, slot=shard.slot, first=last + 1, parent=shard.first, now=now)


def _is_full(shard: Shard, last: int, *, now: float) -> bool:
    if last < shard.first:
        return False  # nothing was written since it was opened
    return now - shard.opened_at >= SHARD_SECONDS_MAX or last - shard.first >= SHARD_SEQUENCES_MAX


def _close(transaction: Transaction, stream: Stream, shard: Shard, *, now: float) -> int:
    last = max(transaction.last_sequence(stream.slots), shard.first - 1)
    transaction.close_shard(stream.number, slot=shard.slot, first=shard.first, last=last, now=now)
    return last
