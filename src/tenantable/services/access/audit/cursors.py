"""
Cursors of the audit trail: a place in the order of time, sealed, and good for one listing alone.

They are encrypted because a place may be that of an event which the caller may not see: where reading stopped.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenantable.errors import InvalidCursor

_NONCE_BYTES = 12

Place = tuple[str, str]
"""Of an event in the order of time, as `order_of` gives it."""
Sealed = tuple[str, ...]


class CursorSeal:
    """Writes and reads cursors with the key that signs an installation's cursors."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.new(key, b"seals places in audit trails", hashlib.sha256).digest()

    def write(self, context: Mapping[str, str | None], content: Sealed) -> str:
        bound, text = _text(context), orjson.dumps(content)
        nonce = hmac.new(self._key, bound + text, hashlib.sha256).digest()[:_NONCE_BYTES]
        return _shown(nonce + AESGCM(self._key).encrypt(nonce, text, bound))

    def read(self, context: Mapping[str, str | None], cursor: str) -> Sealed:
        """
        Raises:
            InvalidCursor: It was altered, or belongs to another listing.
        """
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            if _shown(sealed) != cursor:  # the same bytes in other characters
                raise ValueError("this is not what was written")
            nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            content = orjson.loads(AESGCM(self._key).decrypt(nonce, text, _text(context)))
        except (ValueError, InvalidTag):
            hint = "pass `next` of the page before, unchanged, to the same query"
            raise InvalidCursor("the cursor was altered or belongs to another query", hint=hint) from None
        return tuple(content)


def _shown(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _text(context: Mapping[str, str | None]) -> bytes:
    return orjson.dumps(context, option=orjson.OPT_SORT_KEYS)
