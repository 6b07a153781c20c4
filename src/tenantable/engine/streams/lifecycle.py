"""Beginning and ending streams, and what streams need from time to time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.limits import RETENTION_SECONDS
from tenantable.engine.streams.shards import close_shards, maintain_slot, open_shards
from tenantable.engine.streams.stream import Stream, record_relations
from tenantable.engine.tables.table import Table

SPECIFICATION = "StreamSpecification"


def follow_specification(session: Session, transaction: Transaction, table: Table) -> Table:
    """The table with the stream that its StreamSpecification asks for: a new one, the one it has, or none any more."""
    wanted = table.options.get(SPECIFICATION)
    if wanted is None:
        end_stream(session, transaction, table)
        return replace(table, stream=None)
    if table.stream is not None:
        return table
    stream = _begin(session, transaction, table, view_type=wanted["StreamViewType"])
    arn = session.home.stream(table.name, stream.label)
    options = {**table.options, "LatestStreamLabel": stream.label, "LatestStreamArn": arn}
    return replace(table, stream=stream, options=options)


def end_stream(session: Session, transaction: Transaction, table: Table) -> None:
    """Disable the table's stream, if it has one. Its records can be read until they are a day old."""
    if table.stream is not None:
        now = session.clock()
        close_shards(transaction, table.stream, now=now)
        session.catalog.save_stream(transaction, replace(table.stream, disabled_at=now))


def maintain_streams(session: Session) -> int:
    """
    Trim what is older than a day and close shards that are full: a bounded step for each stream.

    Returns:
        How many records were trimmed. 0: nothing is left to do at present.
    """
    return sum(_maintain(session, stream.number) for stream in session.catalog.streams())


def _maintain(session: Session, number: int) -> int:
    def work(transaction: Transaction) -> int:
        stream = session.catalog.stream_of_number(number)
        return 0 if stream is None else _maintain_slots(session, transaction, stream)

    return session.storage.write(work)


def _maintain_slots(session: Session, transaction: Transaction, stream: Stream) -> int:
    now = session.clock()
    trimmed = sum(maintain_slot(transaction, stream, relation.slot, now=now) for relation in stream.slots)
    is_over = stream.disabled_at is not None and stream.disabled_at <= now - RETENTION_SECONDS
    if is_over and not transaction.shards(stream.number):
        for relation in stream.slots:
            transaction.drop(relation)
        session.catalog.forget_stream(transaction, stream)
    return trimmed


def _begin(session: Session, transaction: Transaction, table: Table, *, view_type: str) -> Stream:
    number = transaction.add_relation()
    now = session.clock()
    stream = Stream(
        number=number,
        table_name=table.name,
        label=_label(session, table.name, now),
        view_type=view_type,
        keys=table.keys,
        created_at=now,
        slots=record_relations(number),
        clock=session.clock,
    )
    open_shards(transaction, stream)
    session.catalog.save_stream(transaction, stream)
    return stream


def _label(session: Session, table_name: str, now: float) -> str:
    """The time as a name, moved on by milliseconds while an earlier stream of the table has it."""
    moment = datetime.fromtimestamp(now, UTC)
    taken = {stream.label for stream in session.catalog.streams(table_name)}
    while (label := moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]) in taken:
        moment += timedelta(milliseconds=1)
    return label
