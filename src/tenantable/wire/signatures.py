"""
AWS Signature Version 4: what a signer and a verifier of requests compute alike. Pure functions.

Source: "AWS Signature Version 4 for API requests", sections "Create a canonical request" and "Derive a signing key".
"""

import hashlib
import hmac
import posixpath
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
_SIGNING_KEYS_MAX = 1024  # a key lives for a day, so one for each access key that is in use
_HASH_BLOCK_BYTES = 64  # of SHA-256


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """
    An access key; temporary ones have a `session_token` and end at `expires_at` (epoch seconds; None: never).

    The secret stays out of every representation.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None


class Scope(NamedTuple):
    """What a signing key is good for: one day (`20261121`, in UTC), one region, one service."""

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


def sign_headers(
    method: str,
    host: str,
    path: str,
    headers: Mapping[str, str],
    *,
    body: bytes,
    credentials: Credentials,
    region: str,
    service: str,
    timestamp: float,
) -> dict[str, str]:
    """
    Sign a request.

    Args:
        host: With its port, as it will stand in the Host header.
        path: As it will be sent, with `?` and the query if there is one.
        headers: Names in any case; all of them are signed. Never changed.
        timestamp: Epoch seconds; the verifier's clock may differ by 15 minutes.
    Returns:
        The headers to send besides `headers` and Host: `X-Amz-Date`, `Authorization` and, with temporary
        credentials, `X-Amz-Security-Token`.
    """
    date = amz_date(timestamp)
    added = {"X-Amz-Date": date}
    if credentials.session_token is not None:
        added["X-Amz-Security-Token"] = credentials.session_token
    signed = {name.lower(): value for name, value in (dict(headers) | added).items()} | {"host": host}
    names = sorted(signed)
    canonical = canonical_request(
        method, path, [(name, signed[name]) for name in names], body_digest=hashlib.sha256(body).hexdigest()
    )
    scope = Scope(date[:8], region, service)
    signature = sign(credentials.secret_access_key, scope, date, canonical)
    added["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return added


def canonical_request(method: str, path: str, headers: Iterable[tuple[str, str]], *, body_digest: str) -> str:
    """
    The text that stands for a request.

    Args:
        path: As sent, with `?` and the query if there is one.
        headers: The signed ones, names in lower case and sorted.
        body_digest: SHA-256 of the body in lower-case hexadecimal.
    """
    path, _, query = path.partition("?")
    pairs = list(headers)
    names = ";".join([name for name, _ in pairs])
    lines = [f"{name}:{value}" for name, value in pairs]
    if "\n".join(lines).split() != lines:  # seldom: a value has spaces, and each run of them counts as one
        lines = [f"{name}:{' '.join(value.split())}" for name, value in pairs]
    place = "/" if path == "/" else _canonical_path(path)
    return "\n".join([method, place, _canonical_query(query), *lines, "", names, body_digest])


def sign(secret_access_key: str, scope: Scope, date: str, canonical: str) -> str:
    """The signature of a canonical request; `date` is its X-Amz-Date, `20261121T090000Z`."""
    text = f"{ALGORITHM}\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    inner, outer = _signing_states(secret_access_key, scope)
    message, signature = inner.copy(), outer.copy()
    message.update(text.encode())
    signature.update(message.digest())
    return signature.hexdigest()


def signing_key(secret_access_key: str, scope: Scope) -> bytes:
    key = f"AWS4{secret_access_key}".encode()
    for part in (scope.date, scope.region, scope.service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


@lru_cache(maxsize=_SIGNING_KEYS_MAX)
def _signing_states(secret_access_key: str, scope: Scope) -> "tuple[hashlib._Hash, hashlib._Hash]":
    """
    The two hashes of an HMAC (RFC 2104) with the signing key in them: to go on from copies takes half the time of an
    HMAC that begins with the key.
    """
    padded = signing_key(secret_access_key, scope).ljust(_HASH_BLOCK_BYTES, b"\0")
    inner, outer = (bytes(byte ^ mask for byte in padded) for mask in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


def amz_date(timestamp: float) -> str:
    """Epoch seconds as `20261121T090000Z`."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(timestamp))


def _canonical_path(path: str) -> str:
    """The path without empty, `.` and `..` segments, encoded once more than it was sent."""
    normal = posixpath.normpath(f"/{path}").lstrip("/")
    return quote(f"/{normal}/" if normal and path.endswith("/") else f"/{normal}", safe="/~")


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)
