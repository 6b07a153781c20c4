"""GetRecords: the records of a shard behind an iterator, and the iterator for what follows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Reader
from tenantable.engine.streams.limits import RECORDS_PAGE_BYTES_MAX, RECORDS_PAGE_MAX
from tenantable.engine.streams.positions import Position, iterator_text, read_iterator, trimmed_data
from tenantable.engine.streams.records import shown_record
from tenantable.engine.streams.shards import Shard, read_shard
from tenantable.engine.streams.stream import Stream
from tenantable.wire.errors import validation_error


def get_records(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    limit = request.get("Limit") or RECORDS_PAGE_MAX
    if limit > RECORDS_PAGE_MAX:
        raise validation_error(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {RECORDS_PAGE_MAX}"
        )
    now = session.clock()
    position = read_iterator(request["ShardIterator"], now=now)
    stream = session.catalog.stream(position.stream_arn)
    if position.slot >= len(stream.slots):
        raise validation_error("Invalid ShardIterator")
    with session.storage.read() as reader:
        reader.freeze()  # a shard that closes in between must not show the records of its child
        shard = _find_shard(reader, stream, position)
        rows, are_all = reader.records(
            [stream.slots[shard.slot]],
            after=position.after,
            through=shard.through,
            limit=limit,
            bytes_max=RECORDS_PAGE_BYTES_MAX,
        )
    region, render = session.home.region, session.render
    response: dict[str, Any] = {"Records": [shown_record(stream, row, region=region, render=render) for row in rows]}
    if shard.last is None or not are_all:
        after = rows[-1][0] if rows else position.after
        response["NextShardIterator"] = iterator_text(replace(position, after=after, issued_at=int(now)))
    return response


def _find_shard(reader: Reader, stream: Stream, position: Position) -> Shard:
    for shard in map(read_shard, reader.shards(stream.number)):
        if (shard.first, shard.slot) == (position.first, position.slot):
            if position.after < shard.trimmed:
                raise trimmed_data()
            return shard
    raise trimmed_data()  # the shard is gone with its records
