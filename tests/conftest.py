"""What tests of several packages use."""

import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, settings
from starlette.types import ASGIApp

# A busy machine must not fail a property: no test here asserts how long anything takes.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

_TLS = ssl.create_default_context()  # not used, but each client would load the authorities anew
PATIENCE_SECONDS = 60
"""Of a client that waits for an answer: a busy machine must not fail a test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long test that comes last would keep one process busy while the others have nothing left to do."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


Serving = Callable[[ASGIApp], httpx.Client]
"""Serves an application on a free port until the module's tests end; the client talks to it."""


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    running: list[tuple[uvicorn.Server, threading.Thread]] = []
    with ExitStack() as stack:

        def serve(app: ASGIApp) -> httpx.Client:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, args=[[listener]])
            thread.start()
            running.append((server, thread))
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            return stack.enter_context(httpx.Client(base_url=address, verify=_TLS, timeout=PATIENCE_SECONDS))

        yield serve
        for server, _ in running:  # all at once: each looks ten times a second whether it is to end
            server.should_exit = True
        for _, thread in running:
            thread.join()


@dataclass(frozen=True, kw_only=True)
class DynamoProcess:
    """A running `tenantable dynamodb`: its address and the access key of its data folder, if it checks one."""

    process: subprocess.Popen[str]
    address: str
    access_key_id: str
    secret_access_key: str

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


StartDynamo = Callable[..., AbstractContextManager[DynamoProcess]]
"""Starts `tenantable dynamodb` on a data folder and a free port, with further options; stops it after the block."""


@pytest.fixture(scope="session")
def start_dynamo() -> StartDynamo:
    return _dynamo_process


@contextmanager
def _dynamo_process(data: Path, *options: str, stderr: int | None = None) -> Iterator[DynamoProcess]:
    command = [sys.executable, "-m", "tenantable.cli", "dynamodb", "--port", "0", "--data", str(data), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        assert process.stdout is not None
        address = next(word for word in process.stdout.readline().split() if word.startswith("http://")).rstrip(",")
        keys = ConfigParser(interpolation=None)
        keys.read(data / "credentials")
        key = keys["default"] if keys.has_section("default") else keys["DEFAULT"]
        try:
            yield DynamoProcess(
                process=process,
                address=address,
                access_key_id=key.get("aws_access_key_id", "any"),
                secret_access_key=key.get("aws_secret_access_key", "any"),
            )
        finally:
            process.terminate()
