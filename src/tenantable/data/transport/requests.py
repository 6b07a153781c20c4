"""Requests as they stand on the wire: DynamoDB's JSON protocol, signed."""

import threading
from collections.abc import Callable

from tenantable.wire.signatures import Credentials, sign_headers

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
    """Renders operations on one endpoint as signed HTTP/1.1 requests."""

    def __init__(self, authority: str, *, region: str, compressed: bool, clock: Callable[[], float]) -> None:
        self._authority = authority
        self._region = region
        self._clock = clock
        self._fixed = (
            f"Host: {authority}\r\n"
            "User-Agent: tenantable\r\n"
            f"Accept-Encoding: {'gzip' if compressed else 'identity'}\r\n"
        )

    def sign(self, operation: str, body: bytes, credentials: Credentials) -> bytes:
        """The whole request, head and body. ValueError unless `operation` is a plain word."""
        if not (operation.isascii() and operation.isalnum()):
            raise ValueError(f"{operation!r} is not the name of an operation")
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": _TARGET_PREFIX + operation}
        headers |= sign_headers(
            "POST",
            self._authority,
            "/",
            headers,
            body=body,
            credentials=credentials,
            region=self._region,
            service="dynamodb",
            timestamp=self._clock(),
        )
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST / HTTP/1.1\r\n{self._fixed}{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
