"""UpdateItem: what every action does to an item, and what is returned of it."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

Item = dict[str, Any]

BEFORE: Item = {
    "n": {"N": "10"},
    "s": {"S": "text"},
    "l": {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}]},
    "m": {"M": {"x": {"N": "1"}, "y": {"L": [{"M": {"z": {"S": "deep"}}}]}}},
    "ns": {"NS": ["1", "2"]},
    "ss": {"SS": ["a", "b"]},
}

# The update expression, its values, and the attributes that are different afterwards (None: gone).
UPDATES: list[tuple[str, Item, Item]] = [
    ("SET s = :v", {":v": {"BOOL": True}}, {"s": {"BOOL": True}}),
    ("SET fresh = :v", {":v": {"S": "new"}}, {"fresh": {"S": "new"}}),
    ("SET a1 = n, a2 = m.x", {}, {"a1": {"N": "10"}, "a2": {"N": "1"}}),
    ("SET n = n + :v", {":v": {"N": "5"}}, {"n": {"N": "15"}}),
    ("SET n = n - :v", {":v": {"N": "0.5"}}, {"n": {"N": "9.5"}}),
    ("SET n = :v - n", {":v": {"N": "1"}}, {"n": {"N": "-9"}}),
    ("SET n = n + n", {}, {"n": {"N": "20"}}),
    ("SET n = (n + :v)", {":v": {"N": "1"}}, {"n": {"N": "11"}}),
    ("SET n = if_not_exists(n, :v)", {":v": {"N": "0"}}, {}),
    ("SET k = if_not_exists(k, :v)", {":v": {"N": "0"}}, {"k": {"N": "0"}}),
    ("SET k = if_not_exists(k, :v) + :w", {":v": {"N": "0"}, ":w": {"N": "1"}}, {"k": {"N": "1"}}),
    ("SET k = if_not_exists(k, n)", {}, {"k": {"N": "10"}}),
    ("SET k = if_not_exists(k, if_not_exists(j, :v))", {":v": {"N": "7"}}, {"k": {"N": "7"}}),
    ("SET l = list_append(l, :v)", {":v": {"L": [{"S": "d"}]}},
     {"l": {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}, {"S": "d"}]}}),
    ("SET l = list_append(:v, l)", {":v": {"L": [{"S": "0"}]}},
     {"l": {"L": [{"S": "0"}, {"S": "a"}, {"S": "b"}, {"S": "c"}]}}),
    ("SET k = list_append(if_not_exists(k, :e), :v)", {":e": {"L": []}, ":v": {"L": [{"N": "1"}]}},
     {"k": {"L": [{"N": "1"}]}}),
    ("SET l[1] = :v", {":v": {"N": "2"}}, {"l": {"L": [{"S": "a"}, {"N": "2"}, {"S": "c"}]}}),
    ("SET l[9] = :v", {":v": {"N": "2"}}, {"l": {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}, {"N": "2"}]}}),
    ("SET l[9] = :v, l[7] = :w", {":v": {"N": "9"}, ":w": {"N": "7"}},
     {"l": {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}, {"N": "7"}, {"N": "9"}]}}),
    ("SET m.x = :v", {":v": {"N": "2"}}, {"m": {"M": {"x": {"N": "2"}, "y": BEFORE["m"]["M"]["y"]}}}),
    ("SET m.fresh = :v", {":v": {"N": "2"}}, {"m": {"M": {**BEFORE["m"]["M"], "fresh": {"N": "2"}}}}),
    ("SET m.y[0].z = :v", {":v": {"S": "deeper"}},
     {"m": {"M": {"x": {"N": "1"}, "y": {"L": [{"M": {"z": {"S": "deeper"}}}]}}}}),
    ("SET s = n, n = :v", {":v": {"N": "0"}}, {"s": {"N": "10"}, "n": {"N": "0"}}),
    ("REMOVE s", {}, {"s": None}),
    ("REMOVE s, n", {}, {"s": None, "n": None}),
    ("REMOVE absent", {}, {}),
    ("REMOVE l[0]", {}, {"l": {"L": [{"S": "b"}, {"S": "c"}]}}),
    ("REMOVE l[0], l[2]", {}, {"l": {"L": [{"S": "b"}]}}),
    ("REMOVE l[9]", {}, {}),
    ("REMOVE m.x", {}, {"m": {"M": {"y": BEFORE["m"]["M"]["y"]}}}),
    ("REMOVE m.y[0].z", {}, {"m": {"M": {"x": {"N": "1"}, "y": {"L": [{"M": {}}]}}}}),
    ("ADD n :v", {":v": {"N": "-10"}}, {"n": {"N": "0"}}),
    ("ADD fresh :v", {":v": {"N": "3"}}, {"fresh": {"N": "3"}}),
    ("ADD m.x :v", {":v": {"N": "3"}}, {"m": {"M": {"x": {"N": "4"}, "y": BEFORE["m"]["M"]["y"]}}}),
    ("ADD ss :v", {":v": {"SS": ["b", "c"]}}, {"ss": {"SS": ["a", "b", "c"]}}),
    ("ADD ns :v", {":v": {"NS": ["2.0", "3"]}}, {"ns": {"NS": ["1", "2", "3"]}}),
    ("ADD fresh :v", {":v": {"SS": ["x"]}}, {"fresh": {"SS": ["x"]}}),
    ("DELETE ss :v", {":v": {"SS": ["b", "z"]}}, {"ss": {"SS": ["a"]}}),
    ("DELETE ss :v", {":v": {"SS": ["a", "b"]}}, {"ss": None}),
    ("DELETE absent :v", {":v": {"SS": ["a"]}}, {}),
    ("SET s = :s REMOVE n ADD k :n DELETE ss :ss", {":s": {"S": "t"}, ":n": {"N": "1"}, ":ss": {"SS": ["a"]}},
     {"s": {"S": "t"}, "n": None, "k": {"N": "1"}, "ss": {"SS": ["b"]}}),
    ("remove n set s = :s", {":s": {"S": "t"}}, {"s": {"S": "t"}, "n": None}),
]  # fmt: skip


def sorted_sets(item: Item | None) -> Item:
    """The item with the elements of its sets in order, since sets have none."""
    assert item is not None
    return {
        name: {kind: sorted(content) if kind in {"SS", "NS", "BS"} else content for kind, content in value.items()}
        for name, value in item.items()
    }


def with_values(values: Item) -> Item:
    return {"ExpressionAttributeValues": values} if values else {}


@pytest.mark.parametrize(("expression", "values", "changed"), UPDATES, ids=[update[0] for update in UPDATES])
def test_an_update_changes_what_it_says_and_nothing_else(
    simple: "Table", pk: dict[str, str], expression: str, values: Item, changed: Item
) -> None:
    simple.put({"pk": pk, **BEFORE})
    simple.call("UpdateItem", Key={"pk": pk}, UpdateExpression=expression, **with_values(values))
    expected = {"pk": pk, **BEFORE, **changed}
    assert sorted_sets(simple.get({"pk": pk})) == {name: value for name, value in expected.items() if value}


# The update expression, its values, and the message: what is stored does not allow it.
REFUSED: list[tuple[str, Item, str]] = [
    ("SET n = absent", {}, "The provided expression refers to an attribute that does not exist in the item"),
    ("SET n = absent + :v", {":v": {"N": "1"}},
     "The provided expression refers to an attribute that does not exist in the item"),
    ("SET n = s + :v", {":v": {"N": "1"}}, "An operand in the update expression has an incorrect data type"),
    ("SET s = list_append(s, :v)", {":v": {"L": []}},
     "An operand in the update expression has an incorrect data type"),
    ("SET absent.a = :v", {":v": {"N": "1"}},
     "The document path provided in the update expression is invalid for update"),
    ("SET s.a = :v", {":v": {"N": "1"}},
     "The document path provided in the update expression is invalid for update"),
    ("SET m[0] = :v", {":v": {"N": "1"}},
     "The document path provided in the update expression is invalid for update"),
    ("SET l.a = :v", {":v": {"N": "1"}},
     "The document path provided in the update expression is invalid for update"),
    ("REMOVE absent.a", {}, "The document path provided in the update expression is invalid for update"),
    ("ADD s :v", {":v": {"N": "1"}}, "An operand in the update expression has an incorrect data type"),
    ("ADD ss :v", {":v": {"NS": ["1"]}}, "An operand in the update expression has an incorrect data type"),
    ("DELETE ss :v", {":v": {"NS": ["1"]}}, "An operand in the update expression has an incorrect data type"),
    ("DELETE s :v", {":v": {"SS": ["a"]}}, "An operand in the update expression has an incorrect data type"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "values", "message"), REFUSED, ids=[refused[0] for refused in REFUSED])
def test_an_update_that_does_not_fit_the_item_changes_nothing(
    simple: "Table", pk: dict[str, str], expression: str, values: Item, message: str
) -> None:
    simple.put({"pk": pk, **BEFORE})
    error = simple.refusal("UpdateItem", Key={"pk": pk}, UpdateExpression=expression, **with_values(values))
    assert (error.code, error.message) == ("ValidationException", message)
    assert sorted_sets(simple.get({"pk": pk})) == {"pk": pk, **BEFORE}


def test_an_update_of_no_item_creates_it(composite: "Table", pk: dict[str, str]) -> None:
    key = {"pk": pk, "sk": {"S": "a"}}
    composite.call("UpdateItem", Key=key, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}})
    assert composite.get(key) == {**key, "n": {"N": "1"}}


def test_an_update_without_an_expression_creates_the_bare_item(composite: "Table", pk: dict[str, str]) -> None:
    key = {"pk": pk, "sk": {"S": "a"}}
    composite.call("UpdateItem", Key=key)
    assert composite.get(key) == key


def test_a_condition_can_demand_that_the_item_exists(simple: "Table", pk: dict[str, str]) -> None:
    error = simple.refusal(
        "UpdateItem",
        Key={"pk": pk},
        UpdateExpression="SET a = :v",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":v": {"S": "x"}},
    )
    assert error.code == "ConditionalCheckFailedException"
    assert simple.get({"pk": pk}) is None


RETURNED: list[tuple[str, Item | None]] = [
    ("NONE", None),
    ("ALL_OLD", {"n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, "kept": {"S": "k"}}),
    ("ALL_NEW", {"n": {"N": "2"}, "m": {"M": {"x": {"N": "5"}, "y": {"N": "2"}}}, "kept": {"S": "k"},
                 "fresh": {"S": "v"}}),
    ("UPDATED_OLD", {"n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}}}}),
    ("UPDATED_NEW", {"n": {"N": "2"}, "m": {"M": {"x": {"N": "5"}}}, "fresh": {"S": "v"}}),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "expected"), RETURNED, ids=[wanted for wanted, _ in RETURNED])
def test_an_update_returns_what_it_is_asked_for(
    simple: "Table", pk: dict[str, str], wanted: str, expected: Item | None
) -> None:
    simple.put({"pk": pk, "n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, "kept": {"S": "k"}})
    answer = simple.call(
        "UpdateItem",
        Key={"pk": pk},
        UpdateExpression="SET n = n + :one, m.x = :five, fresh = :v",
        ExpressionAttributeValues={":one": {"N": "1"}, ":five": {"N": "5"}, ":v": {"S": "v"}},
        ReturnValues=wanted,
    )
    whole = {"pk": pk} if wanted.startswith("ALL") else {}
    assert answer == ({} if expected is None else {"Attributes": {**whole, **expected}})


@pytest.mark.parametrize("wanted", ["ALL_OLD", "UPDATED_OLD"])
def test_a_created_item_has_no_old_values(simple: "Table", pk: dict[str, str], wanted: str) -> None:
    update = {"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}}
    assert simple.call("UpdateItem", Key={"pk": pk}, **update, ReturnValues=wanted) == {}


def test_removed_attributes_are_old_values_and_no_new_ones(simple: "Table", pk: dict[str, str]) -> None:
    for wanted, expected in (("UPDATED_OLD", {"Attributes": {"a": {"S": "x"}}}), ("UPDATED_NEW", {})):
        simple.put({"pk": pk, "a": {"S": "x"}})
        assert simple.call("UpdateItem", Key={"pk": pk}, UpdateExpression="REMOVE a", ReturnValues=wanted) == expected


def test_a_failed_update_can_show_the_item(simple: "Table", pk: dict[str, str]) -> None:
    item = {"pk": pk, "n": {"N": "1"}}
    simple.put(item)
    error = simple.refusal(
        "UpdateItem",
        Key={"pk": pk},
        UpdateExpression="SET n = :v",
        ConditionExpression="n = :v",
        ExpressionAttributeValues={":v": {"N": "2"}},
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert error.extra == {"Item": item}


def test_counters_of_one_item_add_up(simple: "Table", pk: dict[str, str]) -> None:
    for _ in range(10):
        simple.call(
            "UpdateItem", Key={"pk": pk}, UpdateExpression="ADD n :v", ExpressionAttributeValues={":v": {"N": "0.1"}}
        )
    assert simple.get({"pk": pk}) == {"pk": pk, "n": {"N": "1"}}
