"""DynamoDB numbers: canonical text, order, size, range."""

from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.wire.errors import DynamoError
from tenantable.wire.numbers import (
    TOO_LARGE,
    TOO_MANY_DIGITS,
    TOO_SMALL,
    add_numbers,
    canonical_number,
    number_size_bytes,
    number_text,
    sortable_number,
    subtract_numbers,
)

EXACT = Context(prec=60, Emax=999, Emin=-999)
numbers = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent, EXACT),
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.integers(-130, 87),
)


@given(st.from_regex(r"-?[0-9]{1,3}(\.[0-9]{1,3})?", fullmatch=True))
def test_short_numbers_have_the_same_canonical_text_as_all_others(sent: str) -> None:
    """They are recognised without parsing."""
    assert canonical_number(sent) == number_text(Decimal(sent))


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0.0", "0"),
        ("007", "7"),
        ("1.50", "1.5"),
        ("-1.0", "-1"),
        ("+5", "5"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1.2E-3", "0.0012"),
        ("12300", "12300"),
        ("1e125", "1" + "0" * 125),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ("1" + "0" * 60, "1" + "0" * 60),
    ],
)
def test_canonical_text(sent: str, returned: str) -> None:
    assert canonical_number(sent) == returned


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ("", "The parameter cannot be converted to a numeric value"),
        ("abc", "The parameter cannot be converted to a numeric value: abc"),
        ("1_000", "The parameter cannot be converted to a numeric value: 1_000"),
        ("NaN", "The parameter cannot be converted to a numeric value: NaN"),
        ("Infinity", "The parameter cannot be converted to a numeric value: Infinity"),
        ("٣", "The parameter cannot be converted to a numeric value: ٣"),
        ("1" * 39, TOO_MANY_DIGITS),
        ("1e126", TOO_LARGE),
        ("-1e126", TOO_LARGE),
        ("1e-131", TOO_SMALL),
        ("1e1000000000", TOO_LARGE),
        ("1e-1000000000", TOO_SMALL),
        ("1" * 1000, TOO_LARGE),
        ("0." + "1" * 1000, TOO_MANY_DIGITS),
        ("1e999999999999", "The parameter cannot be converted to a numeric value: 1e999999999999"),
    ],
)
def test_refused(sent: str, message: str) -> None:
    with pytest.raises(DynamoError) as refused:
        canonical_number(sent)
    assert (refused.value.code, refused.value.message) == ("ValidationException", message)


@given(numbers)
def test_canonical_text_keeps_the_value_and_is_its_own_canonical_text(number: Decimal) -> None:
    text = canonical_number(str(number))
    assert Decimal(text) == number
    assert canonical_number(text) == text


@given(numbers, numbers)
def test_bytes_sort_as_numbers_do(left: Decimal, right: Decimal) -> None:
    left_bytes, right_bytes = (sortable_number(canonical_number(str(number))) for number in (left, right))
    assert (left_bytes < right_bytes, left_bytes == right_bytes) == (left < right, left == right)


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30))
def test_sums_and_differences_are_exact(left: int, right: int) -> None:
    assert int(add_numbers(str(left), str(right))) == left + right
    assert int(subtract_numbers(str(left), str(right))) == left - right


def test_a_sum_with_too_many_digits_is_refused() -> None:
    with pytest.raises(DynamoError, match="more than 38 significant digits"):
        add_numbers("1e30", "1e-30")


@pytest.mark.parametrize(
    ("text", "size"), [("0", 1), ("1", 2), ("12", 2), ("123", 3), ("-123", 4), ("1000", 2), ("0.5", 2)]
)
def test_size(text: str, size: int) -> None:
    assert number_size_bytes(text) == size
