"""What is measured: the engine in process, on disk, through boto3 and over HTTP, moto in process and as a server."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from moto import mock_aws
from servers import stop

from tenantable.engine import Engine
from tenantable.testing import boto3_client

Call = Callable[[str, dict[str, Any]], Any]
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "bench", "aws_secret_access_key": "bench"}


@dataclass(frozen=True)
class Target:
    """How one client calls it; a server also tells its address, so that several client processes can."""

    call: Call
    endpoint: str | None = None


@contextmanager
def engine_in_memory() -> Iterator[Target]:
    with Engine(":memory:") as engine:
        yield Target(engine.call)


@contextmanager
def engine_on_disk() -> Iterator[Target]:
    with tempfile.TemporaryDirectory() as folder, Engine(folder, durability="process") as engine:
        yield Target(engine.call)


@contextmanager
def engine_through_boto3() -> Iterator[Target]:
    with Engine(":memory:") as engine:
        yield Target(_call_of(boto3_client(engine)))


@contextmanager
def engine_over_http() -> Iterator[Target]:
    command = [sys.executable, "-m", "tenantable.cli", "dynamodb", "--open", "--memory"]
    with _server(command) as endpoint:
        yield Target(boto3_call(endpoint), endpoint)


@contextmanager
def moto_in_process() -> Iterator[Target]:
    with mock_aws():
        yield Target(boto3_call(None))


@contextmanager
def moto_over_http() -> Iterator[Target]:
    with _server([sys.executable, "-m", "moto.server", "-H", "127.0.0.1"]) as endpoint:
        yield Target(boto3_call(endpoint), endpoint)


class Crowd:
    """Several client processes of one server, which work at the same time when they are told to."""

    def __init__(self, endpoint: str, clients: int) -> None:
        command = [sys.executable, str(Path(__file__).parent / "client.py"), endpoint]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._clients = [subprocess.Popen(command, **pipes) for _ in range(clients)]

    def rate(self, operation: str, items: int, *, seed: int, seconds: float) -> float:
        """Operations per second of all clients together."""
        for number, client in enumerate(self._clients):
            client.stdin.write(f"{operation}\t{items}\t{seed * 100 + number}\t{seconds}\n")
            client.stdin.flush()
        return sum(int(client.stdout.readline()) for client in self._clients) / seconds

    def close(self) -> None:
        for client in self._clients:
            client.communicate()


def boto3_call(endpoint: str | None) -> Call:
    config = Config(retries={"max_attempts": 1})
    return _call_of(boto3.client("dynamodb", endpoint_url=endpoint, config=config, **CREDENTIALS))


def _call_of(client: Any) -> Call:
    return lambda operation, request: getattr(client, xform_name(operation))(**request)


@contextmanager
def _server(command: list[str]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = tempfile.TemporaryFile()
    process = subprocess.Popen(
        [*command, "--port", str(port)], stdout=log, stderr=log, env=os.environ | {"NO_COLOR": "1"}
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)
        log.close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"The server did not start: {' '.join(map(str, process.args))}")  # type: ignore[arg-type]
