"""Scan: every item once, in pages, in segments, filtered."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

COUNT = 40


@pytest.fixture
def filled(make_table: "Callable[..., Table]") -> "Table":
    table = make_table("composite")
    table.put(
        *({"pk": {"S": f"p{n % 8}"}, "sk": {"S": f"{n:02}"}, "n": {"N": str(n)}, "x": {"S": "x"}} for n in range(COUNT))
    )
    return table


def numbers(items: list[dict[str, Any]]) -> list[int]:
    return sorted(int(item["n"]["N"]) for item in items)


def test_a_scan_finds_every_item_once(filled: "Table") -> None:
    answer = filled.call("Scan")
    assert numbers(answer["Items"]) == list(range(COUNT))
    assert (answer["Count"], answer["ScannedCount"]) == (COUNT, COUNT)
    assert "LastEvaluatedKey" not in answer


@pytest.mark.parametrize("limit", [1, 7, COUNT])
def test_pages_hold_every_item_once(filled: "Table", limit: int) -> None:
    pages = list(filled.pages("Scan", Limit=limit))
    assert numbers([item for page in pages for item in page["Items"]]) == list(range(COUNT))
    assert all(page["ScannedCount"] <= limit for page in pages)


@pytest.mark.parametrize("segments", [1, 3, 16])
def test_segments_share_the_items_among_them(filled: "Table", segments: int) -> None:
    parts = [filled.all_items("Scan", Segment=n, TotalSegments=segments, Limit=5) for n in range(segments)]
    assert numbers([item for part in parts for item in part]) == list(range(COUNT))


def test_a_partition_lies_in_one_segment(filled: "Table") -> None:
    parts = [filled.all_items("Scan", Segment=n, TotalSegments=4) for n in range(4)]
    partitions = [{item["pk"]["S"] for item in part} for part in parts]
    assert sum(len(part) for part in partitions) == 8


def test_items_of_a_partition_come_together_and_in_order(filled: "Table") -> None:
    items = filled.all_items("Scan", Limit=6)
    keys = [(item["pk"]["S"], item["sk"]["S"]) for item in items]
    seen: list[str] = []
    for partition, _ in keys:
        if partition not in seen:
            seen.append(partition)
    assert keys == sorted(keys, key=lambda key: (seen.index(key[0]), key[1]))


def test_a_filter_reduces_the_count_and_not_the_scanned_count(filled: "Table") -> None:
    answer = filled.call("Scan", FilterExpression="n >= :n", ExpressionAttributeValues={":n": {"N": "30"}})
    assert numbers(answer["Items"]) == list(range(30, COUNT))
    assert (answer["Count"], answer["ScannedCount"]) == (10, COUNT)


def test_a_scan_can_count_and_project(filled: "Table") -> None:
    assert filled.call("Scan", Select="COUNT") == {"Count": COUNT, "ScannedCount": COUNT}
    assert filled.call("Scan", ProjectionExpression="x", Limit=1)["Items"] == [{"x": {"S": "x"}}]


def test_a_filter_on_a_key_is_allowed_in_a_scan(filled: "Table") -> None:
    answer = filled.call("Scan", FilterExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "p1"}})
    assert numbers(answer["Items"]) == list(range(1, COUNT, 8))


def test_an_empty_table_is_one_empty_page(make_table: "Callable[..., Table]") -> None:
    assert make_table("simple").call("Scan") == {"Items": [], "Count": 0, "ScannedCount": 0}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"Segment": 0}, "The TotalSegments parameter is required but was not present in the request when Segment "
                     "parameter is present"),
    ({"TotalSegments": 1}, "The Segment parameter is required but was not present in the request when parameter "
                           "TotalSegments is present"),
    ({"Segment": 2, "TotalSegments": 2}, "The Segment parameter is zero-based and must be less than parameter "
                                         "TotalSegments: Segment: 2 is not less than TotalSegments: 2"),
]  # fmt: skip


@pytest.mark.parametrize(("members", "message"), REFUSED, ids=[str(members) for members, _ in REFUSED])
def test_half_a_segment_is_refused(composite: "Table", members: dict[str, Any], message: str) -> None:
    error = composite.refusal("Scan", **members)
    assert (error.code, error.message) == ("ValidationException", message)


def test_a_start_key_of_another_segment_is_refused(filled: "Table") -> None:
    parts = [filled.all_items("Scan", Segment=n, TotalSegments=2) for n in range(2)]
    foreign = {name: parts[1][0][name] for name in ("pk", "sk")}
    error = filled.refusal("Scan", Segment=0, TotalSegments=2, ExclusiveStartKey=foreign)
    assert error.message == (
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct "
        "Segment. TotalSegments: 2 Segment: 0"
    )


@pytest.mark.parametrize(
    "start",
    [
        {},
        {"pk": {"S": "a"}},
        {"pk": {"N": "1"}, "sk": {"S": "a"}},
        {"pk": {"S": "a"}, "sk": {"S": "a"}, "x": {"S": "a"}},
    ],
    ids=str,
)
def test_a_starting_key_that_is_none_of_the_table(indexed: "Table", start: dict[str, Any]) -> None:
    """A Scan of the table itself says why; one of an index and a Query do not."""
    invalid = "The provided starting key is invalid"
    error = indexed.refusal("Scan", ExclusiveStartKey=start)
    assert error.message == f"{invalid}: The provided key element does not match the schema"
    assert indexed.refusal("Scan", IndexName="by-kind", ExclusiveStartKey=start).message == invalid
    query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "a"}}}
    assert indexed.refusal("Query", ExclusiveStartKey=start, **query).message == invalid


def test_a_projection_goes_with_no_other_select(simple: "Table") -> None:
    """A Query prefaces it as a violation of shape, a Scan does not."""
    members = {"Select": "COUNT", "ProjectionExpression": "a"}
    message = "Cannot specify the ProjectionExpression when choosing to get only the Count"
    assert simple.refusal("Scan", **members).message == message
    assert simple.refusal("Query", **members).message == f"1 validation error detected: {message}"
