"""Policies of tables and streams on a real engine: in process, over HTTP, and when another process changes them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tenantable.engine import Engine
from tenantable.engine.server import Server, http_address, listen
from tenantable.engine.signature import AccessKey
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import parse_policy
from tenantable.iam.sessions.roles import FixedRoles, Role
from tenantable.local.serving import dynamo_endpoint
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

HOME = Home()
TABLE = HOME.table("orders")
OWNER, READER = (f"arn:aws:iam::{HOME.account_id}:role/{name}" for name in ("owner", "reader"))
CREATE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
}
GET = {"TableName": "orders", "Key": {"pk": {"S": "a"}}}
PUT_BY_ANOTHER_PROCESS = """
import sys
from tenantable.engine import Engine
with Engine(sys.argv[1]) as engine:
    engine.call("PutResourcePolicy", {"ResourceArn": sys.argv[2], "Policy": sys.argv[3]})
"""


def document(effect: str = "Allow", **changes: Any) -> str:
    statement = {"Effect": effect, "Principal": {"AWS": READER}, "Action": "dynamodb:*", "Resource": "*", **changes}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    everything = parse_policy({"Statement": {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}})
    roles = FixedRoles([Role(arn=OWNER, policies=[everything]), Role(arn=READER)])
    with Engine(tmp_path, authorizer=PolicyAuthorizer(roles, HOME)) as engine:
        engine.call("CreateTable", CREATE)
        yield engine


def refusal(engine: Engine, principal: str = READER, operation: str = "GetItem", request: Any = GET) -> str | None:
    try:
        engine.as_principal(principal).call(operation, request)
    except DynamoError as error:
        return error.message if error.code == "AccessDeniedException" else error.code
    return None


def put(engine: Engine, policy: str, arn: str = TABLE) -> None:
    engine.call("PutResourcePolicy", {"ResourceArn": arn, "Policy": policy})


def test_a_policy_counts_from_when_it_is_put_to_when_it_is_deleted(engine: Engine) -> None:
    assert refusal(engine) is not None
    put(engine, document())
    assert refusal(engine) is None
    put(engine, document("Deny"))
    assert "with an explicit deny in a resource-based policy" in str(refusal(engine))
    engine.call("DeleteResourcePolicy", {"ResourceArn": TABLE})
    assert "because no identity-based policy allows" in str(refusal(engine))


def test_a_deny_on_the_table_holds_back_whoever_may_do_everything(engine: Engine) -> None:
    put(engine, document("Deny", Principal="*", Action="dynamodb:DeleteTable"))
    assert refusal(engine, OWNER) is None
    assert refusal(engine, OWNER, "DeleteTable", {"TableName": "orders"}) is not None


def test_a_policy_that_another_process_puts_counts_with_the_next_request(engine: Engine, tmp_path: Path) -> None:
    assert refusal(engine, OWNER) is None
    command = [sys.executable, "-c", PUT_BY_ANOTHER_PROCESS, str(tmp_path), TABLE, document("Deny", Principal="*")]
    subprocess.run(command, check=True)
    assert refusal(engine, OWNER) is not None


def test_a_stream_is_read_by_its_own_policy(engine: Engine) -> None:
    arn = engine.call("DescribeTable", {"TableName": "orders"})["Table"]["LatestStreamArn"]
    put(engine, document())
    assert refusal(engine, READER, "DescribeStream", {"StreamArn": arn}) is not None
    put(engine, document(), arn)
    assert refusal(engine, READER, "DescribeStream", {"StreamArn": arn}) is None
    shard = engine.call("DescribeStream", {"StreamArn": arn})["StreamDescription"]["Shards"][0]["ShardId"]
    request = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    assert refusal(engine, READER, "GetShardIterator", request) is None
    iterator = engine.call("GetShardIterator", request)["ShardIterator"]
    assert refusal(engine, READER, "GetRecords", {"ShardIterator": iterator}) is None
    engine.call("DeleteResourcePolicy", {"ResourceArn": arn})
    assert refusal(engine, READER, "GetRecords", {"ShardIterator": iterator}) is not None


def test_tags_of_the_table_count_as_they_are_now(engine: Engine) -> None:
    put(engine, document(Condition={"StringEquals": {"aws:ResourceTag/open": "yes"}}))
    assert refusal(engine) is not None
    engine.call("TagResource", {"ResourceArn": TABLE, "Tags": [{"Key": "open", "Value": "yes"}]})
    assert refusal(engine) is None
    engine.call("UntagResource", {"ResourceArn": TABLE, "TagKeys": ["open"]})
    assert refusal(engine) is not None


def test_what_nobody_could_evaluate_is_not_put(engine: Engine) -> None:
    for policy in (document(Principal={"AWS": "ann"}), document(Condition={"Equals": {"aws:SourceIp": "1"}})):
        with pytest.raises(DynamoError, match=r"ValidationException.*Invalid policy document"):
            put(engine, policy)
        with pytest.raises(DynamoError, match=r"ValidationException.*Invalid policy document"):
            engine.call("CreateTable", {**CREATE, "TableName": "others", "ResourcePolicy": policy})


@pytest.fixture
def client(engine: Engine) -> Iterator[Any]:
    keys = {"KEY": AccessKey(secret="secret", principal=READER)}
    served = dynamo_endpoint(engine, access_keys=keys.get, commits_wait=False)
    with listen("127.0.0.1", 0) as listener, served as endpoint:
        server = Server(endpoint, listener)
        server.start()
        client = boto3.client(
            "dynamodb",
            endpoint_url=http_address("127.0.0.1", listener.getsockname()[1]),
            region_name="us-east-1",
            aws_access_key_id="KEY",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, user_agent="probe/1"),
        )
        yield client
        client.close()
        server.stop()


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({}, True),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
        ({"StringLike": {"aws:UserAgent": "probe/*"}}, True),
        ({"StringLike": {"aws:UserAgent": "aws-cli/*"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
    ],
)
def test_over_http_a_policy_may_ask_where_a_request_came_from(
    engine: Engine, client: Any, condition: Any, allowed: bool
) -> None:
    put(engine, document(Condition=condition))
    for _ in range(2):
        if allowed:
            client.get_item(**GET)
        else:
            with pytest.raises(ClientError, match="AccessDeniedException"):
                client.get_item(**GET)
