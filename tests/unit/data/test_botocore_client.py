"""A botocore client behind the port: the same DynamoDB JSON as everywhere."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.exceptions import HTTPClientError
from botocore.stub import Stubber

from tenantable.data.botocore_client import BotocoreClient
from tenantable.errors import Unavailable
from tenantable.wire.errors import DynamoError

KEY = {"id": {"S": "1"}}


@pytest.fixture
def boto() -> Iterator[Any]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}"
    client = boto3.client(
        "dynamodb",
        endpoint_url=nobody,
        region_name="us-east-1",
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


@pytest.fixture
def stub(boto: Any) -> Iterator[Stubber]:
    with Stubber(boto) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_binaries_are_bytes_for_botocore_and_base64_here(boto: Any, stub: Stubber) -> None:
    item = {"id": {"S": "1"}, "B": {"B": "AAE="}, "l": {"L": [{"M": {"BS": {"BS": ["/w=="]}}}]}}
    inside = {"id": {"S": "1"}, "B": {"B": b"\x00\x01"}, "l": {"L": [{"M": {"BS": {"BS": [b"\xff"]}}}]}}
    stub.add_response("put_item", {"Attributes": inside}, {"TableName": "ttt", "Item": inside})
    assert BotocoreClient(boto).call("PutItem", {"TableName": "ttt", "Item": item}) == {"Attributes": item}


def test_malformed_base64_is_refused(boto: Any) -> None:
    with pytest.raises(DynamoError, match="SerializationException"):
        BotocoreClient(boto).call("PutItem", {"TableName": "ttt", "Item": {"id": {"B": "no"}}})


def test_times_are_epoch_seconds(boto: Any, stub: Stubber) -> None:
    created = datetime(2026, 11, 21, tzinfo=UTC)
    stub.add_response("describe_table", {"Table": {"TableName": "ttt", "CreationDateTime": created}})
    answer = BotocoreClient(boto).call("DescribeTable", {"TableName": "ttt"})
    assert answer == {"Table": {"TableName": "ttt", "CreationDateTime": created.timestamp()}}


def test_a_client_error_is_dynamodbs_answer(boto: Any, stub: Stubber) -> None:
    stub.add_client_error(
        "put_item",
        service_error_code="ConditionalCheckFailedException",
        service_message="The conditional request failed",
        http_status_code=400,
        modeled_fields={"Item": {"id": {"B": b"\x01"}}},
    )
    with pytest.raises(DynamoError) as caught:
        BotocoreClient(boto).call("PutItem", {"TableName": "ttt", "Item": KEY})
    assert (caught.value.code, caught.value.message, caught.value.status, caught.value.extra) == (
        "ConditionalCheckFailedException",
        "The conditional request failed",
        400,
        {"Item": {"id": {"B": "AQ=="}}},
    )


def test_no_answer_is_unavailable(boto: Any) -> None:
    client = BotocoreClient(boto, connection_errors=(BotocoreConnectionError, HTTPClientError))
    with pytest.raises(Unavailable, match="did not answer GetItem"):
        client.call("GetItem", {"TableName": "ttt", "Key": KEY})


def test_an_unknown_operation_is_refused(boto: Any) -> None:
    with pytest.raises(DynamoError, match="UnknownOperationException"):
        BotocoreClient(boto).call("Frobnicate", {})
