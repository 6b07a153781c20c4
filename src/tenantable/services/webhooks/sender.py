"""
Delivery over aiohttp: one deadline for everything, few bytes read, no redirects, public addresses alone.

A module of its own because it alone opens connections to addresses that tenants choose.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import aiohttp

from tenantable.services.webhooks.model import RESPONSE_BODY_BYTES_MAX, Answer, Outcome
from tenantable.services.webhooks.targets import is_allowed_address

TIMEOUT_SECONDS = 15.0
# As many as a worker has attempts under way: name servers that never answer then hold up no other tenant's look-up.
RESOLVER_THREADS = 256
USER_AGENT = "tenantable-webhooks/1"
_KEPT_HEADERS = ("retry-after", "webhook-delivery")
_HEADER_BYTES_MAX = 16 * 1024

# What a tenant reads of an attempt without an answer: the same words whatever client we use, and no address of ours.
_PHRASES: Sequence[tuple[type[Exception], str]] = (
    (aiohttp.ClientConnectorDNSError, "the name of the host was not found"),
    (aiohttp.ClientConnectorCertificateError, "the TLS certificate is not valid for this host, or not trusted"),
    (aiohttp.ClientSSLError, "no TLS connection could be made"),
    (aiohttp.ClientConnectorError, "no connection could be made"),
    (aiohttp.ClientResponseError, "the answer is not HTTP, or a header of it is longer than 16 KiB"),
    (ValueError, "the target is not a valid URL"),
)
_BROKEN_OFF = "the connection ended before an answer came"

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]


class AddressRefused(OSError):
    """The target leads to an address that is not public."""

    # Without the address: the tenant reads this, and must not learn what our resolver knows.
    def __init__(self) -> None:
        super().__init__("the target leads to an address that is not public")


class HttpSender:
    """
    Sends webhooks from an event loop in a thread of its own; implements the worker's `Sender`.

    Args:
        allow_private: For development: also private addresses.
        timeout_seconds: From the look-up of the name to the last byte that is read.
        monotonic: Seconds that only grow, to measure how long an attempt took.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        monotonic: Callable[[], float],
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._allow_private = allow_private
        self._monotonic = monotonic
        self._timeout_seconds = timeout_seconds
        self._closing = threading.Lock()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="webhook-resolver"))
        self._thread = threading.Thread(target=self._loop.run_forever, name="webhook-sender", daemon=True)
        self._thread.start()
        self._session = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> "Future[Answer]":
        """POST exactly these bytes once; every failure is an answer too, never an exception."""
        with self._closing:
            if not self._closed:
                return asyncio.run_coroutine_threadsafe(self._send(url, headers, body), self._loop)
        given_up: Future[Answer] = Future()
        given_up.cancel()
        return given_up

    def close(self) -> None:
        """Give up what is under way, and whatever comes later; end the thread."""
        with self._closing:
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> aiohttp.ClientSession:
        # No limit of connections: the worker bounds what is in flight, and a wait here would eat into the deadline.
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, socket_factory=self._open_socket),
            timeout=aiohttp.ClientTimeout(),  # none: each attempt has its own deadline
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a small answer must not unfold into a large one
            headers={"user-agent": USER_AGENT, "accept": "*/*"},
            max_field_size=_HEADER_BYTES_MAX,
            skip_auto_headers=["accept-encoding"],
        )

    async def _shut_down(self) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._session.close()

    def _open_socket(self, address: AddressInfo) -> socket.socket:
        """
        The last step before a connection, after every look-up: whatever a name said before, this address counts.

        aiohttp hands literal addresses to no resolver, so only here are all of them seen.
        """
        family, kind, protocol, _, location = address
        if not is_allowed_address(str(location[0]), allow_private=self._allow_private):
            raise AddressRefused
        return socket.socket(family, kind, protocol)

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        started = self._monotonic()

        def failed(failure: Outcome, detail: str) -> Answer:
            return Answer(
                status=None,
                failure=failure,
                detail=detail,
                headers={},
                duration_seconds=self._monotonic() - started,
            )

        try:
            return await self._post(url, headers, body, started)
        except TimeoutError:
            return failed("timeout", f"no answer within {self._timeout_seconds:g} s")
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, AddressRefused):
                return failed("blocked", str(error.os_error))
            return failed("unreachable", _phrase(error))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return failed("unreachable", _phrase(error))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, started: float) -> Answer:
        deadline = self._loop.time() + self._timeout_seconds
        sent = {"content-type": "application/json", **headers}
        async with asyncio.timeout_at(deadline):
            response = await self._session.post(url, data=body, headers=sent, allow_redirects=False)
        try:
            content = await _read(response, deadline)
        finally:
            if response.content.at_eof():
                response.release()
            else:
                response.close()  # a connection with unread bytes in it is never used again
        return Answer(
            status=response.status,
            headers={name: response.headers[name][:128] for name in _KEPT_HEADERS if name in response.headers},
            body=content,
            duration_seconds=self._monotonic() - started,
        )


async def _read(response: aiohttp.ClientResponse, deadline: float) -> bytes:
    """The first bytes of the body. A body that drips or breaks off changes nothing: the status has decided already."""
    content = b""
    try:
        async with asyncio.timeout_at(deadline):
            while len(content) < RESPONSE_BODY_BYTES_MAX and not response.content.at_eof():
                content += await response.content.read(RESPONSE_BODY_BYTES_MAX - len(content))
    except (TimeoutError, aiohttp.ClientError):
        pass
    return content


def _phrase(error: Exception) -> str:
    return next((phrase for kind, phrase in _PHRASES if isinstance(error, kind)), _BROKEN_OFF)
