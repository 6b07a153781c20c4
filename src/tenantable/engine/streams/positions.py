"""
Where a reader of a shard stands: the text of a shard iterator.

The text begins with the stream's ARN, as the service's does, so that policies can tell which stream it reads. It needs
no signature: it gives no more than the right to read that stream, which is asked for with each use.
"""

import base64
import binascii
from dataclasses import dataclass

import orjson

from tenantable.engine.streams.limits import ITERATOR_SECONDS
from tenantable.engine.streams.stream import SEQUENCE_MAX
from tenantable.wire.arns import stream_of_iterator
from tenantable.wire.errors import DynamoError, validation_error

_VERSION = "1"
_NUMBERS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """
    In the shard of the stream `stream_arn` that begins at `first` in `slot`, behind the sequence `after`.

    `issued_at` is in whole seconds since 1970.
    """

    stream_arn: str
    first: int
    slot: int
    after: int
    issued_at: int


def iterator_text(position: Position) -> str:
    numbers = orjson.dumps([position.first, position.slot, position.after, position.issued_at])
    return f"{position.stream_arn}|{_VERSION}|{base64.b64encode(numbers).decode()}"


def read_iterator(text: str, *, now: float) -> Position:
    """
    Args:
        now: Seconds since 1970.
    Raises:
        DynamoError: ValidationException when it is no iterator of ours, ExpiredIteratorException after 15 minutes.
    """
    arn = stream_of_iterator(text)
    version, _, encoded = text[len(arn) + 1 :].partition("|")
    try:
        numbers = orjson.loads(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        numbers = None
    if version != _VERSION or not _are_numbers(numbers):
        raise validation_error("Invalid ShardIterator")
    first, slot, after, issued_at = numbers
    if now - issued_at >= ITERATOR_SECONDS:
        raise DynamoError(
            "ExpiredIteratorException",
            f"Iterator expired. It was issued more than {ITERATOR_SECONDS} seconds ago; ask for a new one",
        )
    return Position(stream_arn=arn, first=first, slot=slot, after=after, issued_at=issued_at)


def trimmed_data() -> DynamoError:
    return DynamoError(
        "TrimmedDataAccessException",
        "The operation attempted to read past the oldest stream record in a shard.",
    )


def _are_numbers(numbers: object) -> bool:
    return (
        isinstance(numbers, list)
        and len(numbers) == _NUMBERS
        and all(type(number) is int and 0 <= number <= SEQUENCE_MAX for number in numbers)
    )
