"""Opaque cursors: where a page ended, signed, and good only for the query that gave them."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson

from tenantable.errors import InvalidCursor
from tenantable.wire.values import AttributeValue

CURSOR_KEY_BYTES_MIN = 16
_CURSOR_LENGTH_MAX = 16_384  # far above any: keys of a table and an index have at most 6 KB
_SIGNATURE_BYTES = 16


def write_cursor(key: bytes, context: Mapping[str, Any], position: Mapping[str, AttributeValue]) -> str:
    """
    A text that is safe in URLs.

    Args:
        key: Signs it.
        context: What the cursor is bound to: pattern, key values, order, tenant. JSON values.
        position: The key of the last item, as DynamoDB's ExclusiveStartKey.
    """
    payload = orjson.dumps(position, option=orjson.OPT_SORT_KEYS)
    signed = _signature(key, context, payload) + payload
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")


def read_cursor(key: bytes, context: Mapping[str, Any], cursor: str) -> dict[str, AttributeValue]:
    """
    The position that a cursor holds.

    Raises:
        InvalidCursor: It was altered, or written for another context.
    """
    if len(cursor) > _CURSOR_LENGTH_MAX or not cursor.isascii():
        raise InvalidCursor("this is no cursor")
    try:
        signed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor("this is no cursor", hint="pass `next` of the page before, unchanged") from None
    signature, payload = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(key, context, payload)):
        hint = "pass `next` of the page before, unchanged, to the same query"
        raise InvalidCursor("the cursor was altered or belongs to another query", hint=hint)
    position: dict[str, AttributeValue] = orjson.loads(payload)
    return position


def _signature(key: bytes, context: Mapping[str, Any], payload: bytes) -> bytes:
    bound = orjson.dumps(context, option=orjson.OPT_SORT_KEYS)
    message = len(bound).to_bytes(8, "big") + bound + payload
    return hmac.digest(key, message, hashlib.sha256)[:_SIGNATURE_BYTES]
