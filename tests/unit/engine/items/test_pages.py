"""Pages of queries and scans: where they may begin, and what a local index must fetch."""

import gc
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

INVALID = "The provided starting key is invalid"
OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions"
NOT_IN_RANGE = "The provided starting key does not match the range key predicate"


@pytest.fixture(autouse=True)
def orders(call: "Call", create: "Create") -> None:
    """Items `1` to `5` of the partition `a`; all but the first are open, in reverse order."""
    create("orders", local={"in_order": ("rank", ["note"])}, global_={"by_state": ("state", "rank")})
    for number in "12345":
        item = {"pk": "a", "sk": number, "rank": str(9 - int(number)), "note": f"note {number}", "more": "x"}
        item |= {"state": "open"} if number > "1" else {}
        call("PutItem", TableName="orders", Item={name: {"S": value} for name, value in item.items()})


def strings(**values: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in values.items()}


def condition(text: str, **values: str) -> dict[str, Any]:
    shown = {f":{name}": {"S": value} for name, value in values.items()}
    return {"TableName": "orders", "KeyConditionExpression": text, "ExpressionAttributeValues": shown}


def by_state() -> dict[str, Any]:
    named = {"IndexName": "by_state", "ExpressionAttributeNames": {"#s": "state"}}
    return condition("#s = :s", s="open") | named


def sort_keys(items: list[dict[str, Any]]) -> str:
    return "".join(item["sk"]["S"] for item in items)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (strings(pk="a"), INVALID),
        (strings(pk="a", sk="1", more="x"), INVALID),
        ({"pk": {"S": "a"}, "sk": {"N": "1"}}, INVALID),
        (strings(pk="b", sk="3"), OUTSIDE),
        (strings(pk="a", sk="1"), NOT_IN_RANGE),
    ],
    ids=["too few", "too many", "wrong type", "other partition", "before the range"],
)
def test_a_start_key_that_a_query_cannot_have_given(refusal: "Refusal", start: dict[str, Any], message: str) -> None:
    request = condition("pk = :pk AND sk >= :sk", pk="a", sk="2")
    error = refusal("Query", **request, ExclusiveStartKey=start)
    assert (error.code, error.message) == ("ValidationException", message)


def test_a_start_key_of_an_index_has_both_keys(call: "Call", refusal: "Refusal") -> None:
    first = call("Query", **by_state(), Limit=1)
    assert first["LastEvaluatedKey"] == strings(pk="a", sk="5", rank="4", state="open")
    rest = call("Query", **by_state(), ExclusiveStartKey=first["LastEvaluatedKey"])
    assert sort_keys(rest["Items"]) == "432"
    assert refusal("Query", **by_state(), ExclusiveStartKey=strings(pk="a", sk="5")).message == INVALID
    assert refusal("Query", **by_state(), ExclusiveStartKey=strings(state="open", rank="4")).message == INVALID


def test_a_start_key_may_name_an_item_that_is_gone(call: "Call") -> None:
    request = condition("pk = :pk", pk="a")
    call("DeleteItem", TableName="orders", Key=strings(pk="a", sk="3"))
    forward = call("Query", **request, ExclusiveStartKey=strings(pk="a", sk="3"))
    backward = call("Query", **request, ExclusiveStartKey=strings(pk="a", sk="3"), ScanIndexForward=False)
    assert (sort_keys(forward["Items"]), sort_keys(backward["Items"])) == ("45", "21")


def test_an_empty_range_is_an_empty_page(call: "Call") -> None:
    assert call("Query", **condition("pk = :pk AND sk < :sk", pk="a", sk="1")) == {
        "Items": [],
        "Count": 0,
        "ScannedCount": 0,
    }


def test_an_impossible_key_value_is_refused(refusal: "Refusal") -> None:
    empty = refusal("Query", **condition("pk = :pk", pk=""))
    assert empty.message.endswith("cannot contain an empty string value. Key: pk")
    long = refusal("Query", **condition("pk = :pk", pk="x" * 2049))
    assert long.message.endswith("Size of hashkey has exceeded the maximum size limit of2048 bytes")


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({}, {"pk", "sk", "rank", "note"}),
        ({"Select": "ALL_PROJECTED_ATTRIBUTES"}, {"pk", "sk", "rank", "note"}),
        ({"Select": "ALL_ATTRIBUTES"}, {"pk", "sk", "rank", "note", "state", "more"}),
        ({"ProjectionExpression": "note"}, {"note"}),
        ({"ProjectionExpression": "note, more", "Select": "SPECIFIC_ATTRIBUTES"}, {"note", "more"}),
    ],
)
def test_a_local_index_fetches_what_it_does_not_hold(call: "Call", members: dict[str, Any], names: set[str]) -> None:
    request = condition("pk = :pk AND #r > :r", pk="a", r="4") | {"ExpressionAttributeNames": {"#r": "rank"}}
    answer = call("Query", **request, IndexName="in_order", Limit=1, **members)
    assert answer["Items"][0].keys() == names
    assert answer["LastEvaluatedKey"] == strings(pk="a", sk="4", rank="5")


def test_a_filter_sees_what_a_local_index_fetches(call: "Call") -> None:
    request = condition("pk = :pk", pk="a", x="x") | {"FilterExpression": "more = :x", "IndexName": "in_order"}
    assert call("Query", **request, Select="ALL_ATTRIBUTES")["Count"] == 5
    assert call("Query", **request)["Count"] == 0


def test_a_filter_on_the_key_of_the_index_is_refused(refusal: "Refusal") -> None:
    request = by_state() | {"FilterExpression": "#s = :s"}
    assert refusal("Query", **request).message == (
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: state"
    )


@pytest.mark.parametrize("enabled", [True, False])
def test_reading_a_page_leaves_the_garbage_collector_as_it_was(call: "Call", enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        call("Query", **condition("pk = :pk", pk="a"))
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()
