"""What callers say of members, resources and conditions: JSON within limits, in the numbers that the table can keep."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field

NAMES_MAX = 64
NAME_CHARACTERS_MAX = 128
DEPTH_MAX = 4
BYTES_MAX = 8192
_INTEGER_MAX = 10**38
_REAL_MAX = 1e100


def checked_properties(properties: dict[str, Any]) -> dict[str, Any]:
    """
    Raises:
        ValueError: There are too many, too deep or too large ones, or a number or text that cannot be kept.
    """
    if len(properties) > NAMES_MAX:
        raise ValueError(f"has {len(properties)} properties; {NAMES_MAX} are the most")
    _check(properties, DEPTH_MAX)
    if len(json.dumps(properties, separators=(",", ":"), ensure_ascii=False).encode()) > BYTES_MAX:
        raise ValueError(f"is larger than {BYTES_MAX} bytes as JSON")
    return properties


Properties = Annotated[
    dict[str, Any], AfterValidator(checked_properties), Field(json_schema_extra={"maxProperties": NAMES_MAX})
]
"""Properties as they come in."""


def checked_value(value: Any) -> Any:
    """
    One value that is compared with a property.

    Raises:
        ValueError: It cannot be kept.
    """
    _check(value, 2)
    return value


def _check(value: Any, depth: int) -> None:
    match value:
        case None | bool():
            return
        case int():
            if abs(value) >= _INTEGER_MAX:
                raise ValueError("has a whole number of more than 38 digits")
        case float():
            if not math.isfinite(value) or abs(value) > _REAL_MAX or 0 < abs(value) < 1 / _REAL_MAX:
                raise ValueError("has a number that is too large or too small")
        case str():
            _check_text(value)
        case list() | dict():
            _check_members(value, depth)
        case _:
            raise ValueError("has a value that JSON has not")


def _check_members(value: list[Any] | dict[Any, Any], depth: int) -> None:
    if depth == 0:
        raise ValueError(f"is deeper than {DEPTH_MAX} levels")
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str) or not 1 <= len(name) <= NAME_CHARACTERS_MAX:
                raise ValueError(f"has a name that is not 1 to {NAME_CHARACTERS_MAX} characters long")
            _check_text(name)
    for each in value.values() if isinstance(value, dict) else value:
        _check(each, depth - 1)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("has text that is no Unicode") from error


def shown(value: Any) -> Any:
    """A value as it is shown: the table keeps numbers as decimals."""
    match value:
        case Decimal():
            return float(value)
        case Mapping():
            return {name: shown(each) for name, each in value.items()}
        case list():
            return [shown(each) for each in value]
        case _:
            return value
