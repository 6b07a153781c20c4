"""Keys as bytes: they keep items apart and in DynamoDB's order."""

import base64
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.keys import (
    AFTER_ALL_KEYS,
    EmptyKeyError,
    KeyMismatchError,
    after_prefix,
    just_after,
    key_bytes,
    key_of_item,
    key_of_request,
    partition_bytes,
    segment_range,
)
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames, KeyType
from tenantable.wire.numbers import number_text

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
binaries = st.binary(min_size=1, max_size=20)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6)
keys = KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk"))


def key(partition: Any, sort: Any, key_type: KeyType = "S") -> bytes:
    """The key of an item with a string for a partition and a sort value of some type."""
    names = KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk", type=key_type))
    return key_bytes(names, {"pk": {"S": partition}, "sk": {key_type: sort}})


@given(texts, texts, texts)
def test_strings_sort_by_their_bytes(partition: str, one: str, other: str) -> None:
    assert (key(partition, one) < key(partition, other)) == (one.encode() < other.encode())


@given(texts, numbers, numbers)
def test_numbers_sort_by_their_value(partition: str, one: Decimal, other: Decimal) -> None:
    left, right = key(partition, number_text(one), "N"), key(partition, number_text(other), "N")
    assert (left < right, left == right) == (one < other, one == other)


@given(texts, binaries, binaries)
def test_binaries_sort_by_their_bytes(partition: str, one: bytes, other: bytes) -> None:
    left, right = (key(partition, base64.b64encode(value).decode(), "B") for value in (one, other))
    assert (left < right) == (one < other)


@given(st.tuples(texts, texts), st.tuples(texts, texts))
def test_different_keys_have_different_bytes(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (key(*one) == key(*other)) == (one == other)


@given(st.tuples(texts, texts), texts)
def test_a_partition_is_a_range(one: tuple[str, str], partition: str) -> None:
    """Its keys, and no others, lie between its prefix and what follows it."""
    prefix = partition_bytes(partition.encode())
    assert (prefix <= key(*one) < after_prefix(prefix)) == (one[0] == partition)


@given(texts, texts, texts)
def test_a_prefix_of_a_string_is_a_range(partition: str, prefix: str, value: str) -> None:
    start = key(partition, prefix)
    assert (start <= key(partition, value) < after_prefix(start)) == value.startswith(prefix)


@given(binaries)
def test_nothing_fits_before_just_after(value: bytes) -> None:
    assert value < just_after(value) <= value + b"\x00"


@given(texts, st.integers(1, 1000))
def test_every_key_is_in_one_segment(partition: str, total: int) -> None:
    ranges = [segment_range(segment, total) for segment in range(total)]
    assert ranges[0].lower == b"\x00" * 8
    assert ranges[-1].upper == AFTER_ALL_KEYS
    assert all(one.upper == following.lower for one, following in pairwise(ranges))
    where = key(partition, "x")
    assert sum(segment.lower <= where < segment.upper for segment in ranges) == 1


@pytest.mark.parametrize(
    "given_key",
    [
        {},
        {"pk": {"S": "a"}},
        {"pk": {"S": "a"}, "sk": {"N": "1"}},
        {"pk": {"S": "a"}, "other": {"S": "b"}},
        {"pk": {"S": "a"}, "sk": {"S": "b"}, "other": {"S": "c"}},
    ],
)
def test_a_key_parameter_has_exactly_the_key(given_key: dict[str, Any]) -> None:
    with pytest.raises(DynamoError) as caught:
        key_of_request(keys, given_key)
    assert caught.value.message == "The provided key element does not match the schema"


@pytest.mark.parametrize(
    ("item", "detail"),
    [
        ({"pk": {"S": "a"}}, "Missing the key sk in the item"),
        ({"pk": {"S": "a"}, "sk": {"N": "1"}}, "Type mismatch for key sk expected: S actual: N"),
    ],
)
def test_an_item_has_its_key(item: dict[str, Any], detail: str) -> None:
    with pytest.raises(KeyMismatchError) as caught:
        key_of_item(keys, item)
    assert caught.value.message == f"One or more parameter values were invalid: {detail}"


@pytest.mark.parametrize(("key_type", "kind"), [("S", "string"), ("B", "binary")])
def test_a_key_value_is_not_empty(key_type: KeyType, kind: str) -> None:
    names = KeyNames(partition=KeyAttribute(name="pk", type=key_type))
    with pytest.raises(EmptyKeyError) as caught:
        key_of_request(names, {"pk": {key_type: ""}})
    assert caught.value.message == (
        "One or more parameter values are not valid. "
        f"The AttributeValue for a key attribute cannot contain an empty {kind} value. Key: pk"
    )


@pytest.mark.parametrize(
    ("partition", "sort", "detail"),
    [
        ("a" * 2048, "b" * 1024, None),
        ("ä" * 1024, "ß" * 512, None),
        ("a" * 2049, "b", "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
        ("ä" * 1024 + "a", "b", "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
        ("a", "b" * 1025, "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
    ],
    ids=["largest", "largest of two-byte characters", "partition", "partition in bytes", "sort"],
)
def test_a_key_value_is_not_too_large(partition: str, sort: str, detail: str | None) -> None:
    item = {"pk": {"S": partition}, "sk": {"S": sort}}
    if detail is None:
        assert key_of_item(keys, item) == key_of_request(keys, item)
        return
    with pytest.raises(DynamoError) as caught:
        key_of_item(keys, item)
    assert caught.value.message == f"One or more parameter values were invalid: {detail}"
