"""How an item stands in an export: one line of DynamoDB JSON."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import orjson

from tenantable.engine.backups.undo import seconds_of
from tenantable.engine.keys import key_attributes
from tenantable.engine.storage.reading import ChangedRow, KeyedRow
from tenantable.wire.keys import KeyNames
from tenantable.wire.values import Item

_MICROSECONDS = 1_000_000


class Line(NamedTuple):
    """A line of a data file, the key of its item as it is stored, and what it is billed as."""

    key: bytes
    content: bytes
    size_bytes: int


def whole_items(rows: Iterator[KeyedRow], select: Callable[[bytes, Item], Item | None] | None) -> Iterator[Line]:
    """
    The lines of a full export.

    Args:
        select: From an item's key and attributes to what is exported of it, None for nothing; None for everything.
    """
    for key, size_bytes, body in rows:
        shown: Any = orjson.Fragment(body)
        if select is not None:
            shown = select(key, orjson.loads(body))
        if shown is not None:
            yield Line(key, orjson.dumps({"Item": shown}), size_bytes)


def changed_items(
    rows: Iterator[ChangedRow], keys: KeyNames, key_of: Callable[[Item], bytes], *, with_old: bool
) -> Iterator[Line]:
    """
    The lines of an incremental export: what became of each item that was changed. One that came and went is left out.

    Args:
        with_old: Show what an item was too.
    """
    for moment, old_bytes, old, new_bytes, new in rows:
        present = new if new is not None else old
        if present is None:
            continue
        item = cast("Item", orjson.loads(present))
        micros = int(seconds_of(moment) * _MICROSECONDS)
        line: dict[str, Any] = {
            "Metadata": {"WriteTimestampMicros": {"N": str(micros)}},
            "Keys": key_attributes(keys, item),
        }
        if with_old and old is not None:
            line["OldImage"] = orjson.Fragment(old)
        if new is not None:
            line["NewImage"] = orjson.Fragment(new)
        yield Line(key_of(item), orjson.dumps(line), (old_bytes or 0) + (new_bytes or 0))
