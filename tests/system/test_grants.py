"""Grants counted and denials explained by a running `tenantable up`: real processes, kills and restarts."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "tenantable.cli"]
AUTHORIZED = "allow(TenantIdentities.authorized)"


class Up:
    """A running `tenantable up`. What it logs goes to a file."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.log = data.parent / "log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--port", "0", "--dynamodb-port", "0", "--explain-denials", "--data", str(data)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=data.parent,
            )
        assert self.process.stdout is not None
        shown = ""
        while "Ctrl-C stops it" not in shown:
            line = self.process.stdout.readline()
            assert line, shown
            shown += line
        found = re.search(r"DynamoDB +(http://[\d.:]+)", shown)
        assert found is not None
        self.address = found[1]

    def authorizer(self) -> Any:
        keys = ConfigParser(interpolation=None)
        keys.read(self.data / "credentials")
        profile = keys["webhooks-authorizer"]
        return boto3.client(
            "dynamodb",
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=profile["aws_access_key_id"],
            aws_secret_access_key=profile["aws_secret_access_key"],
        )

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


def count_of(data: Path, words: str) -> int:
    command = [*COMMAND, "grants", "--system", "webhooks", "--data", str(data), "--json"]
    grants = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["grants"]
    (count,) = [each["count"] for each in grants if each["grant"] == words]
    return int(count)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_counts_survive_kills_and_restarts_and_denials_are_logged_without_values(tmp_path: Path) -> None:
    data = tmp_path / "data"
    read = {"TableName": "TenantIdentity", "Key": {"apiKey": {"S": "jane@example.com"}}}
    first = Up(data)
    try:
        client = first.authorizer()
        for _ in range(3):
            client.get_item(**read, ProjectionExpression="tenantId")
        with pytest.raises(ClientError, match="AccessDenied"):
            client.get_item(**read)
        wait_until(lambda: count_of(data, AUTHORIZED) == 3)
    finally:
        first.end(signal.SIGKILL)
    second = Up(data)
    try:
        second.authorizer().get_item(**read, ProjectionExpression="tenantId")
    finally:
        second.end(signal.SIGINT)
    assert count_of(data, AUTHORIZED) == 4
    (line,) = [json.loads(each) for each in first.log.read_text().splitlines() if '"denied"' in each]
    assert (line["component"], line["grant"]) == ("webhooks.authorizer", "allow(TenantIdentities.get)")
    assert line["fails_on"] == ["StringEqualsIfExists dynamodb:Select"]
    assert "jane" not in json.dumps(line)


def test_the_command_ends_as_a_script_expects(tmp_path: Path) -> None:
    """0 allowed, 2 denied, 1 cannot be answered, and then a sentence on the error stream alone."""

    def run(*arguments: str) -> tuple[int, str, str]:
        command = [*COMMAND, "explain", "--component", *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr

    (tmp_path / "shop.py").write_text(
        "from tenantable.data import Repository\n"
        "from tenantable.declare import Attr, Component, Entity, System, Table, allow\n"
        "orders = Table('orders')\n"
        "class Order(Entity, table=orders):\n    number: Attr[str]\n"
        "class Orders(Repository[Order]):\n"
        "    @Order.key(pk='ORDER#{number}', sk='ORDER')\n"
        "    def get(self, *, number: str) -> None:\n        'One.'\n"
        "till = Component('till.one', grants=[allow(Orders.get)])\n"
        "SHOP = System(name='shop', tables=[orders], components=[till])\n"
    )
    status, shown, error = run("shop:SHOP.till.one", "GetItem", "orders")
    assert (status, shown[:7], error) == (0, "Allowed", "")
    status, shown, error = run("shop:SHOP.till.one", "DeleteItem", "orders")
    assert (status, shown[:6], error) == (2, "Denied", "")
    assert 'allow(writes(Order, "delete"))' in shown
    status, shown, error = run("shop:SHOP.tills", "GetItem", "orders")
    assert (status, shown) == (1, "")
    assert error.startswith("tenantable: There is no component of shop 'tills' (did you mean till.one?)")
