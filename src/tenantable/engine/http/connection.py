"""
One HTTP connection, on the event loop: framing, the order of answers, and bounds on what a caller may take.

HTTP/1.1 (RFC 9112) as far as an API needs it: kept connections, pipelining, bodies in chunks, `Expect: 100-continue`.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from email.utils import formatdate
from typing import cast

import httptools

from tenantable.engine.http.answers import Answer, rendered
from tenantable.engine.http.dispatch import Dispatcher
from tenantable.engine.http.requests import HeaderNames, Request
from tenantable.wire.limits import REQUEST_BYTES_MAX

HEAD_BYTES_MAX = 64 * 1024

_PIECE_BYTES = 16 * 1024  # what the parser is given at once, and so the most that can be parsed ahead of its turn
_NAMES = HeaderNames()
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_MALFORMED = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_NO_ROOM = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """
    How long a connection is kept, in seconds: `request` from the first byte of a request (or the beginning of the
    connection) to its last, `idle` after an answer. Both are looked at every `step`. Connections beyond
    `connections_max` are closed at once, and those whose body would be more than all bodies together may be.
    """

    request: float = 30.0
    idle: float = 65.0  # longer than the idle time after which the SDKs drop a pooled connection themselves
    step: float = 1.0
    connections_max: int = 10_000
    body_bytes_max: int = 512 * 1024 * 1024


class Connections:
    """
    All connections of a server, and what they share: the limits, the time, the way to the engine.

    One timer looks after all: a timer for each request would cost more than parsing it.
    """

    def __init__(self, dispatcher: Dispatcher, limits: Limits) -> None:
        self.dispatcher = dispatcher
        self.limits = limits
        self.endpoint = dispatcher.endpoint
        self.is_finishing = False
        self.all = cast("set[Connection]", self.endpoint.connections)
        self.body_bytes = 0
        """Of all requests that are not answered yet."""
        self.loop = asyncio.get_running_loop()
        self._step()

    def _step(self) -> None:
        self.now = self.loop.time()
        self.date = formatdate(self.endpoint.clock(), usegmt=True)
        for connection in list(self.all):
            connection.check(self.now)
        self._timer = self.loop.call_later(self.limits.step, self._step)

    async def finish(self, seconds: float) -> None:
        """Let requests under way be answered, for so long at most, and close everything."""
        self.is_finishing = True
        for connection in list(self.all):
            connection.finish()
        deadline = self.loop.time() + seconds
        while self.all and self.loop.time() < deadline:
            await asyncio.sleep(0.01)
        for connection in list(self.all):
            connection.abort()
        self._timer.cancel()


class Connection(asyncio.Protocol):
    """
    Requests are carried out one after the other, and answered in their order.

    While one is carried out, or the caller does not read its answers, nothing more is read: a caller can make the
    server keep one request, one answer and one piece of what follows.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._dispatcher = connections.dispatcher
        self._transport: asyncio.Transport
        self._source_ip: str | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._is_closed = False
        # what was received and not yet parsed, the request that is parsed, those parsed ahead, the one carried out
        self._unread = bytearray()
        self._is_partial = False
        self._is_head = False
        self._frame_bytes = 0
        self._path = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()  # in one piece, whose memory goes back to the system as a whole
        self._body_bytes = 0
        self._is_continued = False
        self._ahead: deque[Request] = deque()
        self._current: Request | None = None
        self._has_answered = False
        self._last_words: bytes | None = None  # nothing is parsed any more: said after the last answer, then closed
        self._is_full = False  # the caller does not read
        self._is_paused = False  # we do not read
        self._is_due = False  # to go on
        self._since = connections.now

    # what the server tells

    def check(self, now: float) -> None:
        """End a connection that was kept for too long without a whole request, or with an answer that nobody reads."""
        if self._current is not None:
            return
        limits, quiet_seconds = self._connections.limits, now - self._since
        if self._is_partial or not self._has_answered:
            if quiet_seconds > limits.request:
                self.abort()
        elif quiet_seconds > limits.idle:
            if self._transport.get_write_buffer_size():
                self.abort()
            else:
                self._close()

    def finish(self) -> None:
        """Close after what is under way."""
        if not (self._is_partial or self._ahead or self._unread) and self._current is None:
            self._close()

    def abort(self) -> None:
        self._is_closed = True
        self._transport.abort()

    # what the event loop tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream is asked for
        self._transport = transport
        address = transport.get_extra_info("peername")
        self._source_ip = address[0] if isinstance(address, tuple) else None
        if self._connections.is_finishing or len(self._connections.all) >= self._connections.limits.connections_max:
            transport.abort()
        else:
            self._connections.all.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_closed = True
        self._connections.all.discard(self)
        self._connections.body_bytes -= len(self._body) + sum(len(one.body or b"") for one in self._ahead)
        self._body.clear()
        self._ahead.clear()
        del self._parser  # it refers to this connection

    def eof_received(self) -> bool:
        self._end(b"")
        return True  # whoever sends no more may still be owed an answer; we close by ourselves

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._go_on()

    def data_received(self, data: bytes) -> None:
        if self._last_words is not None:
            return
        if self._unread or len(data) > _PIECE_BYTES or self._current is not None or self._is_full:
            self._unread += data
            self._go_on()
        else:
            self._parse(data)

    # what the parser tells

    def on_message_begin(self) -> None:
        self._is_partial = self._is_head = True
        self._is_continued = False
        self._frame_bytes = 0
        self._since = self._connections.now

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_head:  # what comes behind a body in chunks is ignored
            known, text, headers = _NAMES[name], value.decode("latin-1"), self._headers
            headers[known] = f"{headers[known]},{text}" if known in headers else text

    def on_headers_complete(self) -> None:
        self._is_head = False

    def on_body(self, body: bytes) -> None:
        connections = self._connections
        self._frame_bytes = 0
        self._body_bytes += len(body)
        if self._body_bytes > REQUEST_BYTES_MAX:
            connections.body_bytes -= len(self._body)
            self._body.clear()  # the rest is read and dropped, so that the caller comes to see the answer
        elif connections.body_bytes + len(body) > connections.limits.body_bytes_max:
            self._end(_NO_ROOM)
        else:
            connections.body_bytes += len(body)
            self._body += body

    def on_message_complete(self) -> None:
        body = bytes(self._body) if self._body_bytes <= REQUEST_BYTES_MAX else None
        request = Request(self._parser.get_method().decode(), self._path.decode("latin-1"), self._headers, body)
        request.keeps_alive = self._parser.should_keep_alive()
        request.source_ip = self._source_ip
        request.is_old = self._parser.get_http_version() == "1.0"
        self._path, self._headers, self._body, self._body_bytes = b"", {}, bytearray(), 0
        self._is_partial = False
        self._ahead.append(request)
        self._carry_out()

    # the work

    def _parse(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            self._end(b"")  # no other protocol is spoken here: the request is answered as if it had not asked for one
        except httptools.HttpParserError:
            self._end(_MALFORMED)
        if self._is_partial:
            self._check_partial(len(piece))

    def _check_partial(self, piece_bytes: int) -> None:
        """A request is not complete: bound what is not its body, and tell a caller who waits for it to send that."""
        self._frame_bytes += piece_bytes
        if self._frame_bytes > HEAD_BYTES_MAX:  # also behind a body in chunks, where it is only kept to be ignored
            self._end(_HEAD_TOO_LARGE)
        elif not self._is_head and not self._is_continued:
            self._is_continued = True
            expects = self._headers.get("expect", "").lower() == "100-continue"
            if expects and not self._body_bytes and self._parser.get_http_version() == "1.1":
                self._transport.write(_CONTINUE)

    def _end(self, last_words: bytes) -> None:
        """Parse nothing more; when everything is answered, say this and close."""
        if self._last_words is None:
            self._last_words = last_words
            self._unread.clear()
            self._carry_out()

    def _go_on(self) -> None:
        """
        Carry out what was received, as far as answers find their way; then read on, or wait before doing so.

        One piece at a time, so that a caller who sends many requests at once keeps no other waiting for all of them.
        """
        self._carry_out()
        if self._unread and self._may_carry_out():
            piece = bytes(self._unread[:_PIECE_BYTES])
            del self._unread[:_PIECE_BYTES]
            self._parse(piece)
            if self._unread and not self._is_due and self._may_carry_out():
                self._is_due = True
                self._connections.loop.call_soon(self._go_on_when_due)
        if bool(self._unread) is not self._is_paused and not self._transport.is_closing():
            self._is_paused = not self._is_paused
            if self._is_paused:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def _go_on_when_due(self) -> None:
        self._is_due = False
        self._go_on()

    def _may_carry_out(self) -> bool:
        return self._current is None and not self._is_full and not self._is_closed

    def _carry_out(self) -> None:
        while self._ahead and self._current is None and not self._is_full and not self._is_closed:
            self._current = request = self._ahead.popleft()
            answer = self._dispatcher.take(request, self._reply)
            if answer is not None:
                self._answer(request, answer)
        if self._last_words is not None and self._current is None and not self._ahead and not self._is_closed:
            self._transport.write(self._last_words)
            self._close()

    def _reply(self, answer: Answer) -> None:
        """Give the answer to the request that is carried out, later than at once."""
        assert self._current is not None
        self._answer(self._current, answer)
        self._go_on()

    def _answer(self, request: Request, answer: Answer) -> None:
        connections = self._connections
        self._current = None
        connections.body_bytes -= len(request.body or b"")
        self._since = connections.now
        self._has_answered = True
        if connections.is_finishing and not self._ahead:
            request.keeps_alive = False
        if not self._is_closed:
            self._transport.write(rendered(answer, request, date=connections.date))
            if not request.keeps_alive:
                self._close()

    def _close(self) -> None:
        self._is_closed = True
        self._transport.close()
