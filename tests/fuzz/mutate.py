"""
Coverage-guided fuzzing of everything that reads text of callers: expressions, statements, JSON requests, numbers.

Runs on demand, `make fuzz`, with atheris, which keeps what reaches new lines and mutates it further. An exception that
is not DynamoDB's own, or an input that takes more than five seconds, ends the run and is saved.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import atheris

with atheris.instrument_imports(include=["tenantable"]):
    from tenantable.engine import Engine
    from tenantable.expressions.conditions import parse_condition
    from tenantable.expressions.key_conditions import parse_key_condition
    from tenantable.expressions.partiql.parser import parse_statement
    from tenantable.expressions.projections import parse_projection
    from tenantable.expressions.updates import parse_update
    from tenantable.wire.errors import DynamoError
    from tenantable.wire.numbers import canonical_number

ENGINE = Engine(":memory:")
OPERATIONS = (
    "PutItem GetItem UpdateItem Query Scan BatchWriteItem TransactWriteItems CreateTable ExecuteStatement".split()
)
TEXT_READERS: tuple[Callable[[str], object], ...] = (
    partial(parse_condition, kind="FilterExpression"),
    parse_key_condition,
    parse_projection,
    parse_update,
    parse_statement,
    canonical_number,
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
