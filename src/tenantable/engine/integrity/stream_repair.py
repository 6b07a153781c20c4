"""Bringing back the description of a table's stream that cannot be read: the table knows all that is in it."""

from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime

import orjson

from tenantable.engine.integrity.checking import no_time
from tenantable.engine.storage.checksums import DamageError, unsealed
from tenantable.engine.storage.inspection import Inspection
from tenantable.engine.streams.stream import Stream, load_stream


def rebuilt_streams(inspection: Inspection, known: Collection[int]) -> dict[int, Stream]:
    """The streams that tables name and that are not `known`, by number."""
    rebuilt = {}
    with suppress(DamageError):  # a table that cannot be read is said to be so by whoever reads the tables
        for name, stored in inspection.tables():
            with suppress(DamageError, ValueError, TypeError, LookupError):
                stream = _stream_of(name, unsealed(name, stored))
                if stream is not None and stream.number not in known:
                    rebuilt[stream.number] = stream
    return rebuilt


def _stream_of(table_name: str, description: bytes) -> Stream | None:
    table = orjson.loads(description)
    if table.get("stream") is None:
        return None
    label = table["options"]["LatestStreamLabel"]
    stream = {
        "table_name": table_name,
        "label": label,
        "view_type": table["options"]["StreamSpecification"]["StreamViewType"],
        "keys": table["keys"],
        "created_at": datetime.fromisoformat(label).replace(tzinfo=UTC).timestamp(),
        "disabled_at": None,
    }
    return load_stream(table["stream"], orjson.dumps(stream), no_time)
