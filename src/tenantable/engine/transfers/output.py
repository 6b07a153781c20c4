"""Writing an export: data files, then the manifests that name them."""

import base64
import hashlib
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from tenantable.engine.streams.limits import SLOTS
from tenantable.engine.streams.stream import slot_of
from tenantable.engine.transfers.lines import Line
from tenantable.engine.transfers.objects import Objects

_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 6


class ExportOutput:
    """
    The objects of one export, as the service lays them out.

    Items are parted by the hash of their partition key into files, one for each part, empty ones too. The data of
    incremental exports lies in one folder for all of them. Manifests come last: without them there is no export.
    """

    def __init__(self, objects: Objects, *, bucket: str, prefix: str, identifier: str) -> None:
        self._objects = objects
        self._bucket = bucket
        self._root = f"{prefix}/AWSDynamoDB" if prefix else "AWSDynamoDB"
        self._folder = f"{self._root}/{identifier}"
        self._files: list[_DataFile] = []
        self.item_count = 0
        self.size_bytes = 0

    @property
    def manifest(self) -> str:
        """The key of the summary."""
        return f"{self._folder}/manifest-summary.json"

    def begin(self) -> None:
        """Find out whether the bucket can be written."""
        self._objects.write(self._bucket, f"{self._folder}/_started", b"")

    def open_data(self, names: Callable[[], str], *, shared: bool) -> None:
        """
        Args:
            names: A new name for each file.
            shared: In the folder that incremental exports share.
        """
        folder = f"{self._root if shared else self._folder}/data"
        for _ in range(SLOTS):
            key = f"{folder}/{names()}.json.gz"
            self._files.append(_DataFile(key, self._objects.check_key(self._bucket, key)))

    def add(self, line: Line) -> None:
        self._files[slot_of(line.key)].add(line.content)
        self.item_count += 1
        self.size_bytes += line.size_bytes

    def finish(self, summary: dict[str, Any]) -> None:
        """Write the manifests; `summary` lacks only where the other one is and what was counted."""
        files = b"".join(orjson.dumps(file.finish()) + b"\n" for file in self._files)
        key = f"{self._folder}/manifest-files.json"
        self._write_with_checksum(key, files)
        counted = {
            "manifestFilesS3Key": key,
            "billedSizeBytes": self.size_bytes,
            "itemCount": self.item_count,
            "outputFormat": "DYNAMODB_JSON",
        }
        self._write_with_checksum(self.manifest, orjson.dumps({**summary, **counted}))

    def abandon(self) -> None:
        """Delete the data files."""
        for file in self._files:
            file.abandon()

    def _write_with_checksum(self, key: str, content: bytes) -> None:
        self._objects.write(self._bucket, key, content)
        checksum = base64.b64encode(_md5(content).digest())
        self._objects.write(self._bucket, f"{key.removesuffix('.json')}.checksum", checksum)


class _DataFile:
    """One compressed file of lines, and its checksum."""

    def __init__(self, key: str, path: Path) -> None:
        self._key = key
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("xb")
        self._compressor = zlib.compressobj(level=_LEVEL, wbits=_GZIP)
        self._digest = _md5(b"")
        self._item_count = 0

    def add(self, line: bytes) -> None:
        self._item_count += 1
        self._write(self._compressor.compress(line + b"\n"))

    def finish(self) -> dict[str, Any]:
        """What the manifest says of it."""
        self._write(self._compressor.flush())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        digest = self._digest.digest()
        return {
            "itemCount": self._item_count,
            "md5Checksum": base64.b64encode(digest).decode(),
            "etag": f"{_md5(digest).hexdigest()}-1",  # S3's, of an object that was uploaded in one part
            "dataFileS3Key": self._key,
        }

    def abandon(self) -> None:
        with suppress(OSError):  # what waits to be written may still have no room
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _write(self, content: bytes) -> None:
        self._digest.update(content)
        self._file.write(content)


def _md5(content: bytes) -> "hashlib._Hash":
    """The checksum that the manifests have; it guards against accidents and is no secret."""
    return hashlib.md5(content, usedforsecurity=False)
