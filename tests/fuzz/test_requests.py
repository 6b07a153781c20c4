"""
Ten thousand random requests: each has an answer, or an error that is the caller's own; none makes the service fail.

`FUZZ_REQUESTS` and `FUZZ_SEED` ask for more of them, or for others; `make fuzz` does.
"""

import json
import os
import sys
from collections import Counter
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from tests.fuzz.administration import BUCKET
from tests.fuzz.requests import RequestSource

from tenantable.engine import Engine
from tenantable.engine.integrity.checking import check
from tenantable.iam import PolicyAuthorizer
from tenantable.iam.documents import parse_policy
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conftest import StartDynamo

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "10000"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
OVER_HTTP = REQUESTS // 10

PRINCIPAL = "arn:aws:iam::000000000000:role/fuzz"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "dynamodb:*",
            "Resource": "*",
            "Condition": {
                "ForAllValues:StringLike": {
                    "dynamodb:LeadingKeys": ["a", "b*"],
                    "dynamodb:Attributes": ["pk", "sk", "kind", "grade", "deep", "size", "ttl"],
                },
                "StringEqualsIfExists": {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES", "COUNT"]},
            },
        },
    ],
}
STREAMS = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
PLAIN = {
    "TableName": "plain",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "DeletionProtectionEnabled": True,
}
SORTED = {
    **PLAIN,
    "TableName": "sorted",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "kind")]
    + [{"AttributeName": "grade", "AttributeType": "N"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-kind",
            "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "grade", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "local",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "kind", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


def test_every_random_request_is_answered_or_refused_for_a_reason(tmp_path: Path) -> None:
    """
    A stray exception, or an error of the service's own, shows the request; in the end the database is whole. Every
    third request is that of a principal, whose policy is asked.
    """
    outcomes: Counter[str] = Counter()
    source = RequestSource(SEED)
    _fill_bucket(tmp_path)
    authorizer = PolicyAuthorizer({PRINCIPAL: [parse_policy(POLICY)]})
    with Engine(tmp_path, durability="none", authorizer=authorizer) as engine:
        _create_tables(engine)
        for number in range(REQUESTS):
            operation, request = source.next()
            outcome, answer = _outcome(engine, operation, request, number)
            source.memory.learn(answer)
            outcomes[outcome] += 1
            if operation == "DeleteTable":
                _create_tables(engine)
    sys.stdout.write(f"\n{REQUESTS:,} random requests, seed {SEED}: {dict(outcomes.most_common())}\n")
    assert outcomes["answered"] > REQUESTS / 5, "most requests must not die at the first check"
    assert list(map(str, check(tmp_path, lambda *_: None))) == []


def _fill_bucket(data: Path) -> None:
    """What imports find beside the exports of the run."""
    bucket = data / "objects" / BUCKET
    bucket.mkdir(parents=True)
    rows = "pk,sk,kind,grade,size,deep\na,b,k,1,2,x\nb,b,k,,2,y\n"
    (bucket / "rows.csv").write_text(rows)
    (bucket / "spoiled.csv").write_text(rows + 'b,,k,x,2\nc\n\0,"')
    lines = '{"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}, "size": {"S": "2"}}}\n'
    (bucket / "rows.json").write_text(lines)
    (bucket / "spoiled.json").write_text(lines + '{"Item": {"pk": {"N": "1"}}}\n{"Item": 1}\n[]\n{')


def _create_tables(engine: Engine) -> None:
    for table in (PLAIN, SORTED):
        with suppress(DynamoError):  # it may be there
            engine.call("CreateTable", table)


def _outcome(engine: Engine, operation: str, request: Any, number: int) -> tuple[str, Any]:
    """The name of the error or `answered`, and the answer."""
    principal = None if number % 3 else PRINCIPAL
    try:
        body = json.dumps(request).encode()
        return "answered", orjson.loads(engine.call_json(operation, body, principal=principal) or b"{}")
    except DynamoError as refused:
        if refused.status < 500:
            return refused.code, None
        raise AssertionError(f"request {number}: {operation} {request}") from refused
    except Exception as error:
        raise AssertionError(f"request {number}: {operation} {request}") from error


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--memory",), ("--workers", "2")])
def test_every_random_request_over_http_has_a_status_below_500(
    start_dynamo: "StartDynamo", tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Over two connections in turn, which two workers may answer."""
    source = RequestSource(SEED + 1)
    _fill_bucket(tmp_path)
    with ExitStack() as stack:
        server = stack.enter_context(start_dynamo(tmp_path, "--open", "--durability", "none", *options))
        host = server.address.removeprefix("http://")
        connections = [stack.enter_context(closing(HTTPConnection(host, timeout=60))) for _ in range(2)]
        for table in (PLAIN, SORTED):
            _answer_over_http(connections[0], "CreateTable", table)
        for number in range(OVER_HTTP):
            source.memory.learn(_answer_over_http(connections[number % 2], *source.next()))
    if "--memory" not in options:
        assert list(map(str, check(tmp_path, lambda *_: None))) == []


def _answer_over_http(connection: HTTPConnection, operation: str, request: Any) -> Any:
    service = "DynamoDBStreams" if operation in STREAMS else "DynamoDB"
    headers = {"x-amz-target": f"{service}_20120810.{operation}", "content-type": "application/x-amz-json-1.0"}
    connection.request("POST", "/", json.dumps(request), headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status < 500, f"{operation} {request}: {content!r}"
    parsed = json.loads(content or b"{}")
    assert isinstance(parsed, dict)
    return parsed
