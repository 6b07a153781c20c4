"""DescribeStream and ListStreams: what is said, page by page."""

from typing import TYPE_CHECKING, Any

from tenantable.engine import Engine
from tenantable.engine.streams.limits import SHARD_SECONDS_MAX, SLOTS
from tenantable.testing import ManualClock

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}}


def test_a_stream_is_described(call: "Call", create: "Create", clock: ManualClock) -> None:
    table = create("orders", **STREAM)
    described = call("DescribeStream", StreamArn=table["LatestStreamArn"])["StreamDescription"]
    assert len(described.pop("Shards")) == SLOTS
    assert described == {
        "StreamArn": table["LatestStreamArn"],
        "StreamLabel": table["LatestStreamLabel"],
        "StreamStatus": "ENABLED",
        "StreamViewType": "OLD_IMAGE",
        "CreationRequestDateTime": clock.now,
        "TableName": "orders",
        "KeySchema": table["KeySchema"],
    }


def shard_pages(call: "Call", arn: str, limit: int) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    start: dict[str, str] = {}
    while True:
        page = call("DescribeStream", StreamArn=arn, Limit=limit, **start)["StreamDescription"]
        pages.append(page["Shards"])
        if "LastEvaluatedShardId" not in page:
            return pages
        start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}


def test_shards_come_in_pages(call: "Call", create: "Create", engine: Engine, clock: ManualClock) -> None:
    arn = create("orders", **STREAM)["LatestStreamArn"]
    for number in range(2):
        call("PutItem", TableName="orders", Item={"pk": {"S": "a"}, "sk": {"S": str(number)}})
        clock.now += SHARD_SECONDS_MAX
        engine.trim_streams()
    pages = shard_pages(call, arn, 5)
    assert [len(page) for page in pages] == [5, 5, 2]
    ids = [shard["ShardId"] for page in pages for shard in page]
    assert ids == [shard["ShardId"] for shard in shard_pages(call, arn, 100)[0]]
    assert len(set(ids)) == 3 * SLOTS
    assert {len(shard_id) for shard_id in ids} == {37}


def test_the_children_of_a_shard_can_be_asked_for(
    call: "Call", create: "Create", engine: Engine, clock: ManualClock, refusal: "Refusal"
) -> None:
    arn = create("orders", **STREAM)["LatestStreamArn"]
    call("PutItem", TableName="orders", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    clock.now += SHARD_SECONDS_MAX
    engine.trim_streams()
    parent = call("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"][1]["ShardId"]
    only = {"Type": "CHILD_SHARDS", "ShardId": parent}
    [child] = call("DescribeStream", StreamArn=arn, ShardFilter=only)["StreamDescription"]["Shards"]
    assert child["ParentShardId"] == parent
    assert refusal("DescribeStream", StreamArn=arn, ShardFilter={"ShardId": parent}).code == "ValidationException"


def test_streams_are_listed_in_pages_and_by_table(call: "Call", create: "Create") -> None:
    arns = [create(name, **STREAM)["LatestStreamArn"] for name in ("one", "three", "two")]
    create("four")
    first = call("ListStreams", Limit=2)
    assert [stream["StreamArn"] for stream in first["Streams"]] == arns[:2]
    second = call("ListStreams", Limit=2, ExclusiveStartStreamArn=first["LastEvaluatedStreamArn"])
    assert [stream["StreamArn"] for stream in second["Streams"]] == arns[2:]
    assert "LastEvaluatedStreamArn" not in second
    [of_table] = call("ListStreams", TableName="three")["Streams"]
    assert of_table == {"StreamArn": arns[1], "TableName": "three", "StreamLabel": arns[1].rpartition("/")[2]}
