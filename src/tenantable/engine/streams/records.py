"""Records of a stream: written in the transaction of the change they tell of, shown as the API shows them."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, cast

import orjson

from tenantable.engine.keys import key_attributes
from tenantable.engine.storage.checksums import RecordRow, Row
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.limits import RECORDS_BETWEEN_TRIMS
from tenantable.engine.streams.shards import maintain_slot
from tenantable.engine.streams.stream import Stream, sequence_number, slot_of
from tenantable.wire.values import Item, item_size_bytes

_INSERT, _MODIFY, _REMOVE, _EXPIRE = range(4)
_EVENT_NAMES = {_INSERT: "INSERT", _MODIFY: "MODIFY", _REMOVE: "REMOVE", _EXPIRE: "REMOVE"}
_SERVICE_IDENTITY = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
_OLD_IMAGE_VIEWS = frozenset({"OLD_IMAGE", "NEW_AND_OLD_IMAGES"})
_NEW_IMAGE_VIEWS = frozenset({"NEW_IMAGE", "NEW_AND_OLD_IMAGES"})
_EVENT_ID_BYTES = 16


def add_record(
    transaction: Transaction,
    stream: Stream,
    *,
    key: bytes,
    item: Item,
    old: Row | None,
    new: Row | None,
    expired: bool,
) -> None:
    """
    Write the record of a change.

    Args:
        key: The item's key as it is stored.
        item: The item before or after; its key attributes count.
        old: The item before the change; None when there was none.
        new: The item after it; None when it was deleted.
        expired: It was deleted because its time to live is over.
    """
    event = _event(old, new, expired=expired)
    old = old if stream.view_type in _OLD_IMAGE_VIEWS else None
    new = new if stream.view_type in _NEW_IMAGE_VIEWS else None
    size_bytes = (old[0] if old else 0) + (new[0] if new else 0)
    keys = orjson.dumps(key_attributes(stream.keys, item))
    slot, sequence, now = slot_of(key), transaction.next_sequence(stream.slots), stream.clock()
    images = (old[1] if old else None, new[1] if new else None)
    transaction.add_record(stream.slots[slot], (sequence, now, event, size_bytes, keys, *images))
    if sequence % RECORDS_BETWEEN_TRIMS == 0:
        maintain_slot(transaction, stream, slot, now=now)


def _event(old: Row | None, new: Row | None, *, expired: bool) -> int:
    if new is None:
        return _EXPIRE if expired else _REMOVE
    return _INSERT if old is None else _MODIFY


def record_size_bytes(record: RecordRow) -> int:
    """The size of a record: its keys and its images by DynamoDB's rules."""
    return record[3] + item_size_bytes(cast("Item", orjson.loads(record[4])))


def shown_record(stream: Stream, record: RecordRow, *, region: str, render: Callable[[bytes], Any]) -> dict[str, Any]:
    """
    The API's form of a record.

    Args:
        region: Where the table lives.
        render: See `Session.render`.
    """
    sequence, created_at, event, _, keys, old, new = record
    change: dict[str, Any] = {"ApproximateCreationDateTime": int(created_at), "Keys": render(keys)}
    if new is not None:
        change["NewImage"] = render(new)
    if old is not None:
        change["OldImage"] = render(old)
    change["SequenceNumber"] = sequence_number(sequence)
    change["SizeBytes"] = record_size_bytes(record)
    change["StreamViewType"] = stream.view_type
    shown: dict[str, Any] = {
        "eventID": _event_id(stream, sequence),
        "eventName": _EVENT_NAMES[event],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": change,
    }
    if event == _EXPIRE:
        shown["userIdentity"] = dict(_SERVICE_IDENTITY)
    return shown


def _event_id(stream: Stream, sequence: int) -> str:
    """An id that is the same whenever the record is read, so that a consumer can tell what it has seen."""
    named = f"{stream.table_name}/{stream.label}/{sequence}".encode()
    return blake2b(named, digest_size=_EVENT_ID_BYTES).hexdigest()
