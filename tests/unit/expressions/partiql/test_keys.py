"""What a WHERE clause says of the keys: never too few partitions, and nothing is checked less for it."""

from typing import Any

import pytest

from tenantable.expressions.partiql.keys import Bounds, equal_values, find_bounds
from tenantable.expressions.partiql.parser import parse_statement
from tenantable.expressions.partiql.statements import BoundStatement, Select
from tenantable.expressions.syntax import ConditionNode
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames

KEYS = KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk"))


def read(condition: str) -> tuple[BoundStatement, ConditionNode]:
    bound = parse_statement(f"SELECT * FROM tbl WHERE {condition}").bind(None)
    assert isinstance(bound.body, Select)
    assert bound.body.where is not None
    return bound, bound.body.where


def bounds(condition: str) -> tuple[list[Any], Any, bool] | None:
    """Partition values, sort condition, and whether anything is left to check; None for a full scan."""
    bound, where = read(condition)
    found = find_bounds(where, KEYS)
    if found is None:
        return None
    assert isinstance(found, Bounds)
    scope = bound.scope("KeyConditionExpression")
    partitions = [next(iter(scope.value(value).values())) for value in found.partitions]
    sort = found.sort and (found.sort.operator, *(scope.value(value)["S"] for value in found.sort.operands))
    return partitions, sort, found.rest is not None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("pk = 'a'", (["a"], None, False)),
        ("'a' = pk", (["a"], None, False)),
        ("pk = 'a' AND sk = 'b'", (["a"], ("=", "b"), False)),
        ("pk = 'a' AND 'b' < sk", (["a"], (">", "b"), False)),
        ("pk = 'a' AND sk BETWEEN 'b' AND 'c'", (["a"], ("BETWEEN", "b", "c"), False)),
        ("pk = 'a' AND begins_with(sk, 'b')", (["a"], ("begins_with", "b"), False)),
        ("pk = 'a' AND sk > 'b' AND sk < 'c'", (["a"], (">", "b"), True)),
        ("pk = 'a' AND sk <> 'b'", (["a"], None, True)),
        ("pk = 'a' AND sk = other", (["a"], None, True)),
        ("pk = 'a' AND c = 1", (["a"], None, True)),
        ("pk IN ['a', 'b'] AND sk = 'c'", (["a", "b"], ("=", "c"), False)),
        ("pk IN ['a', 'b'] AND pk = 'c'", (["c"], None, True)),
        ("pk = 'a' OR pk = 'b'", (["a", "b"], None, True)),
        ("(pk = 'a' AND c = 1) OR (pk = 'b' AND sk = 'c')", (["a", "b"], None, True)),
        ("(pk = 'a' OR pk = 'b') AND sk = 'c'", (["a", "b"], ("=", "c"), True)),
    ],
)
def test_a_bound_partition_is_read_alone(condition: str, expected: Any) -> None:
    assert bounds(condition) == expected


@pytest.mark.parametrize(
    "condition",
    ["pk > 'a'", "NOT pk = 'a'", "pk <> 'a'", "pk = other", "pk IN ['a', other]", "pk.b = 'a'", "sk = 'a'",
     "pk = 'a' OR c = 1", "size(pk) = 1", "begins_with(pk, 'a')"],
)  # fmt: skip
def test_everything_else_is_a_full_scan(condition: str) -> None:
    assert bounds(condition) is None


def test_a_key_is_bound_by_equality_alone() -> None:
    _, where = read("pk = 'a' AND 'b' = sk AND c = 1")
    assert list(equal_values(where, KEYS.names)) == ["pk", "sk"]


@pytest.mark.parametrize("condition", ["pk = 'a'", "pk = 'a' AND sk > 'b'", "pk IN ['a'] AND sk = 'b'",
                                       "(pk = 'a' AND sk = 'b') OR c = 1"])  # fmt: skip
def test_a_key_that_is_not_fully_bound_is_refused(condition: str) -> None:
    _, where = read(condition)
    with pytest.raises(DynamoError, match="mandatory equality on all key attributes"):
        equal_values(where, KEYS.names)
