"""Limits: what just fits, and what does not."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

ITEM_BYTES = 400 * 1024


def test_an_item_has_four_hundred_kilobytes(simple: "Table") -> None:
    """The size counts names and values: `pk` (2) + its value (1) + `x` (1) + the text."""
    pk = {"S": "k"}
    fits = {"pk": pk, "x": {"S": "x" * (ITEM_BYTES - 4)}}
    simple.put(fits)
    assert simple.get({"pk": pk}) == fits
    error = simple.refusal("PutItem", Item={"pk": pk, "x": {"S": "x" * (ITEM_BYTES - 3)}})
    assert (error.code, error.message) == ("ValidationException", "Item size has exceeded the maximum allowed size")
    simple.call("DeleteItem", Key={"pk": pk})


SIZES: dict[str, tuple[dict[str, Any], int]] = {
    "number": ({"N": "12345"}, 4),
    "negative number": ({"N": "-12345"}, 5),
    "binary": ({"B": "AAECAw=="}, 4),
    "boolean": ({"BOOL": False}, 1),
    "null": ({"NULL": True}, 1),
    "list": ({"L": [{"S": "ab"}, {"BOOL": True}]}, 3 + 2 + 1 + 2),
    "map": ({"M": {"key": {"S": "ab"}}}, 3 + 3 + 2 + 1),
    "string set": ({"SS": ["ab", "c"]}, 3),
    "text of two bytes a character": ({"S": "üü"}, 4),
}


@pytest.mark.parametrize(("value", "size"), SIZES.values(), ids=SIZES)
def test_every_kind_of_value_counts_its_bytes(
    simple: "Table", pk: dict[str, str], value: dict[str, Any], size: int
) -> None:
    taken = len("pk") + len(pk["S"]) + len("v") + size + len("x")
    simple.put({"pk": pk, "v": value, "x": {"S": "x" * (ITEM_BYTES - taken)}})
    error = simple.refusal("PutItem", Item={"pk": pk, "v": value, "x": {"S": "x" * (ITEM_BYTES - taken + 1)}})
    assert error.message == "Item size has exceeded the maximum allowed size"


def test_an_update_cannot_make_an_item_too_large(simple: "Table", pk: dict[str, str]) -> None:
    simple.put({"pk": pk, "x": {"S": "x" * 300_000}})
    members = {"UpdateExpression": "SET y = :y", "ExpressionAttributeValues": {":y": {"S": "y" * 200_000}}}
    error = simple.refusal("UpdateItem", Key={"pk": pk}, **members)
    assert error.message == "Item size to update has exceeded the maximum allowed size"


def test_a_partition_key_has_2048_bytes(composite: "Table") -> None:
    composite.put({"pk": {"S": "k" * 2048}, "sk": {"S": "a"}})
    for value in ("k" * 2049, "ü" * 1025):
        error = composite.refusal("PutItem", Item={"pk": {"S": value}, "sk": {"S": "a"}})
        assert error.message == (
            "One or more parameter values were invalid: "
            "Size of hashkey has exceeded the maximum size limit of2048 bytes"
        )


def test_a_sort_key_has_1024_bytes(composite: "Table", pk: dict[str, str]) -> None:
    composite.put({"pk": pk, "sk": {"S": "k" * 1024}})
    error = composite.refusal("PutItem", Item={"pk": pk, "sk": {"S": "k" * 1025}})
    assert error.message == (
        "One or more parameter values were invalid: "
        "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
    )


def test_a_name_has_a_character(simple: "Table", pk: dict[str, str]) -> None:
    assert simple.refusal("PutItem", Item={"pk": pk, "": {"S": "x"}}).code == "ValidationException"
    members = {"UpdateExpression": "SET #n = :v", "ExpressionAttributeNames": {"#n": ""}}
    values = {"ExpressionAttributeValues": {":v": {"S": "x"}}}
    assert simple.refusal("UpdateItem", Key={"pk": pk}, **members, **values).code == "ValidationException"


TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "end"}
    for level in range(depth):
        value = {"L": [value]} if level % 2 else {"M": {"m": value}}
    return value


def test_values_nest_to_thirty_two_levels(simple: "Table", pk: dict[str, str]) -> None:
    simple.put({"pk": pk, "x": nested(31)})
    error = simple.refusal("PutItem", Item={"pk": pk, "x": nested(32)})
    assert error.message == TOO_DEEP


def test_a_value_of_an_expression_nests_no_deeper(simple: "Table", pk: dict[str, str]) -> None:
    members = {"ConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": nested(32)}}
    assert simple.refusal("PutItem", Item={"pk": pk}, **members).message == TOO_DEEP


def test_an_update_nests_no_deeper(simple: "Table", pk: dict[str, str]) -> None:
    simple.put({"pk": pk, "x": nested(31), "y": {"M": {}}})
    error = simple.refusal("UpdateItem", Key={"pk": pk}, UpdateExpression="SET y.deeper = x")
    assert error.message == TOO_DEEP


def test_an_expression_has_4096_bytes(simple: "Table", pk: dict[str, str]) -> None:
    fits = "attribute_not_exists(" + "a" * (4096 - 22) + ")"
    simple.call("PutItem", Item={"pk": pk}, ConditionExpression=fits)
    error = simple.refusal("PutItem", Item={"pk": pk}, ConditionExpression=fits + " ")
    assert error.message == (
        "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"
    )


def test_a_list_of_operands_has_a_hundred(simple: "Table", pk: dict[str, str]) -> None:
    def condition(operands: int) -> dict[str, Any]:
        names = [f":v{n}" for n in range(operands)]
        return {
            "ConditionExpression": f"NOT x IN ({', '.join(names)})",
            "ExpressionAttributeValues": {name: {"S": name} for name in names},
        }

    simple.call("PutItem", Item={"pk": pk}, **condition(100))
    error = simple.refusal("PutItem", Item={"pk": pk}, **condition(101))
    assert error.code == "ValidationException"
    assert error.message.startswith("Invalid ConditionExpression: ")


def test_an_expression_has_three_hundred_operators(simple: "Table", pk: dict[str, str]) -> None:
    fits = " OR ".join(["a=b"] * 150)
    simple.put({"pk": pk, "a": {"S": "x"}, "b": {"S": "x"}})
    simple.call("PutItem", Item={"pk": pk}, ConditionExpression=fits)
    error = simple.refusal("PutItem", Item={"pk": pk}, ConditionExpression=f"{fits} OR a=b OR a=b")
    assert error.message.startswith("Invalid ConditionExpression: The expression contains too many operators; ")


def test_twenty_five_is_the_limit_of_a_batch(composite: "Table", pk: dict[str, str]) -> None:
    puts = [{"PutRequest": {"Item": {"pk": pk, "sk": {"S": str(n)}}}} for n in range(26)]
    error = composite.refusal("BatchWriteItem", RequestItems={composite.name: puts})
    assert error.message.endswith(
        "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: "
        "[Member must have length less than or equal to 25, Member must have length greater than or equal to 1]"
    )


def test_a_hundred_is_the_limit_of_a_batch_of_keys(simple: "Table") -> None:
    keys = [{"pk": {"S": str(n)}} for n in range(101)]
    error = simple.refusal("BatchGetItem", RequestItems={simple.name: {"Keys": keys}})
    assert error.message.endswith(
        f"at 'requestItems.{simple.name}.member.keys' failed to satisfy constraint: "
        "Member must have length less than or equal to 100"
    )


def test_a_hundred_is_the_limit_of_a_transaction(simple: "Table") -> None:
    puts = [{"Put": {"TableName": simple.name, "Item": {"pk": {"S": str(n)}}}} for n in range(101)]
    error = simple.refusal("TransactWriteItems", TransactItems=puts)
    assert error.message.endswith(
        "at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100"
    )
