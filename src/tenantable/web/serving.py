"""Serving ASGI applications on event loops of their own, many at a time."""

import socket
import threading
from typing import Any

import uvicorn

from tenantable.errors import AddressError
from tenantable.web.connections import BoundedConnection

START_SECONDS_MAX = 10.0
GRACE_SECONDS = 10


class BackgroundServer:
    """Serves one application until it is stopped; requests under way may then finish, for ten seconds at most."""

    def __init__(self, name: str, app: Any, listener: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            http=BoundedConnection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self.name = name
        self._server = uvicorn.Server(config)
        self._listener = listener
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """
        Return when requests are answered.

        Raises:
            AddressError: It did not start.
        """
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(START_SECONDS_MAX / 0.01)):
            if self._server.started or not self._thread.is_alive():
                break
            waited.wait(0.01)
        if not self._server.started:
            raise AddressError(f"The server for {self.name} did not start")

    def stop(self) -> None:
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])
