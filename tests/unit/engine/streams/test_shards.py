"""Shards: how a stream is parted, closed, continued and trimmed."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine import Engine
from tenantable.engine.streams.limits import RECORDS_BETWEEN_TRIMS, RETENTION_SECONDS, SHARD_SECONDS_MAX, SLOTS
from tenantable.engine.streams.shards import Shard, horizon
from tenantable.testing import ManualClock

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}
OFF = {"StreamSpecification": {"StreamEnabled": False}}
Described = dict[str, Any]


@pytest.fixture
def arn(create: "Create") -> str:
    return str(create("orders", keys=("pk",), **STREAM)["LatestStreamArn"])


def describe(call: "Call", arn: str) -> Described:
    description: Described = call("DescribeStream", StreamArn=arn)["StreamDescription"]
    return description


def put(call: "Call", *numbers: int) -> None:
    for number in numbers:
        call("PutItem", TableName="orders", Item={"pk": {"S": str(number)}})


def read_shard(call: "Call", arn: str, shard: Described) -> list[str]:
    request = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    answer = call("GetRecords", ShardIterator=call("GetShardIterator", **request)["ShardIterator"])
    assert ("NextShardIterator" in answer) == ("EndingSequenceNumber" not in shard["SequenceNumberRange"])
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in answer["Records"]]


def test_a_stream_has_several_shards_and_an_item_keeps_to_one(call: "Call", arn: str) -> None:
    put(call, *range(40))
    call("BatchWriteItem", RequestItems={"orders": [{"DeleteRequest": {"Key": {"pk": {"S": "7"}}}}]})
    shards = describe(call, arn)["Shards"]
    read = [read_shard(call, arn, shard) for shard in shards]
    assert len(shards) == SLOTS
    assert all(read)
    assert sorted(key for keys in read for key in keys) == sorted([*map(str, range(40)), "7"])
    assert [keys.count("7") for keys in read if "7" in keys] == [2]


def test_a_shard_closes_with_age_and_its_child_goes_on(
    call: "Call", arn: str, engine: Engine, clock: ManualClock
) -> None:
    put(call, *range(8))
    clock.now += SHARD_SECONDS_MAX
    engine.trim_streams()
    put(call, *range(8, 16))
    shards = describe(call, arn)["Shards"]
    parents, children = shards[:SLOTS], shards[SLOTS:]
    assert [child["ParentShardId"] for child in children] == [parent["ShardId"] for parent in parents]
    assert all("ParentShardId" not in parent for parent in parents)
    ends = {parent["SequenceNumberRange"]["EndingSequenceNumber"] for parent in parents}
    starts = {child["SequenceNumberRange"]["StartingSequenceNumber"] for child in children}
    assert max(ends) < min(starts)
    assert sorted(key for shard in parents for key in read_shard(call, arn, shard)) == sorted(map(str, range(8)))
    assert sorted(key for shard in children for key in read_shard(call, arn, shard)) == sorted(map(str, range(8, 16)))


def test_a_shard_without_changes_stays_open(call: "Call", arn: str, engine: Engine, clock: ManualClock) -> None:
    clock.now += 10 * SHARD_SECONDS_MAX
    engine.trim_streams()
    assert len(describe(call, arn)["Shards"]) == SLOTS


def test_records_are_kept_for_a_day(call: "Call", arn: str, engine: Engine, clock: ManualClock) -> None:
    put(call, 1)
    clock.now += RETENTION_SECONDS - 1
    put(call, 2)
    engine.trim_streams()
    assert len(engine.stream("orders").read()) == 2
    clock.now += 1
    assert engine.trim_streams() == 1
    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in engine.stream("orders").read()] == ["2"]


def test_shards_go_when_their_records_are_gone(call: "Call", arn: str, engine: Engine, clock: ManualClock) -> None:
    put(call, *range(8))
    clock.now += SHARD_SECONDS_MAX
    engine.trim_streams()
    before = {shard["ShardId"] for shard in describe(call, arn)["Shards"][:SLOTS]}
    clock.now += RETENTION_SECONDS
    while engine.trim_streams():
        pass
    assert before.isdisjoint(shard["ShardId"] for shard in describe(call, arn)["Shards"])


def test_a_stream_that_is_written_to_trims_itself(call: "Call", arn: str, engine: Engine, clock: ManualClock) -> None:
    put(call, *range(50))
    clock.now += RETENTION_SECONDS
    put(call, *range(100, 100 + SLOTS * 6 * RECORDS_BETWEEN_TRIMS))
    numbers = {int(record["dynamodb"]["Keys"]["pk"]["S"]) for record in engine.stream("orders").read()}
    assert min(numbers) >= 100


def test_a_disabled_stream_can_be_read_for_a_day(call: "Call", arn: str, engine: Engine, clock: ManualClock) -> None:
    put(call, 1)
    call("UpdateTable", TableName="orders", **OFF)
    put(call, 2)
    described = describe(call, arn)
    assert described["StreamStatus"] == "DISABLED"
    assert [key for shard in described["Shards"] for key in read_shard(call, arn, shard)] == ["1"]
    clock.now += RETENTION_SECONDS
    while engine.trim_streams():
        pass
    engine.trim_streams()
    assert call("ListStreams") == {"Streams": []}


def test_a_stream_enabled_again_is_a_new_one(call: "Call", arn: str, engine: Engine) -> None:
    put(call, 1)
    call("UpdateTable", TableName="orders", **OFF)
    again = call("UpdateTable", TableName="orders", **STREAM)["TableDescription"]["LatestStreamArn"]
    put(call, 2)
    assert again != arn
    assert [stream["StreamArn"] for stream in call("ListStreams")["Streams"]] == [arn, again]
    assert [key for shard in describe(call, again)["Shards"] for key in read_shard(call, again, shard)] == ["2"]
    assert [key for shard in describe(call, arn)["Shards"] for key in read_shard(call, arn, shard)] == ["1"]


def test_a_deleted_table_leaves_its_stream_for_a_day(
    call: "Call", arn: str, engine: Engine, clock: ManualClock, refusal: "Refusal"
) -> None:
    put(call, 1)
    call("DeleteTable", TableName="orders")
    assert [key for shard in describe(call, arn)["Shards"] for key in read_shard(call, arn, shard)] == ["1"]
    clock.now += RETENTION_SECONDS
    while engine.trim_streams():
        pass
    engine.trim_streams()
    error = refusal("DescribeStream", StreamArn=arn)
    assert (error.code, error.message) == (
        "ResourceNotFoundException",
        f"Requested resource not found: Stream: {arn} not found",
    )


def shard(slot: int, first: int, last: int | None, trimmed: int) -> Shard:
    return Shard(slot=slot, first=first, last=last, parent=None, opened_at=0.0, closed_at=None, trimmed=trimmed)


@pytest.mark.parametrize(
    ("shards", "expected"),
    [
        ([shard(0, 1, None, 0), shard(1, 1, None, 0)], 0),
        ([shard(0, 1, None, 5), shard(1, 1, None, 3)], 5),
        ([shard(0, 1, 9, 5), shard(0, 10, None, 9)], 5),
        ([shard(0, 1, 9, 9), shard(0, 10, None, 12)], 12),
        ([shard(0, 10, None, 9), shard(1, 1, None, 2)], 9),
    ],
)
def test_the_horizon_is_where_nothing_behind_it_is_gone(shards: list[Shard], expected: int) -> None:
    """A shard that has just followed on another does not move it."""
    assert horizon(shards) == expected
