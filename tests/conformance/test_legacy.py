"""The parameters that expressions replaced: conditions, updates and projections in their older form."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

Members = dict[str, Any]

ITEM: Members = {
    "s": {"S": "hello"},
    "n": {"N": "10"},
    "b": {"B": "AQID"},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
    "l": {"L": [{"S": "a"}, {"N": "1"}, {"BOOL": True}]},
    "m": {"M": {"x": {"N": "1"}}},
    "t": {"BOOL": True},
    "z": {"NULL": True},
}

FAILED = "ConditionalCheckFailedException"


def condition(operator: str, *values: Members) -> Members:
    return {"ComparisonOperator": operator, **({"AttributeValueList": list(values)} if values else {})}


S, N, B = ({"S": "hello"}, {"N": "10"}, {"B": "AQID"})

# Attribute, operator, operands, and whether it holds of the item.
COMPARISONS: list[tuple[str, str, list[Members], bool]] = [
    ("s", "EQ", [S], True),
    ("s", "EQ", [{"S": "x"}], False),
    ("n", "EQ", [{"N": "1e1"}], True),
    ("n", "EQ", [{"S": "10"}], False),
    ("ss", "EQ", [{"SS": ["b", "a"]}], True),
    ("m", "EQ", [ITEM["m"]], True),
    ("missing", "EQ", [S], False),
    ("s", "NE", [{"S": "x"}], True),
    ("s", "NE", [S], False),
    ("n", "NE", [{"S": "10"}], True),
    ("l", "NE", [ITEM["l"]], False),
    ("missing", "NE", [S], True),
    ("n", "LT", [{"N": "11"}], True),
    ("n", "LT", [N], False),
    ("n", "LT", [{"S": "z"}], False),
    ("missing", "LT", [N], False),
    ("n", "LE", [N], True),
    ("s", "GT", [{"S": "hellO"}], True),
    ("b", "GE", [B], True),
    ("b", "GE", [{"B": "AQIE"}], False),
    ("n", "BETWEEN", [{"N": "9"}, N], True),
    ("n", "BETWEEN", [N, N], True),
    ("n", "BETWEEN", [{"N": "11"}, {"N": "12"}], False),
    ("s", "BETWEEN", [{"N": "1"}, {"N": "2"}], False),
    ("n", "IN", [{"N": "1"}, N], True),
    ("n", "IN", [{"N": "1"}], False),
    ("missing", "IN", [N], False),
    ("s", "BEGINS_WITH", [{"S": "he"}], True),
    ("s", "BEGINS_WITH", [{"S": "lo"}], False),
    ("b", "BEGINS_WITH", [{"B": "AQI="}], True),
    ("n", "BEGINS_WITH", [{"S": "1"}], False),
    ("s", "CONTAINS", [{"S": "ell"}], True),
    ("b", "CONTAINS", [{"B": "Ag=="}], True),
    ("ss", "CONTAINS", [{"S": "a"}], True),
    ("ss", "CONTAINS", [{"S": "c"}], False),
    ("ns", "CONTAINS", [{"N": "2.0"}], True),
    ("l", "CONTAINS", [{"N": "1"}], True),
    ("l", "CONTAINS", [{"BOOL": True}], True),
    ("l", "CONTAINS", [{"S": "1"}], False),
    ("missing", "CONTAINS", [S], False),
    ("s", "NOT_CONTAINS", [{"S": "x"}], True),
    ("s", "NOT_CONTAINS", [{"S": "ell"}], False),
    ("ss", "NOT_CONTAINS", [{"S": "c"}], True),
    ("l", "NOT_CONTAINS", [{"S": "a"}], False),
    ("missing", "NOT_CONTAINS", [S], False),
    ("z", "NOT_NULL", [], True),
    ("missing", "NOT_NULL", [], False),
    ("z", "NULL", [], False),
    ("missing", "NULL", [], True),
]
IDS = [f"{name} {operator} {values} {holds}" for name, operator, values, holds in COMPARISONS]


@pytest.mark.parametrize(("name", "operator", "values", "holds"), COMPARISONS, ids=IDS)
def test_a_comparison_holds_in_filters_and_in_expected_alike(
    composite: "Table", pk: Members, name: str, operator: str, values: list[Members], *, holds: bool
) -> None:
    item = {"pk": pk, "sk": {"S": "a"}, **ITEM}
    composite.put(item)
    comparison = {name: condition(operator, *values)}
    found = composite.call("Query", KeyConditions={"pk": condition("EQ", pk)}, QueryFilter=comparison)
    assert (found["Count"], found["ScannedCount"]) == (int(holds), 1)
    scanned = composite.all_items(
        "Scan", ScanFilter={"pk": condition("EQ", pk), **comparison}, ConditionalOperator="AND"
    )
    assert scanned == [item] * holds
    if holds:
        assert composite.call("PutItem", Item=item, Expected=comparison) == {}
    else:
        assert composite.refusal("PutItem", Item=item, Expected=comparison).code == FAILED


WRITES: list[tuple[str, Members]] = [
    ("PutItem", {"Item": True}),
    ("DeleteItem", {"Key": True}),
    ("UpdateItem", {"Key": True, "AttributeUpdates": {"n": {"Action": "ADD", "Value": {"N": "1"}}}}),
]


@pytest.mark.parametrize(("operation", "members"), WRITES, ids=[operation for operation, _ in WRITES])
@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ({"Value": N}, True),
        ({"Value": S}, False),
        ({"Exists": True, "Value": N}, True),
        ({"Exists": True, "Value": {"N": "11"}}, False),
        ({"Exists": False}, False),
        ({"ComparisonOperator": "GE", "Value": N}, True),
        ({"ComparisonOperator": "NOT_NULL"}, True),
    ],
    ids=str,
)
def test_expected_decides_over_every_write(
    simple: "Table", pk: Members, operation: str, members: Members, expected: Members, *, holds: bool
) -> None:
    simple.put({"pk": pk, "n": N})
    request = {name: {"pk": pk} if value is True else value for name, value in members.items()}
    if holds:
        simple.call(operation, **request, Expected={"n": expected})
    else:
        assert simple.refusal(operation, **request, Expected={"n": expected}).code == FAILED
    assert (simple.get({"pk": pk}) == {"pk": pk, "n": N}) is not holds


@pytest.mark.parametrize(("operator", "holds"), [(None, False), ("AND", False), ("OR", True)])
def test_conditions_are_joined_by_the_conditional_operator(
    simple: "Table", pk: Members, operator: str | None, *, holds: bool
) -> None:
    simple.put({"pk": pk, "n": N})
    expected = {"pk": {"Exists": False}, "n": {"Value": N}}
    request = {"Item": {"pk": pk}, "Expected": expected, "ConditionalOperator": operator}
    if holds:
        assert simple.call("PutItem", **request) == {}
    else:
        assert simple.refusal("PutItem", **request).code == FAILED


def test_a_failed_expectation_can_show_the_item(simple: "Table", pk: Members) -> None:
    simple.put({"pk": pk, "n": N})
    error = simple.refusal(
        "DeleteItem",
        Key={"pk": pk},
        Expected={"n": {"Exists": False}},
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert error.extra["Item"] == {"pk": pk, "n": N}


# AttributeUpdates, and the attributes that are different afterwards (None: gone).
UPDATES: list[tuple[Members, Members]] = [
    ({}, {}),
    ({"n": {"Value": {"S": "x"}}}, {"n": {"S": "x"}}),
    ({"a.b": {"Action": "PUT", "Value": {"S": "x"}}}, {"a.b": {"S": "x"}}),
    ({"n": {"Action": "DELETE"}, "missing": {"Action": "DELETE"}}, {"n": None}),
    ({"n": {"Action": "ADD", "Value": {"N": "-2.5"}}}, {"n": {"N": "7.5"}}),
    ({"new": {"Action": "ADD", "Value": {"N": "3"}}}, {"new": {"N": "3"}}),
    ({"new": {"Action": "ADD", "Value": {"SS": ["a"]}}}, {"new": {"SS": ["a"]}}),
    ({"ns": {"Action": "ADD", "Value": {"NS": ["2", "3"]}}}, {"ns": {"NS": ["1", "2", "3"]}}),
    ({"l": {"Action": "ADD", "Value": {"L": [{"S": "a"}]}}}, {"l": {"L": [*ITEM["l"]["L"], {"S": "a"}]}}),
    ({"new": {"Action": "ADD", "Value": {"L": [{"S": "a"}]}}}, {"new": {"L": [{"S": "a"}]}}),
    ({"ss": {"Action": "DELETE", "Value": {"SS": ["a", "z"]}}}, {"ss": {"SS": ["b"]}}),
    ({"ss": {"Action": "DELETE", "Value": {"SS": ["a", "b"]}}}, {"ss": None}),
    ({"new": {"Action": "DELETE", "Value": {"SS": ["a"]}}}, {}),
]


@pytest.mark.parametrize(("updates", "changes"), UPDATES, ids=[str(updates) for updates, _ in UPDATES])
def test_attribute_updates_change_an_item(simple: "Table", pk: Members, updates: Members, changes: Members) -> None:
    simple.put({"pk": pk, **ITEM})
    answer = simple.call("UpdateItem", Key={"pk": pk}, AttributeUpdates=updates, ReturnValues="ALL_NEW")
    after = {name: value for name, value in {"pk": pk, **ITEM, **changes}.items() if value is not None}
    stored = simple.get({"pk": pk})
    assert stored is not None
    for item in (answer["Attributes"], stored):
        assert sets_in_order(item) == sets_in_order(after)


def sets_in_order(item: Members) -> Members:
    return {
        name: {tag: sorted(content) if tag in {"SS", "NS"} else content}
        for name, value in item.items()
        for tag, content in value.items()
    }


@pytest.mark.parametrize(
    ("updates", "created"),
    [
        ({}, True),
        ({"a": {"Action": "ADD", "Value": {"N": "1"}}}, True),
        ({"a": {"Value": {"N": "1"}}, "b": {"Action": "DELETE"}}, True),
        ({"a": {"Action": "DELETE"}}, False),
        ({"a": {"Action": "DELETE", "Value": {"SS": ["x"]}}}, False),
    ],
    ids=str,
)
def test_an_item_is_created_unless_everything_is_deleted(
    simple: "Table", pk: Members, updates: Members, *, created: bool
) -> None:
    answer = simple.call("UpdateItem", Key={"pk": pk}, AttributeUpdates=updates, ReturnValues="ALL_NEW")
    assert ("Attributes" in answer) is created
    assert (simple.get({"pk": pk}) is not None) is created


@pytest.mark.parametrize(
    ("wanted", "attributes"),
    [
        ("UPDATED_OLD", {"n": N, "s": S}),
        ("UPDATED_NEW", {"n": {"N": "11"}}),
        ("ALL_OLD", {"n": N, "s": S, "b": B}),
        ("NONE", None),
    ],
)
def test_attribute_updates_return_what_is_asked_for(
    simple: "Table", pk: Members, wanted: str, attributes: Members | None
) -> None:
    simple.put({"pk": pk, "n": N, "s": S, "b": B})
    updates = {"n": {"Action": "ADD", "Value": {"N": "1"}}, "s": {"Action": "DELETE"}}
    answer = simple.call("UpdateItem", Key={"pk": pk}, AttributeUpdates=updates, ReturnValues=wanted)
    if wanted == "ALL_OLD":
        attributes = {"pk": pk, **(attributes or {})}
    assert answer.get("Attributes") == attributes


# The condition on the sort key, and the sort keys found of 1 to 5.
KEY_CONDITIONS: list[tuple[Members | None, list[int]]] = [
    (None, [1, 2, 3, 4, 5]),
    (condition("EQ", {"N": "3.0"}), [3]),
    (condition("LT", {"N": "3"}), [1, 2]),
    (condition("LE", {"N": "3"}), [1, 2, 3]),
    (condition("GT", {"N": "3"}), [4, 5]),
    (condition("GE", {"N": "3"}), [3, 4, 5]),
    (condition("BETWEEN", {"N": "2"}, {"N": "4"}), [2, 3, 4]),
]


@pytest.mark.parametrize(("sort", "found"), KEY_CONDITIONS, ids=str)
def test_key_conditions_choose_items(numbered: "Table", pk: Members, sort: Members | None, found: list[int]) -> None:
    numbered.put(*({"pk": pk, "sk": {"N": str(number)}} for number in range(1, 6)))
    conditions = {"pk": condition("EQ", pk), **({"sk": sort} if sort else {})}
    pages = numbered.all_items("Query", KeyConditions=conditions, Limit=2, ScanIndexForward=False)
    assert [int(item["sk"]["N"]) for item in pages] == found[::-1]


def test_key_conditions_know_prefixes_and_indexes(indexed: "Table", pk: Members) -> None:
    indexed.put(*({"pk": pk, "sk": {"S": text}, "kind": pk} for text in ("a1", "a2", "b1")))
    prefix = {"pk": condition("EQ", pk), "sk": condition("BEGINS_WITH", {"S": "a"})}
    assert indexed.call("Query", KeyConditions=prefix, Select="COUNT")["Count"] == 2
    of_kind = {"kind": condition("EQ", pk)}
    assert indexed.call("Query", KeyConditions=of_kind, IndexName="kinds", Select="COUNT")["Count"] == 3


def test_key_conditions_go_with_other_expressions(composite: "Table", pk: Members) -> None:
    composite.put(*({"pk": pk, "sk": {"S": text}, "a": {"S": text}} for text in "xyz"))
    answer = composite.call(
        "Query",
        KeyConditions={"pk": condition("EQ", pk)},
        FilterExpression="a > :a",
        ProjectionExpression="#a",
        ExpressionAttributeNames={"#a": "a"},
        ExpressionAttributeValues={":a": {"S": "x"}},
    )
    assert answer["Items"] == [{"a": {"S": "y"}}, {"a": {"S": "z"}}]


def test_attributes_to_get_are_names_and_not_paths(composite: "Table", pk: Members) -> None:
    key = {"pk": pk, "sk": {"S": "a"}}
    composite.put({**key, "m": {"M": {"x": N}}, "m.x": S, "#n": N, "rest": S})
    wanted = ["m.x", "#n", "missing"]
    shown = {"m.x": S, "#n": N}
    assert composite.call("GetItem", Key=key, AttributesToGet=wanted) == {"Item": shown}
    found = composite.call("Query", KeyConditions={"pk": condition("EQ", pk)}, AttributesToGet=wanted)
    assert found["Items"] == [shown]
    scan = {"ScanFilter": {"pk": condition("EQ", pk)}, "AttributesToGet": wanted, "Select": "SPECIFIC_ATTRIBUTES"}
    assert composite.all_items("Scan", **scan) == [shown]
    batch = {composite.name: {"Keys": [key], "AttributesToGet": wanted}}
    answer = composite.client.call("BatchGetItem", {"RequestItems": batch})
    assert answer["Responses"] == {composite.name: [shown]}


def test_attributes_to_get_beyond_a_local_index_are_fetched(indexed: "Table", pk: Members) -> None:
    indexed.put({"pk": pk, "sk": {"S": "a"}, "rank": N, "colour": S})
    request = {"KeyConditions": {"pk": condition("EQ", pk)}, "IndexName": "rank-only", "AttributesToGet": ["colour"]}
    assert indexed.call("Query", **request)["Items"] == [{"colour": S}]


def test_an_empty_filter_filters_nothing(composite: "Table", pk: Members) -> None:
    composite.put({"pk": pk, "sk": S})
    answer = composite.call("Query", KeyConditions={"pk": condition("EQ", pk)}, QueryFilter={})
    assert answer["Count"] == 1
