"""
What the time to live removed from the table, as the table's stream tells it, for the archiver; and which organisations
were founded.

In a process with an engine the stream is a `Subscription` with checkpoints of its own; of Amazon DynamoDB it is read
shard by shard through the Streams API, with checkpoints beside the archive. Either gives a batch again until it is
told that the batch was dealt with.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from tenantable.cloud.objects.bucket import Bucket, Content, ObjectNotFound
from tenantable.data.codecs.entities import codec_of
from tenantable.errors import DataError
from tenantable.services.access.declaration import AuditEvent, OrganisationHead
from tenantable.wire.errors import DynamoError
from tenantable.wire.values import Item

CONSUMER = "audit-archiver"
RECORDS_MAX = 1000
EMPTY_PAGES_MAX = 10
_TRIMMED = "TrimmedDataAccessException"
_SERVICE = "dynamodb.amazonaws.com"

StreamsCall = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Carries out an operation of the Streams API, such as GetRecords."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """
    Some records of a stream.

    `removed` are the audit events that expired and were deleted; `others_removed` counts those that somebody else
    deleted. `heads` are those of organisations, as each change of them left them. `trimmed`: records before these are
    lost, because they were not read within 24 hours. `oldest_at` is when the first of them was made, in Unix seconds;
    `position` says where the batch ends, to whoever gave it.
    """

    removed: tuple[AuditEvent, ...]
    heads: tuple[OrganisationHead, ...]
    others_removed: int
    unreadable: int
    records: int
    trimmed: bool
    oldest_at: float | None
    position: tuple[str, str | None]


class Removals(Protocol):
    """A stream from the archiver's place on."""

    def read(self) -> Batch:
        """The next batch; without records when there is nothing new."""
        ...

    def advance(self, batch: Batch) -> None:
        """Note durably that a batch was dealt with."""
        ...


class StreamSubscription(Protocol):
    """What is needed of the engine's `Subscription`."""

    def read(self, after_sequence: str | None = None, limit: int = RECORDS_MAX) -> list[dict[str, Any]]: ...

    def checkpoint(self, consumer: str) -> str | None: ...

    def advance(self, consumer: str, after_sequence: str) -> None: ...


class SubscriptionRemovals:
    """The stream of a table in an engine in this process."""

    def __init__(
        self, subscription: StreamSubscription, consumer: str = CONSUMER, *, batch_records: int = RECORDS_MAX
    ) -> None:
        self._subscription = subscription
        self._consumer = consumer
        self._batch_records = batch_records

    def read(self) -> Batch:
        checkpoint = self._subscription.checkpoint(self._consumer)
        trimmed = False
        try:
            records = self._subscription.read(checkpoint, self._batch_records)
        except DynamoError as error:
            if error.code != _TRIMMED:
                raise
            # What is kept may begin before our place, for each part of the stream forgets by itself.
            kept, trimmed = self._subscription.read(None), True
            records = [record for record in kept if checkpoint is None or _number(record) > int(checkpoint)]
        return _batch(records, trimmed=trimmed, shard="")

    def advance(self, batch: Batch) -> None:
        _, sequence = batch.position
        if sequence is not None:
            self._subscription.advance(self._consumer, sequence)


class ShardedRemovals:
    """
    The stream of a table through the Streams API.

    A shard is read once its parent is read to the end, so the changes of an item come in order. Checkpoints are kept
    in the bucket of the archive, below `archiver/shards/`.
    """

    def __init__(self, call: StreamsCall, stream_arn: str, checkpoints: Bucket) -> None:
        self._call = call
        self._arn = stream_arn
        self._checkpoints = checkpoints

    def read(self) -> Batch:
        shards = list(self._shards())
        known = {shard["ShardId"] for shard in shards}
        places = {shard_id: self._place(shard_id) for shard_id in known}
        trimmed = False
        for shard in shards:
            shard_id, parent_id = shard["ShardId"], shard.get("ParentShardId")
            waiting = parent_id in known and not places[parent_id]["done"]
            if waiting or places[shard_id]["done"]:
                continue
            batch = self._read_shard(shard_id, places[shard_id]["after"])
            trimmed = trimmed or batch.trimmed
            if batch.records:
                return batch
        return _batch([], trimmed=trimmed, shard="")

    def advance(self, batch: Batch) -> None:
        shard_id, sequence = batch.position
        if sequence is not None:
            self._keep(shard_id, after=sequence, done=False)

    def _read_shard(self, shard_id: str, after: str | None) -> Batch:
        trimmed = False
        request: dict[str, Any] = {"StreamArn": self._arn, "ShardId": shard_id, "ShardIteratorType": "TRIM_HORIZON"}
        if after is not None:
            request |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        try:
            iterator = self._call("GetShardIterator", request).get("ShardIterator")
        except DynamoError as error:
            if error.code != _TRIMMED:
                raise
            trimmed = True
            request = {"StreamArn": self._arn, "ShardId": shard_id, "ShardIteratorType": "TRIM_HORIZON"}
            iterator = self._call("GetShardIterator", request).get("ShardIterator")
        records: list[dict[str, Any]] = []
        for _ in range(EMPTY_PAGES_MAX):
            if iterator is None:
                self._keep(shard_id, after=after, done=True)
                break
            answer = self._call("GetRecords", {"ShardIterator": iterator, "Limit": RECORDS_MAX})
            records, iterator = answer["Records"], answer.get("NextShardIterator")
            if records:
                break
        return _batch(records, trimmed=trimmed, shard=shard_id)

    def _shards(self) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {"StreamArn": self._arn}
        while True:
            description = self._call("DescribeStream", request)["StreamDescription"]
            yield from description["Shards"]
            if "LastEvaluatedShardId" not in description:
                return
            request["ExclusiveStartShardId"] = description["LastEvaluatedShardId"]

    def _place(self, shard_id: str) -> dict[str, Any]:
        try:
            place: dict[str, Any] = orjson.loads(self._checkpoints.get(_shard_key(shard_id)).body)
        except ObjectNotFound:
            return {"after": None, "done": False}
        return place

    def _keep(self, shard_id: str, *, after: str | None, done: bool) -> None:
        content = orjson.dumps({"after": after, "done": done})
        self._checkpoints.put(_shard_key(shard_id), Content(body=content))


def _shard_key(shard_id: str) -> str:
    return f"archiver/shards/{shard_id}.json"


def _batch(records: Iterable[dict[str, Any]], *, trimmed: bool, shard: str) -> Batch:
    removed: list[AuditEvent] = []
    heads: list[OrganisationHead] = []
    others_removed = unreadable = count = 0
    last, oldest_at = None, None
    codec = codec_of(AuditEvent)
    for record in records:
        count += 1
        change = record["dynamodb"]
        last = str(change["SequenceNumber"])
        oldest_at = oldest_at or float(change["ApproximateCreationDateTime"])
        heads += _heads(change.get("NewImage", {}))
        image = change.get("OldImage")
        if record["eventName"] != "REMOVE" or image is None or not codec.owns(image):
            continue
        if not _by_time_to_live(record):
            others_removed += 1
            continue
        try:
            removed.append(codec.decode(image))
        except (DataError, ValueError):
            unreadable += 1
    return Batch(
        removed=tuple(removed),
        heads=tuple(heads),
        others_removed=others_removed,
        unreadable=unreadable,
        records=count,
        trimmed=trimmed,
        oldest_at=oldest_at,
        position=(shard, last),
    )


def _heads(image: Item) -> Iterator[OrganisationHead]:
    """The head that an item is, if it is one; one that is damaged is for verifications to find."""
    codec = codec_of(OrganisationHead)
    if codec.owns(image):
        with suppress(DataError, ValueError):
            yield codec.decode(image)


def _number(record: Mapping[str, Any]) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def _by_time_to_live(record: Mapping[str, Any]) -> bool:
    identity = {name.lower(): value for name, value in (record.get("userIdentity") or {}).items()}
    return identity.get("type") == "Service" and identity.get("principalid") == _SERVICE
