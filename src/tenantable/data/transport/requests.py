"""Requests as they stand on the wire: DynamoDB's JSON protocol, signed."""

import hashlib
import threading
from collections.abc import Callable

from tenantable.wire.signatures import ALGORITHM, Credentials, Scope, amz_date, sign

_CONTENT_TYPE = "application/x-amz-json-1.0"
_TARGET_PREFIX = "DynamoDB_20120810."
_REFRESH_SECONDS = 300.0


class HeldCredentials:
    """The credentials in use, asked for again shortly before they expire or when DynamoDB calls them expired."""

    def __init__(self, source: Callable[[], Credentials], *, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Credentials | None = None

    def current(self) -> Credentials:
        held = self._held
        if held is not None and not self._is_ending(held):
            return held
        with self._lock:  # one thread asks, the others wait for what it gets
            held = self._held
            if held is None or self._is_ending(held):
                held = self._held = self._source()
            return held

    def forget(self, refused: Credentials) -> None:
        """Ask the source at the next call, unless that has happened since `refused` was in use."""
        with self._lock:
            if self._held is refused:
                self._held = None

    def _is_ending(self, held: Credentials) -> bool:
        return held.expires_at is not None and held.expires_at - self._clock() < _REFRESH_SECONDS


class RequestSigner:
    """
    Renders operations on one endpoint as signed HTTP/1.1 requests.

    Its requests differ in target, date, body and credentials alone, so the canonical text that `sign_headers` would
    compose anew each time is written down here; a test holds the two together.
    """

    def __init__(self, authority: str, *, region: str, compressed: bool, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._authority = authority
        self._region = region
        self._stamp = (-1, "", Scope(date="", region=region, service="dynamodb"))
        self._fixed = (
            f"POST / HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: tenantable\r\nContent-Type: {_CONTENT_TYPE}\r\n"
            f"Accept-Encoding: {'gzip' if compressed else 'identity'}\r\nX-Amz-Target: {_TARGET_PREFIX}"
        )

    def sign(self, operation: str, body: bytes, credentials: Credentials) -> bytes:
        """The whole request, head and body. ValueError unless `operation` is a plain word."""
        if not (operation.isascii() and operation.isalnum()):
            raise ValueError(f"{operation!r} is not the name of an operation")
        date, scope = self._now()
        names, canonical_token, token_header = "content-type;host;x-amz-date;x-amz-target", "", ""
        if (token := credentials.session_token) is not None:
            names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
            canonical_token, token_header = f"x-amz-security-token:{token}\n", f"X-Amz-Security-Token: {token}\r\n"
        canonical = (
            f"POST\n/\n\ncontent-type:{_CONTENT_TYPE}\nhost:{self._authority}\nx-amz-date:{date}\n{canonical_token}"
            f"x-amz-target:{_TARGET_PREFIX}{operation}\n\n{names}\n{hashlib.sha256(body).hexdigest()}"
        )
        signature = sign(credentials.secret_access_key, scope, date, canonical)
        head = (
            f"{self._fixed}{operation}\r\nX-Amz-Date: {date}\r\n{token_header}"
            f"Authorization: {ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, "
            f"Signature={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _now(self) -> tuple[str, Scope]:
        """The date as signatures have it, and what it is good for; both are made once a second."""
        now = int(self._clock())
        second, date, scope = self._stamp
        if now != second:
            date = amz_date(now)
            scope = Scope(date=date[:8], region=self._region, service="dynamodb")
            self._stamp = (now, date, scope)
        return date, scope
