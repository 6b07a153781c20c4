"""
Attribute values in DynamoDB JSON: checking, canonical form and size in one pass.

An item is `{name: {type: content}}`. Checking returns the canonical value: numbers in DynamoDB's own notation,
everything else as it came. Values that were checked once (stored items) are trusted by every
other module.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tenantable.wire.errors import DynamoError, invalid_parameter_values, serialization_error, validation_error
from tenantable.wire.json_types import MODEL_PACKAGE, wrong_list, wrong_map, wrong_scalar, wrong_structure
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
# The value in the innermost list or map is a level too: 31 of them may stand around it. Both as reported in
# https://github.com/nubo-db/dynoxide/issues/110 and https://github.com/ExtendDB/extenddb/pull/123.
TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
_CONTAINERS_MAX = NESTING_DEPTH_MAX - 1
_SMALL_NUMBERS = {str(number): number_size_bytes(str(number)) for number in range(1000)}
_NOT_PLAIN = (AttributeError, DynamoError, LookupError, TypeError, ValueError)
_VALUES_BY_NAME = f"java.util.Map<java.lang.String, {MODEL_PACKAGE}.AttributeValue>"


def check_item(item: Mapping[str, Any]) -> tuple[Item, int]:
    """
    Check a whole item (or key, or map of expression values).

    Returns:
        The canonical item, which may be `item` itself, and its size in bytes by DynamoDB's rules (names and values).
    Raises:
        DynamoError: ValidationException for a wrong value, SerializationException for a wrong JSON type.
    """
    if not isinstance(item, dict):
        raise wrong_map(item, _VALUES_BY_NAME)
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
        if not 0 < name_size <= ATTRIBUTE_NAME_BYTES_MAX:
            raise _wrong_name(name)
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
    if names_bytes > ATTRIBUTE_NAME_BYTES_MAX or "" in item:
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
        elif tag == "M" and depth < _CONTAINERS_MAX:
            texts.extend(content)
            size += CONTAINER_BYTES + ELEMENT_BYTES * len(content)
            size += _plain_values_bytes(content.values(), texts, depth + 1)
        elif tag == "L" and type(content) is list and depth < _CONTAINERS_MAX:
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


def _wrong_name(name: str) -> DynamoError:
    """Names have one character at least. Source: Developer Guide, "Naming rules"; the words for none are ours."""
    if not name:
        return invalid_parameter_values("Attribute name must not be empty")
    return invalid_parameter_values(
        f"Attribute name is too large, must be less than {ATTRIBUTE_NAME_BYTES_MAX + 1} bytes"
    )


def check_value(value: Any, depth: int = 0) -> tuple[AttributeValue, int]:
    """The canonical value and its size in bytes; `depth` counts the lists and maps around it."""
    if type(value) is dict and len(value) == 1:
        for tag, content in value.items():
            if content is not None and (check := _CHECKS.get(tag)) is not None:
                return check(value, content, depth)
    return _check_unusual(value, depth)


def _check_unusual(value: Any, depth: int) -> tuple[AttributeValue, int]:
    """A value that has not exactly one member. Members that are null or unknown count as absent, here as everywhere."""
    if value is None:
        raise validation_error(_EMPTY_VALUE)
    if type(value) is not dict:
        raise wrong_structure(value, "AttributeValue")
    members = [(tag, content) for tag, content in value.items() if content is not None and tag in _CHECKS]
    if not members:
        raise validation_error(_EMPTY_VALUE)
    checked = [_CHECKS[tag]({tag: content}, content, depth) for tag, content in members]  # their own faults come first
    if len(checked) > 1:
        raise validation_error(_SEVERAL_TYPES)
    return checked[0]


def refuse_wrong_types(value: Any) -> None:
    """
    Refuse wrong JSON types, however deep they stand, and overlook every other fault.

    Raises:
        DynamoError: SerializationException.
    """
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if value is None:
            continue
        if type(value) is not dict:
            raise wrong_structure(value, "AttributeValue")
        for tag, content in value.items():
            if content is not None and tag in _CHECKS:
                waiting += _typed_parts(tag, content)


def _typed_parts(tag: str, content: Any) -> list[Any]:
    """The values inside a list or map; SerializationException when the content is not of the tag's JSON type."""
    if tag == "M":
        if type(content) is not dict:
            raise wrong_map(content, _VALUES_BY_NAME)
        return list(content.values())
    if tag in {"L", "SS", "NS", "BS"}:
        if type(content) is not list:
            raise wrong_list(content)
        if tag == "L":
            return content
        for element in content:
            _typed_parts(tag[0], element)
    elif tag == "B":
        _set_binary(content)
    elif type(content) is not (bool if tag in {"BOOL", "NULL"} else str):
        raise wrong_scalar(content, "Boolean" if tag in {"BOOL", "NULL"} else "String")
    return []


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
        raise wrong_scalar(content, "String")
    return value, text_size_bytes(content)


def _check_number(value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not str:
        raise wrong_scalar(content, "String")
    canonical = canonical_number(content)
    return (value if canonical is content else {"N": canonical}), number_size_bytes(canonical)


def _check_binary(value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
    return value, binary_size_bytes(_set_binary(content))


def _not_binary(content: Any) -> DynamoError:
    if isinstance(content, dict | list):
        return wrong_scalar(content, "java.nio.ByteBuffer")
    return serialization_error("only base-64-encoded strings are convertible to bytes")


def _check_boolean(value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not bool:
        raise wrong_scalar(content, "Boolean")
    return value, 1


def _check_null(value: AttributeValue, content: Any, _depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not bool:
        raise wrong_scalar(content, "Boolean")
    if not content:
        raise invalid_parameter_values("Null attribute value types must have the value of true")
    return value, 1


def _check_list(_value: AttributeValue, content: Any, depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not list:
        raise wrong_list(content)
    if depth >= _CONTAINERS_MAX and content:
        raise validation_error(TOO_DEEP)
    size = CONTAINER_BYTES
    elements = []
    for element in content:
        checked, element_size = check_value(element, depth + 1)
        elements.append(checked)
        size += element_size + ELEMENT_BYTES
    return {"L": elements}, size


def _check_map(_value: AttributeValue, content: Any, depth: int) -> tuple[AttributeValue, int]:
    if type(content) is not dict:
        raise wrong_map(content, _VALUES_BY_NAME)
    if depth >= _CONTAINERS_MAX and content:
        raise validation_error(TOO_DEEP)
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
            raise wrong_list(content)
        if not content:
            raise invalid_parameter_values(empty)
        elements = [canonical(element) for element in content]
        if len(set(elements)) != len(elements):
            raise _duplicates(tag, content)
        return {tag: elements}, sum(map(size_of, elements))

    return check


def _duplicates(tag: str, content: list[str]) -> DynamoError:
    """Each type of set has words of its own; numbers as in https://github.com/ExtendDB/extenddb/issues/100."""
    if tag == "NS":
        return validation_error("Input collection contains duplicates")
    ending = "of type BS contains duplicates." if tag == "BS" else " contains duplicates."
    return invalid_parameter_values(f"Input collection [{', '.join(content)}]{ending}")


def _set_string(element: Any) -> str:
    _check_string({}, element, 0)
    return str(element)


def _set_binary(element: Any) -> str:
    """Base64 text that is the only one for its bytes: padded, and the bits that padding leaves unused are zero."""
    if type(element) is not str:
        raise _not_binary(element)
    if len(element) % 4:  # in these words: https://github.com/scylladb/scylladb/issues/6487
        raise serialization_error(f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(element)}")
    try:
        decoded = base64.b64decode(element, validate=True)
    except (binascii.Error, ValueError):
        raise serialization_error("Invalid Base64 character in a binary value") from None
    if element.endswith("=") and base64.b64encode(decoded).decode() != element:
        raise serialization_error("Invalid last non-pad Base64 character dectected")  # the service's own spelling
    return element


def _set_number(element: Any) -> str:
    if type(element) is not str:
        raise wrong_scalar(element, "String")
    return canonical_number(element)


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
    "BS": _check_set("BS", "Binary sets should not be empty", _set_binary, binary_size_bytes),
}
