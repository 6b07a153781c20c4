"""Equality and order of attribute values."""

import base64
import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.expressions.comparison import equal, ordered, rank
from tenantable.wire.numbers import canonical_number, sortable_number

Value = dict[str, Any]

numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=5).map(
    lambda number: canonical_number(str(number))
)


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
        ({"NS": ["1", "2"]}, {"NS": ["2", "1"]}),
        ({"M": {"a": {"S": "x"}, "b": {"N": "1"}}}, {"M": {"b": {"N": "1"}, "a": {"S": "x"}}}),
        ({"L": [{"M": {"a": {"SS": ["x", "y"]}}}]}, {"L": [{"M": {"a": {"SS": ["y", "x"]}}}]}),
        ({"NULL": True}, {"NULL": True}),
    ],
)
def test_equal(value: Value, other: Value) -> None:
    assert equal(value, other)


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ({"S": "1"}, {"N": "1"}),
        ({"S": "a"}, {"S": "A"}),
        ({"BOOL": True}, {"BOOL": False}),
        ({"SS": ["a"]}, {"L": [{"S": "a"}]}),
        ({"SS": ["a", "b"]}, {"SS": ["a"]}),
        ({"SS": ["1"]}, {"NS": ["1"]}),
        ({"L": [{"N": "1"}, {"N": "2"}]}, {"L": [{"N": "2"}, {"N": "1"}]}),
        ({"L": [{"N": "1"}]}, {"L": []}),
        ({"M": {"a": {"N": "1"}}}, {"M": {"b": {"N": "1"}}}),
        ({"M": {"a": {"N": "1"}}}, {"M": {"a": {"N": "2"}}}),
    ],
)
def test_not_equal(value: Value, other: Value) -> None:
    assert not equal(value, other)


@given(numbers, numbers)
def test_numbers_order_as_the_wire_format_sorts_them(left: str, right: str) -> None:
    assert (rank({"N": left}) < rank({"N": right})) == (sortable_number(left) < sortable_number(right))


@given(st.text(), st.text())
def test_strings_order_by_their_bytes(left: str, right: str) -> None:
    assert ordered({"S": left}, {"S": right}, operator.lt) == (left.encode() < right.encode())


@given(st.binary(), st.binary())
def test_binaries_order_by_their_bytes(left: bytes, right: bytes) -> None:
    values = [{"B": base64.b64encode(content).decode()} for content in (left, right)]
    assert ordered(values[0], values[1], operator.le) == (left <= right)


@pytest.mark.parametrize("other", [{"N": "2"}, {"B": "Yg=="}, {"BOOL": True}, {"SS": ["a"]}])
def test_values_of_different_types_have_no_order(other: Value) -> None:
    assert not ordered({"S": "a"}, other, operator.lt)
    assert not ordered({"S": "a"}, other, operator.ge)


def test_unordered_types_have_no_order() -> None:
    assert not ordered({"BOOL": True}, {"BOOL": True}, operator.le)
