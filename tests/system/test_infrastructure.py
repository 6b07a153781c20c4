"""`tenantable plan`, `apply` and `drift`, as processes against a data folder, a server, and a stand-in for AWS."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

SHOP = """
from tenantable.declare import Index, System, Table

orders = Table("orders", {indexes} encryption_key="aws/dynamodb", recovery=True, ttl="until")
SHOP = System(name="shop", tables=[orders])
"""
TWO_INDEXES = 'Index("by-day", partition="day"), Index("by-kind", partition="kind"), '
ITEMS = 10_000


class Project:
    """A folder with a declaration, in which commands are run."""

    def __init__(self, folder: Path, indexes: str = "") -> None:
        self.folder = folder
        self.declare(indexes)

    def declare(self, indexes: str) -> None:
        (self.folder / "shop.py").write_text(SHOP.format(indexes=indexes))

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.Popen(
            [sys.executable, "-m", "tenantable.cli", words[0], "--system", "shop:SHOP", *words[1:]],
            cwd=self.folder,
            env=plain | {"PYTHONDONTWRITEBYTECODE": "1"} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **variables: str) -> tuple[int, str, str]:
        with self.start(*words, **variables) as process:
            output, errors = process.communicate(timeout=90)
        return process.returncode, output, errors


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def server(start_dynamo: "StartDynamo", tmp_path: Path) -> "Iterator[DynamoProcess]":
    with start_dynamo(tmp_path / ".tenantable", "--durability", "process") as running:
        yield running


def client_of(server: "DynamoProcess") -> "DynamoDBClient":
    return boto3.client(
        "dynamodb",
        endpoint_url=server.address,
        region_name="us-east-1",
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )


def fill(client: "DynamoDBClient") -> None:
    def write(first: int) -> None:
        puts: list[Any] = [
            {
                "PutRequest": {
                    "Item": {
                        "PK": {"S": f"order-{number}"},
                        "SK": {"S": "order"},
                        "day": {"S": f"day-{number % 365}"},
                        "kind": {"S": f"kind-{number % 7}"},
                        "note": {"S": "n" * 200},
                    }
                }
            }
            for number in range(first, first + 25)
        ]
        client.batch_write_item(RequestItems={"orders": puts})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(0, ITEMS, 25)))


def count(client: "DynamoDBClient", index: str) -> int:
    pages = client.get_paginator("scan").paginate(TableName="orders", IndexName=index, Select="COUNT")
    return sum(page["Count"] for page in pages)


def test_a_life_in_a_data_folder(project: Project) -> None:
    """Planned, applied, applied again, changed, drifted; nobody serves the folder."""
    assert project.run("plan")[0] == 2
    assert not (project.folder / ".tenantable").exists()
    assert project.run("apply")[0] == 0
    assert project.run("plan")[0] == 0
    status, output, _ = project.run("apply")
    assert status == 0
    assert "Nothing to do" in output
    project.declare(TWO_INDEXES)
    status, output, _ = project.run("drift")
    assert status == 2
    assert "index by-day is missing" in output
    assert project.run("apply")[0] == 0
    assert project.run("drift")[0] == 0
    project.declare("")
    status, output, _ = project.run("apply")
    assert status == 2
    assert "--allow-drop orders/by-day" in output
    status, output, _ = project.run("apply", "--allow-drop", "orders/by-day", "--allow-drop", "orders/by-kind")
    assert status == 0
    assert project.run("plan")[0] == 0


def test_json_says_the_same(project: Project) -> None:
    status, output, _ = project.run("plan", "--json")
    found = json.loads(output)
    assert status == 2
    assert [step["operations"] for table in found["tables"] for step in table["steps"]] == [
        ["CreateTable", "UpdateTimeToLive", "UpdateContinuousBackups"]
    ]
    status, output, _ = project.run("apply", "--json")
    assert status == 0
    assert json.loads(output)["complete"]
    assert json.loads(project.run("drift", "--json")[1])["clean"]


def test_a_served_endpoint_is_planned_with_its_folders_key(project: Project, server: "DynamoProcess") -> None:
    endpoint = ("--endpoint", server.address)
    assert project.run("plan", *endpoint)[0] == 2
    assert project.run("apply", *endpoint)[0] == 0
    with closing(client_of(server)) as client:
        assert client.list_tables()["TableNames"] == ["orders"]
        arn = client.describe_table(TableName="orders")["Table"]["TableArn"]
        client.tag_resource(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "billing"}])
    status, output, _ = project.run("drift", *endpoint)
    assert status == 2
    assert "tag owner is not declared, found is billing" in output
    status, output, _ = project.run("plan", *endpoint)
    assert status == 0
    assert "not ours: tag owner billing; it stays" in output
    assert project.run("plan")[0] == 0, "the folder itself, while it is served"
    keys = {"AWS_ACCESS_KEY_ID": server.access_key_id, "AWS_SECRET_ACCESS_KEY": "wrong"}
    status, _, errors = project.run("plan", *endpoint, **keys)
    assert status == 1
    assert "signature" in errors


def test_an_endpoint_without_a_key_is_refused_with_the_way_out(project: Project, tmp_path: Path) -> None:
    status, _, errors = project.run("plan", "--endpoint", "http://192.0.2.1:9", HOME=str(tmp_path))
    assert status == 1
    assert "--data" in errors


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_an_apply_that_is_killed_while_an_index_is_filled_is_resumed(
    project: Project, server: "DynamoProcess", sent: signal.Signals
) -> None:
    endpoint = ("--endpoint", server.address)
    project.run("apply", *endpoint)
    with closing(client_of(server)) as client:
        fill(client)
        project.declare(TWO_INDEXES)
        with project.start("apply", *endpoint) as process:
            assert process.stdout is not None
            assert "create index by-day" in process.stdout.readline()
            process.send_signal(sent)
            errors = process.communicate(timeout=60)[1]
        if process.returncode == 0:
            pytest.skip("the machine was faster than the signal: everything was applied before it came")
        assert process.returncode == {signal.SIGKILL: -signal.SIGKILL, signal.SIGINT: 130}[sent]
        assert ("the next apply goes on" in errors) is (sent == signal.SIGINT)
        assert project.run("plan", *endpoint)[0] == 2, "the second index was not begun"
        assert project.run("apply", *endpoint)[0] == 0
        assert [count(client, index) for index in ("by-day", "by-kind")] == [ITEMS, ITEMS]
        assert project.run("plan", *endpoint)[0] == 0


def test_a_server_that_is_killed_while_an_index_is_filled_is_applied_to_again(
    project: Project, start_dynamo: "StartDynamo"
) -> None:
    data = project.folder / ".tenantable"
    with start_dynamo(data, "--durability", "process") as server, closing(client_of(server)) as client:
        project.run("apply", "--endpoint", server.address)
        fill(client)
        project.declare(TWO_INDEXES)
        with project.start("apply", "--endpoint", server.address) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.1)
            server.kill()
            assert process.communicate(timeout=60)[1].startswith("tenantable: ")
        assert process.returncode == 1
    with start_dynamo(data) as server, closing(client_of(server)) as client:
        assert project.run("apply", "--endpoint", server.address)[0] == 0
        assert [count(client, index) for index in ("by-day", "by-kind")] == [ITEMS, ITEMS]


def test_an_account_on_aws(project: Project) -> None:
    """Here moto's."""
    server = pytest.importorskip("moto.server")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    try:
        host, port = running.get_host_and_port()
        variables = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_REGION": "eu-west-1",
        }
        project.declare(TWO_INDEXES)
        assert project.run("apply", "--aws", **variables)[0] == 0
        assert project.run("plan", "--aws", **variables)[0] == 0
        status, _, errors = project.run("plan", "--aws", "--endpoint", "http://127.0.0.1:9", **variables)
        assert status == 1
        assert "name two places" in errors
    finally:
        running.stop()
