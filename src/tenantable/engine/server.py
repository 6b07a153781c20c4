"""Serving the endpoint over TCP with uvicorn; the only module of the engine that needs it."""

import errno
import signal
import socket
from types import FrameType

import uvicorn

from tenantable.engine.connection import BoundedConnection
from tenantable.engine.http import DynamoApp
from tenantable.errors import AddressError

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 65  # longer than the idle time after which the SDKs drop a pooled connection themselves
_GRACE_SECONDS = 10


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
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressError(
                f"Port {port} of {host} is in use", hint="stop the other program, or choose another port"
            ) from error
        raise AddressError(f"Cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener


def serve(app: DynamoApp, listener: socket.socket) -> None:
    """
    Answer requests until SIGTERM or SIGINT; then take no more and let those under way finish, for ten seconds at most.

    Call it from the main thread. The listener is closed at the end.
    """
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http=BoundedConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    app.connections = lambda: len(server.server_state.connections)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # uvicorn stops on these signals, and raises them again afterwards for whoever was there before it: for us, who
    # also catch what comes before uvicorn listens to signals.
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
