from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.declare.keys.text import instant_text, key_text

UserId = NewType("UserId", str)


class Colour(StrEnum):
    RED = "red"


INSTANT = datetime(2026, 1, 23, 10, 11, 12, 345678, tzinfo=UTC)
instants = st.datetimes(timezones=st.just(UTC))
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12)


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (str, "acme", "acme"),
        (str | None, "acme", "acme"),
        (Annotated[str, "note"], "acme", "acme"),
        (UserId, "u1", "u1"),
        (Literal["open", "paid"], "open", "open"),
        (Colour, Colour.RED, "red"),
        (bool, True, "true"),
        (bool, False, "false"),
        (int, -12, "-12"),
        (Decimal, Decimal("1.50"), "1.5"),
        (datetime, INSTANT, "2026-01-23T10:11:12.345678Z"),
        (date, date(2026, 1, 23), "2026-01-23"),
        (UUID, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_value_has_one_text_that_reads_back(annotation: Any, value: Any, text: str) -> None:
    form = key_text(annotation)
    assert form.write(value) == text
    assert form.read(text) == value


@pytest.mark.parametrize("annotation", [list[str], dict[str, str], float, bytes, str | int, Any])
def test_other_types_cannot_be_part_of_a_key(annotation: Any) -> None:
    with pytest.raises(TypeError, match="cannot be part of a key"):
        key_text(annotation)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [(str, 1), (str, ["x"]), (int, True), (int, "1"), (bool, 1), (date, INSTANT), (Decimal, 1), (Colour, "red")],
)
def test_a_value_of_another_type_is_refused(annotation: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        key_text(annotation).write(value)


def test_a_datetime_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        instant_text(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_a_datetime_is_written_in_utc() -> None:
    paris = timezone(timedelta(hours=2))
    assert instant_text(datetime(2026, 1, 1, 1, tzinfo=paris)) == "2025-12-31T23:00:00.000000Z"


def test_the_day_of_a_datetime_takes_a_date_as_well() -> None:
    form = key_text(datetime, specification="date")
    assert form.write(INSTANT) == form.write(date(2026, 1, 23)) == "2026-01-23"


def test_a_width_pads_a_number() -> None:
    assert key_text(int, specification="06").write(42) == "000042"


def test_a_number_wider_than_its_place_is_refused_with_a_way_out() -> None:
    with pytest.raises(ValueError, match=r"needs more than 2 digits.*\{:06\}"):
        key_text(int, specification="02").write(100)


@pytest.mark.parametrize(("annotation", "specification"), [(int, "6"), (str, "06"), (date, "date"), (int, "date")])
def test_a_specification_must_fit_its_type(annotation: Any, specification: str) -> None:
    with pytest.raises(TypeError):
        key_text(annotation, specification=specification)


def sorts_alike(annotation: Any, low: Any, high: Any) -> bool:
    form = key_text(annotation, ordered=True)
    return bool(low < high) == (form.write(low).encode() < form.write(high).encode())


@given(st.integers(-(10**18), 10**18), st.integers(-(10**18), 10**18))
def test_whole_numbers_in_sort_keys_sort_as_numbers(low: int, high: int) -> None:
    assert sorts_alike(int, low, high)


@given(decimals, decimals)
def test_decimals_in_sort_keys_sort_as_numbers(low: Decimal, high: Decimal) -> None:
    assert sorts_alike(Decimal, low, high)


@given(instants, instants)
def test_instants_sort_as_time(low: datetime, high: datetime) -> None:
    assert sorts_alike(datetime, low, high)


@given(decimals)
def test_an_ordered_decimal_reads_back(value: Decimal) -> None:
    form = key_text(Decimal, ordered=True)
    assert form.read(form.write(value)) == value


@given(st.integers(-(10**19) + 1, 10**19 - 1))
def test_an_ordered_whole_number_reads_back(value: int) -> None:
    form = key_text(int, ordered=True)
    assert form.read(form.write(value)) == value


@pytest.mark.parametrize(
    ("annotation", "text"), [(bool, "yes"), (int, "12"), (Decimal, "x"), (Decimal, "1ab"), (Colour, "blue")]
)
def test_text_that_was_not_written_so_is_refused(annotation: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        key_text(annotation, ordered=True).read(text)


@given(decimals | st.just(Decimal(0)))
def test_the_alphabet_holds_every_character_that_is_written(value: Decimal) -> None:
    for ordered in (False, True):
        form = key_text(Decimal, ordered=ordered)
        assert form.alphabet is not None
        assert form.alphabet.issuperset(form.write(value))
