"""Unmodified tools against `tenantable dynamodb`: boto3's client and resource, the AWS CLI."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_dynamodb.service_resource import Table
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

REGION = "us-east-1"


@pytest.fixture(scope="module")
def server(start_dynamo: "StartDynamo", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[DynamoProcess]":
    with start_dynamo(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: "DynamoProcess") -> "Iterator[DynamoDBClient]":
    made = boto3.client("dynamodb", **arguments(server))
    yield made
    made.close()


@pytest.fixture(scope="module")
def resource(server: "DynamoProcess") -> "Iterator[DynamoDBServiceResource]":
    made = boto3.resource("dynamodb", **arguments(server))
    yield made
    made.meta.client.close()


def arguments(server: "DynamoProcess") -> Any:
    return {
        "endpoint_url": server.address,
        "region_name": REGION,
        "aws_access_key_id": server.access_key_id,
        "aws_secret_access_key": server.secret_access_key,
    }


def environment(server: "DynamoProcess") -> dict[str, str]:
    """What the start of the endpoint tells its user to export."""
    return os.environ | {
        "AWS_ENDPOINT_URL_DYNAMODB": server.address,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="module")
def orders(resource: "DynamoDBServiceResource") -> "Table":
    table = resource.create_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"},
            {"AttributeName": "state", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "number", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-state",
                "KeySchema": [
                    {"AttributeName": "state", "KeyType": "HASH"},
                    {"AttributeName": "number", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    table.wait_until_exists()
    return table


def test_a_resource_stores_python_values(orders: "Table") -> None:
    item: dict[str, Any] = {
        "customer": "ada",
        "number": Decimal(1),
        "lines": [{"sku": "a", "price": Decimal("9.99")}],
        "tags": {"new", "gift"},
        "note": None,
        "paid": True,
        "blob": b"\x00\x01",
    }
    orders.put_item(Item=item)
    assert orders.get_item(Key={"customer": "ada", "number": 1})["Item"] == item


def test_a_resource_writes_in_batches_and_queries_with_conditions(orders: "Table") -> None:
    with orders.batch_writer() as batch:
        for number in range(60):
            state = "open" if number % 2 else "done"
            batch.put_item(Item={"customer": "bob", "number": number, "state": state, "weight": number})
        batch.delete_item(Key={"customer": "bob", "number": 0})
    found = orders.query(KeyConditionExpression=Key("customer").eq("bob") & Key("number").between(10, 12))
    assert [item["number"] for item in found["Items"]] == [10, 11, 12]
    found = orders.query(
        IndexName="by-state",
        KeyConditionExpression=Key("state").eq("open") & Key("number").lt(6),
        FilterExpression=Attr("customer").begins_with("b") & Attr("weight").is_in([3, 5]),
        ScanIndexForward=False,
    )
    assert [item["number"] for item in found["Items"]] == [5, 3]
    assert orders.query(KeyConditionExpression=Key("customer").eq("bob"), Select="COUNT")["Count"] == 59


def test_a_resource_updates_with_conditions(orders: "Table") -> None:
    orders.put_item(Item={"customer": "cyd", "number": 1, "amount": 5})
    updated = orders.update_item(
        Key={"customer": "cyd", "number": 1},
        UpdateExpression="SET amount = amount + :n",
        ConditionExpression=Attr("amount").lt(10),
        ExpressionAttributeValues={":n": 7},
        ReturnValues="UPDATED_NEW",
    )
    assert updated["Attributes"] == {"amount": 12}
    with pytest.raises(ClientError) as caught:
        orders.delete_item(Key={"customer": "cyd", "number": 1}, ConditionExpression=Attr("amount").lt(10))
    assert caught.value.response["Error"] == {
        "Code": "ConditionalCheckFailedException",
        "Message": "The conditional request failed",
    }


def test_a_client_gets_typed_errors_with_their_reasons(client: "DynamoDBClient", orders: "Table") -> None:
    key = {"customer": {"S": "dan"}, "number": {"N": "1"}}
    check = {"TableName": orders.name, "Key": key, "ConditionExpression": "attribute_exists(customer)"}
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": orders.name, "Item": key | {"number": {"N": "2"}}}},
                {"ConditionCheck": check},  # type: ignore[typeddict-item]
            ]
        )
    assert [reason["Code"] for reason in caught.value.response["CancellationReasons"]] == [
        "None",
        "ConditionalCheckFailed",
    ]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName="nothing")


def test_paginators_and_waiters(client: "DynamoDBClient", resource: "DynamoDBServiceResource") -> None:
    client.create_table(
        TableName="pages",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    client.get_waiter("table_exists").wait(TableName="pages")
    with resource.Table("pages").batch_writer() as batch:
        for number in range(30):
            batch.put_item(Item={"pk": str(number)})
    pages = client.get_paginator("scan").paginate(TableName="pages", PaginationConfig={"PageSize": 7})
    assert sorted(int(item["pk"]["S"]) for page in pages for item in page["Items"]) == list(range(30))
    names = [name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"]]
    assert "pages" in names
    client.delete_table(TableName="pages")
    client.get_waiter("table_not_exists").wait(TableName="pages")


def test_the_client_of_streams(client: "DynamoDBClient", server: "DynamoProcess") -> None:
    arn = client.create_table(
        TableName="watched",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]
    names = {str(number) for number in range(20)}
    for name in names:
        client.put_item(TableName="watched", Item={"pk": {"S": name}, "raw": {"B": b"\x00\xff"}})
    streams: Any = boto3.client("dynamodbstreams", **arguments(server))
    assert [stream["StreamArn"] for stream in streams.list_streams(TableName="watched")["Streams"]] == [arn]
    found = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        place = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**place)["ShardIterator"]
        found += streams.get_records(ShardIterator=iterator)["Records"]
    assert {record["dynamodb"]["NewImage"]["pk"]["S"] for record in found} == names
    assert found[0]["dynamodb"]["NewImage"]["raw"]["B"] == b"\x00\xff"
    assert abs(time.time() - found[0]["dynamodb"]["ApproximateCreationDateTime"].timestamp()) < 60
    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.describe_stream(StreamArn=arn[:-1] + "x")
    streams.close()


Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def aws(server: "DynamoProcess") -> Aws:
    """Runs `aws dynamodb` with a subcommand and gives what it prints, parsed."""
    executable = shutil.which("aws")
    if executable is None or subprocess.run([executable, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("the AWS CLI is not installed")

    def run(*words: str) -> Any:
        done = subprocess.run(
            [executable, "dynamodb", *words, "--output", "json"],
            env=environment(server),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    return run


def test_the_command_line_of_aws(aws: Aws) -> None:
    name = ["--table-name", "albums"]
    definitions = [{"AttributeName": name, "AttributeType": "S"} for name in ("artist", "title", "genre")]
    index = {
        "IndexName": "by-genre",
        "KeySchema": [{"AttributeName": "genre", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    made = aws(
        "create-table", *name,
        "--attribute-definitions", json.dumps(definitions),
        "--key-schema", "AttributeName=artist,KeyType=HASH", "AttributeName=title,KeyType=RANGE",
        "--global-secondary-indexes", json.dumps([index]),
        "--billing-mode", "PAY_PER_REQUEST",
    )  # fmt: skip
    assert made["TableDescription"]["TableName"] == "albums"
    aws("wait", "table-exists", *name)
    blue = {"artist": {"S": "Joni"}, "title": {"S": "Blue"}, "genre": {"S": "folk"}}
    aws("put-item", *name, "--item", json.dumps(blue))
    puts = [{"Put": {"TableName": "albums", "Item": blue | {"title": {"S": title}}}} for title in ("Clouds", "Hejira")]
    aws("transact-write-items", "--transact-items", json.dumps(puts))
    found = aws(
        "query", *name,
        "--index-name", "by-genre",
        "--key-condition-expression", "genre = :g",
        "--expression-attribute-values", '{":g": {"S": "folk"}}',
    )  # fmt: skip
    assert sorted(item["title"]["S"] for item in found["Items"]) == ["Blue", "Clouds", "Hejira"]
    aws("delete-table", *name)
    assert "albums" not in aws("list-tables")["TableNames"]
