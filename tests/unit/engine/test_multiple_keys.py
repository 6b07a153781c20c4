"""Keys with several attributes as bytes: they keep entries apart and in DynamoDB's order, attribute by attribute."""

import base64
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.index_keys import index_key_of_item, stored_index_key
from tenantable.engine.items.key_ranges import query_range
from tenantable.engine.keys import AFTER_ALL_KEYS, multiple_key_bytes
from tenantable.expressions.key_conditions import KeyCondition, SortCondition
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames
from tenantable.wire.numbers import number_text

# Few characters, zero bytes among them, so that one value is often the beginning of another.
texts = st.text("\x00\x01a\xff", min_size=1, max_size=4)
binaries = st.lists(st.sampled_from([0, 1, 254, 255]), min_size=1, max_size=4).map(bytes)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=2)

PARTITIONS = ("S", "B")
SORTS = ("S", "N", "B")
Entry = tuple[str, bytes, str, Decimal, bytes]
entries = st.tuples(texts, binaries, texts, numbers, binaries)


def attributes(prefix: str, types: tuple[str, ...]) -> tuple[KeyAttribute, ...]:
    return tuple(KeyAttribute(name=f"{prefix}{position}", type=kind) for position, kind in enumerate(types))


def key_names(partitions: tuple[str, ...], sorts: tuple[str, ...]) -> KeyNames:
    hashes, ranges = attributes("p", partitions), attributes("s", sorts)
    sort = ranges[0] if ranges else None
    return KeyNames(partition=hashes[0], other_partitions=hashes[1:], sort=sort, other_sorts=ranges[1:])


NAMES = key_names(PARTITIONS, SORTS)


def value(content: Any) -> dict[str, str]:
    if isinstance(content, Decimal):
        return {"N": number_text(content)}
    return {"S": content} if isinstance(content, str) else {"B": base64.b64encode(content).decode()}


def item(entry: Entry) -> dict[str, dict[str, str]]:
    return {name: value(content) for name, content in zip(NAMES.names, entry, strict=True)}


def key(entry: Entry) -> bytes:
    return multiple_key_bytes(NAMES, item(entry))


def sorted_form(entry: Entry) -> tuple[bytes, Decimal, bytes]:
    return entry[2].encode(), entry[3], entry[4]


@given(entries, entries)
def test_different_entries_have_different_keys(one: Entry, other: Entry) -> None:
    assert (key(one) == key(other)) == (one == other)


@given(entries, entries)
def test_a_partition_sorts_attribute_by_attribute(one: Entry, other: Entry) -> None:
    other = (*one[:2], *other[2:])
    assert (key(one) < key(other)) == (sorted_form(one) < sorted_form(other))


@given(entries)
def test_every_key_lies_before_the_end_of_all_keys(entry: Entry) -> None:
    assert key(entry) < AFTER_ALL_KEYS


def plain(content: dict[str, str]) -> Any:
    """What a value is compared as."""
    kind, text = next(iter(content.items()))
    if kind == "S":
        return text.encode()
    return Decimal(text) if kind == "N" else base64.b64decode(text)


def holds(condition: SortCondition, content: Any) -> bool:
    """Whether a value fulfils a condition, by the plain rules of its type."""
    found, operands = plain(value(content)), [plain(operand) for operand in condition.operands]
    match condition.operator:
        case "begins_with":
            return bool(found.startswith(operands[0]))
        case "BETWEEN":
            return bool(operands[0] <= found <= operands[1])
    compare = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}[condition.operator]
    return bool(compare(found, operands[0]))


@given(entries, entries, st.integers(0, 2), st.sampled_from(["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"]))
def test_a_range_holds_what_fulfils_its_conditions(one: Entry, other: Entry, equals: int, operator: str) -> None:
    """Equality on the first sort attributes and any condition on the next one select exactly the right entries."""
    content: Any = one[2 + equals]
    if operator == "begins_with" and isinstance(content, Decimal):
        operator = "="
    operands = (value(content), value(content)) if operator == "BETWEEN" else (value(content),)
    conditions = [SortCondition(operator="=", operands=(value(each),)) for each in one[2 : 2 + equals]]
    conditions.append(SortCondition(operator=operator, operands=operands))
    selected = query_range(
        NAMES,
        KeyCondition(
            partition=value(one[0]),
            other_partitions=(value(one[1]),),
            sort=conditions[0],
            other_sorts=tuple(conditions[1:]),
        ),
    )
    for entry in cast("list[Entry]", [one, other, (*one[:2], *other[2:]), (*one[: 2 + equals], *other[2 + equals :])]):
        fulfils = all(holds(each, content) for each, content in zip(conditions, entry[2:], strict=False))
        expected = entry[:2] == one[:2] and fulfils
        assert (selected.lower <= key(entry) < selected.upper) == expected


@pytest.mark.parametrize("missing", NAMES.names)
def test_an_item_without_one_of_the_attributes_has_no_entry(missing: str) -> None:
    whole = item(("a", b"b", "c", Decimal(1), b"d"))
    assert index_key_of_item("i", NAMES, whole) == stored_index_key(NAMES, whole) == multiple_key_bytes(NAMES, whole)
    part = {name: content for name, content in whole.items() if name != missing}
    assert index_key_of_item("i", NAMES, part) is None
    assert stored_index_key(NAMES, part) is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"p1": {"S": "x"}}, "Type mismatch for Index Key p1 Expected: B Actual: S IndexName: i"),
        ({"s0": {"S": ""}}, "A value specified for a secondary index key is not supported. The AttributeValue for a "
         "key attribute cannot contain an empty string value. IndexName: i, IndexKey: s0"),
        ({"p0": {"S": "x" * 2048}}, "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
        ({"s0": {"S": "x" * 1024}}, "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_a_key_is_refused(changed: dict[str, Any], message: str) -> None:
    """The values of the partition attributes, and those of the sort attributes, are measured together."""
    wrong = item(("a", b"b", "c", Decimal(1), b"d")) | changed
    for given_item in (wrong, {name: content for name, content in wrong.items() if name != "s1"} | changed):
        with pytest.raises(DynamoError) as caught:
            index_key_of_item("i", NAMES, given_item)
        assert message in caught.value.message
        assert stored_index_key(NAMES, given_item) is None
