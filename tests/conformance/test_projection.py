"""ProjectionExpression: which parts of an item an answer holds, in GetItem, Query, Scan and BatchGetItem."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

Item = dict[str, Any]

ITEM: Item = {
    "a": {"S": "1"},
    "b": {"N": "2"},
    "deep": {"M": {"x": {"N": "1"}, "y": {"M": {"z": {"S": "end"}}}, "a.b": {"S": "dotted"}}},
    "notes": {"L": [{"S": "zero"}, {"M": {"k": {"S": "one"}, "o": {"S": "other"}}}, {"S": "two"}]},
}
NAMES = {"#dotted": "a.b", "#deep": "deep"}

PROJECTIONS: list[tuple[str, Item]] = [
    ("a", {"a": ITEM["a"]}),
    ("a, b", {"a": ITEM["a"], "b": ITEM["b"]}),
    ("a,absent", {"a": ITEM["a"]}),
    ("absent", {}),
    ("deep", {"deep": ITEM["deep"]}),
    ("deep.x", {"deep": {"M": {"x": {"N": "1"}}}}),
    ("deep.x, deep.y.z", {"deep": {"M": {"x": {"N": "1"}, "y": {"M": {"z": {"S": "end"}}}}}}),
    ("deep.absent", {}),
    ("#deep.#dotted", {"deep": {"M": {"a.b": {"S": "dotted"}}}}),
    ("notes[0]", {"notes": {"L": [{"S": "zero"}]}}),
    ("notes[2], notes[0]", {"notes": {"L": [{"S": "zero"}, {"S": "two"}]}}),
    ("notes[1].k", {"notes": {"L": [{"M": {"k": {"S": "one"}}}]}}),
    ("notes[9]", {}),
    ("a.x", {}),
]


def expression(text: str) -> dict[str, Any]:
    names = {placeholder: name for placeholder, name in NAMES.items() if placeholder in text}
    return {"ProjectionExpression": text} | ({"ExpressionAttributeNames": names} if names else {})


@pytest.mark.parametrize(("text", "expected"), PROJECTIONS, ids=[text for text, _ in PROJECTIONS])
def test_a_projection_selects_parts_of_an_item(
    composite: "Table", pk: dict[str, str], text: str, expected: Item
) -> None:
    key = {"pk": pk, "sk": {"S": "a"}}
    composite.put({**key, **ITEM})
    assert composite.call("GetItem", Key=key, **expression(text))["Item"] == expected
    request = {composite.name: {"Keys": [key], **expression(text)}}
    batch = composite.client.call("BatchGetItem", {"RequestItems": request})
    assert batch["Responses"] == {composite.name: [expected]}
    names = expression(text).get("ExpressionAttributeNames", {})
    query = composite.call(
        "Query",
        KeyConditionExpression="#pk = :pk",
        ProjectionExpression=text,
        ExpressionAttributeNames={**names, "#pk": "pk"},
        ExpressionAttributeValues={":pk": pk},
    )
    assert query["Items"] == [expected]


def test_a_projection_of_no_item_answers_nothing(simple: "Table", pk: dict[str, str]) -> None:
    assert simple.call("GetItem", Key={"pk": pk}, ProjectionExpression="a") == {}


def test_overlapping_paths_are_refused(simple: "Table", pk: dict[str, str]) -> None:
    error = simple.refusal("GetItem", Key={"pk": pk}, ProjectionExpression="deep.x, deep")
    assert error.message.startswith(
        "Invalid ProjectionExpression: Two document paths overlap with each other; "
        "must remove or rewrite one of these paths; path one: "
    )


def test_paths_through_a_map_and_a_list_conflict(simple: "Table", pk: dict[str, str]) -> None:
    error = simple.refusal("GetItem", Key={"pk": pk}, ProjectionExpression="deep.x, deep[0]")
    assert error.message.startswith("Invalid ProjectionExpression: Two document paths conflict with each other")
