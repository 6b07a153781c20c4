from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal


def test_counts_and_sizes_are_those_of_now(call: "Call", create: "Create") -> None:
    """Names and values count: `pk`, `a`, `sk`, `b`, `x`, `c` are 8 bytes; the index holds all of it, or its keys."""
    create("orders", global_={"by_x": ("x",)}, local={"in_order": ("y", "KEYS_ONLY")})
    call("PutItem", TableName="orders", Item={"pk": {"S": "a"}, "sk": {"S": "b"}, "x": {"S": "c"}})
    call("PutItem", TableName="orders", Item={"pk": {"S": "a"}, "sk": {"S": "c"}, "y": {"S": "d"}, "z": {"S": "e"}})
    table = call("DescribeTable", TableName="orders")["Table"]
    assert (table["ItemCount"], table["TableSizeBytes"]) == (2, 18)
    assert [(index["ItemCount"], index["IndexSizeBytes"]) for index in table["GlobalSecondaryIndexes"]] == [(1, 8)]
    assert [(index["ItemCount"], index["IndexSizeBytes"]) for index in table["LocalSecondaryIndexes"]] == [(1, 8)]


def test_a_missing_table_is_named(refusal: "Refusal") -> None:
    error = refusal("DescribeTable", TableName="missing")
    assert error.code == "ResourceNotFoundException"
    assert error.message == "Requested resource not found: Table: missing not found"
