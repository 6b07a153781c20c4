"""`dynamodb --workers 2`: one port, one data folder; a worker that dies is replaced, and none is left behind."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.conftest import PATIENCE_SECONDS
from tests.waiting import wait_until

from tenantable.data.http_client import HttpClient
from tenantable.engine import Engine
from tenantable.wire.signatures import Credentials

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="who is whose child is read from /proc"),
]


TABLE = {"TableName": "kept", "BillingMode": "PAY_PER_REQUEST",
         "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}  # fmt: skip


def connect(server: "DynamoProcess") -> HttpClient:
    credentials = Credentials(access_key_id=server.access_key_id, secret_access_key=server.secret_access_key)
    return HttpClient(server.address, region="us-east-1", credentials=lambda: credentials)


def workers(server: "DynamoProcess") -> set[int]:
    parent = server.process.pid
    return {int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


def has_grown(names: list[str], length: int) -> bool:
    return len(names) >= length


def is_alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(") ")[2][0] != "Z"


def answers(server: "DynamoProcess", connections: int = 20) -> list[int]:
    """The statuses of so many requests, each on a connection of its own."""
    statuses = []
    for _ in range(connections):
        connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=10)
        connection.request("GET", "/")
        statuses.append(connection.getresponse().status)
        connection.close()
    return statuses


def post(server: "DynamoProcess") -> None:
    """A request that nobody signed, on a connection of its own."""
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=10)
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.ListTables"}
    connection.request("POST", "/", "{}", headers)
    assert connection.getresponse().status == 400
    connection.close()


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tenantable.cli", "dynamodb", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_worker_that_dies_is_replaced_and_the_others_answer(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path, "--open", "--workers", "2", stderr=subprocess.PIPE) as server:
        wait_until(lambda: len(workers(server)) == 2)
        victim = min(workers(server))
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: victim not in workers(server) and len(workers(server)) == 2)
        assert answers(server) == [200] * 20
        assert server.process.stderr is not None
        assert server.process.stderr.readline() == (
            f"tenantable: Worker {victim} was killed by SIGKILL; another one takes its place\n"
        )


def test_nothing_acknowledged_is_lost_when_workers_are_killed(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    """Four writers go on, at whichever worker is left, while one after the other is killed."""
    acknowledged: list[str] = []
    stopping = threading.Event()

    def write(writer: int, client: HttpClient) -> None:
        for number in count():
            if stopping.is_set():
                return
            name = f"{writer}/{number}"
            client.call("PutItem", {"TableName": "kept", "Item": {"pk": {"S": name}}})
            acknowledged.append(name)

    with start_dynamo(tmp_path, "--workers", "2") as server, connect(server) as client:
        client.call("CreateTable", TABLE)
        with ThreadPoolExecutor(4) as threads:
            writing = [threads.submit(write, writer, client) for writer in range(4)]
            for _ in range(4):
                wait_until(partial(has_grown, acknowledged, len(acknowledged) + 50))
                wait_until(lambda: len(workers(server)) == 2)
                os.kill(min(workers(server)), signal.SIGKILL)
            stopping.set()
            for each in writing:
                each.result(30)
    with Engine(tmp_path) as engine:
        found = {item["pk"]["S"] for item in engine.call("Scan", {"TableName": "kept"})["Items"]}
    assert set(acknowledged) <= found
    assert len(acknowledged) >= 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_parent_ends_all(start_dynamo: "StartDynamo", tmp_path: Path, number: signal.Signals) -> None:
    with start_dynamo(tmp_path, "--open", "--workers", "2") as server:
        assert answers(server) == [200] * 20
        children = workers(server)
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        assert not any(map(is_alive, children))


def test_no_worker_outlives_a_parent_that_is_killed(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path, "--open", "--workers", "2") as server:
        assert answers(server) == [200] * 20
        children = workers(server)
        assert len(children) == 2
        server.kill()
        wait_until(lambda: not any(map(is_alive, children)))


def metrics_addresses(server: "DynamoProcess") -> set[str]:
    """Where the two workers say that their metrics are."""
    assert server.process.stdout is not None
    lines = (line for line in server.process.stdout if line.startswith("Metrics on"))
    return {line.split()[-1] for line in islice(lines, 2)}


def free_ports() -> int:
    """The first of two free ports that lie side by side."""
    while True:
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                next_one.bind(("127.0.0.1", port + 1))
                return port


def test_each_worker_counts_what_it_does_at_a_port_of_its_own(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    port = free_ports()
    with start_dynamo(tmp_path, "--workers", "2", "--metrics-port", str(port)) as server:
        addresses = metrics_addresses(server)
        assert addresses == {f"http://127.0.0.1:{port + number}/metrics" for number in range(2)}
        for _ in range(20):
            post(server)
        refused = [
            re.search(r"refused_total{.*} (\S+)", httpx.get(address, timeout=PATIENCE_SECONDS).text)
            for address in addresses
        ]
        assert sum(float(found[1]) for found in refused if found is not None) == 20


def test_a_metrics_port_that_is_taken_is_told_before_workers_start(tmp_path: Path) -> None:
    port = free_ports()
    with socket.create_server(("127.0.0.1", port + 1)):
        done = run("--port", "0", "--workers", "2", "--metrics-port", str(port), "--data", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"tenantable: Port {port + 1} of 127.0.0.1 is in use")


def test_workers_share_the_throughput(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    """Of two units a second, saved for 300 seconds, each of two workers has 300 units, and not 600."""
    with start_dynamo(tmp_path, "--open", "--workers", "2", "--throttle", "--durability", "none") as server:
        caller = boto3.client(
            "dynamodb",
            endpoint_url=server.address,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=Config(retries={"total_max_attempts": 1}),
        )
        caller.create_table(
            TableName="notes",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
        )
        large = {"pk": {"S": "a"}, "x": {"S": "x" * 399_000}}
        caller.put_item(TableName="notes", Item=large)
        with pytest.raises(ClientError, match="ThroughputExceeded"):  # on the same connection, so by the same worker
            caller.put_item(TableName="notes", Item=large)


def test_a_table_of_another_account_is_known_to_all_workers(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path, "--open", "--workers", "2", "--eventual-ms", "600000") as server:
        for number in range(4):
            caller = boto3.client("dynamodb", endpoint_url=server.address, region_name="eu-west-1",
                                  aws_access_key_id="111122223333", aws_secret_access_key="any")  # fmt: skip
            name = f"notes-{number}"
            caller.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            )
            for _ in range(4):  # each on a connection of its own
                other = boto3.client("dynamodb", endpoint_url=server.address, region_name="eu-west-1",
                                     aws_access_key_id="111122223333", aws_secret_access_key="any")  # fmt: skip
                assert other.scan(TableName=name)["Count"] == 0
                other.close()
            caller.close()


def test_tables_in_memory_have_one_worker(tmp_path: Path) -> None:
    done = run("--memory", "--workers", "2", "--data", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == (
        "tenantable: 2 workers cannot share tables in memory (leave out --memory, or have one worker)\n"
    )
