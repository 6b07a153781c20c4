"""The command `dynamodb`: how it starts, refuses to start, and stops."""

import os
import resource
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tenantable.engine.storage.files import lock_directory

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

KEY = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
       "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}  # fmt: skip


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "tenantable.cli", "dynamodb", *options]


def refusal(*options: str) -> str:
    """What a start that must fail says; asserts that it is one sentence and a failure."""
    done = subprocess.run(command(*options), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def client(server: "DynamoProcess") -> "DynamoDBClient":
    return boto3.client(
        "dynamodb",
        endpoint_url=server.address,
        region_name="us-east-1",
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal("--port", str(port), "--data", str(tmp_path / "data"))
    assert f"Port {port} of 127.0.0.1 is in use" in said
    assert "choose another port" in said
    assert not (tmp_path / "data").exists()


def test_a_foreign_address_is_named(tmp_path: Path) -> None:
    assert "192.0.2.1" in refusal("--host", "192.0.2.1", "--port", "0", "--data", str(tmp_path))


def test_a_folder_that_a_tool_has_for_itself_is_named(tmp_path: Path) -> None:
    with closing(lock_directory(tmp_path, exclusive=True)):
        assert f"{tmp_path} is in use" in refusal("--port", "0", "--data", str(tmp_path))


def test_a_folder_of_a_newer_version_is_named(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path):
        pass
    [database] = tmp_path.glob("*.db")
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    assert "format 999" in refusal("--port", "0", "--data", str(tmp_path))


def test_a_path_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refusal("--port", "0", "--data", str(tmp_path / "file"))


def test_the_access_key_is_kept_for_its_owner_and_not_shown(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path) as server:
        assert server.process.stdout is not None
        said = ""
        while "list-tables" not in said:
            said += server.process.stdout.readline()
    credentials = tmp_path / "credentials"
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    assert str(credentials) in said
    assert server.secret_access_key not in said


def test_tables_and_key_outlive_a_restart(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path) as server:
        first = server
        client(server).create_table(TableName="kept", **KEY)  # type: ignore[arg-type]
    with start_dynamo(tmp_path) as server:
        assert server.secret_access_key == first.secret_access_key
        assert client(server).list_tables()["TableNames"] == ["kept"]


def test_an_open_endpoint_takes_any_key_and_makes_none(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path, "--open", "--memory") as server:
        assert client(server).list_tables()["TableNames"] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_under_way_finish(
    start_dynamo: "StartDynamo", tmp_path: Path, number: signal.Signals
) -> None:
    with start_dynamo(tmp_path, "--open") as server:
        client(server).create_table(TableName="kept", **KEY)  # type: ignore[arg-type]
        body = b'{"TableName": "kept", "Item": {"pk": {"S": "late"}}}'
        port = int(server.address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\n"
                b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            time.sleep(0.2)
            server.process.send_signal(number)
            time.sleep(0.2)
            connection.sendall(body)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        assert server.process.wait(10) == 0
    with start_dynamo(tmp_path, "--open") as server:
        assert "Item" in client(server).get_item(TableName="kept", Key={"pk": {"S": "late"}})


def test_the_first_answer_comes_soon(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    """Half a second of work; three times that is allowed here, as busy neighbours slow it down."""
    made: list[float] = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with start_dynamo(tmp_path, "--open") as server:
            port = int(server.address.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        made.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(made) < 1.5


def test_without_its_libraries_the_command_says_what_to_install() -> None:
    script = "import sys; sys.modules['typer'] = None; import tenantable.cli"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr == "tenantable: typer is not installed (pip install 'tenantable[services]')\n"


def test_the_environment_may_name_the_port_of_metrics(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            command("--port", "0", "--data", str(tmp_path)),
            env={**os.environ, "TENANTABLE_METRICS_PORT": str(port)},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert f"Metrics cannot be served on 127.0.0.1 port {port}" in done.stderr
