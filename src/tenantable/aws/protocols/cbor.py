"""
CBOR (RFC 8949) as far as AWS services speak it: what JSON has, bytes, times, and lengths that are told at the end.

Source: Smithy 2.0, "Smithy RPC v2 CBOR protocol".
"""

import struct
from collections.abc import Mapping
from typing import Any

from tenantable.aws.calls import Moment
from tenantable.aws.refusals import INVALID, Refusal

MEDIA_TYPE = "application/cbor"
DEPTH_MAX = 32
_TIME_TAG = 1
_INDEFINITE = 31
_BREAK = object()
_HALF, _SINGLE, _DOUBLE = 25, 26, 27
_SIMPLE = {20: False, 21: True, 22: None, 23: None}


def dumps(value: Any) -> bytes:
    """Values of JSON, bytes and moments as CBOR; members that are None are left out of maps."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, Moment):
        return b"\xc1" + struct.pack(">Bd", 0xFB, value)
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return struct.pack(">Bd", 0xFB, value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        encoded = value.encode()
        return _head(3, len(encoded)) + encoded
    if isinstance(value, Mapping):
        members = [(name, member) for name, member in value.items() if member is not None]
        return _head(5, len(members)) + b"".join(dumps(name) + dumps(member) for name, member in members)
    return _head(4, len(value)) + b"".join(map(dumps, value))


def loads(body: bytes) -> Any:
    """
    The value that a body holds.

    Raises:
        Refusal: It is no CBOR, or nested more than 32 deep.
    """
    reader = _Reader(body)
    try:
        value = reader.value(0)
    except (IndexError, struct.error, ValueError, TypeError) as error:
        raise Refusal(INVALID, "The body is not CBOR") from error
    if value is _BREAK or reader.position != len(body):
        raise Refusal(INVALID, "The body is not CBOR")
    return value


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for extra, form, limit in ((24, ">BB", 1 << 8), (25, ">BH", 1 << 16), (26, ">BI", 1 << 32)):
        if number < limit:
            return struct.pack(form, major << 5 | extra, number)
    return struct.pack(">BQ", major << 5 | 27, number)


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self.position = 0

    def value(self, depth: int) -> Any:
        if depth > DEPTH_MAX:
            raise Refusal(INVALID, f"The body is nested more than {DEPTH_MAX} deep")
        first = self._take(1)[0]
        major, extra = first >> 5, first & 31
        if major == 7:
            return self._simple(extra)
        if extra == _INDEFINITE:
            return self._indefinite(major, depth)
        number = self._number(extra)
        if major < 2:
            return number if major == 0 else -1 - number
        if major == 2:
            return self._take(number)
        if major == 3:
            return self._take(number).decode()
        if major == 4:
            return [self.value(depth + 1) for _ in range(self._bounded(number))]
        if major == 5:
            return {self.value(depth + 1): self.value(depth + 1) for _ in range(self._bounded(number))}
        tagged = self.value(depth + 1)
        return Moment(tagged) if number == _TIME_TAG else tagged

    def _simple(self, extra: int) -> Any:
        if extra in _SIMPLE:
            return _SIMPLE[extra]
        if extra == _INDEFINITE:
            return _BREAK
        forms = {_HALF: ("e", 2), _SINGLE: ("f", 4), _DOUBLE: ("d", 8)}
        if extra not in forms:
            raise IndexError
        form, size = forms[extra]
        return struct.unpack(f">{form}", self._take(size))[0]

    def _indefinite(self, major: int, depth: int) -> Any:
        parts = []
        while (part := self.value(depth + 1)) is not _BREAK:
            parts.append(part)
        if major in {2, 3}:
            return (b"" if major == 2 else "").join(parts)
        if major == 5:
            return dict(zip(parts[::2], parts[1::2], strict=True))
        return parts

    def _number(self, extra: int) -> int:
        if extra < 24:
            return extra
        sizes = {24: 1, 25: 2, 26: 4, 27: 8}
        if extra not in sizes:
            raise IndexError
        return int.from_bytes(self._take(sizes[extra]))

    def _bounded(self, count: int) -> int:
        if count > len(self._body):
            raise IndexError
        return count

    def _take(self, size: int) -> bytes:
        taken = self._body[self.position : self.position + size]
        if len(taken) < size:
            raise IndexError
        self.position += size
        return taken
