"""Streams: what they record, how they are described, and how their shards are read."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    MakeTable = Callable[..., Table]

pytestmark = pytest.mark.needs("streams")

Members = dict[str, Any]


def enabled(view_type: str = "NEW_AND_OLD_IMAGES") -> Members:
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view_type}}


DISABLED: Members = {"StreamSpecification": {"StreamEnabled": False}}


@pytest.fixture
def table(make_table: "MakeTable") -> "Table":
    return make_table("simple", **enabled())


def describe(table: "Table", **members: Any) -> Members:
    description: Members = table.client.call("DescribeStream", {"StreamArn": table.stream_arn(), **members})
    return description["StreamDescription"]  # type: ignore[no-any-return]


def read(table: "Table", iterator: str, **members: int) -> Members:
    return table.client.call("GetRecords", {"ShardIterator": iterator, **members})


def test_a_stream_is_described(table: "Table") -> None:
    described = describe(table)
    assert described["StreamArn"] == table.stream_arn()
    assert described["StreamArn"].endswith(f"/stream/{described['StreamLabel']}")
    assert described["StreamStatus"] == "ENABLED"
    assert described["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert described["TableName"] == table.name
    assert described["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert described["Shards"]
    for shard in described["Shards"]:
        assert 28 <= len(shard["ShardId"]) <= 65
        assert 21 <= len(shard["SequenceNumberRange"]["StartingSequenceNumber"]) <= 40


def test_a_table_lists_its_stream(table: "Table", simple: "Table") -> None:
    [stream] = table.client.call("ListStreams", {"TableName": table.name})["Streams"]
    assert stream["StreamArn"] == table.stream_arn()
    assert stream["TableName"] == table.name
    assert table.client.call("ListStreams", {"TableName": simple.name})["Streams"] == []


def test_inserts_changes_and_deletions_are_recorded(table: "Table") -> None:
    old, new = {"pk": {"S": "a"}, "n": {"N": "1"}}, {"pk": {"S": "a"}, "n": {"N": "2"}}
    table.put(old, new)
    table.call("DeleteItem", Key={"pk": {"S": "a"}})
    records = table.records()
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    images = [(record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")) for record in records]
    assert images == [(None, old), (old, new), (new, None)]
    for record in records:
        assert record["dynamodb"]["Keys"] == {"pk": {"S": "a"}}
        assert record["eventSource"] == "aws:dynamodb"
        assert record["eventVersion"] == "1.1"
        assert "userIdentity" not in record
    assert [record["dynamodb"]["SizeBytes"] for record in records] == [3 + 6, 3 + 12, 3 + 6]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("view_type", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)
def test_a_view_type_decides_on_the_images(make_table: "MakeTable", view_type: str, images: set[str]) -> None:
    table = make_table("simple", **enabled(view_type))
    table.put({"pk": {"S": "a"}, "n": {"N": "1"}}, {"pk": {"S": "a"}, "n": {"N": "2"}})
    change = table.records()[1]["dynamodb"]
    assert change["StreamViewType"] == view_type
    assert {name for name in ("NewImage", "OldImage") if name in change} == images


def test_what_changes_nothing_is_not_recorded(table: "Table") -> None:
    item = {"pk": {"S": "a"}, "kinds": {"SS": ["x", "y"]}}
    table.put(item, item, {"pk": {"S": "a"}, "kinds": {"SS": ["y", "x"]}})
    table.call("DeleteItem", Key={"pk": {"S": "missing"}})
    table.call("UpdateItem", Key={"pk": {"S": "a"}}, UpdateExpression="REMOVE absent")
    assert [record["eventName"] for record in table.records()] == ["INSERT"]


def test_each_shard_has_items_of_its_own(table: "Table") -> None:
    for _ in range(2):
        for number in range(24):
            table.call(
                "UpdateItem",
                Key={"pk": {"S": str(number)}},
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
    seen: dict[str, list[str]] = {}
    for shard in table.shards():
        for record in table.shard_records(shard):
            seen.setdefault(record["dynamodb"]["Keys"]["pk"]["S"], []).append(
                f"{shard['ShardId']} {record['dynamodb']['NewImage']['n']['N']}"
            )
    assert len(seen) == 24
    for first, second in seen.values():
        assert (first.split()[0], second.split()[0]) == (first.split()[0],) * 2
        assert (first.split()[1], second.split()[1]) == ("1", "2")


def test_shards_come_in_pages(table: "Table") -> None:
    whole = [shard["ShardId"] for shard in table.shards()]
    paged: list[str] = []
    start: Members = {}
    while True:
        page = describe(table, Limit=1, **start)
        paged += [shard["ShardId"] for shard in page["Shards"]]
        if "LastEvaluatedShardId" not in page:
            break
        start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}
    assert paged == whole


def busy_shard(table: "Table") -> tuple[Members, list[str]]:
    """The shard of one item that was written four times, and the sequence numbers."""
    table.put(*({"pk": {"S": "a"}, "n": {"N": str(number)}} for number in range(4)))
    for shard in table.shards():
        numbers = [record["dynamodb"]["SequenceNumber"] for record in table.shard_records(shard)]
        if numbers:
            return shard, numbers
    raise AssertionError("no shard has records")


def test_iterators_begin_at_their_place(table: "Table") -> None:
    shard, numbers = busy_shard(table)

    def found(kind: str, **members: str) -> list[str]:
        page = read(table, table.shard_iterator(shard, kind, **members))
        return [record["dynamodb"]["SequenceNumber"] for record in page["Records"]]

    assert found("TRIM_HORIZON") == numbers
    assert found("AT_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == numbers[1:]
    assert found("AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == numbers[2:]
    assert found("LATEST") == []


def test_an_open_shard_is_read_on_and_on(table: "Table") -> None:
    shard, numbers = busy_shard(table)
    first = read(table, table.shard_iterator(shard), Limit=3)
    second = read(table, first["NextShardIterator"], Limit=3)
    third = read(table, second["NextShardIterator"])
    assert [len(page["Records"]) for page in (first, second, third)] == [3, 1, 0]
    table.put({"pk": {"S": "a"}})
    fourth = read(table, third["NextShardIterator"])
    assert [record["dynamodb"]["NewImage"] for record in fourth["Records"]] == [{"pk": {"S": "a"}}]
    assert len(numbers) == 4


def test_a_disabled_stream_ends_and_can_be_read(table: "Table") -> None:
    arn = table.stream_arn()
    table.put({"pk": {"S": "a"}})
    table.call("UpdateTable", **DISABLED)
    described = table.client.call("DescribeStream", {"StreamArn": arn})["StreamDescription"]
    assert described["StreamStatus"] in {"DISABLED", "DISABLING"}
    found = []
    for shard in described["Shards"]:
        assert "EndingSequenceNumber" in shard["SequenceNumberRange"]
        page = read(table, table.shard_iterator(shard))
        found += page["Records"]
        assert page.get("NextShardIterator") is None
    assert [record["eventName"] for record in found] == ["INSERT"]


def test_a_stream_enabled_again_is_another_one(table: "Table") -> None:
    before = table.stream_arn()
    table.call("UpdateTable", **DISABLED)
    assert table.call("UpdateTable", **enabled("KEYS_ONLY"))["TableDescription"]["LatestStreamArn"] != before
    assert describe(table)["StreamViewType"] == "KEYS_ONLY"


def refusal(table: "Table", operation: str, **request: Any) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        table.client.call(operation, request)
    return caught.value


def test_an_unknown_stream_is_not_found(table: "Table") -> None:
    arn = table.stream_arn()[:-1] + "x"
    assert refusal(table, "DescribeStream", StreamArn=arn).code == "ResourceNotFoundException"


def test_an_unknown_shard_is_not_found(table: "Table") -> None:
    request = {"StreamArn": table.stream_arn(), "ShardId": "shardId-00000000000000000000-ffffffff"}
    error = refusal(table, "GetShardIterator", **request, ShardIteratorType="LATEST")
    assert error.code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"ShardId": "short"}, "'shardId'"),
        ({"ShardIteratorType": "FIRST"}, "'shardIteratorType'"),
        ({"StreamArn": None}, "'streamArn'"),
        ({"SequenceNumber": "1"}, "'sequenceNumber'"),
    ],
)
def test_the_shape_of_a_request_is_checked(table: "Table", members: Members, path: str) -> None:
    request = {
        "StreamArn": table.stream_arn(),
        "ShardId": table.shards()[0]["ShardId"],
        "ShardIteratorType": "LATEST",
    }
    error = refusal(table, "GetShardIterator", **(request | members))
    assert error.code == "ValidationException"
    assert path in error.message


def test_what_is_no_iterator_is_refused(table: "Table") -> None:
    assert refusal(table, "GetRecords", ShardIterator="no iterator").code == "ValidationException"


def test_a_page_has_a_thousand_records_at_most(table: "Table") -> None:
    iterator = table.shard_iterator(table.shards()[0])
    assert refusal(table, "GetRecords", ShardIterator=iterator, Limit=1001).code == "ValidationException"
