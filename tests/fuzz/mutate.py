"""
Coverage-guided fuzzing of everything that reads text of callers: expressions, statements, JSON requests, numbers,
policies, tokens, iterators, and the objects of imports.

Runs on demand, `make fuzz`, with atheris, which keeps what reaches new lines and mutates it further. An exception that
is not DynamoDB's own, or an input that takes more than five seconds, ends the run and is saved.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import atheris
import orjson

with atheris.instrument_imports(include=["tenantable"]):
    from tenantable.engine import Engine
    from tenantable.engine.policies.policy import check_document
    from tenantable.engine.statements.continuation import make_token
    from tenantable.expressions.conditions import parse_condition
    from tenantable.expressions.key_conditions import parse_key_condition
    from tenantable.expressions.partiql.parser import parse_statement
    from tenantable.expressions.projections import parse_projection
    from tenantable.expressions.updates import parse_update
    from tenantable.wire.errors import DynamoError
    from tenantable.wire.numbers import canonical_number

FOLDER = Path(tempfile.mkdtemp())
ENGINE = Engine(":memory:")
TABLE: dict[str, Any] = {
    "TableName": "kept",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "kind")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-kind",
            "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
STREAM_ARN = ENGINE.call("CreateTable", TABLE | STREAM)["TableDescription"]["LatestStreamArn"]
OPERATIONS = (
    "PutItem GetItem UpdateItem Query Scan BatchWriteItem TransactWriteItems CreateTable ExecuteStatement UpdateTable "
    "PutResourcePolicy ImportTable DescribeStream ListExports"
).split()
STATEMENT = {"Statement": 'SELECT * FROM kept."by-kind"'}


def read_import(text: str) -> None:
    """As an object of an import, in one of its forms."""
    (FOLDER / "bucket").mkdir(exist_ok=True)
    (FOLDER / "bucket" / "rows").write_bytes(text[1:].encode(errors="surrogatepass"))
    forms = ("DYNAMODB_JSON", "CSV")
    request = {
        "S3BucketSource": {"S3Bucket": "bucket"},
        "InputFormat": forms[ord(text[0]) % 2 if text else 0],
        "TableCreationParameters": TABLE,
    }
    with Engine(":memory:", objects=FOLDER) as engine:  # one of its own, as it remembers its imports
        engine.call("ImportTable", request)


def read_statement_token(text: str) -> None:
    """As the key in a token that is a token of the statement."""
    with suppress(orjson.JSONDecodeError):
        token = make_token(STATEMENT, orjson.loads(text))
        ENGINE.call("ExecuteStatement", {**STATEMENT, "NextToken": token})


TEXT_READERS: tuple[Callable[[str], object], ...] = (
    partial(parse_condition, kind="FilterExpression"),
    parse_key_condition,
    parse_projection,
    parse_update,
    parse_statement,
    canonical_number,
    check_document,
    read_import,
    read_statement_token,
    lambda text: ENGINE.call("GetRecords", {"ShardIterator": f"{STREAM_ARN}|1|{text}"}),
    lambda text: ENGINE.call("ListImports", {"NextToken": text}),
    lambda text: ENGINE.call("DescribeBackup", {"BackupArn": text}),
)


def read(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    choice = provider.ConsumeIntInRange(0, len(TEXT_READERS))
    with suppress(DynamoError):
        if choice < len(TEXT_READERS):
            TEXT_READERS[choice](provider.ConsumeUnicode(4096))
        else:
            operation = OPERATIONS[provider.ConsumeIntInRange(0, len(OPERATIONS) - 1)]
            ENGINE.call_json(operation, provider.ConsumeBytes(8192), principal=None)


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=5", "-rss_limit_mb=2048"], read)
    atheris.Fuzz()
