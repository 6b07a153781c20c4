"""What can be measured of an engine at any time: sizes, how far consumers of streams are behind, what was throttled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tenantable.engine.metering.throttle import Limit
from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Reader
from tenantable.engine.streams.limits import RECORDS_PAGE_BYTES_MAX
from tenantable.engine.streams.stream import SEQUENCE_MAX, Stream
from tenantable.wire.arns import Home


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """What a table holds, or one of its indexes; `index` is None for the table itself. Sizes by DynamoDB's rules."""

    table_name: str
    index: str | None
    item_count: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsumerLag:
    """
    How far a consumer's checkpoint is behind the end of its stream.

    `records` is the most it can be: it counts sequence numbers, and a write that failed may have taken one. `seconds`
    is the age of the first record that was not dealt with; both are 0 when there is none.
    """

    table_name: str
    stream_label: str
    consumer: str
    records: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurements:
    """An engine at a moment. `log_bytes` is the size of the write-ahead log; files have no size in memory."""

    home: Home
    sizes: tuple[Sizes, ...]
    lags: tuple[ConsumerLag, ...]
    throttled: Mapping[Limit, int]
    database_bytes: int
    log_bytes: int


def measure(session: Session) -> Measurements:
    """Reads a few rows for each table, index and consumer."""
    with session.storage.read() as reader:
        reader.freeze()
        sizes = tuple(_sizes(session, reader))
        lags = tuple(lag for stream in session.catalog.streams() for lag in _lags(session, reader, stream))
    database_bytes, log_bytes = session.storage.file_bytes()
    return Measurements(
        home=session.home,
        sizes=sizes,
        lags=lags,
        throttled={} if session.throttle is None else session.throttle.throttled(),
        database_bytes=database_bytes,
        log_bytes=log_bytes,
    )


def _sizes(session: Session, reader: Reader) -> Iterator[Sizes]:
    for name in session.catalog.names():
        table = session.catalog.find(name)
        if table is None:  # deleted meanwhile
            continue
        numbers: dict[str | None, int] = {None: table.items.number}
        numbers |= {index.name: index.relation.number for index in table.indexes.values()}
        for index_name, number in numbers.items():
            held = reader.statistics(number)
            yield Sizes(table_name=name, index=index_name, item_count=held.item_count, size_bytes=held.size_bytes)


def _lags(session: Session, reader: Reader, stream: Stream) -> Iterator[ConsumerLag]:
    checkpoints = reader.checkpoints(stream.number)
    if not checkpoints:
        return
    last = max(reader.last_sequence(slot) for slot in stream.slots)
    for consumer, sequence in checkpoints:
        rows, _ = reader.records(
            stream.slots, after=sequence, through=SEQUENCE_MAX, limit=1, bytes_max=RECORDS_PAGE_BYTES_MAX
        )
        yield ConsumerLag(
            table_name=stream.table_name,
            stream_label=stream.label,
            consumer=consumer,
            records=max(0, last - sequence) if rows else 0,
            seconds=max(0.0, session.clock() - rows[0][1]) if rows else 0.0,
        )
