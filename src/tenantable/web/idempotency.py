"""The Idempotency-Key header: how a key and the request it stands for are told apart."""

import hashlib
import re

from tenantable.errors import ServiceError

KEPT_SECONDS = 48 * 3600  # promised are 24 h

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotencyKeyMalformed(ServiceError, ValueError):
    """An Idempotency-Key has 1 to 255 printable ASCII characters without blanks."""

    status = 400
    code = "idempotency-key-malformed"
    way_out = "use 1 to 255 visible characters, such as a UUID"


class IdempotencyKeyReused(ServiceError):
    """This Idempotency-Key was used for another request."""

    status = 422
    code = "idempotency-key-reused"
    way_out = "use a new key for another request"


def idempotency_key(header: str | None) -> str | None:
    """The key a caller sent, None when there is none; IdempotencyKeyMalformed for anything else."""
    if header is None:
        return None
    if not _KEY.fullmatch(header):
        raise IdempotencyKeyMalformed
    return header


def request_digest(method: str, path: str, body: bytes) -> str:
    """Tells requests apart: SHA-256 over method, path and the exact body, in hexadecimal."""
    return hashlib.sha256(b"%b %b\n%b" % (method.encode(), path.encode(), body)).hexdigest()


def check_same_request(stored_digest: str, digest: str) -> None:
    """IdempotencyKeyReused unless both requests are the same."""
    if stored_digest != digest:
        raise IdempotencyKeyReused(hint="take a fresh key for every new request")
