"""
DynamoDB numbers: up to 38 significant digits, magnitudes 1E-130 to 9.99E+125, exact.

Source: Developer Guide, "Supported data types: Number".
"""

import re
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from tenantable.wire.errors import DynamoError, validation_error
from tenantable.wire.limits import NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN

TOO_MANY_DIGITS = "Attempting to store more than 38 significant digits in a Number"
TOO_LARGE = "Number overflow. Attempting to store a number with magnitude larger than supported range"
TOO_SMALL = "Number underflow. Attempting to store a number with magnitude smaller than supported range"

_TEXT_LENGTH_MAX = 1024  # more than any number in range can need in plain notation, signs and zeros included
_EXPONENT_MAX = 2**31 - 1  # an exponent beyond it is none to the service; one within is a number out of range
_EXACT = Context(
    prec=_TEXT_LENGTH_MAX, Emax=_EXPONENT_MAX, Emin=-_EXPONENT_MAX, traps=[InvalidOperation, Overflow, Inexact]
)
_is_canonical = re.compile(r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{0,18}[1-9])?").fullmatch  # 38 digits in all at most
_NUMBER_CHARACTERS = frozenset("0123456789+-.eE")


def parse_number(text: str) -> Decimal:
    """
    The exact value of a number's text.

    Raises:
        DynamoError: ValidationException when it is no number, has more than 38 significant digits or is out of range.
    """
    if not text:
        raise validation_error("The parameter cannot be converted to a numeric value")
    if len(text) > _TEXT_LENGTH_MAX or not _NUMBER_CHARACTERS.issuperset(text):
        raise _not_a_number(text)
    try:
        number = _EXACT.create_decimal(text)
    except (InvalidOperation, Overflow, Inexact):
        raise _not_a_number(text) from None
    return check_number(number)


def check_number(number: Decimal) -> Decimal:
    """Return `number` when DynamoDB can store it, else raise its ValidationException."""
    if not number:
        return Decimal(0)
    if number.adjusted() > NUMBER_EXPONENT_MAX:
        raise validation_error(TOO_LARGE)
    if number.adjusted() < NUMBER_EXPONENT_MIN:
        raise validation_error(TOO_SMALL)
    if len(number.as_tuple().digits) > NUMBER_DIGITS_MAX:
        digits = "".join(map(str, number.as_tuple().digits)).strip("0")
        if len(digits) > NUMBER_DIGITS_MAX:
            raise validation_error(TOO_MANY_DIGITS)
    return number


def number_text(number: Decimal) -> str:
    """The canonical text: plain notation, no leading or trailing zeros, no exponent, zero is `0`."""
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical_number(text: str) -> str:
    """The form in which DynamoDB returns the number, whatever form it was sent in."""
    if is_plain_integer(text) or (_is_canonical(text) and text != "-0"):
        return text
    return number_text(parse_number(text))


def is_plain_integer(text: str) -> bool:
    """Whether it is the canonical text of a positive integer: most numbers are, and this is found out quickly."""
    return text.isdecimal() and text[0] != "0" and len(text) <= NUMBER_DIGITS_MAX and text.isascii()


def add_numbers(left: str, right: str) -> str:
    """The exact sum of two canonical numbers; ValidationException when it cannot be stored."""
    if len(left) < NUMBER_DIGITS_MAX and len(right) < NUMBER_DIGITS_MAX and left.isdecimal() and right.isdecimal():
        return str(int(left) + int(right))  # counters: four times as fast, and one digit more at most
    return number_text(check_number(_EXACT.add(parse_number(left), parse_number(right))))


def subtract_numbers(left: str, right: str) -> str:
    """The exact difference of two canonical numbers; ValidationException when it cannot be stored."""
    return number_text(check_number(_EXACT.subtract(parse_number(left), parse_number(right))))


def number_size_bytes(canonical: str) -> int:
    """What a number counts in an item's size: half a byte a significant digit, plus one; one more when negative."""
    if canonical.isdecimal():
        return (len(canonical.strip("0")) + 3) // 2 if canonical != "0" else 1
    digits = canonical.lstrip("-").replace(".", "").strip("0")
    if not digits:
        return 1
    return (len(digits) + 1) // 2 + 1 + (1 if canonical[0] == "-" else 0)


def sortable_number(canonical: str) -> bytes:
    """
    Bytes that sort as the numbers do: sign, exponent, digits; a negative number is the complement of its positive.

    Two numbers have the same bytes only when they are equal.
    """
    number = Decimal(canonical)
    if not number:
        return b"\x80"
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0").encode()
    exponent = number.adjusted() - NUMBER_EXPONENT_MIN
    if number > 0:
        return b"\xc0" + bytes([exponent]) + digits
    return b"\x40" + bytes([255 - exponent]) + digits.translate(_COMPLEMENT) + b"\xff"


_COMPLEMENT = bytes.maketrans(b"0123456789", b"9876543210")


def _not_a_number(text: str) -> DynamoError:
    shown = text if len(text) <= 64 else text[:64] + "..."
    return validation_error(f"The parameter cannot be converted to a numeric value: {shown}")
