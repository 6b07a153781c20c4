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
from tests.fuzz.requests import RequestSource

from tenantable.engine import Engine
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conftest import StartDynamo

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "10000"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
OVER_HTTP = REQUESTS // 10

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


def test_every_random_request_is_answered_or_refused_for_a_reason() -> None:
    """A stray exception, or an error of the service's own, fails the test and shows the request."""
    outcomes: Counter[str] = Counter()
    source = RequestSource(SEED)
    with Engine(":memory:") as engine:
        _create_tables(engine)
        for number in range(REQUESTS):
            operation, request = source.next()
            outcomes[_outcome(engine, operation, request, number)] += 1
            if operation == "DeleteTable":
                _create_tables(engine)
    sys.stdout.write(f"\n{REQUESTS:,} random requests, seed {SEED}: {dict(outcomes.most_common())}\n")
    assert outcomes["answered"] > REQUESTS / 5, "most requests must not die at the first check"


def _create_tables(engine: Engine) -> None:
    for table in (PLAIN, SORTED):
        with suppress(DynamoError):  # it may be there
            engine.call("CreateTable", table)


def _outcome(engine: Engine, operation: str, request: Any, number: int) -> str:
    try:
        body = json.dumps(request).encode()
        orjson.loads(engine.call_json(operation, body, principal=None))
    except DynamoError as refused:
        if refused.status < 500:
            return refused.code
        raise AssertionError(f"request {number}: {operation} {request}") from refused
    except Exception as error:
        raise AssertionError(f"request {number}: {operation} {request}") from error
    return "answered"


@pytest.mark.slow
def test_every_random_request_over_http_has_a_status_below_500(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    source = RequestSource(SEED + 1)
    with ExitStack() as stack:
        server = stack.enter_context(start_dynamo(tmp_path, "--open", "--memory"))
        connection = stack.enter_context(closing(HTTPConnection(server.address.removeprefix("http://"), timeout=60)))
        for operation, request in [("CreateTable", PLAIN), ("CreateTable", SORTED)] + [
            source.next() for _ in range(OVER_HTTP)
        ]:
            service = "DynamoDBStreams" if operation in {"ListStreams", "GetRecords"} else "DynamoDB"
            headers = {"x-amz-target": f"{service}_20120810.{operation}", "content-type": "application/x-amz-json-1.0"}
            connection.request("POST", "/", json.dumps(request), headers)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status < 500, f"{operation} {request}: {content!r}"
            assert isinstance(json.loads(content), dict)
