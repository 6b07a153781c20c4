"""boto3 on an engine in the same process: botocore's own behaviour, the engine's answers."""

import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError, WaiterError
from moto import mock_aws

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, System, Table, allow, writes
from tenantable.engine import Engine
from tenantable.local.systems import run_embedded
from tenantable.testing import boto3_client, boto3_resource

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

letters = Table("letters", partition="pk")


class Letter(Entity, table=letters):
    name: Attr[str]


class Letters(Repository[Letter]):
    @Letter.key(pk="LETTER#{name}")
    def get(self, *, name: str) -> None:
        """One letter."""


clerk = Component("clerk", grants=[allow(writes(Letter, "create"))])

PARTITION_AND_SORT: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
KEY: Any = {"pk": {"S": "a"}, "sk": {"N": "1"}}
ADD_ONE: Any = {
    "TableName": "orders",
    "Key": KEY,
    "UpdateExpression": "ADD hits :one",
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(":memory:") as engine:
        yield engine


@pytest.fixture
def client(engine: Engine) -> "DynamoDBClient":
    client = boto3_client(engine)
    client.create_table(TableName="orders", **PARTITION_AND_SORT)
    return client


def put(client: "DynamoDBClient", number: int, **members: Any) -> None:
    client.put_item(TableName="orders", Item={"pk": {"S": "a"}, "sk": {"N": str(number)}, **members})


def test_an_item_comes_back_with_every_type_as_botocore_gives_it(client: "DynamoDBClient") -> None:
    item: Any = KEY | {
        "blob": {"B": b"\x00\xff"},
        "words": {"SS": ["a", "b"]},
        "inside": {"M": {"yes": {"BOOL": True}}},
    }
    client.put_item(TableName="orders", Item=item)
    assert client.get_item(TableName="orders", Key=KEY)["Item"] == item


def test_times_are_datetimes(client: "DynamoDBClient", engine: Engine) -> None:
    seconds = engine.call("DescribeTable", {"TableName": "orders"})["Table"]["CreationDateTime"]
    assert client.describe_table(TableName="orders")["Table"]["CreationDateTime"].timestamp() == pytest.approx(seconds)


def test_botocore_checks_parameters_before_the_engine_is_asked(client: "DynamoDBClient") -> None:
    with pytest.raises(ParamValidationError, match="Missing required parameter"):
        client.get_item(TableName="orders")  # type: ignore[call-arg] # what is tested


def test_every_answer_has_an_id_of_its_own_and_a_true_checksum(client: "DynamoDBClient") -> None:
    bodies: list[Any] = []
    client.meta.events.register(
        "before-parse.dynamodb", lambda response_dict, **_: bodies.append(response_dict["body"])
    )
    answers = [client.get_item(TableName="orders", Key=KEY)["ResponseMetadata"] for _ in range(2)]
    assert answers[0]["RequestId"] != answers[1]["RequestId"]
    assert [int(answer["HTTPHeaders"]["x-amz-crc32"]) for answer in answers] == [zlib.crc32(body) for body in bodies]


def test_a_paginator_reads_all_pages(client: "DynamoDBClient") -> None:
    for number in range(5):
        put(client, number)
    pages = client.get_paginator("query").paginate(
        TableName="orders",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "a"}},
        PaginationConfig={"PageSize": 2},
    )
    assert [[item["sk"]["N"] for item in page["Items"]] for page in pages] == [["0", "1"], ["2", "3"], ["4"]]


def test_waiters_see_tables_come_and_go(client: "DynamoDBClient") -> None:
    once: Any = {"Delay": 0, "MaxAttempts": 1}
    client.get_waiter("table_exists").wait(TableName="orders", WaiterConfig=once)
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        client.get_waiter("table_not_exists").wait(TableName="orders", WaiterConfig=once)
    client.delete_table(TableName="orders")
    client.get_waiter("table_not_exists").wait(TableName="orders", WaiterConfig=once)


def test_a_failed_condition_is_botocores_error_with_the_stored_item(client: "DynamoDBClient") -> None:
    put(client, 1, state={"S": "paid"})
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.delete_item(
            TableName="orders",
            Key=KEY,
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    response: Any = caught.value.response
    assert response["Error"] == {
        "Code": "ConditionalCheckFailedException",
        "Message": "The conditional request failed",
    }
    assert response["Item"] == KEY | {"state": {"S": "paid"}}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_cancelled_transaction_says_why_for_each_part(client: "DynamoDBClient") -> None:
    put(client, 1)
    refused: Any = {
        "TableName": "orders",
        "Item": KEY,
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    accepted: Any = {"TableName": "orders", "Item": KEY | {"sk": {"N": "2"}}}
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[{"Put": accepted}, {"Put": refused}])
    reasons: Any = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"] == KEY
    assert "[None, ConditionalCheckFailed]" in str(caught.value)


def test_a_resource_takes_and_gives_python_values(engine: Engine, client: "DynamoDBClient") -> None:
    table = boto3_resource(engine).Table("orders")
    with table.batch_writer() as batch:
        for number in range(30):
            batch.put_item(Item={"pk": "a", "sk": number, "tags": {"x"}})
    assert table.get_item(Key={"pk": "a", "sk": 29})["Item"] == {"pk": "a", "sk": 29, "tags": {"x"}}
    assert table.item_count == client.describe_table(TableName="orders")["Table"]["ItemCount"]


def test_a_principal_is_held_to_its_policy_in_a_client_and_in_a_resource() -> None:
    with run_embedded(System(name="post", tables=[letters], components=[clerk])) as running:
        principal = running.installation.principal(clerk)
        key = {"pk": {"S": "LETTER#a"}}
        with pytest.raises(ClientError, match="post-clerk is not authorized to perform: dynamodb:GetItem") as caught:
            boto3_client(running.engine, principal=principal).get_item(TableName="letters", Key=key)
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
        with pytest.raises(ClientError, match="not authorized to perform: dynamodb:GetItem"):
            boto3_resource(running.engine, principal=principal).Table("letters").get_item(Key={"pk": "LETTER#a"})
        assert "Item" not in boto3_client(running.engine).get_item(TableName="letters", Key=key)


def test_clients_of_two_engines_share_nothing(client: "DynamoDBClient") -> None:
    with Engine(":memory:") as another:
        other = boto3_client(another, region_name="eu-west-1")
        assert other.list_tables()["TableNames"] == []
        assert client.list_tables()["TableNames"] == ["orders"]
        assert (other.meta.region_name, client.meta.region_name) == ("eu-west-1", "us-east-1")


def test_threads_share_a_client_and_make_clients_at_once(client: "DynamoDBClient", engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: client.update_item(**ADD_ONE), range(200)))
        list(threads.map(lambda _: boto3_client(engine).update_item(**ADD_ONE), range(40)))
    assert client.get_item(TableName="orders", Key=KEY)["Item"]["hits"] == {"N": "240"}


def test_a_request_lost_on_the_way_is_tried_again_as_configured(engine: Engine) -> None:
    losses: list[None] = []

    def lose_two(request: Any, **_: Any) -> None:
        if len(losses) < 2:
            losses.append(None)
            raise EndpointConnectionError(endpoint_url=request.url)

    patient = boto3_client(engine, config=Config(retries={"total_max_attempts": 3}))
    patient.meta.events.register_first("before-send.dynamodb", lose_two)
    assert patient.list_tables()["ResponseMetadata"]["RetryAttempts"] == 2
    losses.clear()
    impatient = boto3_client(engine, config=Config(retries={"total_max_attempts": 1}))
    impatient.meta.events.register_first("before-send.dynamodb", lose_two)
    with pytest.raises(EndpointConnectionError):
        impatient.list_tables()


def test_a_mock_of_aws_may_run_beside_it(client: "DynamoDBClient", engine: Engine) -> None:
    with mock_aws():
        mocked = boto3.client(
            "dynamodb", region_name="us-east-1", aws_access_key_id="mocked", aws_secret_access_key="mocked"
        )
        assert mocked.list_tables()["TableNames"] == []
        assert boto3_client(engine).list_tables()["TableNames"] == ["orders"]
        mocked.close()


def run_python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=60,
    )


def test_the_environments_settings_for_aws_do_not_matter() -> None:
    run = run_python(
        "from tenantable.engine import Engine\n"
        "from tenantable.testing import boto3_client\n"
        "with Engine(':memory:') as engine: print(boto3_client(engine).list_tables()['TableNames'])",
        AWS_PROFILE="nobody",
        AWS_CONFIG_FILE="/nowhere",
        AWS_ENDPOINT_URL="http://127.0.0.1:1",
        AWS_RETRY_MODE="no such mode",
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")


def test_without_boto3_the_error_says_what_to_install() -> None:
    run = run_python(
        "import sys\n"
        "sys.modules['boto3'] = None\n"
        "from tenantable.testing import ManualClock, boto3_client\n"
        "boto3_client(None)"
    )
    assert run.stderr.splitlines()[-1].startswith("ModuleNotFoundError")
    assert "pip install 'tenantable[aws]'" in run.stderr
