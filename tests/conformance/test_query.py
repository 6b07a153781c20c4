"""Query: key conditions, order, filters, pages and what is counted."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

SORT_KEYS = ["", "A", "a", "a#1", "a#2", "ab", "b", "ü", "東"]
NUMBERS = ["-1E100", "-10", "-9.5", "-0.001", "0", "1E-100", "0.5", "1", "2", "10", "1E100"]
BINARIES = ["AA==", "AAA=", "AAE=", "AQ==", "fw==", "gA==", "/w==", "//8="]

CONDITIONS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("sk = :v", {":v": {"S": "a"}}, ["a"]),
    ("sk < :v", {":v": {"S": "a#1"}}, ["A", "a"]),
    ("sk <= :v", {":v": {"S": "a#1"}}, ["A", "a", "a#1"]),
    ("sk > :v", {":v": {"S": "b"}}, ["ü", "東"]),
    ("sk >= :v", {":v": {"S": "b"}}, ["b", "ü", "東"]),
    ("sk BETWEEN :v AND :w", {":v": {"S": "a#1"}, ":w": {"S": "b"}}, ["a#1", "a#2", "ab", "b"]),
    ("sk BETWEEN :v AND :v", {":v": {"S": "b"}}, ["b"]),
    ("begins_with(sk, :v)", {":v": {"S": "a"}}, ["a", "a#1", "a#2", "ab"]),
    ("begins_with(sk, :v)", {":v": {"S": "a#"}}, ["a#1", "a#2"]),
    ("begins_with(sk, :v)", {":v": {"S": "zz"}}, []),
    ("begins_with (sk , :v)", {":v": {"S": "b"}}, ["b"]),
]


def query(pk: dict[str, str], more: str = "", values: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "KeyConditionExpression": f"pk = :pk AND {more}" if more else "pk = :pk",
        "ExpressionAttributeValues": {":pk": pk, **(values or {})},
    }


def sort_keys(items: list[dict[str, Any]]) -> list[str]:
    return [next(iter(item["sk"].values())) for item in items]


def fill(table: "Table", pk: dict[str, str], kind: str, values: list[str]) -> None:
    table.put(*({"pk": pk, "sk": {kind: value}} for value in reversed(values)))


@pytest.mark.parametrize(("condition", "values", "expected"), CONDITIONS, ids=[f"{c[0]} {c[2]}" for c in CONDITIONS])
def test_a_key_condition_selects_a_range(
    composite: "Table", pk: dict[str, str], condition: str, values: dict[str, Any], expected: list[str]
) -> None:
    fill(composite, pk, "S", SORT_KEYS[1:])
    answer = composite.call("Query", **query(pk, condition, values))
    assert sort_keys(answer["Items"]) == expected
    assert (answer["Count"], answer["ScannedCount"]) == (len(expected), len(expected))


@pytest.mark.parametrize(
    ("table", "kind", "values"),
    [("composite", "S", SORT_KEYS[1:]), ("numbered", "N", NUMBERS), ("binary", "B", BINARIES)],
)
def test_items_come_in_the_order_of_the_sort_key_both_ways(
    request: pytest.FixtureRequest, pk: dict[str, str], table: str, kind: str, values: list[str]
) -> None:
    asked: Table = request.getfixturevalue(table)
    fill(asked, pk, kind, values)
    stored = sort_keys(asked.call("Query", **query(pk))["Items"])
    assert [_notation(kind, value) for value in stored] == [_notation(kind, value) for value in values]
    assert sort_keys(asked.call("Query", **query(pk), ScanIndexForward=False)["Items"]) == stored[::-1]


def _notation(kind: str, value: str) -> str | float:
    return float(value) if kind == "N" else value


def test_numbers_are_compared_by_value(numbered: "Table", pk: dict[str, str]) -> None:
    fill(numbered, pk, "N", NUMBERS)
    answer = numbered.call("Query", **query(pk, "sk BETWEEN :v AND :w", {":v": {"N": "-9.50"}, ":w": {"N": "1.0"}}))
    assert [float(value) for value in sort_keys(answer["Items"])] == [-9.5, -0.001, 0, 1e-100, 0.5, 1]


def test_binaries_are_compared_as_unsigned_bytes(binary: "Table", pk: dict[str, str]) -> None:
    fill(binary, pk, "B", BINARIES)
    answer = binary.call("Query", **query(pk, "begins_with(sk, :v)", {":v": {"B": "AA=="}}))
    assert sort_keys(answer["Items"]) == ["AA==", "AAA=", "AAE="]
    assert sort_keys(binary.call("Query", **query(pk, "sk > :v", {":v": {"B": "fw=="}}))["Items"]) == BINARIES[5:]


@pytest.mark.parametrize("form", ["pk = :pk AND sk > :v", "sk > :v AND pk = :pk", "(pk = :pk) AND (sk > :v)",
                                  ":pk = pk and :v < sk", "#p = :pk AND #s > :v"])  # fmt: skip
def test_a_key_condition_may_be_written_in_several_ways(composite: "Table", pk: dict[str, str], form: str) -> None:
    fill(composite, pk, "S", ["a", "b"])
    names = {"ExpressionAttributeNames": {"#p": "pk", "#s": "sk"}} if "#" in form else {}
    values = {":pk": pk, ":v": {"S": "a"}}
    answer = composite.call("Query", KeyConditionExpression=form, ExpressionAttributeValues=values, **names)
    assert sort_keys(answer["Items"]) == ["b"]


def test_a_partition_without_items_is_an_empty_page(composite: "Table", pk: dict[str, str]) -> None:
    assert composite.call("Query", **query(pk)) == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_a_partition_is_not_the_prefix_of_another(composite: "Table", pk: dict[str, str]) -> None:
    longer = {"S": pk["S"] + "x"}
    composite.put({"pk": pk, "sk": {"S": "xa"}}, {"pk": longer, "sk": {"S": "a"}})
    assert composite.call("Query", **query(longer))["Items"] == [{"pk": longer, "sk": {"S": "a"}}]


def test_a_limit_makes_pages_that_follow_each_other(composite: "Table", pk: dict[str, str]) -> None:
    fill(composite, pk, "S", SORT_KEYS[1:])
    pages = list(composite.pages("Query", **query(pk), Limit=3))
    assert [page["Count"] for page in pages] == [3, 3, 2]
    assert [key for page in pages for key in sort_keys(page["Items"])] == SORT_KEYS[1:]
    assert pages[0]["LastEvaluatedKey"] == {"pk": pk, "sk": {"S": SORT_KEYS[3]}}


def test_pages_go_backwards_too(composite: "Table", pk: dict[str, str]) -> None:
    fill(composite, pk, "S", SORT_KEYS[1:])
    assert sort_keys(composite.all_items("Query", **query(pk), Limit=3, ScanIndexForward=False)) == SORT_KEYS[:0:-1]


def test_a_page_that_ends_with_the_last_item_may_still_have_a_next_one(composite: "Table", pk: dict[str, str]) -> None:
    fill(composite, pk, "S", ["a", "b"])
    first = composite.call("Query", **query(pk), Limit=2)
    assert first["LastEvaluatedKey"] == {"pk": pk, "sk": {"S": "b"}}
    rest = composite.call("Query", **query(pk), Limit=2, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert rest == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_a_page_may_start_at_a_key_that_was_deleted(composite: "Table", pk: dict[str, str]) -> None:
    fill(composite, pk, "S", ["a", "b", "c"])
    composite.call("DeleteItem", Key={"pk": pk, "sk": {"S": "b"}})
    start = {"pk": pk, "sk": {"S": "b"}}
    assert sort_keys(composite.call("Query", **query(pk), ExclusiveStartKey=start)["Items"]) == ["c"]


def test_the_limit_counts_items_before_the_filter(composite: "Table", pk: dict[str, str]) -> None:
    composite.put(*({"pk": pk, "sk": {"S": str(n)}, "n": {"N": str(n % 2)}} for n in range(6)))
    members = query(pk, values={":n": {"N": "0"}})
    answer = composite.call("Query", **members, FilterExpression="n = :n", Limit=3)
    assert (answer["Count"], answer["ScannedCount"]) == (2, 3)
    assert sort_keys(composite.all_items("Query", **members, FilterExpression="n = :n", Limit=1)) == ["0", "2", "4"]


def test_counting_answers_numbers_only(composite: "Table", pk: dict[str, str]) -> None:
    fill(composite, pk, "S", ["a", "b"])
    assert composite.call("Query", **query(pk), Select="COUNT") == {"Count": 2, "ScannedCount": 2}


def test_a_page_ends_after_one_megabyte(composite: "Table", pk: dict[str, str]) -> None:
    composite.put(*({"pk": pk, "sk": {"S": str(n)}, "fill": {"S": "x" * 350_000}} for n in range(4)))
    pages = list(composite.pages("Query", **query(pk)))
    assert [page["Count"] for page in pages][:1] == [3]
    assert sum(page["Count"] for page in pages) == 4


@pytest.mark.parametrize("selected", ["ALL_ATTRIBUTES", "SPECIFIC_ATTRIBUTES"])
def test_select_says_which_attributes_come(composite: "Table", pk: dict[str, str], selected: str) -> None:
    composite.put({"pk": pk, "sk": {"S": "a"}, "x": {"S": "1"}, "y": {"S": "2"}})
    projection = {"ProjectionExpression": "x"} if selected == "SPECIFIC_ATTRIBUTES" else {}
    [item] = composite.call("Query", **query(pk), Select=selected, **projection)["Items"]
    assert set(item) == ({"x"} if projection else {"pk", "sk", "x", "y"})


def test_a_filter_may_use_what_the_projection_leaves_out(composite: "Table", pk: dict[str, str]) -> None:
    composite.put({"pk": pk, "sk": {"S": "a"}, "x": {"S": "1"}, "y": {"S": "2"}})
    members = query(pk, values={":y": {"S": "2"}})
    answer = composite.call("Query", **members, FilterExpression="y = :y", ProjectionExpression="x")
    assert answer["Items"] == [{"x": {"S": "1"}}]
