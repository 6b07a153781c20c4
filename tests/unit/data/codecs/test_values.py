import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tenantable.data.codecs.values import (
    decode_time_to_live,
    decoder_of,
    element_annotation,
    encode_any,
    encode_time_to_live,
    encoder_of,
)
from tenantable.wire.values import check_value

INSTANT = datetime(2026, 1, 23, 10, 11, 12, 345678, tzinfo=UTC)


class Colour(StrEnum):
    RED = "red"


class Level(Enum):
    LOW = 1


class Address(BaseModel):
    city: str
    lines: list[str]


@pytest.mark.parametrize(
    ("annotation", "value", "stored"),
    [
        (str, "x", {"S": "x"}),
        (str | None, "x", {"S": "x"}),
        (int, -3, {"N": "-3"}),
        (Decimal, Decimal("1.50"), {"N": "1.5"}),
        (float, 0.1, {"N": "0.1"}),
        (bool, True, {"BOOL": True}),
        (bytes, b"x", {"B": base64.b64encode(b"x").decode()}),
        (datetime, INSTANT, {"S": "2026-01-23T10:11:12.345678Z"}),
        (date, date(2026, 1, 23), {"S": "2026-01-23"}),
        (UUID, UUID(int=1), {"S": "00000000-0000-0000-0000-000000000001"}),
        (Literal["a", "b"], "a", {"S": "a"}),
        (list[int], [1, 2], {"L": [{"N": "1"}, {"N": "2"}]}),
        (list[str | None], ["a", None], {"L": [{"S": "a"}, {"NULL": True}]}),
        (list[list[str]], [["a"]], {"L": [{"L": [{"S": "a"}]}]}),
        (dict[str, Decimal], {"a": Decimal(1)}, {"M": {"a": {"N": "1"}}}),
        (set[str], {"b", "a"}, {"SS": ["a", "b"]}),
        (frozenset[int], frozenset({2, 1}), {"NS": ["1", "2"]}),
        (set[bytes], {b"x"}, {"BS": [base64.b64encode(b"x").decode()]}),
        (
            dict,
            {"a": [1, None, {"b": True}]},
            {"M": {"a": {"L": [{"N": "1"}, {"NULL": True}, {"M": {"b": {"BOOL": True}}}]}}},
        ),
    ],
)
def test_a_value_is_stored_in_one_form_and_comes_back(annotation: Any, value: Any, stored: Any) -> None:
    assert encoder_of(annotation)(value) == stored
    assert decoder_of(annotation)(stored) == value


@pytest.mark.parametrize(("value", "stored"), [(Colour.RED, {"S": "red"}), (Level.LOW, {"N": "1"})])
def test_an_enumeration_is_stored_as_its_value(value: Enum, stored: Any) -> None:
    assert encoder_of(type(value))(value) == stored
    assert type(value)(decoder_of(type(value))(stored)) is value


def test_a_nested_model_is_stored_as_a_map() -> None:
    stored = encoder_of(Address)(Address(city="Ulm", lines=["a"]))
    assert stored == {"M": {"city": {"S": "Ulm"}, "lines": {"L": [{"S": "a"}]}}}
    assert Address.model_validate(decoder_of(Address)(stored)) == Address(city="Ulm", lines=["a"])


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), float("nan"), float("inf")])
def test_numbers_that_are_not_finite_cannot_be_stored(value: Any) -> None:
    with pytest.raises(ValueError, match="not finite"):
        encode_any(value)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (object(), "cannot be stored"),
        ({1: "x"}, "keys of a stored map"),
        ({"a", 1}, "all of one kind"),
        ({None}, "one kind"),
    ],
)
def test_what_has_no_stored_form_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        encode_any(value)


def test_an_empty_set_inside_a_value_becomes_an_empty_list() -> None:
    assert encode_any({"tags": set()}) == {"M": {"tags": {"L": []}}}


def test_expiry_is_stored_in_whole_seconds() -> None:
    assert encode_time_to_live(INSTANT) == {"N": "1769163072"}
    assert decode_time_to_live({"N": "1769163072"}) == INSTANT.replace(microsecond=0)


def test_a_value_of_another_stored_type_is_left_to_validation() -> None:
    assert decoder_of(str)({"N": "1"}) == 1


@pytest.mark.parametrize(
    ("annotation", "step", "element"),
    [(list[int], 0, int), (dict[str, int] | None, "a", int), (str, 0, Any), (dict[str, int], 0, Any)],
)
def test_the_type_below_a_step_is_known_where_it_is_declared(annotation: Any, step: Any, element: Any) -> None:
    assert element_annotation(annotation, step) is element


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(plain)
def test_any_plain_value_comes_back_and_is_one_that_dynamodb_takes(value: Any) -> None:
    stored = encode_any(value)
    check_value(stored)
    assert decoder_of(Any)(stored) == value
