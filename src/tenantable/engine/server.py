"""Serving the endpoint over TCP."""

import asyncio
import errno
import gc
import signal
import socket
import sys
import threading
from types import FrameType

from tenantable.engine.http.connection import Connection, Connections, Limits
from tenantable.engine.http.dispatch import Dispatcher
from tenantable.engine.http.endpoint import Endpoint
from tenantable.errors import AddressError

if sys.platform != "win32":  # where there is neither uvloop nor a limit of this kind
    import resource

    import uvloop

SWITCH_SECONDS = 0.0005
"""
How long a thread that computes keeps the interpreter from an event loop that has something to do. Python's own 5 ms
is more than a hundred answers. A setting of the whole process.
"""

_COLLECTOR_OBJECTS = 50_000
"""
How many new objects there must be before the collector of cycles looks at them. At Python's own 700 it looks thousands
of times while one large request is parsed, which takes twice as long then, and hardly anything here is in cycles.
"""
PORT_MAX = 65535
BACKLOG = 2048
"""How many connections wait to be taken over."""

_GRACE_SECONDS = 10
_CONNECTIONS_MAX = 10_000
_OTHER_FILES = 100  # that the process keeps open beside its connections: the database's, the libraries'


def listen(host: str, port: int) -> socket.socket:
    """
    A listening socket; connections wait in it until `serve` takes it over.

    Args:
        port: 0 takes any free one.
    Raises:
        AddressError: The port is taken, or the address is not one of this machine.
    """
    if not host or not host.isascii():
        raise AddressError(
            f"{host!r} is no address to listen on", hint="127.0.0.1 is this machine, 0.0.0.0 every network"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressError(
                f"Port {port} of {host} is in use", hint="stop the other program, or choose another port"
            ) from error
        raise AddressError(f"Cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener


def http_address(host: str, port: int) -> str:
    """What a client has to be given to connect there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """One endpoint on one event loop: in this thread with `run`, or in a thread of its own with `start` and `stop`."""

    def __init__(self, endpoint: Endpoint, listener: socket.socket, limits: Limits | None = None) -> None:
        """
        Args:
            listener: From `listen`, or inherited from another process; closed at the end.
            limits: How long and how many connections are kept; None for the usual, and as many as the process may open.
        """
        self._endpoint = endpoint
        self._listener = listener
        self._limits = limits or Limits(connections_max=min(_CONNECTIONS_MAX, _files_max() - _OTHER_FILES))
        self._loop = _new_event_loop()
        self._stopping = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self.run, name="dynamodb", daemon=True)

    def run(self) -> None:
        """Answer requests until `stop`; then take no more and let those under way finish, for ten seconds at most."""
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._started.set()
            self._loop.close()
            self._listener.close()

    def start(self) -> None:
        """Run in a thread of its own; requests are answered when this returns."""
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Make `run` return, from any thread or signal handler; return when a thread that was started has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread.is_alive():
            self._thread.join()

    async def _serve(self) -> None:
        dispatcher = Dispatcher(self._endpoint)
        connections = Connections(dispatcher, self._limits)
        server = await self._loop.create_server(lambda: Connection(connections), sock=self._listener, backlog=BACKLOG)
        self._started.set()
        await self._stopping.wait()
        server.close()
        await connections.finish(_GRACE_SECONDS)
        await dispatcher.close()


def serve(endpoint: Endpoint, listener: socket.socket) -> None:
    """
    Answer requests until SIGTERM or SIGINT; then take no more and let those under way finish, for ten seconds at most.

    Call it from the main thread. The listener is closed at the end. The process may open more files from here on, up to
    what the system allows, because many systems begin with a number that a thousand connections exceed.
    """
    _allow_files(_CONNECTIONS_MAX + _OTHER_FILES)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(_COLLECTOR_OBJECTS, *gc.get_threshold()[1:])
    server = Server(endpoint, listener)

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _files_max() -> int:
    if sys.platform == "win32":
        return sys.maxsize
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if allowed == resource.RLIM_INFINITY else allowed


def _allow_files(wanted: int) -> None:
    if sys.platform != "win32" and _files_max() < wanted:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most)
        )


def _new_event_loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop() if sys.platform == "win32" else uvloop.new_event_loop()
