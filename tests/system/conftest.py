"""The command `up` in processes of its own, for the tests of what it runs; and a stand-in for AWS."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer
from tests.conftest import PATIENCE_SECONDS

COMMAND = [sys.executable, "-m", "tenantable.cli", "up", "--port", "0", "--dynamodb-port", "0"]
READY = "Ctrl-C stops it"


@dataclass
class Up:
    """A running `tenantable up`, and what it printed until it was ready."""

    process: subprocess.Popen[str]
    data: Path
    lines: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return "".join(self.lines)

    @property
    def api(self) -> str:
        return found(r"Webhook API +(http://[\d.:]+)", self.shown)

    @property
    def access(self) -> str:
        return found(r"Access API +(http://[\d.:]+)", self.shown)

    @property
    def platform_secret(self) -> str:
        return (self.data / "access-platform-secret").read_text()

    @property
    def dynamodb(self) -> str:
        return found(r"DynamoDB +(http://[\d.:]+)", self.shown)

    def tenant(self) -> httpx.Client:
        key = (self.data / "demo-api-key").read_text()
        return httpx.Client(base_url=self.api, headers={"authorization": f"Bearer {key}"}, timeout=PATIENCE_SECONDS)

    def as_profile(self, profile: str, service: str = "dynamodb") -> Any:
        keys = ConfigParser(interpolation=None)
        keys.read(self.data / "credentials")
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.dynamodb,
            region_name="us-east-1",
            aws_access_key_id=keys[profile]["aws_access_key_id"],
            aws_secret_access_key=keys[profile]["aws_secret_access_key"],
        )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, text
    return match[1]


Start = Callable[..., Up]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with _starting(tmp_path) as start_up:
        yield start_up


@pytest.fixture(scope="package")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One for all tests that change nothing that another one reads, for a start takes longer than most of them."""
    with _starting(tmp_path_factory.mktemp("up")) as start_up:
        yield start_up()


@contextmanager
def _starting(folder: Path) -> Iterator[Start]:
    running: list[Up] = []

    def start_up(*arguments: str, **environment: str) -> Up:
        data = folder / "data"
        process = subprocess.Popen(
            [*COMMAND, "--data", str(data), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=os.environ | {"COLUMNS": "200"} | environment,
        )
        up = Up(process, data)
        running.append(up)
        assert process.stdout is not None
        for line in process.stdout:
            up.lines.append(line)
            if READY in line:
                break
        # Read on, so that the pipe never fills.
        threading.Thread(target=up.lines.extend, args=[process.stdout], daemon=True).start()
        return up

    yield start_up
    for up in running:
        up.process.kill()
        up.process.wait()
        assert up.process.stdout is not None
        up.process.stdout.close()


@pytest.fixture
def amazon() -> Iterator[dict[str, str]]:
    """The environment of a process on AWS, with a stand-in for AWS itself, in which there is nothing yet."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx.post(f"http://{host}:{port}/moto-api/reset", timeout=PATIENCE_SECONDS).raise_for_status()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "example",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    kms = boto3.client(
        "kms",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="example",
        aws_secret_access_key="example",
    )
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.close()
    yield environment | {
        "TENANTABLE_CLOUD": "aws",
        "TENANTABLE_KMS_KEY_ID": key_id,
        "TENANTABLE_CREATE_RESOURCES": "true",
    }
    server.stop()
