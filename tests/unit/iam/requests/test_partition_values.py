"""The leading key, and the condition keys beside it, where the partition key of an index has several attributes."""

from typing import Any

import pytest

from tenantable.iam.requests.context import UNKNOWN_LEADING_KEY
from tenantable.iam.requests.dynamodb import access_requests
from tenantable.wire.arns import Home
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

KEYS = {
    "T": TableKeys(
        table=KeyNames(partition=KeyAttribute(name="pk")),
        indexes={
            "g": KeyNames(
                partition=KeyAttribute(name="cup"),
                other_partitions=(KeyAttribute(name="day", type="N"), KeyAttribute(name="region")),
                sort=KeyAttribute(name="x"),
            )
        },
    )
}
NAMES = ("leadingkeys", *(f"{rank}partitionkeyvalues" for rank in ("first", "second", "third", "fourth")))
UNKNOWN = (UNKNOWN_LEADING_KEY,)


def partition_values(operation: str, **request: Any) -> list[Any]:
    found = access_requests(operation, request, KEYS.get, home=Home())
    assert found is not None
    (access,) = found
    return [access.context.get(f"dynamodb:{name}") for name in NAMES]


VALUES = {":c": {"S": "W"}, ":d": {"N": "2.0"}, ":r": {"S": "EU"}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("cup = :c AND #d = :d AND #r = :r", [("W",), ("W",), ("2",), ("EU",), None]),
        ("cup = :c AND #r = :r", [("W",), ("W",), UNKNOWN, ("EU",), None]),
        ("#d = :d AND #r > :r", [UNKNOWN, UNKNOWN, ("2",), UNKNOWN, None]),
    ],
)
def test_a_query_has_the_value_of_each_attribute(condition: str, expected: list[Any]) -> None:
    """What a query does not bind is unknown, so that no Allow holds because it is absent."""
    names = {"#d": "day", "#r": "region"}
    request = {"KeyConditionExpression": condition, "ExpressionAttributeNames": names}
    found = partition_values("Query", TableName="T", IndexName="g", ExpressionAttributeValues=VALUES, **request)
    assert found == expected


def test_key_conditions_have_them_too() -> None:
    conditions = {"day": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "2"}]}}
    found = partition_values("Query", TableName="T", IndexName="g", KeyConditions=conditions)
    assert found == [UNKNOWN, UNKNOWN, ("2",), UNKNOWN, None]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("cup = 'W' AND day = 2 AND \"region\" = 'EU'", [("W",), ("W",), ("2",), ("EU",), None]),
        ("cup = 'W' AND day = 2", [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, None]),
        ("cup IN ['W', 'X'] AND day = 2 AND \"region\" = 'EU'", [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, None]),
    ],
)
def test_a_statement_has_them_where_it_reads_one_partition(where: str, expected: list[Any]) -> None:
    """One that the engine answers by a full scan has none."""
    assert partition_values("ExecuteStatement", Statement=f'SELECT * FROM "T"."g" WHERE {where}') == expected


def test_a_table_has_the_first_one() -> None:
    found = partition_values("GetItem", TableName="T", Key={"pk": {"S": "P"}})
    assert found == [("P",), ("P",), None, None, None]
