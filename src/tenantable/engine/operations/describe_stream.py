"""DescribeStream: what a stream is, and its shards page by page."""

from collections.abc import Mapping, Sequence
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.streams.limits import SHARDS_PAGE_MAX
from tenantable.engine.streams.shards import Shard, read_shard
from tenantable.engine.streams.stream import Stream, sequence_number
from tenantable.engine.tables.descriptions import key_schema
from tenantable.wire.errors import validation_error


def describe_stream(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    stream = session.catalog.stream(request["StreamArn"])
    with session.storage.read() as reader:
        shards = [read_shard(row) for row in reader.shards(stream.number)]
    shards = _children(shards, request.get("ShardFilter"))
    start = request.get("ExclusiveStartShardId")
    if start is not None:
        shards = [shard for shard in shards if shard.shard_id > start]
    limit = min(request.get("Limit") or SHARDS_PAGE_MAX, SHARDS_PAGE_MAX)
    description = _description(session, stream)
    description["Shards"] = [_shown(shard) for shard in shards[:limit]]
    if len(shards) > limit:
        description["LastEvaluatedShardId"] = shards[limit - 1].shard_id
    return {"StreamDescription": description}


def _children(shards: Sequence[Shard], given: Mapping[str, Any] | None) -> list[Shard]:
    """What a filter leaves: the children of one shard."""
    if given is None:
        return list(shards)
    if given.get("Type") is None or given.get("ShardId") is None:
        raise validation_error("ShardFilter must have a Type and a ShardId")
    return [shard for shard in shards if shard.parent_id == given["ShardId"]]


def _description(session: Session, stream: Stream) -> dict[str, Any]:
    return {
        "StreamArn": session.catalog.arn_of(stream),
        "StreamLabel": stream.label,
        "StreamStatus": "ENABLED" if stream.is_enabled else "DISABLED",
        "StreamViewType": stream.view_type,
        "CreationRequestDateTime": stream.created_at,
        "TableName": stream.table_name,
        "KeySchema": key_schema(stream.keys),
    }


def _shown(shard: Shard) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": sequence_number(shard.first)}
    if shard.last is not None:
        numbers["EndingSequenceNumber"] = sequence_number(shard.last)
    shown: dict[str, Any] = {"ShardId": shard.shard_id, "SequenceNumberRange": numbers}
    if shard.parent_id is not None:
        shown["ParentShardId"] = shard.parent_id
    return shown
