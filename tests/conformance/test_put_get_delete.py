"""PutItem, GetItem and DeleteItem: what goes in comes out, and what each of them returns."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

VALUES: dict[str, dict[str, Any]] = {
    "text": {"S": "Zürich 東京 🎾"},
    "empty text": {"S": ""},
    "control characters": {"S": 'quote " backslash \\ null \u0000 newline \n'},
    "integer": {"N": "42"},
    "negative": {"N": "-0.5"},
    "binary": {"B": "AAECAw=="},
    "empty binary": {"B": ""},
    "true": {"BOOL": True},
    "false": {"BOOL": False},
    "null": {"NULL": True},
    "list": {"L": [{"S": "a"}, {"N": "1"}, {"L": []}, {"NULL": True}]},
    "empty list": {"L": []},
    "map": {"M": {"name": {"S": "a"}, "nested": {"M": {"deep": {"BOOL": False}}}}},
    "empty map": {"M": {}},
    "map with a strange name": {"M": {"a.b[0]#:": {"S": "x"}, "": {"N": "1"}}},
}
SETS: dict[str, dict[str, list[str]]] = {
    "strings": {"SS": ["b", "a", ""]},
    "numbers": {"NS": ["3", "1", "2.5"]},
    "binaries": {"BS": ["Yg==", "YQ=="]},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_comes_back_as_it_was_stored(simple: "Table", pk: dict[str, str], value: dict[str, Any]) -> None:
    simple.put({"pk": pk, "value": value})
    assert simple.get({"pk": pk}) == {"pk": pk, "value": value}


@pytest.mark.parametrize("value", SETS.values(), ids=SETS)
def test_a_set_comes_back_with_the_same_elements(
    simple: "Table", pk: dict[str, str], value: dict[str, list[str]]
) -> None:
    simple.put({"pk": pk, "value": value})
    [(kind, elements)] = value.items()
    found = simple.get({"pk": pk})
    assert found is not None
    assert sorted(found["value"][kind]) == sorted(elements)


def test_attribute_names_may_be_any_text(simple: "Table", pk: dict[str, str]) -> None:
    item = {"pk": pk, "with space": {"S": "1"}, "a.b": {"S": "2"}, "ключ": {"S": "3"}, "SELECT": {"S": "4"}}
    simple.put(item)
    assert simple.get({"pk": pk}) == item


def test_put_replaces_the_whole_item(simple: "Table", pk: dict[str, str]) -> None:
    simple.put({"pk": pk, "old": {"S": "x"}}, {"pk": pk, "new": {"S": "y"}})
    assert simple.get({"pk": pk}) == {"pk": pk, "new": {"S": "y"}}


def test_get_of_no_item_answers_nothing(simple: "Table", pk: dict[str, str]) -> None:
    assert simple.call("GetItem", Key={"pk": pk}) == {}


def test_put_without_return_values_answers_nothing(simple: "Table", pk: dict[str, str]) -> None:
    assert simple.call("PutItem", Item={"pk": pk}) == {}


def test_put_returns_the_old_item_only_when_there_was_one(simple: "Table", pk: dict[str, str]) -> None:
    first = {"pk": pk, "n": {"N": "1"}}
    assert simple.call("PutItem", Item=first, ReturnValues="ALL_OLD") == {}
    assert simple.call("PutItem", Item={"pk": pk}, ReturnValues="ALL_OLD") == {"Attributes": first}
    assert simple.call("PutItem", Item={"pk": pk}, ReturnValues="NONE") == {}


def test_delete_returns_the_old_item_only_when_there_was_one(simple: "Table", pk: dict[str, str]) -> None:
    item = {"pk": pk, "n": {"N": "1"}}
    simple.put(item)
    assert simple.call("DeleteItem", Key={"pk": pk}, ReturnValues="ALL_OLD") == {"Attributes": item}
    assert simple.call("DeleteItem", Key={"pk": pk}, ReturnValues="ALL_OLD") == {}
    assert simple.get({"pk": pk}) is None


@pytest.mark.parametrize("value", ["ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
@pytest.mark.parametrize("operation", ["PutItem", "DeleteItem"])
def test_put_and_delete_return_old_values_or_none(
    simple: "Table", pk: dict[str, str], operation: str, value: str
) -> None:
    members = {"Item": {"pk": pk}} if operation == "PutItem" else {"Key": {"pk": pk}}
    error = simple.refusal(operation, **members, ReturnValues=value)
    assert (error.code, error.message) == ("ValidationException", "ReturnValues can only be ALL_OLD or NONE")


def test_a_condition_guards_a_put(simple: "Table", pk: dict[str, str]) -> None:
    members = {"Item": {"pk": pk}, "ConditionExpression": "attribute_not_exists(pk)"}
    assert simple.call("PutItem", **members) == {}
    error = simple.refusal("PutItem", **members)
    assert (error.code, error.message) == ("ConditionalCheckFailedException", "The conditional request failed")
    assert error.extra == {}


def test_a_failed_condition_can_show_the_item(simple: "Table", pk: dict[str, str]) -> None:
    item = {"pk": pk, "n": {"N": "1"}}
    simple.put(item)
    for operation, members in (("PutItem", {"Item": {"pk": pk}}), ("DeleteItem", {"Key": {"pk": pk}})):
        error = simple.refusal(
            operation,
            **members,
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        assert error.extra == {"Item": item}


def test_a_failed_condition_on_no_item_shows_none(simple: "Table", pk: dict[str, str]) -> None:
    error = simple.refusal(
        "DeleteItem",
        Key={"pk": pk},
        ConditionExpression="attribute_exists(pk)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert error.extra == {}


def test_a_failed_condition_changes_nothing(simple: "Table", pk: dict[str, str]) -> None:
    item = {"pk": pk, "n": {"N": "1"}}
    simple.put(item)
    condition = {"ConditionExpression": "n > :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
    simple.refusal("PutItem", Item={"pk": pk}, **condition)
    simple.refusal("DeleteItem", Key={"pk": pk}, **condition)
    assert simple.get({"pk": pk}) == item


def test_sort_keys_of_every_type_find_their_item(
    composite: "Table", numbered: "Table", binary: "Table", pk: dict[str, str]
) -> None:
    for table, key in ((composite, {"S": "a#b"}), (numbered, {"N": "-1.5"}), (binary, {"B": "/wA="})):
        table.put({"pk": pk, "sk": key, "x": {"S": "y"}})
        assert table.get({"pk": pk, "sk": key}) == {"pk": pk, "sk": key, "x": {"S": "y"}}


def test_a_number_key_is_the_same_in_every_notation(numbered: "Table", pk: dict[str, str]) -> None:
    numbered.put({"pk": pk, "sk": {"N": "10.0"}, "x": {"S": "y"}})
    assert numbered.get({"pk": pk, "sk": {"N": "1e1"}}) == {"pk": pk, "sk": {"N": "10"}, "x": {"S": "y"}}


def test_items_of_one_partition_are_apart(composite: "Table", pk: dict[str, str]) -> None:
    composite.put({"pk": pk, "sk": {"S": "a"}}, {"pk": pk, "sk": {"S": "b"}})
    composite.call("DeleteItem", Key={"pk": pk, "sk": {"S": "a"}})
    assert composite.get({"pk": pk, "sk": {"S": "b"}}) is not None


def test_a_table_may_be_named_by_its_arn(simple: "Table", pk: dict[str, str]) -> None:
    arn = simple.call("DescribeTable")["Table"]["TableArn"]
    simple.client.call("PutItem", {"TableName": arn, "Item": {"pk": pk}})
    assert simple.client.call("GetItem", {"TableName": arn, "Key": {"pk": pk}}) == {"Item": {"pk": pk}}
