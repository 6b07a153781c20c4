"""The plugin as pytest loads it for a user's own tests."""

import time

import pytest

from tenantable.engine import Engine

pytest_plugins = ["pytester", "tenantable.testing.plugin"]

USERS_TESTS = """
import pytest
from tenantable.testing import boto3_client

@pytest.mark.parametrize("number", range(2))
def test_nothing_is_left_of_another_test(dynamodb, number):
    client = boto3_client(dynamodb)
    assert client.list_tables()["TableNames"] == []
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
"""


def test_each_test_gets_an_engine_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USERS_TESTS)
    pytester.runpytest_inprocess("-p", "tenantable.testing.plugin", "-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_an_engine_takes_less_than_two_milliseconds() -> None:
    """What the fixture does around a test, the best of two hundred."""

    def seconds() -> float:
        began = time.perf_counter()
        with Engine(":memory:"):
            return time.perf_counter() - began

    assert min(seconds() for _ in range(200)) < 0.002


def test_the_fixture_is_an_engine(dynamodb: Engine) -> None:
    assert dynamodb.call("ListTables", {}) == {"TableNames": []}
