"""
A fast DynamoDB client of our own: signed JSON over kept-alive HTTP/1.1 connections.

It exists because the general SDK costs 0.6 ms of processor time for each small call, twenty times what the call needs.
"""

import random
import ssl
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tenantable.data.transport.answers import result_of
from tenantable.data.transport.connections import ConnectionPool, Endpoint, Limits
from tenantable.data.transport.requests import HeldCredentials, RequestSigner
from tenantable.data.transport.retries import EXPIRED_CREDENTIALS, RetryPolicy, is_throttled, is_transient_status
from tenantable.errors import TenantableError, Unavailable
from tenantable.wire.errors import DynamoError, serialization_error
from tenantable.wire.signatures import Credentials

_TOKEN_OPERATIONS = frozenset({"TransactWriteItems", "ExecuteTransaction"})
_LIMITS = Limits()
_RETRIES = RetryPolicy()
_SYSTEM_RANDOM = random.SystemRandom()


class HttpClient:
    """
    A DynamoClient for one endpoint and one identity. Threads share it; close it, or use it as a context manager.

    What fails on the way (no connection, a lost, damaged or late answer, HTTP 500, 502, 503, 504) and what DynamoDB
    refuses only for now (throttling) is tried again as `retries` says. So a write whose answer was lost may be carried
    out twice, as with every SDK: an `ADD` may count twice, and a put if absent may report the failed condition that its
    own first attempt caused. Transactions are safe: each gets a client token unless the request brings one.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        region: str,
        credentials: Callable[[], Credentials],
        limits: Limits = _LIMITS,
        retries: RetryPolicy = _RETRIES,
        tls: ssl.SSLContext | None = None,
        compressed: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.monotonic,
        draw: random.Random = _SYSTEM_RANDOM,
    ) -> None:
        """
        Args:
            endpoint: `http://host:port` or `https://host`.
            credentials: Asked when none are held, when those held end within five minutes and when DynamoDB calls them
                expired. May be asked from several threads at once.
            tls: For https; None verifies certificates against the system's authorities.
            compressed: Ask for gzip answers: fewer bytes, more processor time.
            sleep: Waits so many seconds before another attempt.
            clock: Epoch seconds; signatures carry it, so it must be right to within five minutes.
            stopwatch: Seconds that never run backwards, for time-outs.
            draw: Spreads the waits, and makes client tokens.
        """
        self._endpoint = Endpoint.parse(endpoint)
        self._limits = limits
        self._retries = retries
        self._sleep = sleep
        self._stopwatch = stopwatch
        self._draw = draw
        self._held = HeldCredentials(credentials, clock=clock)
        self._signer = RequestSigner(self._endpoint.authority, region=region, compressed=compressed, clock=clock)
        if self._endpoint.scheme == "https":
            tls = tls or ssl.create_default_context()
        self._pool = ConnectionPool(self._endpoint, limits=limits, tls=tls, clock=stopwatch)

    def __enter__(self) -> "HttpClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. Calls under way end first; later ones raise ValueError."""
        self._pool.close()

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """See DynamoClient.call. Raises Unavailable when no attempt was answered, naming what failed in each."""
        body = _encode(operation, request, self._draw)
        failures: list[Exception] = []
        started = self._stopwatch()
        while len(failures) < self._retries.attempts_max:
            if failures:
                self._sleep(self._retries.delay_seconds(len(failures), self._draw))
            try:
                return self._attempt(operation, body)
            except Unavailable:
                raise
            except ssl.SSLCertVerificationError as failure:
                raise Unavailable(
                    f"{self._endpoint} shows a certificate that cannot be trusted: {failure.verify_message}",
                    hint="give the certificate's authority in `tls`",
                ) from failure
            except (OSError, DynamoError) as failure:
                if not _is_worth_another(failure):
                    raise
                failures.append(failure)
        raise self._outcome(operation, failures, self._stopwatch() - started) from failures[-1]

    def _attempt(self, operation: str, body: bytes) -> dict[str, Any]:
        credentials = self._held.current()
        answer = self._pool.exchange(self._signer.sign(operation, body, credentials))
        try:
            return result_of(answer, bytes_max=self._limits.answer_bytes_max)
        except DynamoError as error:
            if error.code in EXPIRED_CREDENTIALS:
                self._held.forget(credentials)
            raise

    def _outcome(self, operation: str, failures: list[Exception], seconds: float) -> TenantableError:
        """What to raise after the last attempt: DynamoDB's refusal where it gave one, else that it is unavailable."""
        last = failures[-1]
        if isinstance(last, DynamoError) and last.status < 500:
            refusal = DynamoError(last.code, last.message, extra=last.extra, status=last.status)
            refusal.add_note(f"after {len(failures)} attempts in {seconds:.1f} s")
            return refusal
        counted = Counter(f"{type(failure).__name__}: {failure}" for failure in failures)
        tried = "; ".join(f"{count} x {text}" for text, count in counted.items())
        return Unavailable(
            f"{self._endpoint} did not answer {operation} in {seconds:.1f} s: {tried}",
            hint="check the endpoint and that it can be reached",
        )


def _encode(operation: str, request: Mapping[str, Any], draw: random.Random) -> bytes:
    if operation in _TOKEN_OPERATIONS and "ClientRequestToken" not in request:
        token = uuid.UUID(int=draw.getrandbits(128), version=4)
        request = {**request, "ClientRequestToken": str(token)}
    try:
        return orjson.dumps(request)
    except orjson.JSONEncodeError as fault:
        raise serialization_error(f"the request of {operation} is not JSON: {fault}") from fault


def _is_worth_another(failure: Exception) -> bool:
    if not isinstance(failure, DynamoError):
        return True
    return is_throttled(failure) or is_transient_status(failure.status) or failure.code in EXPIRED_CREDENTIALS
