"""Reading items from objects: DynamoDB JSON and CSV, plain or compressed."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import orjson

from tenantable.engine.tables.creation import TableDefinition
from tenantable.wire.errors import validation_error
from tenantable.wire.limits import ITEM_SIZE_BYTES_MAX

csv.field_size_limit(ITEM_SIZE_BYTES_MAX)

_LINE_BYTES_MAX = 32 * ITEM_SIZE_BYTES_MAX  # of an item's JSON: every character escaped, and nests of short members


class Found(NamedTuple):
    """An item as it stands in an object, or why there is none."""

    item: Mapping[str, Any] | None
    error: str = ""


class Source:
    """What one import reads: its format, and how much was read of it, before compression."""

    def __init__(self, request: Mapping[str, Any], definition: TableDefinition) -> None:
        """
        Raises:
            DynamoError: ValidationException for a format or compression that is not read here.
        """
        self._format = request["InputFormat"]
        self._compression = request.get("InputCompressionType") or "NONE"
        self._csv = (request.get("InputFormatOptions") or {}).get("Csv") or {}
        if self._format == "ION":
            raise validation_error("InputFormat ION is not supported here; use DYNAMODB_JSON or CSV")
        if self._compression == "ZSTD":
            raise validation_error("InputCompressionType ZSTD is not supported here; use GZIP or NONE")
        if self._csv and self._format != "CSV":
            raise validation_error("InputFormatOptions.Csv can only be specified when InputFormat is CSV")
        self._key_types = definition.types
        self._table_keys = frozenset(definition.keys.names)
        self.size_bytes = 0

    def items(self, path: Path) -> Iterator[Found]:
        """
        What an object holds. When it cannot be read on, the rest of it counts as one error.

        Raises:
            OSError: The file cannot be read.
        """
        with path.open("rb") as file:
            content = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if self._compression == "GZIP" else file
            lines = self._lines(content)
            try:
                yield from _json_items(lines) if self._format == "DYNAMODB_JSON" else self._csv_items(lines)
            except (EOFError, gzip.BadGzipFile, UnicodeDecodeError, zlib.error) as error:
                yield Found(None, f"the object is malformed: {error}")

    def _lines(self, content: BinaryIO) -> Iterator[bytes]:
        while line := content.readline(_LINE_BYTES_MAX):
            self.size_bytes += len(line)
            yield line

    def _csv_items(self, lines: Iterator[bytes]) -> Iterator[Found]:
        text = (line.decode("utf-8") for line in lines)
        rows = _csv_rows(text, self._csv.get("Delimiter") or ",")
        header = self._csv.get("HeaderList")
        if header is None:
            first = next(rows, [])
            if isinstance(first, str):
                yield Found(None, f"the header is malformed: {first}")
                return
            header = first
        for row in rows:
            if isinstance(row, str):
                yield Found(None, row)
            elif len(row) != len(header):
                yield Found(None, f"there are {len(row)} columns, the header has {len(header)}")
            else:
                yield Found(dict(self._attributes(zip(header, row, strict=True))))

    def _attributes(self, cells: Iterable[tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
        """Keys have their types, all else are strings. An empty cell cannot be the key of an index: left out."""
        for name, text in cells:
            key_type = self._key_types.get(name)
            if text or key_type is None or name in self._table_keys:
                yield name, {key_type or "S": text}


def _json_items(lines: Iterator[bytes]) -> Iterator[Found]:
    for line in lines:
        if not line.strip():
            continue
        try:
            parsed = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Found(None, f"not valid JSON: {error}")
            continue
        item = parsed.get("Item") if isinstance(parsed, dict) else None
        yield Found(item) if isinstance(item, dict) else Found(None, "there is no member Item")


def _csv_rows(lines: Iterator[str], delimiter: str) -> Iterator[list[str] | str]:
    """Rows, or why one is none."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"not valid CSV: {error}"
            continue
        if row:
            yield row
