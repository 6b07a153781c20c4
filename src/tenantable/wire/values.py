"""
Attribute values in DynamoDB JSON: checking, canonical form and size in one pass.

An item is `{name: {type: content}}`. Checking returns the canonical value: numbers in DynamoDB's own notation, base64
with its unused bits zero, everything else as it came. Values that were checked once (stored items) are trusted by every
other module.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tenantable.wire.errors import DynamoError, invalid_parameter_values, serialization_error, validation_error
from tenantable.wire.limits import ATTRIBUTE_NAME_BYTES_MAX, NESTING_DEPTH_MAX
from tenantable.wire.numbers import canonical_number, number_size_bytes

AttributeValue = dict[str, Any]
Item = dict[str, AttributeValue]

CONTAINER_BYTES = 3  # what a list or map costs besides its elements
ELEMENT_BYTES = 1  # what each element of a list or map costs besides itself

_EMPTY_VALUE = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
_SEVERAL_TYPES = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)
_TOO_DEEP = "Nesting Levels have exceeded supported limits"
_SMALL_NUMBERS = {str(number): number_size_bytes(str(number)) for number in range(1000)}
_NOT_PLAIN = (AttributeError, DynamoError, LookupError, TypeError, ValueError)


def check_item(item: Mapping[str, Any]) -> tuple[Item, int]:
    """
    Check a whole item (or key, or map of expression values).

    Returns:
        The canonical item, which may be `item` itself, and its size in bytes by DynamoDB's rules (names and values).
    Raises:
        DynamoError: ValidationException for a wrong value, SerializationException for a wrong JSON type.
    """
    if not isinstance(item, dict):
        raise serialization_error(f"{_json_kind(item)} cannot be converted to a map of attribute values")
    try:
        return item, _plain_size_bytes(item)
    except _NOT_PLAIN:
        return _check_closely(item)


def _check_closely(item: Item) -> tuple[Item, int]:
    """As `check_item`, value by value: for an item with a fault, or one that is not canonical yet."""
    size = 0
    canonical: Item = {}
    for name, value in item.items():
        canonical[name], value_size = check_value(value, 0)
        name_size = text_size_bytes(name)
        if name_size > ATTRIBUTE_NAME_BYTES_MAX:
            raise validation_error(
                f"One or more parameter values were invalid: Attribute name is too large, must be less than "
                f"{ATTRIBUTE_NAME_BYTES_MAX + 1} bytes"
            )
        size += name_size + value_size
    return canonical, size


def _plain_size_bytes(item: Item) -> int:
    """
    The size of an item that is right and canonical as it is: three times as fast as looking closely at each value.

    Texts are gathered first and measured together; what is no text fails there.

    Raises:
        Exception: One of `_NOT_PLAIN`, of no meaning; the item must be looked at closely.
    """
    names = "".join(item)
    names_bytes = len(names) if names.isascii() else len(names.encode())
    if names_bytes > ATTRIBUTE_NAME_BYTES_MAX:
        raise ValueError
    texts: list[str] = []
    values_bytes = _plain_values_bytes(item.values(), texts, 0)
    text = "".join(texts)
    return names_bytes + values_bytes + (len(text) if text.isascii() else len(text.encode()))


def _plain_values_bytes(values: Iterable[AttributeValue], texts: list[str], depth: int) -> int:
    """The size of values but for their texts, which are added to `texts`. Most frequent types first, all in line."""
    size, small_numbers = 0, _SMALL_NUMBERS
    for value in values:
        (tag,) = value
        content = value[tag]
        if tag == "S":
            texts.append(content)
        elif tag == "N":
            size += small_numbers.get(content) or _same_size_bytes(value, depth)
        elif tag == "BOOL" and type(content) is bool:
            size += 1
        elif tag == "M" and depth < NESTING_DEPTH_MAX:
            texts.extend(content)
            size += CONTAINER_BYTES + ELEMENT_BYTES * len(content)
            size += _plain_values_bytes(content.values(), texts, depth + 1)
        elif tag == "L" and type(content) is list and depth < NESTING_DEPTH_MAX:
            size += CONTAINER_BYTES + ELEMENT_BYTES * len(content)
            size += _plain_values_bytes(content, texts, depth + 1)
        elif tag == "SS" and type(content) is list and len(set(content)) == len(content) != 0:
            texts.extend(content)
        elif tag == "NULL" and content is True:
            size += 1
        else:
            size += _same_size_bytes(value, depth)
    return size


def _same_size_bytes(value: AttributeValue, depth: int) -> int:
    """The size of a value that a close look leaves as it is."""
    checked, size_bytes = check_value(value, depth)
    if checked != value:
        raise ValueError
    return size_bytes


def check_value(value: Any, depth: int = 0) -> tuple[AttributeValue, int]:
    """The canonical value and its size in bytes; `depth` counts the lists and maps around it."""
    if type(value) is not dict:
        raise serialization_error(f"{_json_kind(value)} cannot be converted to an attribute value")
    if len(value) != 1:
        raise validation_error(_SEVERAL_TYPES if value else _EMPTY_VALUE)
    for tag, content in value.items():
        check = _CHECKS.get(tag)
        if check is None:
            raise validation_error(_EMPTY_VALUE)
        return check(value, content, depth)
    raise AssertionError("unreachable: the value has one member")


def text_size_bytes(text: str) -> int:
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise serialization_error("Invalid UTF-8 in a string value") from None


def binary_size_bytes(encoded: str) -> int:
    """The number of bytes that base64 text stands for."""
    return len(encoded) * 3 // 4 - encoded.endswith("=") - encoded.endswith("==")


def value_size_bytes(value: AttributeValue) -> int:
    """The size of a value that was checked before."""
    return check_value(value)[1]


def item_size_bytes(item: Item) -> int:
    """The size of an item that was checked before."""
    return check_item(item)[1]


def _check_string(value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not str:
        raise _wrong_kind(content, "String")
    return value, text_size_bytes(content)


def _check_number(value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not str:
        raise _wrong_kind(content, "String")
    canonical = canonical_number(content)
    return (value if canonical is content else {"N": canonical}), number_size_bytes(canonical)


def _check_binary(value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
    canonical = _canonical_binary(content)
    return (value if canonical is content else {"B": canonical}), binary_size_bytes(canonical)


def _canonical_binary(content: Any) -> str:
    """One text for each sequence of bytes: the bits that padding leaves unused are zero."""
    decoded, text = _decode_binary(content), str(content)
    if not text.endswith("="):
        return text
    canonical = base64.b64encode(decoded).decode()
    return text if canonical == text else canonical


def _decode_binary(content: Any) -> bytes:
    if type(content) is not str:
        raise _wrong_kind(content, "String")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise serialization_error("Base64 encoded length is expected a multiple of 4 bytes") from None


def _check_boolean(value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not bool:
        raise _wrong_kind(content, "Boolean")
    return value, 1


def _check_null(value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not bool:
        raise _wrong_kind(content, "Boolean")
    if not content:
        raise invalid_parameter_values("Null attribute value types must have the value of true")
    return value, 1


def _check_list(_value: AttributeValue, content: Any, depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not list:
        raise _wrong_kind(content, "List")
    if depth >= NESTING_DEPTH_MAX:
        raise validation_error(_TOO_DEEP)
    size = CONTAINER_BYTES
    elements = []
    for element in content:
        checked, element_size = check_value(element, depth + 1)
        elements.append(checked)
        size += element_size + ELEMENT_BYTES
    return {"L": elements}, size


def _check_map(_value: AttributeValue, content: Any, depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not dict:
        raise _wrong_kind(content, "Map")
    if depth >= NESTING_DEPTH_MAX:
        raise validation_error(_TOO_DEEP)
    size = CONTAINER_BYTES
    members = {}
    for name, member in content.items():
        checked, member_size = check_value(member, depth + 1)
        members[name] = checked
        size += member_size + text_size_bytes(name) + ELEMENT_BYTES
    return {"M": members}, size


def _check_set(
    tag: str, empty: str, canonical: Callable[[Any], str], size_of: Callable[[str], int]
) -> Callable[[AttributeValue, Any, int], tuple[AttributeValue, int]]:
    def check(_value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
        if type(content) is not list:
            raise _wrong_kind(content, "List")
        if not content:
            raise invalid_parameter_values(empty)
        elements = [canonical(element) for element in content]
        if len(set(elements)) != len(elements):
            shown = ", ".join(content)
            raise invalid_parameter_values(f"Input collection [{shown}] contains duplicates.")
        return {tag: elements}, sum(map(size_of, elements))

    return check


def _set_string(element: Any) -> str:
    _check_string({}, element, 0)
    return str(element)


def _set_number(element: Any) -> str:
    if type(element) is not str:
        raise _wrong_kind(element, "String")
    return canonical_number(element)


def _json_kind(value: Any) -> str:
    kinds = {bool: "TRUE_VALUE" if value else "FALSE_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE"}
    kinds |= {str: "STRING_VALUE", list: "START_ARRAY", dict: "START_OBJECT", type(None): "NULL_VALUE"}
    return kinds.get(type(value), type(value).__name__)


def _wrong_kind(content: Any, wanted: str) -> Exception:
    if isinstance(content, dict | list):
        return serialization_error("Start of structure or map found where not expected.")
    if wanted in {"List", "Map"}:
        return serialization_error("Unexpected field type")
    return serialization_error(f"{_json_kind(content)} cannot be converted to {wanted}")


_CHECKS: dict[str, Callable[[AttributeValue, Any, int], tuple[AttributeValue, int]]] = {
    "S": _check_string,
    "N": _check_number,
    "B": _check_binary,
    "BOOL": _check_boolean,
    "NULL": _check_null,
    "L": _check_list,
    "M": _check_map,
    "SS": _check_set("SS", "An string set  may not be empty", _set_string, text_size_bytes),
    "NS": _check_set("NS", "An number set  may not be empty", _set_number, number_size_bytes),
    "BS": _check_set("BS", "Binary sets should not be empty", _canonical_binary, binary_size_bytes),
}
