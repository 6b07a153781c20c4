"""
Buckets as folders: a key is a path below the bucket's, and nothing leads out of it.

The layout is that of the engine's exports and imports: what an export wrote can be read here, and what was put here
can be imported. An object that was accepted survives the end of the process and a power cut.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tenantable.cloud.objects.bucket import (
    PAGE_MAX,
    Content,
    InvalidObject,
    ListedObject,
    ObjectExists,
    ObjectInfo,
    ObjectNotFound,
    ObjectPage,
    Range,
    StoredObject,
    check_bucket,
    check_key,
    check_page,
    check_readable,
)
from tenantable.cloud.objects.files import WriteLock, flush_folder, make_folders, write_whole
from tenantable.cloud.objects.listing import listed
from tenantable.cloud.objects.records import Record, Records, digest
from tenantable.errors import CloudError

# No bucket's name begins with a dot, so these folders are none.
RECORDS_FOLDER = ".records"
DRAFTS_FOLDER = ".drafts"
LOCK_FILE = "lock"
READS_MAX = 5

Unique = Callable[[], str]


class EmbeddedObjects:
    """
    All buckets of one folder. Several processes may share it.

    Args:
        folder: Made at the first put.
        unique: A text that nobody else gives, for the names of drafts.
    """

    def __init__(self, folder: Path, *, unique: Unique = lambda: secrets.token_hex(16)) -> None:
        self._folder = folder
        self._unique = unique
        self._locks: dict[str, WriteLock] = {}

    def bucket(self, name: str) -> "EmbeddedBucket":
        """The bucket of this name; it is there once something is in it."""
        check_bucket(name)
        lock = self._locks.setdefault(name, WriteLock(self._folder / RECORDS_FOLDER / name / LOCK_FILE))
        return EmbeddedBucket(self._folder, name, lock=lock, unique=self._unique)

    def remove_drafts(self) -> None:
        """
        Remove what a killed process was about to put.

        Only for whoever knows that no other process puts anything.
        """
        drafts = self._folder / DRAFTS_FOLDER
        for draft in drafts.iterdir() if drafts.is_dir() else ():
            draft.unlink()


class EmbeddedBucket:
    """
    One bucket; implements `Bucket`.

    One of two keys of which one is `a` and the other lies below `a/` is refused: a path is a file or a folder.
    """

    def __init__(self, folder: Path, name: str, *, lock: WriteLock, unique: Unique) -> None:
        self._name = name
        self._root = folder / name
        self._drafts = folder / DRAFTS_FOLDER
        self._records_folder = folder / RECORDS_FOLDER / name
        self._records = Records(self._records_folder)
        self._lock = lock
        self._unique = unique

    @property
    def name(self) -> str:
        return self._name

    def put(self, key: str, content: Content, *, only_if_absent: bool = False) -> str:
        path = self._path(key)
        with _cloud_errors(key), self._draft(content.body) as draft, self._writing():
            stat = draft.stat()
            record = Record(
                size_bytes=len(content.body),
                etag=hashlib.md5(content.body, usedforsecurity=False).hexdigest(),
                inode=stat.st_ino,
                modified_ns=stat.st_mtime_ns,
                media_type=content.media_type,
                metadata=dict(content.metadata),
            )
            self._place(key, path, draft=draft, record=record, only_if_absent=only_if_absent)
        return record.etag

    def get(self, key: str, wanted: Range | None = None) -> StoredObject:
        with _cloud_errors(key), self._open(key) as (file, info):
            part = check_readable(key, info.size_bytes, wanted)
            file.seek(part.start)
            return StoredObject(info=info, body=file.read(part.length or 0))

    def head(self, key: str) -> ObjectInfo:
        with _cloud_errors(key), self._open(key) as (_file, info):
            return info

    def page(self, prefix: str = "", *, limit: int = PAGE_MAX, after: str | None = None) -> ObjectPage:
        check_page(prefix, limit)
        found: list[ListedObject] = []
        with _cloud_errors(prefix):
            for each in listed(self._root, prefix, after or ""):
                if len(found) == limit:
                    return ObjectPage(objects=tuple(found), next=found[-1].key)
                found.append(each)
        return ObjectPage(objects=tuple(found))

    def delete(self, key: str) -> None:
        path = self._path(key)
        with _cloud_errors(key), self._writing():
            if not path.is_file():
                return
            path.unlink()
            flush_folder(path.parent)
            self._records.remove(key)
            self._remove_empty(path.parent)

    def delete_former_versions(self, key: str) -> None:
        """A file that is replaced is gone; there is nothing to delete."""
        check_key(key)

    def _place(self, key: str, path: Path, *, draft: Path, record: Record, only_if_absent: bool) -> None:
        if path.is_dir():
            raise InvalidObject(f"{key!r} cannot be an object: there are objects below it", hint="take another key")
        if only_if_absent and path.exists():
            raise ObjectExists(f"There is an object {key} already")
        try:
            make_folders(path.parent)
        except (NotADirectoryError, FileExistsError) as error:
            hint = "take another key"
            raise InvalidObject(f"{key!r} lies below a key that is an object", hint=hint) from error
        self._records.add(key, record, replaced=self._stored_record(key, path))
        if only_if_absent:
            os.link(draft, path)  # unlike a move, this replaces nothing that somebody else wrote meanwhile
        else:
            draft.replace(path)
        flush_folder(path.parent)

    def _remove_empty(self, folder: Path) -> None:
        """An empty folder would keep an object of its name away."""
        with suppress(OSError):  # it has something in it
            while folder != self._root:
                folder.rmdir()
                folder = folder.parent

    def _stored_record(self, key: str, path: Path) -> Record | None:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return self._records.find(key, file)

    @contextmanager
    def _draft(self, body: bytes) -> Iterator[Path]:
        make_folders(self._drafts)
        draft = self._drafts / self._unique()
        try:
            write_whole(draft, body)
            yield draft
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        make_folders(self._records_folder)
        with self._lock.held():
            yield

    @contextmanager
    def _open(self, key: str) -> Iterator[tuple[BinaryIO, ObjectInfo]]:
        """The file and what is known of it. Who replaces it meanwhile leaves this one as it is."""
        path = self._path(key)
        for read in range(READS_MAX):
            with _regular_file(path, key) as file:
                record = self._records.find(key, file)
                # Replaced twice since it was opened, it has lost its record: the file that is there now has one.
                if record is None and read + 1 < READS_MAX and not _is_in_place(file, path):
                    continue
                yield file, _info(key, file, record)
                return

    def _path(self, key: str) -> Path:
        """Where an object lies or would lie."""
        check_key(key)
        path = self._root.joinpath(*key.split("/"))
        root = self._root.parent.resolve() / self._name
        if not path.parent.resolve().is_relative_to(root) or path.is_symlink():
            raise InvalidObject(f"The key {key!r} leads out of the bucket", hint="a link stands in its way; remove it")
        return path


@contextmanager
def _regular_file(path: Path, key: str) -> Iterator[BinaryIO]:
    if not path.is_file():
        raise ObjectNotFound(f"There is no object {key}")
    with path.open("rb") as file:
        yield file


def _is_in_place(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _info(key: str, file: BinaryIO, record: Record | None) -> ObjectInfo:
    stat = os.fstat(file.fileno())
    known = record or Record(
        size_bytes=stat.st_size, etag=digest(file), inode=stat.st_ino, modified_ns=stat.st_mtime_ns
    )
    return ObjectInfo(
        key=key,
        size_bytes=known.size_bytes,
        etag=known.etag,
        modified_at=stat.st_mtime,
        media_type=known.media_type,
        metadata=known.metadata,
    )


@contextmanager
def _cloud_errors(place: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectNotFound(f"There is no object {place}") from error
    except FileExistsError as error:
        raise ObjectExists(f"There is an object {place} already") from error
    except OSError as error:
        hint = "nothing was changed; see to the disk and try again"
        raise CloudError(f"The object {place} cannot be reached: {error.strerror}", hint=hint) from error
