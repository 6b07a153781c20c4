"""
Keys as bytes that sort as DynamoDB sorts.

A key is `hash(8) + length(2) + partition value + sort value`: partitions lie in the order of their hash, so a segment
of a scan is a range; within a partition items lie in the order of the sort value, so a query is one range; a prefix
of a string or binary is a prefix of its bytes. Hash, length and value together keep partitions apart.
"""

import base64
from collections.abc import Mapping
from hashlib import blake2b

from tenantable.engine.storage.reading import KeyRange
from tenantable.wire.errors import KEY_MISMATCH, DynamoError, invalid_parameter_values, validation_error
from tenantable.wire.keys import KeyAttribute, KeyNames, KeyType
from tenantable.wire.limits import PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX
from tenantable.wire.numbers import sortable_number
from tenantable.wire.values import AttributeValue, Item

_HASH_BYTES = 8
_LENGTH_BYTES = 2
AFTER_ALL_KEYS = b"\xff" * (_HASH_BYTES + 1)
"""Sorts after every key: no length begins with 0xff, because a partition value has 2,048 bytes at most."""


class KeyMismatchError(DynamoError):
    """An item lacks a key attribute of its table, or has it with another type."""

    def __init__(self, detail: str) -> None:
        super().__init__("ValidationException", f"One or more parameter values were invalid: {detail}")


class EmptyKeyError(DynamoError):
    """A key attribute has an empty value. The service says so before anything else, inside transactions too."""

    def __init__(self, detail: str) -> None:
        super().__init__("ValidationException", f"One or more parameter values are not valid. {detail}")


def check_key_value(keys: KeyNames, attribute: KeyAttribute, value: bytes) -> None:
    """Refuse the bytes of a value that no key may have: an empty one, or one that is too large."""
    if not value:
        raise EmptyKeyError(f"{_empty(attribute)} Key: {attribute.name}")
    if attribute is keys.partition:
        if len(value) > PARTITION_KEY_BYTES_MAX:
            raise invalid_parameter_values(
                f"Size of hashkey has exceeded the maximum size limit of{PARTITION_KEY_BYTES_MAX} bytes"
            )
    elif len(value) > SORT_KEY_BYTES_MAX:
        raise invalid_parameter_values(
            f"Aggregated size of all range keys has exceeded the size limit of {SORT_KEY_BYTES_MAX} bytes"
        )


def sortable_bytes(key_type: KeyType, content: str) -> bytes:
    """The bytes of a key attribute's content; they sort as DynamoDB sorts its type."""
    if key_type == "S":
        return content.encode()
    if key_type == "N":
        return sortable_number(content)
    return base64.b64decode(content)


def partition_bytes(value: bytes) -> bytes:
    """What the keys of all items of a partition begin with; `value` is the sortable form of its partition key."""
    return blake2b(value, digest_size=_HASH_BYTES).digest() + len(value).to_bytes(_LENGTH_BYTES, "big") + value


def key_bytes(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bytes:
    """
    The key of an item that has all key attributes, of the right types.

    Raises:
        DynamoError: A value is empty or too large.
    """
    partition, sort = keys.partition, keys.sort
    value = sortable_bytes(partition.type, item[partition.name][partition.type])
    if not 0 < len(value) <= PARTITION_KEY_BYTES_MAX:
        check_key_value(keys, partition, value)
    start = partition_bytes(value)
    if sort is None:
        return start
    value = sortable_bytes(sort.type, item[sort.name][sort.type])
    if not 0 < len(value) <= SORT_KEY_BYTES_MAX:
        check_key_value(keys, sort, value)
    return start + value


def key_of_request(keys: KeyNames, key: Mapping[str, AttributeValue]) -> bytes:
    """
    The key that a `Key` parameter stands for.

    Raises:
        DynamoError: It does not have exactly the attributes of the schema, or a value cannot be a key.
    """
    if len(key) != (1 if keys.sort is None else 2) or not has_key(keys, key):
        raise validation_error(KEY_MISMATCH)
    return key_bytes(keys, key)


def key_of_item(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bytes:
    """
    The key of an item that is to be stored.

    Raises:
        DynamoError: A key attribute is missing or of the wrong type, or its value cannot be a key.
    """
    if not has_key(keys, item):
        raise KeyMismatchError(_mismatch(keys, item))
    return key_bytes(keys, item)


def index_key_of_item(
    index_name: str, keys: KeyNames, item: Mapping[str, AttributeValue], *, by_update: bool = False
) -> bytes | None:
    """
    The key of an item's entry in an index; None when it lacks a key attribute, so that it has no entry.

    Args:
        by_update: The item is the outcome of an update expression; then the service finds other words.
    Raises:
        DynamoError: A key attribute of the index has the wrong type, or its value cannot be a key.
    """
    if has_key(keys, item):
        try:
            return key_bytes(keys, item)
        except EmptyKeyError:
            pass  # said in other words for an index
    for attribute in keys.attributes:
        value = item.get(attribute.name)
        if value is not None:
            _check_index_type(index_name, attribute, value)
            content = value[attribute.type]
            if not content:
                raise EmptyKeyError(_empty_index_key(index_name, attribute, by_update=by_update))
            check_key_value(keys, attribute, sortable_bytes(attribute.type, content))
    return None


def stored_index_key(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bytes | None:
    """As `index_key_of_item`, for a stored item: an attribute that cannot be a key only means that it has no entry."""
    if not has_key(keys, item):
        return None
    try:
        return key_bytes(keys, item)
    except DynamoError:
        return None


def has_key(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bool:
    """Whether the item has all key attributes, of the right types."""
    partition, sort = keys.partition, keys.sort
    if (value := item.get(partition.name)) is None or partition.type not in value:
        return False
    return sort is None or ((value := item.get(sort.name)) is not None and sort.type in value)


def segment_range(segment: int, total_segments: int) -> KeyRange:
    """The keys of one segment of a scan: the space of hashes is cut into equal parts."""
    hashes = 1 << (8 * _HASH_BYTES)
    lower = (hashes * segment // total_segments).to_bytes(_HASH_BYTES, "big")
    if segment + 1 == total_segments:
        return KeyRange(lower=lower, upper=AFTER_ALL_KEYS)
    return KeyRange(lower=lower, upper=(hashes * (segment + 1) // total_segments).to_bytes(_HASH_BYTES, "big"))


def shown_key(keys: KeyNames, key: object) -> str:
    """A stored key for people to read; what cannot be read, because it is binary or damaged, in hexadecimal digits."""
    if not isinstance(key, bytes):
        return repr(key)
    start = _HASH_BYTES + _LENGTH_BYTES
    end = start + int.from_bytes(key[_HASH_BYTES:start], "big")
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


def _check_index_type(index_name: str, attribute: KeyAttribute, value: AttributeValue) -> None:
    if attribute.type not in value:
        raise invalid_parameter_values(
            f"Type mismatch for Index Key {attribute.name} Expected: {attribute.type} "
            f"Actual: {next(iter(value))} IndexName: {index_name}"
        )


def _empty_index_key(index_name: str, attribute: KeyAttribute, *, by_update: bool) -> str:
    if by_update:
        return (
            "The update expression attempted to update a secondary index key to a value that is not supported. "
            f"{_empty(attribute)}"
        )
    return (
        "A value specified for a secondary index key is not supported. "
        f"{_empty(attribute)} IndexName: {index_name}, IndexKey: {attribute.name}"
    )


def _empty(attribute: KeyAttribute) -> str:
    kind = "binary" if attribute.type == "B" else "string"
    return f"The AttributeValue for a key attribute cannot contain an empty {kind} value."


def key_attributes(names: KeyNames, item: Item) -> Item:
    """The part of an item that is its key."""
    return {name: item[name] for name in names.names}
