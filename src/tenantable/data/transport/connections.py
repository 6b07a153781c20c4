"""Kept-alive connections to one endpoint: bounded, shared between threads, closed when stale."""

import os
import select
import socket
import ssl
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tenantable.data.transport.framing import Answer, read_answer

_RECEIVE_BYTES = 64 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}

Clock = Callable[[], float]
"""Seconds that never run backwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """Where DynamoDB answers: scheme, host and port of an address such as `https://dynamodb.eu-west-1.amazonaws.com`."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        """ValueError unless `url` is http or https with a host and nothing after it."""
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is not an endpoint: write it as http://host:port or https://host")
        if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username is not None:
            raise ValueError(f"{url!r} is not an endpoint: it must end after the host and port")
        port = parts.port if parts.port is not None else _DEFAULT_PORTS[parts.scheme]
        return cls(scheme=parts.scheme, host=parts.hostname, port=port)

    @property
    def authority(self) -> str:
        """What the Host header says: the host, and the port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How long to wait and how much to accept."""

    connections_max: int = 32
    """Connections open at once; a thread that finds none free waits for one."""
    connect_timeout_seconds: float = 3.0
    """For a connection, its TLS handshake included, and for a free place among `connections_max`."""
    answer_timeout_seconds: float = 30.0
    """From the first byte sent to the last byte received, so that a trickling answer ends too."""
    answer_bytes_max: int = 64 * 1024 * 1024
    """The largest body, compressed or not. DynamoDB answers 16 MB at most; JSON escapes make them longer."""


class Connection:
    """One connection; carries one request at a time."""

    def __init__(self, endpoint: Endpoint, *, limits: Limits, tls: ssl.SSLContext | None, clock: Clock) -> None:
        """Connect, and shake hands when `tls` is given; OSError when that fails."""
        self._limits = limits
        self._clock = clock
        self._socket = _connect(endpoint, tls, limits.connect_timeout_seconds)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._deadline = 0.0
        self._waits_seconds = limits.connect_timeout_seconds

    def exchange(self, request: bytes) -> Answer:
        """Send a whole request and read its answer; OSError (BrokenAnswer is one) when either fails."""
        self._deadline = self._clock() + self._limits.answer_timeout_seconds
        self._wait_at_most(self._limits.answer_timeout_seconds)
        self._socket.sendall(request)
        return read_answer(self._receive, bytes_max=self._limits.answer_bytes_max)

    def is_stale(self) -> bool:
        """Whether something arrived that nobody asked for: as a rule, that the other side has closed."""
        return bool(self._poll.poll(0))

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> bytes:
        remaining = self._deadline - self._clock()
        if remaining <= 0:
            raise TimeoutError("the answer took too long")
        self._wait_at_most(remaining)
        return self._socket.recv(_RECEIVE_BYTES)

    def _wait_at_most(self, seconds: float) -> None:
        """Give or take a tenth: changing a socket's time-out is a system call, and would be two for each request."""
        if not seconds <= self._waits_seconds <= seconds * 1.1:
            self._socket.settimeout(seconds)
            self._waits_seconds = seconds


class ConnectionPool:
    """
    The connections to one endpoint. Threads share it; the connection used last is used next, so idle ones age.

    A forked child starts with an empty pool: two processes must never read from one connection.
    """

    def __init__(self, endpoint: Endpoint, *, limits: Limits, tls: ssl.SSLContext | None, clock: Clock) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._tls = tls
        self._clock = clock
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting = 0
        self._idle: list[Connection] = []
        self._open = 0
        self._closed = False
        _forget_after_fork(weakref.ref(self))

    def exchange(self, request: bytes) -> Answer:
        """One request and its answer over a free connection; OSError when connecting, sending or reading fails."""
        connection = self._borrow()
        reusable = False
        try:
            answer = connection.exchange(request)
            reusable = answer.reusable
        finally:
            self._give_back(connection, reusable=reusable)
        return answer

    def close(self) -> None:
        """Close what is idle now, and what is in use as soon as it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            self._open -= len(idle)
            self._changed.notify_all()
        for connection in idle:
            connection.close()

    def _borrow(self) -> Connection:
        connection = self._take_place()
        if connection is not None and connection.is_stale():
            connection.close()
            connection = None
        if connection is not None:
            return connection
        try:
            return Connection(self._endpoint, limits=self._limits, tls=self._tls, clock=self._clock)
        except BaseException:
            self._release_place()
            raise

    def _take_place(self) -> Connection | None:
        """An idle connection, or None with a place reserved for a new one."""
        with self._lock:
            if not self._has_place():
                self._await_place()
            if self._closed:
                raise ValueError("the client is closed")
            if self._idle:
                return self._idle.pop()
            self._open += 1
            return None

    def _await_place(self) -> None:
        self._waiting += 1
        try:
            if not self._changed.wait_for(self._has_place, self._limits.connect_timeout_seconds):
                raise TimeoutError(f"all {self._limits.connections_max} connections were busy")
        finally:
            self._waiting -= 1

    def _has_place(self) -> bool:
        return bool(self._idle) or self._closed or self._open < self._limits.connections_max

    def _give_back(self, connection: Connection, *, reusable: bool) -> None:
        if reusable:
            with self._lock:
                if not self._closed:
                    self._idle.append(connection)
                    if self._waiting:
                        self._changed.notify()
                    return
        connection.close()
        self._release_place()

    def _release_place(self) -> None:
        with self._lock:
            self._open -= 1
            self._changed.notify()

    def _forget_parent(self) -> None:
        """Start anew, lock included: the thread that held it is not in this process."""
        inherited, self._idle, self._open, self._waiting = self._idle, [], 0, 0
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        for connection in inherited:
            connection.close()


def _forget_after_fork(pool: "weakref.ref[ConnectionPool]") -> None:
    def forget() -> None:
        living = pool()
        if living is not None:
            living._forget_parent()  # noqa: SLF001  # the hook is a part of the pool that must not keep it alive

    os.register_at_fork(after_in_child=forget)


def _connect(endpoint: Endpoint, tls: ssl.SSLContext | None, timeout_seconds: float) -> socket.socket:
    plain = socket.create_connection((endpoint.host, endpoint.port), timeout_seconds)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plain if tls is None else tls.wrap_socket(plain, server_hostname=endpoint.host)
    except BaseException:
        plain.close()
        raise
