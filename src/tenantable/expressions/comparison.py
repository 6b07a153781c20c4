"""How attribute values compare: equality across all types, order within strings, numbers and binaries."""

from base64 import b64decode
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from tenantable.wire.values import AttributeValue

ORDERED_TYPES = frozenset({"S", "N", "B"})
SET_TYPES = frozenset({"SS", "NS", "BS"})
_CONTAINERS = SET_TYPES | {"L", "M"}

RANKS: Final[dict[str, Callable[[str], Any]]] = {
    "S": str,  # code points order as their UTF-8 bytes do
    "N": Decimal,
    "B": b64decode,
}
"""From the content of a value to what orders it among values of its type."""


def type_of(value: AttributeValue) -> str:
    """The type tag of an attribute value."""
    return next(iter(value))


def rank(value: AttributeValue) -> Any:
    """What orders a string, number or binary among values of its own type."""
    ((tag, content),) = value.items()
    return RANKS[tag](content)


def ordered(value: AttributeValue, other: AttributeValue, compare: Callable[[Any, Any], bool]) -> bool:
    """Whether `compare` holds of two values; False when they differ in type or their type has no order."""
    ((tag, content),) = value.items()
    if tag not in ORDERED_TYPES or tag not in other:
        return False
    to_rank = RANKS[tag]
    return compare(to_rank(content), to_rank(other[tag]))


def matcher(constant: AttributeValue) -> Callable[[AttributeValue | None], bool]:
    """Whether a value is equal to `constant`; at the speed of C where `constant` holds no set, at any depth."""
    if not _holds_set(constant):
        return lambda value: value == constant
    return lambda value: value is not None and equal(value, constant)


def _holds_set(value: AttributeValue) -> bool:
    ((tag, content),) = value.items()
    if tag == "L":
        return any(map(_holds_set, content))
    if tag == "M":
        return any(map(_holds_set, content.values()))
    return tag in SET_TYPES


def equal(value: AttributeValue, other: AttributeValue) -> bool:
    """Whether two canonical values are the same; sets have no order, and values of different types differ."""
    if value == other:
        return True
    ((tag, content),) = value.items()
    theirs = other.get(tag)
    if theirs is None or tag not in _CONTAINERS or len(content) != len(theirs):
        return False
    if tag in SET_TYPES:
        return set(content) == set(theirs)
    if tag == "L":
        return all(map(equal, content, theirs))
    return content.keys() == theirs.keys() and all(equal(member, theirs[name]) for name, member in content.items())
