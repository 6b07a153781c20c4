"""GetShardIterator: where in a shard to begin to read."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Reader
from tenantable.engine.streams.positions import Position, iterator_text, trimmed_data
from tenantable.engine.streams.shards import Shard, read_shard
from tenantable.engine.streams.stream import Stream, sequence_of
from tenantable.wire.errors import DynamoError, validation_error

_FROM_SEQUENCE = {"AT_SEQUENCE_NUMBER": 1, "AFTER_SEQUENCE_NUMBER": 0}
"""How many records before the one behind the given number are read."""


def get_shard_iterator(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    stream = session.catalog.stream(request["StreamArn"])
    with session.storage.read() as reader:
        reader.freeze()
        shard = _find_shard(reader, stream, request["ShardId"])
        after = _place(reader, stream, shard, request, now=session.clock())
    position = Position(
        stream_arn=request["StreamArn"],
        first=shard.first,
        slot=shard.slot,
        after=after,
        issued_at=int(session.clock()),
    )
    return {"ShardIterator": iterator_text(position)}


def _find_shard(reader: Reader, stream: Stream, shard_id: str) -> Shard:
    for shard in map(read_shard, reader.shards(stream.number)):
        if shard.shard_id == shard_id:
            return shard
    raise DynamoError("ResourceNotFoundException", f"Requested resource not found: Shard: {shard_id} not found")


def _place(reader: Reader, stream: Stream, shard: Shard, request: Mapping[str, Any], *, now: float) -> int:
    """The sequence behind which the iterator stands."""
    kind, given = request["ShardIteratorType"], request.get("SequenceNumber")
    if kind == "TRIM_HORIZON":
        return shard.trimmed
    if kind == "LATEST":
        newest = max(shard.trimmed, reader.last_sequence(stream.slots[shard.slot]))
        return newest if shard.last is None else shard.last
    if kind == "AT_TIMESTAMP":
        before = reader.sequence_before(stream.slots[shard.slot], _moment(request.get("Timestamp"), now=now))
        return max(shard.trimmed, min(before, shard.through))
    if given is None:
        raise validation_error(f"SequenceNumber is required for ShardIteratorType {kind}")
    sequence = sequence_of(given)
    if sequence is None or not shard.first <= sequence <= shard.through:
        raise validation_error(f"Invalid SequenceNumber {given}: it is not within the range of the shard")
    after = sequence - _FROM_SEQUENCE[kind]
    if after < shard.trimmed:
        raise trimmed_data()
    return after


def _moment(given: float | None, *, now: float) -> float:
    if given is None:
        raise validation_error("Timestamp is required for ShardIteratorType AT_TIMESTAMP")
    if given > now:
        raise validation_error(f"Invalid Timestamp {given}: it is in the future")
    return given
