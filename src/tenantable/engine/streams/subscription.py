"""A table's stream for consumers in a process with an engine: all shards in one order, and checkpoints that survive."""

from collections.abc import Iterator
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.storage.checksums import RecordRow
from tenantable.engine.storage.files import RelationGoneError
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.limits import (
    CONSUMER_NAME_CHARACTERS_MAX,
    CONSUMERS_MAX,
    RECORDS_PAGE_BYTES_MAX,
    RECORDS_PAGE_MAX,
    SEQUENCE_NUMBER_CHARACTERS_MAX,
)
from tenantable.engine.streams.positions import trimmed_data
from tenantable.engine.streams.records import shown_record
from tenantable.engine.streams.shards import horizon, read_shard
from tenantable.engine.streams.stream import SEQUENCE_MAX, Stream, sequence_number, sequence_of
from tenantable.wire.errors import DynamoError, validation_error


class Subscription:
    """
    What changed in a table, in the order it was changed.

    `read` gives records behind a place; a consumer that has dealt with them says so with `advance`, and finds its place
    again with `checkpoint`, also after a restart. A record may come again, after a crash before `advance`; none is
    left out.
    """

    def __init__(self, session: Session, stream: Stream) -> None:
        self._session = session
        self._stream = stream

    def read(self, after_sequence: str | None = None, limit: int = RECORDS_PAGE_MAX) -> list[dict[str, Any]]:
        """
        The next records.

        Args:
            after_sequence: The sequence number of the last record that was seen; None for the oldest that is kept.
            limit: Records at most, 1 to 1,000.
        Returns:
            Records in the form of the API, in the order of the changes; empty when there is none at present.
        Raises:
            DynamoError: TrimmedDataAccessException when records behind that place are gone already,
                ValidationException for a number that is no sequence number or a limit out of range.
        """
        if not 1 <= limit <= RECORDS_PAGE_MAX:
            raise validation_error(f"limit is {limit}; it must be 1 to {RECORDS_PAGE_MAX}")
        after = None if after_sequence is None else _checked(after_sequence)
        region, render = self._session.home.region, self._session.render
        rows = self._rows(after, limit)
        return [shown_record(self._stream, row, region=region, render=render) for row in rows]

    def consume(self, consumer: str, limit: int = RECORDS_PAGE_MAX) -> Iterator[dict[str, Any]]:
        """
        The records behind a consumer's checkpoint, `limit` at most; each counts as dealt with when the next is asked
        for, or when the iteration ends. A consumer that fails in between gets the record again; two at once of one
        name, in one process or two, both get it.

        Raises:
            DynamoError: As `read` and `advance`.
        """
        dealt_with = None
        try:
            for record in self.read(self.checkpoint(consumer), limit):
                yield record
                dealt_with = str(record["dynamodb"]["SequenceNumber"])
        finally:
            if dealt_with is not None:
                self.advance(consumer, dealt_with)

    def checkpoint(self, consumer: str) -> str | None:
        """The sequence number that a consumer has come to; None for one that has never said."""
        with self._session.storage.read() as reader:
            sequence = reader.checkpoint(self._stream.number, consumer)
        return None if sequence is None else sequence_number(sequence)

    def advance(self, consumer: str, after_sequence: str) -> None:
        """
        Note durably that a consumer has dealt with everything up to a record. It never goes back.

        Raises:
            DynamoError: ValidationException for a number that is no sequence number or a name out of bounds,
                LimitExceededException when the stream has too many consumers.
        """
        sequence = _checked(after_sequence)
        if not 1 <= len(consumer) <= CONSUMER_NAME_CHARACTERS_MAX:
            raise validation_error(f"A consumer's name has 1 to {CONSUMER_NAME_CHARACTERS_MAX} characters")

        def work(transaction: Transaction) -> None:
            if transaction.other_consumers(self._stream.number, consumer) >= CONSUMERS_MAX:
                raise DynamoError("LimitExceededException", f"A stream has at most {CONSUMERS_MAX} consumers")
            transaction.save_checkpoint(self._stream.number, consumer, sequence)

        self._session.storage.write(work)

    def _rows(self, after: int | None, limit: int) -> list[RecordRow]:
        """The first records behind a place, from all slots, as one state of the database has them."""
        try:
            return self._read_rows(after, limit)
        except RelationGoneError as error:  # the stream was disabled a day ago, and has been cleared away since
            raise trimmed_data() from error

    def _read_rows(self, after: int | None, limit: int) -> list[RecordRow]:
        with self._session.storage.read() as reader:
            reader.freeze()
            if after is None:
                after = 0
            elif after < horizon([read_shard(row) for row in reader.shards(self._stream.number)]):
                raise trimmed_data()
            rows, _ = reader.records(
                self._stream.slots, after=after, through=SEQUENCE_MAX, limit=limit, bytes_max=RECORDS_PAGE_BYTES_MAX
            )
        return rows


def _checked(number: str) -> int:
    sequence = sequence_of(number)
    if sequence is None:
        raise validation_error(f"Invalid SequenceNumber: {number[:SEQUENCE_NUMBER_CHARACTERS_MAX]}")
    return sequence
