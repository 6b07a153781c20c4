"""What tests of several packages use."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

Serving = Callable[[ASGIApp], httpx.Client]
"""Serves an application on a free port until the module's tests end; the client talks to it."""


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(_served(app))


@contextmanager
def _served(app: ASGIApp) -> Iterator[httpx.Client]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, args=[[listener]])
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
        yield client
    server.should_exit = True
    thread.join()
    listener.close()
