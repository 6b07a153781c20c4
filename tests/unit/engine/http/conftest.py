"""An engine that only records what it was asked, and servers for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from typing import Any

import pytest

from tenantable.engine.http.connection import Limits
from tenantable.engine.http.endpoint import Endpoint, JsonEngine
from tenantable.engine.server import Server, listen
from tenantable.wire.principals import Principal

NOW = 1_795_251_907.0

Address = tuple[str, int]


class RecordingEngine:
    """
    Answers every request with `answer`, or raises it when it is an error.

    Its commits wait until `disk` is set, and so do its calls when it `holds`; commits fail with `failure`.
    """

    def __init__(self) -> None:
        self.answer: bytes | Exception = b'{"TableNames":[]}'
        self.calls: list[tuple[str, bytes, Principal | None]] = []
        self.threads: list[int] = []
        self.request_ids: list[str] = []
        self.is_writing = False
        self.commits: list[int] = []
        """How many calls each commit covered."""
        self.disk = threading.Event()
        self.disk.set()
        self.holds = False
        self.failure: Exception | None = None
        self.is_busy = False
        self._covered = 0

    def call_json(self, operation: str, body: bytes, *, principal: Principal | None, request_id: str) -> bytes:
        self.request_ids.append(request_id)
        self.calls.append((operation, body, principal))
        self.threads.append(threading.get_ident())
        if self.holds:
            self.disk.wait(10)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def commit_group(self) -> "RecordingEngine":
        return self

    def begin(self, *, wait: bool) -> bool:
        self._covered = len(self.calls)
        return wait or not self.is_busy

    def commit(self) -> None:
        self.commits.append(len(self.calls) - self._covered)
        self.disk.wait(10)
        if self.failure is not None:
            raise self.failure


@pytest.fixture(scope="session")
def make_engine() -> type[RecordingEngine]:
    return RecordingEngine


@pytest.fixture
def engine() -> RecordingEngine:
    return RecordingEngine()


StartServer = Callable[..., AbstractContextManager[Address]]
"""Serves an engine on a free port until the block ends; further members of `Endpoint` and `Limits` by keyword."""


@contextmanager
def _started(engine: JsonEngine, *, limits: Limits | None = None, **members: Any) -> Iterator[Address]:
    ids = count(1)
    usual: dict[str, Any] = {"access_keys": None, "commits_wait": False, "clock": lambda: NOW}
    endpoint = Endpoint(engine=engine, request_ids=lambda: f"REQUEST-{next(ids)}", **(usual | members))
    listener = listen("127.0.0.1", 0)
    address: Address = listener.getsockname()
    server = Server(endpoint, listener, limits)
    server.start()
    yield address
    server.stop()


@pytest.fixture(scope="session")
def start_server() -> StartServer:
    return _started


@pytest.fixture
def serve(engine: RecordingEngine) -> Iterator[Callable[..., Address]]:
    """Serves the recording engine until the test ends."""
    with ExitStack() as stack:
        yield lambda **members: stack.enter_context(_started(engine, **members))
