"""
Keys as bytes that sort as DynamoDB sorts.

A key is `hash(8) + length(2) + partition value + sort value`: partitions lie in the order of their hash, so a segment
of a scan is a range; within a partition items lie in the order of the sort value, so a query is one range; a prefix
of a string or binary is a prefix of its bytes. Hash, length and value together keep partitions apart.

A key with several attributes has, for the partition value and for the sort value, all its values one after the other,
each with a mark at its end that sorts before everything that a longer value could have there.
"""

import base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b

from tenantable.engine.storage.reading import KeyRange
from tenantable.wire.errors import KEY_MISMATCH, DynamoError, validation_error
from tenantable.wire.keys import KeyAttribute, KeyNames, KeyType
from tenantable.wire.limits import PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX
from tenantable.wire.numbers import sortable_number
from tenantable.wire.values import AttributeValue, Item

HASH_BYTES = 8
"""How many bytes of the hash of its partition a key begins with."""

_LENGTH_BYTES = 2
_CACHED_PARTITIONS_MAX = 1024  # of 2 KiB each at most
_ZERO = b"\x00"
_ZERO_INSIDE = b"\x00\xff"  # a zero byte inside a value, in a key with several attributes
_END = b"\x00\x01"  # sorts before a zero byte inside, and before every other byte
AFTER_ALL_KEYS = b"\xff" * (HASH_BYTES + 1)
"""Sorts after every key: no length begins with 0xff, as a partition value has hardly more than 4,096 bytes."""


class KeyMismatchError(DynamoError):
    """An item lacks a key attribute of its table, or has it with another type."""

    def __init__(self, detail: str) -> None:
        super().__init__("ValidationException", f"One or more parameter values were invalid: {detail}")


class EmptyKeyError(DynamoError):
    """A key attribute has an empty value. The service says so before anything else, inside transactions too."""

    def __init__(self, detail: str) -> None:
        super().__init__("ValidationException", f"One or more parameter values are not valid. {detail}")


class KeySizeError(DynamoError):
    """The value of a key attribute is too large."""

    def __init__(self, detail: str) -> None:
        super().__init__("ValidationException", f"One or more parameter values were invalid: {detail}")


def check_key_value(keys: KeyNames, attribute: KeyAttribute, value: bytes) -> None:
    """Refuse the bytes of a value that no key may have: an empty one, or one that is too large."""
    if not value:
        raise EmptyKeyError(f"{empty_value(attribute)} Key: {attribute.name}")
    if attribute is keys.partition:
        if len(value) > PARTITION_KEY_BYTES_MAX:
            raise KeySizeError(f"Size of hashkey has exceeded the maximum size limit of{PARTITION_KEY_BYTES_MAX} bytes")
    elif len(value) > SORT_KEY_BYTES_MAX:
        raise KeySizeError(
            f"Aggregated size of all range keys has exceeded the size limit of {SORT_KEY_BYTES_MAX} bytes"
        )


def sortable_bytes(key_type: KeyType, content: str) -> bytes:
    """The bytes of a key attribute's content; they sort as DynamoDB sorts its type."""
    if key_type == "S":
        return content.encode()
    if key_type == "N":
        return sortable_number(content)
    return base64.b64decode(content)


@lru_cache(maxsize=_CACHED_PARTITIONS_MAX)
def partition_bytes(value: bytes) -> bytes:
    """What the keys of all items of a partition begin with; `value` is the sortable form of its partition key."""
    return blake2b(value, digest_size=HASH_BYTES).digest() + len(value).to_bytes(_LENGTH_BYTES, "big") + value


def find_key(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bytes | None:
    """
    The key of an item; None when it lacks a key attribute, or has one with another type.

    Raises:
        DynamoError: A value is empty or too large.
    """
    partition, sort = keys.partition, keys.sort
    value = item.get(partition.name)
    content = None if value is None else value.get(partition.type)
    if content is None:
        return None
    if sort is None:
        return partition_bytes(_key_value(keys, partition, content))
    value = item.get(sort.name)
    sort_content = None if value is None else value.get(sort.type)
    if sort_content is None:
        return None
    return partition_bytes(_key_value(keys, partition, content)) + _key_value(keys, sort, sort_content)


def key_bytes(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bytes:
    """As `find_key`, of an item that has all key attributes, of the right types."""
    key = find_key(keys, item)
    assert key is not None, "the item has its key"
    return key


def _key_value(keys: KeyNames, attribute: KeyAttribute, content: str) -> bytes:
    value = content.encode() if attribute.type == "S" else sortable_bytes(attribute.type, content)
    if not 0 < len(value) <= SORT_KEY_BYTES_MAX:  # a partition key may be longer
        check_key_value(keys, attribute, value)
    return value


def key_of_request(keys: KeyNames, key: Mapping[str, AttributeValue]) -> bytes:
    """
    The key that a `Key` parameter stands for.

    Raises:
        DynamoError: It does not have exactly the attributes of the schema, or a value cannot be a key.
    """
    found = find_key(keys, key) if len(key) == (1 if keys.sort is None else 2) else None
    if found is None:
        raise validation_error(KEY_MISMATCH)
    return found


def key_of_item(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bytes:
    """
    The key of an item that is to be stored.

    Raises:
        DynamoError: A key attribute is missing or of the wrong type, or its value cannot be a key.
    """
    key = find_key(keys, item)
    if key is None:
        raise KeyMismatchError(_mismatch(keys, item))
    return key


def segment_range(segment: int, total_segments: int) -> KeyRange:
    """The keys of one segment of a scan: the space of hashes is cut into equal parts."""
    hashes = 1 << (8 * HASH_BYTES)
    lower = (hashes * segment // total_segments).to_bytes(HASH_BYTES, "big")
    if segment + 1 == total_segments:
        return KeyRange(lower=lower, upper=AFTER_ALL_KEYS)
    return KeyRange(lower=lower, upper=(hashes * (segment + 1) // total_segments).to_bytes(HASH_BYTES, "big"))


def shown_key(keys: KeyNames, key: object) -> str:
    """A stored key for people to read; what cannot be read, because it is binary or damaged, in hexadecimal digits."""
    if not isinstance(key, bytes):
        return repr(key)
    if keys.multiple:
        return key.hex()
    start = HASH_BYTES + _LENGTH_BYTES
    end = start + int.from_bytes(key[HASH_BYTES:start], "big")
    parts = [(keys.partition, key[start:end])]
    if keys.sort is not None:
        parts.append((keys.sort, key[end:]))
    return " ".join(f"{attribute.name}={_shown_value(attribute, value)}" for attribute, value in parts)


def _shown_value(attribute: KeyAttribute, value: bytes) -> str:
    text = value.decode(errors="replace") if attribute.type == "S" else ""
    return repr(text) if text.isprintable() and text and "\ufffd" not in text else f"0x{value.hex()}"


def after_prefix(prefix: bytes) -> bytes:
    """The least bytes that sort after everything that begins with `prefix`."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else AFTER_ALL_KEYS


def just_after(key: bytes) -> bytes:
    """The least bytes that sort after `key`."""
    return key + b"\x00"


def _mismatch(keys: KeyNames, item: Mapping[str, AttributeValue]) -> str:
    """Which key attribute is missing or of the wrong type."""
    for attribute in keys.attributes:
        value = item.get(attribute.name)
        if value is None:
            return f"Missing the key {attribute.name} in the item"
        if attribute.type not in value:
            return f"Type mismatch for key {attribute.name} expected: {attribute.type} actual: {next(iter(value))}"
    raise AssertionError("the item has its key")


def empty_value(attribute: KeyAttribute) -> str:
    """The service's sentence for a key attribute without a value."""
    kind = "binary" if attribute.type == "B" else "string"
    return f"The AttributeValue for a key attribute cannot contain an empty {kind} value."


def key_attributes(names: KeyNames, item: Item) -> Item:
    """The part of an item that is its key."""
    return {name: item[name] for name in names.names}


def multiple_key_bytes(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bytes:
    """
    The key of an item that has all attributes of a key with several, of the right types.

    Keys of one partition sort by their first sort attribute, those that share it by the second, and so on.

    Raises:
        DynamoError: A value is empty, or the values of the partition or sort attributes are too large together.
    """
    partitions, sorts = sortable_contents(keys.partitions, item), sortable_contents(keys.sorts, item)
    check_key_values(keys, partitions, sorts)
    return multiple_partition_bytes(partitions) + b"".join(map(ended, sorts))


def multiple_partition_bytes(values: Sequence[bytes]) -> bytes:
    """As `partition_bytes`, of a key with several attributes: the sortable forms of all partition attributes."""
    return partition_bytes(b"".join(map(ended, values)))


def begun(value: bytes) -> bytes:
    """What the values that begin with this one begin with, in a key with several attributes."""
    return value.replace(_ZERO, _ZERO_INSIDE)


def ended(value: bytes) -> bytes:
    """A value with the mark of its end, in a key with several attributes: no value is the beginning of another one."""
    return begun(value) + _END


def check_key_values(keys: KeyNames, partitions: Sequence[bytes], sorts: Sequence[bytes]) -> None:
    """As `check_key_value`, of the values of a key with several attributes: they are measured together."""
    for attributes, values in ((keys.partitions, partitions), (keys.sorts, sorts)):
        for attribute, value in zip(attributes, values, strict=False):
            if not value:
                check_key_value(keys, attribute, value)
        if values:
            check_key_value(keys, attributes[0], b"".join(values))


def sortable_contents(attributes: Sequence[KeyAttribute], item: Mapping[str, AttributeValue]) -> list[bytes]:
    """The sortable forms of those of some key attributes that an item has."""
    return [
        sortable_bytes(attribute.type, item[attribute.name][attribute.type])
        for attribute in attributes
        if attribute.name in item
    ]
