"""Standard Webhooks 1.0 signatures: HMAC-SHA256 over id, time and the exact bytes of the body."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tenantable.services.webhooks.errors import SignatureMalformed, SignatureMismatch

SECRET_PREFIX = "whsec_"  # noqa: S105 - the visible prefix, not a secret
SECRET_BYTES_MIN = 24
SECRET_BYTES_MAX = 64
NEW_SECRET_BYTES = 32
TOLERANCE_SECONDS = 300
SIGNATURES_MAX = 16
SIGNATURE_HEADER_CHARACTERS_MAX = 2048

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

# The signed text joins its parts by full stops, so an id that has one could be read as another id and body.
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
# An unknown tenant costs the same work as a known one.
_NOBODYS_KEY = bytes(NEW_SECRET_BYTES)


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedHeaders:
    """
    The three webhook headers after parsing; the signatures are the `v1` ones, still unchecked.

    `timestamp` are digits as they were sent, because this text is what was signed; `sent_at` is their value in Unix
    seconds.
    """

    message_id: str
    timestamp: str
    signatures: tuple[str, ...]

    @property
    def sent_at(self) -> int:
        return int(self.timestamp)


def new_secret(entropy: Callable[[int], bytes]) -> str:
    """A secret for one endpoint: `whsec_` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(entropy(NEW_SECRET_BYTES)).decode()


def secret_key(secret: str) -> bytes:
    """
    The key in a secret.

    Raises:
        ValueError: No `whsec_` prefix, no strict base64, or not 24 to 64 bytes. The message does not hold the secret.
    """
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"A webhook secret starts with {SECRET_PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"A webhook secret is {SECRET_PREFIX} and base64") from None
    if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError(f"A webhook secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes, not {len(key)}")
    return key


def sign(message_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """
    The headers of one attempt.

    Args:
        message_id: The same on every attempt; has no full stop.
        timestamp: Of this attempt, whole Unix seconds.
        body: Exactly the bytes that are sent.
        secrets: The present one first, then those that a rotation has not retired yet; each signs.
    """
    assert _ID.fullmatch(message_id), message_id
    assert secrets, "a webhook is never sent unsigned"
    signatures = [_signature(secret_key(secret), message_id, str(timestamp), body) for secret in secrets]
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: " ".join(f"v1,{signature}" for signature in signatures),
    }


def parse_headers(headers: Mapping[str, str]) -> SignedHeaders:
    """
    The webhook headers among `headers`, whose names are in lower case.

    Raises:
        SignatureMalformed: One is missing or not of the form that the specification gives it.
    """
    missing = [name for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER) if not headers.get(name)]
    if missing:
        raise SignatureMalformed(f"The header {missing[0]} is missing")
    message_id, timestamp, listed = headers[ID_HEADER], headers[TIMESTAMP_HEADER], headers[SIGNATURE_HEADER]
    if not _ID.fullmatch(message_id):
        raise SignatureMalformed(f"{ID_HEADER} has 1 to 128 letters, digits, hyphens and underscores")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureMalformed(f"{TIMESTAMP_HEADER} is a whole number of Unix seconds")
    entries = listed.split(" ")
    if len(listed) > SIGNATURE_HEADER_CHARACTERS_MAX or len(entries) > SIGNATURES_MAX:
        raise SignatureMalformed(f"{SIGNATURE_HEADER} lists up to {SIGNATURES_MAX} signatures")
    # Versions this receiver does not know are skipped, as the specification asks.
    signatures = tuple(entry.removeprefix("v1,") for entry in entries if entry.startswith("v1,"))
    return SignedHeaders(message_id=message_id, timestamp=timestamp, signatures=signatures)


def verify(signed: SignedHeaders, body: bytes, *, secrets: Sequence[str], now: float) -> None:
    """
    Check that one of the signatures was made with one of the secrets, within five minutes of `now` (Unix seconds).

    Raises:
        SignatureMismatch: It was not, or there is no secret at all.
    """
    keys = [secret_key(secret) for secret in secrets]
    expected = [_signature(key, signed.message_id, signed.timestamp, body).encode() for key in keys or [_NOBODYS_KEY]]
    given = [signature.encode("utf-8", "surrogatepass") for signature in signed.signatures]
    matches = [hmac.compare_digest(one, other) for one in expected for other in given]
    if not (keys and any(matches)) or abs(now - signed.sent_at) > TOLERANCE_SECONDS:
        raise SignatureMismatch


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = b"%b.%b.%b" % (message_id.encode(), timestamp.encode(), body)
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
