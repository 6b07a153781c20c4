"""
The codec of one value, composed from its annotation when the entity is first used.

Decoders give what Pydantic then validates; they trust the form and leave the meaning to it.
"""

import base64
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from tenantable.declare.annotations import plain_type, value_types
from tenantable.declare.keys.layouts import epoch_seconds
from tenantable.declare.keys.text import instant_text
from tenantable.wire.numbers import number_text
from tenantable.wire.values import AttributeValue

Encoder = Callable[[Any], AttributeValue]
Decoder = Callable[[AttributeValue], Any]

NULL: AttributeValue = {"NULL": True}
_SETS = (set, frozenset)
_LISTS = (list, tuple)


def encoder_of(annotation: Any) -> Encoder:
    """The encoder of values other than None; those of an optional type inside containers may be None."""
    plain = plain_type(annotation)
    origin = get_origin(plain) or plain
    if origin in _SETS:
        return _encode_set
    if origin in _LISTS:
        return _list_encoder(plain)
    if origin is dict:
        return _map_encoder(plain)
    if isinstance(plain, type) and issubclass(plain, Enum):
        return _encode_enumeration
    kinds = value_types(plain)
    if len(kinds) == 1:
        return _SCALAR_ENCODERS.get(next(iter(kinds)), encode_any)
    return encode_any


def decoder_of(annotation: Any) -> Decoder:
    """The decoder of values other than NULL."""
    plain = plain_type(annotation)
    origin = get_origin(plain) or plain
    if origin is list and get_args(plain):
        return _list_decoder(get_args(plain)[0])
    if origin is dict and get_args(plain)[:1] == (str,):
        return _map_decoder(get_args(plain)[1])
    if isinstance(plain, type) and issubclass(plain, Enum):
        return _enumeration_decoder(plain)
    kinds = value_types(plain)
    if len(kinds) == 1:
        return _SCALAR_DECODERS.get(next(iter(kinds)), _decode_any)
    return _decode_any


def encode_time_to_live(value: datetime) -> AttributeValue:
    """Epoch seconds, as DynamoDB wants the time of expiry."""
    return {"N": str(epoch_seconds(value))}


def decode_time_to_live(value: AttributeValue) -> datetime:
    return datetime.fromtimestamp(int(value["N"]), UTC)


def element_annotation(annotation: Any, step: str | int) -> Any:
    """The type of what a step (`["key"]`, `[0]`) leads to; Any where it is not declared."""
    plain = plain_type(annotation)
    arguments = get_args(plain)
    origin = get_origin(plain)
    if origin is dict and isinstance(step, str):
        return arguments[1]
    if origin in {*_LISTS, *_SETS} and arguments:
        return arguments[0]
    return Any


def encode_any(value: Any) -> AttributeValue:
    """
    Encode a value by what it is rather than by what was declared.

    Raises:
        TypeError: Values of this type cannot be stored.
        ValueError: A number that is not finite, a datetime without time zone.
    """
    if value is None:
        return NULL
    scalar = _SCALAR_ENCODERS.get(type(value))
    if scalar is not None:
        return scalar(value)
    if isinstance(value, Enum):
        return encode_any(value.value)
    if isinstance(value, BaseModel):
        return encode_any(value.model_dump())
    if isinstance(value, Mapping):
        return {"M": {_map_key(key): encode_any(member) for key, member in value.items()}}
    if isinstance(value, _LISTS):
        return {"L": [encode_any(element) for element in value]}
    if isinstance(value, _SETS):
        return _encode_set(value) if value else {"L": []}
    for kind, encode in _SCALAR_ENCODERS.items():
        if isinstance(value, kind):
            return encode(value)
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _encode_str(value: str) -> AttributeValue:
    return {"S": value}


def _encode_int(value: int) -> AttributeValue:
    return {"N": str(value)}


def _encode_decimal(value: Decimal) -> AttributeValue:
    if not value.is_finite():
        raise ValueError(f"{value} is not finite")
    return {"N": number_text(value)}


def _encode_float(value: float) -> AttributeValue:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not finite")
    return {"N": number_text(Decimal(repr(value)))}


def _encode_bool(value: bool) -> AttributeValue:
    return {"BOOL": value}


def _encode_bytes(value: bytes) -> AttributeValue:
    return {"B": base64.b64encode(value).decode("ascii")}


def _encode_datetime(value: datetime) -> AttributeValue:
    return {"S": instant_text(value)}


def _encode_date(value: date) -> AttributeValue:
    return {"S": value.isoformat()}


def _encode_uuid(value: UUID) -> AttributeValue:
    return {"S": str(value)}


def _encode_enumeration(value: Enum) -> AttributeValue:
    return encode_any(value.value)


def _encode_set(value: Any) -> AttributeValue:
    """A set of texts, numbers or binaries, in a stable order. Sets are never empty in DynamoDB."""
    encoded = [encode_any(element) for element in value]
    tags = {tag for element in encoded for tag in element}
    if len(tags) != 1 or not tags <= {"S", "N", "B"}:
        raise TypeError("a set holds texts, numbers or binaries, all of one kind")
    (tag,) = tags
    return {f"{tag}S": sorted(element[tag] for element in encoded)}


def _list_encoder(plain: Any) -> Encoder:
    arguments = get_args(plain)
    if get_origin(plain) is not list or not arguments:
        return encode_any
    encode = _element_encoder(arguments[0])
    return lambda value: {"L": [encode(element) for element in value]}


def _map_encoder(plain: Any) -> Encoder:
    arguments = get_args(plain)
    if not arguments:
        return encode_any
    encode = _element_encoder(arguments[1])
    return lambda value: {"M": {_map_key(key): encode(member) for key, member in value.items()}}


def _element_encoder(annotation: Any) -> Encoder:
    if plain_type(annotation) is not annotation or get_origin(annotation) in _SETS:
        return encode_any  # may be None, or an empty set
    return encoder_of(annotation)


def _map_key(key: Any) -> str:
    if isinstance(key, Enum):
        key = key.value
    if not isinstance(key, str):
        raise TypeError(f"keys of a stored map are text, not {type(key).__name__}")
    return key


def _list_decoder(element: Any) -> Decoder:
    decode = decoder_of(element)

    def decode_list(value: AttributeValue) -> Any:
        elements = value.get("L")
        if elements is None:
            return _decode_any(value)
        return [None if "NULL" in member else decode(member) for member in elements]

    return decode_list


def _map_decoder(element: Any) -> Decoder:
    decode = decoder_of(element)

    def decode_map(value: AttributeValue) -> Any:
        members = value.get("M")
        if members is None:
            return _decode_any(value)
        return {name: None if "NULL" in member else decode(member) for name, member in members.items()}

    return decode_map


def _enumeration_decoder(plain: type[Enum]) -> Decoder:
    """Members, because keys are made from them; what is none is left to Pydantic."""

    def decode(value: AttributeValue) -> Any:
        content = _decode_any(value)
        try:
            return plain(content)
        except ValueError:
            return content

    return decode


def _decode_any(value: AttributeValue) -> Any:
    for tag, content in value.items():
        return _DECODERS[tag](content)
    raise ValueError("the value is empty")


def decode_number(text: str) -> int | Decimal:
    """An int where the number is whole, else a Decimal; exact either way."""
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number


def _content_of(tag: str, convert: Callable[[Any], Any] | None = None) -> Decoder:
    def decode(value: AttributeValue) -> Any:
        content = value.get(tag)
        if content is None:
            return _decode_any(value)  # another type than declared: Pydantic decides whether it will do
        return content if convert is None else convert(content)

    return decode


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "S": str,
    "N": decode_number,
    "B": base64.b64decode,
    "BOOL": bool,
    "NULL": lambda _: None,
    "L": lambda content: [_decode_any(element) for element in content],
    "M": lambda content: {name: _decode_any(member) for name, member in content.items()},
    "SS": set,
    "NS": lambda content: {decode_number(element) for element in content},
    "BS": lambda content: {base64.b64decode(element) for element in content},
}
_SCALAR_ENCODERS: dict[type, Encoder] = {
    str: _encode_str,
    bool: _encode_bool,
    int: _encode_int,
    Decimal: _encode_decimal,
    float: _encode_float,
    bytes: _encode_bytes,
    datetime: _encode_datetime,
    date: _encode_date,
    UUID: _encode_uuid,
}
_SCALAR_DECODERS: dict[type, Decoder] = {
    str: _content_of("S"),
    bool: _content_of("BOOL"),
    int: _content_of("N", decode_number),
    Decimal: _content_of("N", Decimal),
    float: _content_of("N", float),
    bytes: _content_of("B", base64.b64decode),
    datetime: _content_of("S", datetime.fromisoformat),
    date: _content_of("S", date.fromisoformat),
    UUID: _content_of("S", UUID),
}
