"""Exports of the trail, compressed while they are made: JSON Lines as in the archive, and CSV for spreadsheets."""

import csv
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Literal

import orjson

from tenantable.services.access.audit.archiving.archive import line_of
from tenantable.services.access.declaration import AuditEvent

ExportFormat = Literal["jsonl", "csv"]
COLUMNS = (
    "sequence",
    "timestamp",
    "eventId",
    "eventType",
    "userId",
    "action",
    "target",
    "outcome",
    "details",
    "keyId",
    "digest",
)
_GZIP = 31  # zlib's way of saying: with the header and end of a gzip file
_PART_BYTES = 64 * 1024
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def exported(events: Iterable[AuditEvent], form: ExportFormat) -> Iterator[bytes]:
    """A gzip file, part by part."""
    compressor = zlib.compressobj(wbits=_GZIP)
    buffer = bytearray()
    for line in map(line_of, events) if form == "jsonl" else _rows(events):
        buffer += line
        if len(buffer) >= _PART_BYTES:
            if part := compressor.compress(bytes(buffer)):
                yield part
            buffer.clear()
    yield compressor.compress(bytes(buffer)) + compressor.flush()


def _rows(events: Iterable[AuditEvent]) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for event in events:
        cells = (
            event.sequence,
            event.timestamp.isoformat(),
            event.event_id,
            event.event_type,
            event.user_id,
            event.action,
            event.target or "",
            event.outcome,
            orjson.dumps(event.details, option=orjson.OPT_SORT_KEYS).decode() if event.details else "",
            event.key_id,
            event.digest,
        )
        writer.writerow([_cell(each) for each in cells])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    if remaining := text.getvalue():
        yield remaining.encode()


def _cell(value: object) -> str:
    """Spreadsheets take a cell that begins so for a formula; the apostrophe tells them that it is text."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
