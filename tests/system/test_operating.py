"""The endpoint as operators run it: accounts, throttle, late reads, metrics and the request log, over HTTP."""

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import orjson
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.conftest import PATIENCE_SECONDS

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

TABLE: dict[str, Any] = {
    "TableName": "notes",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
ON_DEMAND = {**TABLE, "BillingMode": "PAY_PER_REQUEST"}
ITEM = {"pk": {"S": "a-secret-key"}, "x": {"S": "a-secret-value"}}


def client(server: "DynamoProcess", *, region: str = "us-east-1", key: str = "any", secret: str | None = None) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=server.address,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret or "any",
        config=Config(retries={"total_max_attempts": 1}),
    )


def refusal(*options: str) -> str:
    command = [sys.executable, "-m", "tenantable.cli", "dynamodb", "--port", "0", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    return done.stderr


def metrics_address(server: "DynamoProcess") -> str:
    assert server.process.stdout is not None
    return next(line for line in server.process.stdout if line.startswith("Metrics on")).split()[-1]


def test_an_open_endpoint_keeps_accounts_and_regions_apart(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    callers = [("any", "us-east-1"), ("any", "eu-west-1"), ("111122223333", "us-east-1")]
    with start_dynamo(tmp_path, "--open") as server:
        client(server, region="eu-west-1").create_table(**ON_DEMAND)
        arn = client(server, key="111122223333").create_table(**ON_DEMAND)["TableDescription"]["TableArn"]
        assert arn == "arn:aws:dynamodb:us-east-1:111122223333:table/notes"
        names = [client(server, key=key, region=region).list_tables()["TableNames"] for key, region in callers]
        assert names == [[], ["notes"], ["notes"]]
    with start_dynamo(tmp_path, "--open") as server:
        names = [client(server, key=key, region=region).list_tables()["TableNames"] for key, region in callers]
        assert names == [[], ["notes"], ["notes"]]


def test_with_signatures_an_account_has_a_key_of_its_own(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path, "--account", "111122223333") as server:
        lines = (tmp_path / "credentials").read_text()
        found = re.search(r"\[111122223333\]\naws_access_key_id = 111122223333\naws_secret_access_key = (\S+)", lines)
        assert found is not None
        client(server, key="111122223333", secret=found[1]).create_table(**ON_DEMAND)
        assert (
            client(server, key=server.access_key_id, secret=server.secret_access_key).list_tables()["TableNames"] == []
        )
        with pytest.raises(ClientError, match="InvalidSignature"):
            client(server, key="111122223333", secret="wrong").list_tables()
        with pytest.raises(ClientError, match="UnrecognizedClient"):
            client(server, key="444455556666", secret="any").list_tables()


def test_an_account_of_another_form_is_named(tmp_path: Path) -> None:
    assert "--account 123: the number of an account has 12 digits" in refusal(
        "--data", str(tmp_path), "--account", "123"
    )


def test_throughput_is_enforced_on_request(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path, "--open", "--memory", "--throttle") as server:
        units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
        client(server).create_table(**TABLE, ProvisionedThroughput=units)
        client(server).put_item(TableName="notes", Item={**ITEM, "x": {"S": "x" * 399_000}})
        with pytest.raises(ClientError) as caught:
            client(server).put_item(TableName="notes", Item=ITEM)
        error: Any = caught.value.response
        assert error["Error"]["Code"] == "ProvisionedThroughputExceededException"
        assert error["ThrottlingReasons"][0]["reason"] == "TableWriteProvisionedThroughputExceeded"


def test_reads_are_late_on_request(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path, "--open", "--eventual-ms", "600000") as server:
        client(server).create_table(**ON_DEMAND)
        client(server).put_item(TableName="notes", Item=ITEM)
        key = {"TableName": "notes", "Key": {"pk": ITEM["pk"]}}
        assert "Item" not in client(server).get_item(**key)
        assert client(server).get_item(**key, ConsistentRead=True)["Item"] == ITEM


def test_late_reads_in_memory_are_refused() -> None:
    assert "An engine in memory has one state" in refusal("--memory", "--open", "--eventual-ms", "5")


def test_metrics_have_a_port_of_their_own(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path, "--metrics-port", "0") as server:
        address = metrics_address(server)
        caller = client(server, key=server.access_key_id, secret=server.secret_access_key)
        caller.create_table(**ON_DEMAND)
        with pytest.raises(ClientError):
            client(server).list_tables()
        text = httpx.get(address, timeout=PATIENCE_SECONDS).text
        assert address.startswith("http://127.0.0.1:")
        assert 'operations_total{code="success",operation="CreateTable"} 1.0' in text
        assert 'refused_total{code="UnrecognizedClientException"} 1.0' in text
        assert re.search(r"^tenantable_dynamodb_connections [1-9]", text, re.MULTILINE)
        assert "tenantable_" not in httpx.get(f"{server.address}/metrics", timeout=PATIENCE_SECONDS).text


def test_requests_are_logged_without_values(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tenantable.cli", "dynamodb", "--port", "0", "--open", "--memory",
               "--data", str(tmp_path), "--log-requests"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = re.search(r":(\d+),", process.stdout.readline())
        assert port is not None
        caller = boto3.client("dynamodb", endpoint_url=f"http://127.0.0.1:{port[1]}", region_name="eu-west-1",
                              aws_access_key_id="any", aws_secret_access_key="any")  # fmt: skip
        caller.create_table(**ON_DEMAND)
        answer = caller.put_item(TableName="notes", Item=ITEM)
        with pytest.raises(ClientError):
            caller.get_item(TableName="missing", Key={"pk": ITEM["pk"]})
        process.terminate()
        _, logged = process.communicate(timeout=20)
    lines = [orjson.loads(line) for line in logged.splitlines()]
    assert [(line["operation"], line["table"], line["code"]) for line in lines] == [
        ("CreateTable", "notes", None),
        ("PutItem", "notes", None),
        ("GetItem", "missing", "ResourceNotFoundException"),
    ]
    assert lines[1]["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert lines[1]["consumed"] == {"notes": 1.0}
    assert lines[1]["region"] == "eu-west-1"
    assert "secret" not in logged
