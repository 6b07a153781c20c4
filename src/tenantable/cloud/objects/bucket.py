"""What a bucket of objects is: the port, its values and limits. Embedded and S3 buckets keep the same promises."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tenantable.errors import CloudError

CONTENT_BYTES_MAX = 100 * 1024 * 1024
KEY_BYTES_MAX = 1024
SEGMENT_BYTES_MAX = 255  # of a file's name, on every usual file system
METADATA_BYTES_MAX = 2048
PAGE_MAX = 1000
OCTETS = "application/octet-stream"

_BUCKET = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_METADATA_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_HEADER = re.compile(r"[\x20-\x7e]+")


class ObjectNotFound(CloudError, LookupError):
    """There is no object of this key."""


class BucketNotFound(CloudError, LookupError):
    """There is no bucket of this name."""


class ObjectExists(CloudError):
    """There is an object of this key already."""


class InvalidObject(CloudError, ValueError):
    """A bucket does not take such an object, or such a key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """
    What to put: up to 100 MiB, its media type, and metadata of up to 2 KiB.

    Names of metadata are lower case letters, digits and `_ -`, for S3 changes others; values are printable ASCII.
    """

    body: bytes
    media_type: str = OCTETS
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.body) > CONTENT_BYTES_MAX:
            raise InvalidObject(f"An object has up to {CONTENT_BYTES_MAX} bytes; this one has {len(self.body)}")
        if not _HEADER.fullmatch(self.media_type):
            raise InvalidObject(f"{self.media_type!r} is no media type", hint="write one such as application/json")
        for name, value in self.metadata.items():
            if not _METADATA_NAME.fullmatch(name):
                hint = "use lower case letters, digits and _ -"
                raise InvalidObject(f"{name!r} is no name of metadata", hint=hint)
            if not _HEADER.fullmatch(value) or value != value.strip():
                raise InvalidObject(f"The metadata {name} must be printable ASCII without spaces around it")
        size_bytes = sum(len(name) + len(value) for name, value in self.metadata.items())
        if size_bytes > METADATA_BYTES_MAX:
            raise InvalidObject(f"An object has up to {METADATA_BYTES_MAX} bytes of metadata, not {size_bytes}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectInfo:
    """An object without its content. `etag` changes with the content; `modified_at` is Unix seconds."""

    key: str
    size_bytes: int
    etag: str
    modified_at: float
    media_type: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    """An object as read: `body` is the whole content, or the range that was asked for."""

    info: ObjectInfo
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedObject:
    """An object in a list. `modified_at` is Unix seconds."""

    key: str
    size_bytes: int
    modified_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectPage:
    """Objects in the order of their keys' bytes. `next` is None on the last page, else the key to read on after."""

    objects: tuple[ListedObject, ...]
    next: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """So many bytes (1 or more; None: all that follow) from `start` on, which counts from 0."""

    start: int = 0
    length: int | None = None

    def __post_init__(self) -> None:
        if self.start < 0 or (self.length is not None and self.length < 1):
            raise InvalidObject(f"Bytes {self.start} and {self.length} more are no range")


class Bucket(Protocol):
    """
    Objects by key. Whoever reads sees a whole object, the one before or the one after a put, never a mixture.

    Keys are paths without empty parts and without `.` and `..`: up to 1024 bytes, 255 between two slashes. Every
    operation raises InvalidObject for other keys, and CloudError when the bucket cannot be reached or written.
    """

    @property
    def name(self) -> str: ...

    def put(self, key: str, content: Content, *, only_if_absent: bool = False) -> str:
        """
        Keep an object; once this returns it survives the end of the process. Gives its etag.

        Raises:
            ObjectExists: There is one, and `only_if_absent` was said. Of several callers one succeeds.
        """
        ...

    def get(self, key: str, wanted: Range | None = None) -> StoredObject:
        """
        An object of up to 100 MiB, or a range of it; a range that goes beyond the end is cut there.

        Raises:
            ObjectNotFound: There is none of this key.
            InvalidObject: The range begins at or after the end, or there is more to read than 100 MiB.
        """
        ...

    def head(self, key: str) -> ObjectInfo:
        """
        What is known of an object beside its content.

        Raises:
            ObjectNotFound: There is none of this key.
        """
        ...

    def page(self, prefix: str = "", *, limit: int = PAGE_MAX, after: str | None = None) -> ObjectPage:
        """
        The objects whose keys begin with `prefix`, `limit` (1..1000) at a time; `after` is `next` of the page before.
        """
        ...

    def delete(self, key: str) -> None:
        """Forget an object; where there is none, nothing happens. A bucket that keeps versions keeps what it was."""
        ...

    def delete_former_versions(self, key: str) -> None:
        """
        Delete for good what a bucket with versions kept of an object that was replaced; what `get` gives now stays.

        Where no versions are kept, nothing is left to delete. May be repeated.

        Raises:
            CloudError: Some of them could not be deleted, for example because they are locked.
        """
        ...


def below(bucket: Bucket, prefix: str) -> Iterator[ListedObject]:
    """Every object whose key begins with `prefix`, page by page."""
    after = None
    while True:
        page = bucket.page(prefix, after=after)
        yield from page.objects
        after = page.next
        if after is None:
            return


def check_bucket(name: str) -> None:
    """Raise InvalidObject for a name that no bucket has."""
    if not _BUCKET.fullmatch(name):
        hint = "use 3 to 63 lower case letters, digits, dots and hyphens"
        raise InvalidObject(f"{name!r} is no name of a bucket", hint=hint)


def check_key(key: str) -> None:
    """Raise InvalidObject for a key that cannot be a path, or that only one kind of bucket takes."""
    if _CONTROL.search(key):
        raise InvalidObject(f"The key {key!r} has a control character")
    if not 1 <= len(key.encode()) <= KEY_BYTES_MAX:
        raise InvalidObject(f"A key has 1 to {KEY_BYTES_MAX} bytes; this one has {len(key.encode())}")
    for segment in key.split("/"):
        if segment in {"", ".", ".."} or len(segment.encode()) > SEGMENT_BYTES_MAX:
            hint = f"no part between slashes may be empty, a dot, two dots or longer than {SEGMENT_BYTES_MAX} bytes"
            raise InvalidObject(f"The key {key!r} cannot be a path", hint=hint)


def check_page(prefix: str, limit: int) -> None:
    """Raise InvalidObject for an argument of `Bucket.page` that is out of range."""
    if _CONTROL.search(prefix) or len(prefix.encode()) > KEY_BYTES_MAX:
        raise InvalidObject(f"{prefix!r} is no prefix of keys")
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidObject(f"A page has 1 to {PAGE_MAX} objects, not {limit}")


def check_readable(key: str, size_bytes: int, wanted: Range | None) -> Range:
    """The range to read of an object of this size; InvalidObject when it begins after the end or is too long."""
    if wanted is None:
        first, length = 0, size_bytes
    else:
        first = wanted.start
        rest = size_bytes - first
        if rest <= 0:
            raise InvalidObject(f"{key} has {size_bytes} bytes, and the range begins at {first}")
        length = rest if wanted.length is None else min(wanted.length, rest)
    if length > CONTENT_BYTES_MAX:
        hint = f"read it in ranges of up to {CONTENT_BYTES_MAX}"
        raise InvalidObject(f"{key} has {size_bytes} bytes, too many to read at once", hint=hint)
    return Range(start=first, length=length or None)
