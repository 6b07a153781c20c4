"""HTTP/1.1 answers, read from a connection within bounds. Source: RFC 9112."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tenantable.errors import TenantableError, Unavailable

HEAD_BYTES_MAX = 32 * 1024
_GZIP_WINDOW = 31  # zlib's number for "a gzip header, largest window"

Receive = Callable[[], bytes]
"""Gives the next bytes that arrived; empty when the other side has closed; TimeoutError when it is too late."""


class BrokenAnswer(TenantableError, ConnectionError):
    """The answer was not HTTP, was cut short or was damaged on its way. Trying again may help."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One HTTP answer: header names in lower case, the body as it was sent, before any decompression."""

    status: int
    headers: dict[str, str]
    body: bytes
    reusable: bool
    """Whether the connection may carry another request."""


def read_answer(receive: Receive, *, bytes_max: int) -> Answer:
    """
    Read one answer, skipping interim ones (1xx).

    Args:
        bytes_max: The largest body accepted, in bytes.
    Raises:
        BrokenAnswer: What arrived is not one whole HTTP answer.
        Unavailable: The body is larger than `bytes_max`; asking again would not help.
    """
    arrivals = _Arrivals(receive)
    version, status, headers = _parse_head(arrivals.until(b"\r\n\r\n"))
    while status < 200:
        version, status, headers = _parse_head(arrivals.until(b"\r\n\r\n"))
    keep_alive = version != "HTTP/1.0" and headers.get("connection", "").lower() != "close"
    if "transfer-encoding" in headers:
        body = _chunked_body(arrivals, headers["transfer-encoding"], bytes_max)
        keep_alive = keep_alive and "content-length" not in headers
    elif "content-length" in headers:
        size = _length(headers["content-length"], 10)
        _check_size(size, bytes_max)
        body = arrivals.exactly(size)
    elif status in {204, 304}:
        body = b""
    else:
        body, keep_alive = arrivals.to_the_end(bytes_max), False
    return Answer(status=status, headers=headers, body=body, reusable=keep_alive and arrivals.is_empty())


def decompress(body: bytes, *, bytes_max: int) -> bytes:
    """The plain bytes of a gzip body; BrokenAnswer when it is damaged, Unavailable when it is larger than allowed."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = inflater.decompress(body, bytes_max + 1)
    except zlib.error as damage:
        raise BrokenAnswer(f"the compressed answer is damaged: {damage}") from damage
    _check_size(len(plain), bytes_max)
    if not inflater.eof:
        raise BrokenAnswer("the compressed answer ends early")
    return plain


class _Arrivals:
    """The bytes that arrived and were not yet taken."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._buffer = b""
        self._taken = 0

    def is_empty(self) -> bool:
        return self._taken == len(self._buffer)

    def until(self, mark: bytes) -> bytes:
        """Take the bytes before `mark`, and drop the mark."""
        while (end := self._buffer.find(mark, self._taken)) < 0:
            rest = self._buffer[self._taken :]
            if len(rest) > HEAD_BYTES_MAX:
                raise BrokenAnswer(f"the head of the answer is longer than {HEAD_BYTES_MAX} bytes")
            self._buffer, self._taken = rest + self._more(), 0
        taken = self._buffer[self._taken : end]
        self._taken = end + len(mark)
        return taken

    def exactly(self, size: int) -> bytes:
        """Take `size` bytes."""
        end = self._taken + size
        if end <= len(self._buffer):
            taken = self._buffer[self._taken : end]
            self._taken = end
            return taken
        pieces = [self._buffer[self._taken :]]
        missing = end - len(self._buffer)
        while missing > 0:
            pieces.append(self._more(missing))
            missing -= len(pieces[-1])
        self._buffer = pieces.pop()
        self._taken = len(self._buffer) + missing
        return b"".join([*pieces, self._buffer[: self._taken]])

    def to_the_end(self, bytes_max: int) -> bytes:
        """Take everything until the other side closes."""
        pieces, size = [self._buffer[self._taken :]], len(self._buffer) - self._taken
        _check_size(size, bytes_max)
        while piece := self._receive():
            pieces.append(piece)
            size += len(piece)
            _check_size(size, bytes_max)
        self._taken = len(self._buffer)
        return b"".join(pieces)

    def _more(self, missing: int | None = None) -> bytes:
        piece = self._receive()
        if not piece:
            wanted = "" if missing is None else f", {missing} bytes short"
            raise BrokenAnswer(f"the connection was closed before the answer was complete{wanted}")
        return piece


def _parse_head(head: bytes) -> tuple[str, int, dict[str, str]]:
    lines = head.decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    code = rest[:3]
    if version not in {"HTTP/1.1", "HTTP/1.0"} or not (code.isdecimal() and code.isascii() and len(code) == 3):
        raise BrokenAnswer(f"not an HTTP answer: {lines[0][:80]!r}")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BrokenAnswer(f"not an HTTP header: {line[:80]!r}")
        name, value = name.lower(), value.strip()
        if headers.setdefault(name, value) != value:
            if name == "content-length":
                raise BrokenAnswer("the answer has two lengths")
            headers[name] += f", {value}"
    return version, int(code), headers


def _chunked_body(arrivals: _Arrivals, coding: str, bytes_max: int) -> bytes:
    if coding.strip().lower() != "chunked":
        raise BrokenAnswer(f"unknown transfer coding {coding[:80]!r}")
    pieces: list[bytes] = []
    total = 0
    while size := _length(arrivals.until(b"\r\n").partition(b";")[0].decode("latin-1"), 16):
        total += size
        _check_size(total, bytes_max)
        pieces.append(arrivals.exactly(size))
        if arrivals.exactly(2) != b"\r\n":
            raise BrokenAnswer("a chunk of the answer has the wrong length")
    while arrivals.until(b"\r\n"):
        pass  # trailers say nothing that we use
    return b"".join(pieces)


def _length(text: str, radix: int) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isalnum()):
        raise BrokenAnswer(f"not a length: {text[:80]!r}")
    try:
        return int(digits, radix)
    except ValueError:
        raise BrokenAnswer(f"not a length: {text[:80]!r}") from None


def _check_size(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise Unavailable(
            f"the answer is larger than the {bytes_max} bytes that are accepted", hint="raise answer_bytes_max"
        )
