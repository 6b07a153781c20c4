"""
What a file cannot say of an object: its media type, its metadata, its etag.

An object's record stands in a file of its own, beside the buckets. It is written before the object is, together with
the record of the object that it replaces, and each names the file that it belongs to. So a crash between the two
leaves an object with its own record, be it the old one or the new one. An object that somebody else wrote, an export
for one, has none: then it is bytes of no particular type.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from tenantable.cloud.objects.bucket import OCTETS
from tenantable.cloud.objects.files import flush_folder, make_folders, write_whole

_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """`inode` and `modified_ns` tell the file in its place; `etag`, its digest, tells it wherever it was copied to."""

    size_bytes: int
    etag: str
    inode: int
    modified_ns: int
    media_type: str = OCTETS
    metadata: dict[str, str] = field(default_factory=dict)

    def names(self, stat: os.stat_result) -> bool:
        return (self.inode, self.size_bytes, self.modified_ns) == (stat.st_ino, stat.st_size, stat.st_mtime_ns)


class Records:
    """The records of one bucket's objects; whoever writes holds the bucket's lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, key: str, record: Record, *, replaced: Record | None) -> None:
        path = self._path(key)
        make_folders(path.parent)
        records = [asdict(each) for each in (record, replaced) if each is not None]
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        write_whole(draft, json.dumps({"key": key, "records": records}).encode())
        draft.replace(path)
        flush_folder(path.parent)

    def remove(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def find(self, key: str, file: BinaryIO) -> Record | None:
        """The record of an open file; None when there is none. Reads the content where the file was moved."""
        stat = os.fstat(file.fileno())
        records = self._read(key)
        for record in records:
            if record.names(stat):
                return record
        if any(record.size_bytes == stat.st_size for record in records):
            etag = digest(file)
            return next((record for record in records if record.etag == etag), None)
        return None

    def _read(self, key: str) -> list[Record]:
        try:
            document = json.loads(self._path(key).read_bytes())
            return [Record(**record) for record in document["records"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return []

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self._folder / name[:2] / name


def digest(file: BinaryIO) -> str:
    """The MD5 of a whole file, which S3 too gives as the etag of an object; the file is at its beginning afterwards."""
    found = hashlib.md5(usedforsecurity=False)
    file.seek(0)
    while part := file.read(_READ_BYTES):
        found.update(part)
    file.seek(0)
    return found.hexdigest()
