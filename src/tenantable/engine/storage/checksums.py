"""
Checksums of what is stored, so that damage is an error and never a wrong answer.

A row's size and its checksum share one integer, the mark: reading a second column would cost more than computing the
checksum does (docs/decisions/0010-integrity.md). A mark without a checksum is that of a row which a version before
format 3 wrote and nobody has rewritten since.
"""

from xxhash import xxh3_64_intdigest

from tenantable.errors import StorageError

Row = tuple[int, bytes]
"""An item: its size by DynamoDB's rules, and its wire JSON."""

RecordRow = tuple[int, float, int, int, bytes, bytes | None, bytes | None]
"""A record of a stream: sequence, time of creation, event, size of its images, and JSON: keys, old and new image."""

SIZE_MASK = (1 << 20) - 1
"""The part of a mark that is the size: items have 400 KB at most, and the two images of a record twice that."""

CHECKSUM_MASK = (1 << 63) - 1 - SIZE_MASK

digest = xxh3_64_intdigest
"""The checksum of bytes, begun with an integer: `digest(item, size)`."""


class DamageError(StorageError):
    """What is stored is damaged: it does not match its checksum."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"The storage is damaged: {what}",
            hint="`tenantable dynamodb check` with the data folder says what is damaged and how much can be repaired",
        )


def mark_of(size: int, item: bytes) -> int:
    """What is stored beside an item."""
    return digest(item, size) & CHECKSUM_MASK | size


def verified(stored: Row) -> Row:
    """
    The row that a mark and an item stand for.

    Raises:
        DamageError: They do not belong together.
    """
    mark, item = stored
    try:
        size = mark & SIZE_MASK
        if (digest(item, size) ^ mark) & CHECKSUM_MASK and mark & CHECKSUM_MASK:
            raise damaged_item()
    except TypeError as error:
        raise damaged_item() from error
    return size, item


def damaged_item() -> DamageError:
    return DamageError("an item does not match its checksum")


def sealed(name: object, description: bytes) -> bytes:
    """A description as the catalog keeps it: JSON, and in a second line a checksum of it and of what it describes."""
    return b"%b\n%016x" % (description, digest(description, digest(str(name).encode())))


def unsealed(name: object, stored: bytes) -> bytes:
    """
    The description that was sealed; one without a checksum, from before format 3, as it is.

    Raises:
        DamageError: It does not match its checksum.
    """
    description, separator, _ = stored.rpartition(b"\n")
    if separator and sealed(name, description) != stored:
        raise DamageError(f"the description of {name} does not match its checksum")
    return description if separator else stored


def marked_record(record: RecordRow) -> RecordRow:
    """A record as it is stored, with a mark in the place of its size."""
    sequence, created_at, event, size, keys, old, new = record
    return sequence, created_at, event, _record_checksum(record, size) | size, keys, old, new


def verified_record(stored: RecordRow) -> RecordRow:
    """
    The record that was stored.

    Raises:
        DamageError: It does not match its checksum.
    """
    sequence, created_at, event, mark, keys, old, new = stored
    try:
        size = mark & SIZE_MASK
        if mark & CHECKSUM_MASK not in {0, _record_checksum(stored, size)}:
            raise DamageError("a record of a stream does not match its checksum")
    except TypeError as error:
        raise DamageError("a record of a stream has a value of another type") from error
    return sequence, created_at, event, size, keys, old, new


def _record_checksum(record: RecordRow, size: int) -> int:
    sequence, created_at, event, _, keys, old, new = record
    begun = size ^ event << 20 ^ sequence << 22 ^ int(created_at * 1000)
    images = digest(new or b"", digest(old or b"", begun))
    return digest(keys, images) & CHECKSUM_MASK
