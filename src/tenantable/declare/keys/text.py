"""The text of one value inside a key: one form per type, injective, and ordered as the values are."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from tenantable.declare.annotations import plain_type, value_types

DEFAULT_DIGITS = 19  # what a signed 64-bit number needs
_EXPONENT_OFFSET = 500  # makes DynamoDB's exponents (-130..125) positive
_DIGITS = frozenset("0123456789")
_COMPLEMENT = str.maketrans("0123456789", "9876543210")
_WIDTH = re.compile(r"0(\d{1,2})")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyText:
    """
    How values of one type are written in a key.

    `write` raises TypeError for a value of another type and ValueError for one out of range; `read` is its inverse,
    ValueError for text that `write` cannot have made. `alphabet` holds every character of written text, None: any.
    """

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    alphabet: frozenset[str] | None = None


def key_text(annotation: Any, *, specification: str = "", ordered: bool = False) -> KeyText:
    """
    The form of an attribute's values in a key.

    Args:
        annotation: The attribute's type; None in it is not written (the key is absent).
        specification: `date` writes the day of a datetime; `06` pads an int to six digits.
        ordered: Numbers must sort as text, as they do in sort keys.
    Raises:
        TypeError: Values of this type cannot be part of a key, or the specification does not fit it.
    """
    plain = plain_type(annotation)
    found = value_types(annotation)
    if len(found) != 1:
        raise TypeError(f"{annotation} cannot be part of a key")
    (kind,) = found
    if specification == "date" and kind is datetime:
        return KeyText(write=_write_day, read=date.fromisoformat, alphabet=_DIGITS | {"-"})
    if kind is int and (ordered or specification):
        return _padded_int(specification)
    if specification:
        raise TypeError(f"{{:{specification}}} does not fit {annotation}")
    if isinstance(plain, type) and issubclass(plain, Enum):
        return _enumeration(plain, kind)
    text = _ORDERED_NUMBER if ordered and kind is Decimal else _TEXTS.get(kind)
    if text is None:
        raise TypeError(
            f"{annotation} cannot be part of a key; use text, a number, a bool, a date, a datetime or a UUID"
        )
    return text


def _expect(kind: type, value: Any) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{value!r} is not {kind.__name__}")


def _write_str(value: Any) -> str:
    _expect(str, value)
    return str(value)


def _read_str(text: str) -> str:
    return text


def _write_bool(value: Any) -> str:
    _expect(bool, value)
    return "true" if value else "false"


def _read_bool(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def instant_text(value: Any) -> str:
    """A point in time as UTC, ISO 8601, always 27 characters, so that text sorts as time does."""
    _expect(datetime, value)
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return _utc_text(value)


@lru_cache(maxsize=1024)  # the keys of an item and of its index entries have the same instants
def _utc_text(value: datetime) -> str:
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _write_date(value: Any) -> str:
    _expect(date, value)
    if isinstance(value, datetime):
        raise TypeError(f"{value!r} is not date")
    return str(value.isoformat())


def _write_day(value: Any) -> str:
    return instant_text(value)[:10] if isinstance(value, datetime) else _write_date(value)


def _write_uuid(value: Any) -> str:
    _expect(UUID, value)
    return str(value)


def _write_int(value: Any) -> str:
    _expect(int, value)
    return str(int(value))


def _padded_int(specification: str) -> KeyText:
    """Fixed width; a negative number is `-` and the complement of its size, because `-` sorts before digits."""
    match = _WIDTH.fullmatch(specification) if specification else None
    if specification and match is None:
        raise TypeError(f"{{:{specification}}} is no width for an int; write it as {{:06}}")
    width = int(match.group(1)) if match else DEFAULT_DIGITS
    limit = 10**width

    def write(value: Any) -> str:
        _expect(int, value)
        if not -limit < value < limit:
            raise ValueError(f"{value} needs more than {width} digits; widen it, such as {{:0{width + 4}}}")
        return f"{value:0{width}}" if value >= 0 else f"-{limit - 1 + value:0{width}}"

    def read(text: str) -> int:
        negative = text.startswith("-")
        digits = text[negative:]
        if len(digits) != width or not _DIGITS.issuperset(digits):
            raise ValueError(f"{text!r} is not a number of {width} digits")
        return int(digits) - limit + 1 if negative else int(digits)

    return KeyText(write=write, read=read, alphabet=_DIGITS | {"-"})


def _write_plain_number(value: Any) -> str:
    _expect(Decimal, value)
    if not value.is_finite():
        raise ValueError(f"{value} is not finite")
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _write_ordered_number(value: Any) -> str:
    """Exponent, then digits; for a negative number the complement of both, ended by a letter (sorts after digits)."""
    _expect(Decimal, value)
    if not value.is_finite():
        raise ValueError(f"{value} is not finite")
    if not value:
        return "0"
    exponent = value.adjusted() + _EXPONENT_OFFSET
    if not 0 <= exponent <= 999:
        raise ValueError(f"{value} is out of range")
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    text = f"{exponent:03}{digits}"
    return f"1{text}" if value > 0 else f"-{text.translate(_COMPLEMENT)}z"


def _read_ordered_number(text: str) -> Decimal:
    if text == "0":
        return Decimal(0)
    negative = text.startswith("-")
    body = text[1:-1].translate(_COMPLEMENT) if negative else text[1:]
    if text[:1] not in {"1", "-"} or len(body) < 4 or not _DIGITS.issuperset(body):
        raise ValueError(f"{text!r} is not an ordered number")
    digits = tuple(map(int, body[3:]))
    return Decimal((int(negative), digits, int(body[:3]) - _EXPONENT_OFFSET - len(digits) + 1))


def _enumeration(plain: type[Enum], kind: type) -> KeyText:
    if kind is not str:
        raise TypeError(f"{plain.__name__} cannot be part of a key; its values are not text")

    def write(value: Any) -> str:
        _expect(plain, value)
        return str(value.value)

    return KeyText(write=write, read=plain)


_ORDERED_NUMBER = KeyText(write=_write_ordered_number, read=_read_ordered_number, alphabet=_DIGITS | {"-", "z"})
_TEXTS: dict[type, KeyText] = {
    str: KeyText(write=_write_str, read=_read_str),
    bool: KeyText(write=_write_bool, read=_read_bool, alphabet=frozenset("truefalse")),
    int: KeyText(write=_write_int, read=int, alphabet=_DIGITS | {"-"}),
    Decimal: KeyText(write=_write_plain_number, read=Decimal, alphabet=_DIGITS | {"-", "."}),
    datetime: KeyText(write=instant_text, read=datetime.fromisoformat, alphabet=_DIGITS | set("-T:.Z")),
    date: KeyText(write=_write_date, read=date.fromisoformat, alphabet=_DIGITS | {"-"}),
    UUID: KeyText(write=_write_uuid, read=UUID, alphabet=frozenset("0123456789abcdef-")),
}
