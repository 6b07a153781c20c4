"""A stream tells all there is to know: played onto an empty dictionary it gives the table."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tenantable.engine import Engine

Item = dict[str, Any]
Step = Callable[[Engine], object]

TABLE = {
    "TableName": "model",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
TIME_TO_LIVE = {"TableName": "model", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}}
NOW = 1_800_000_000.0

keys = st.builds(
    lambda partition, sort: {"pk": {"S": partition}, "sk": {"S": sort}},
    st.sampled_from("abcdef"),
    st.sampled_from("xy"),
)
values = st.sampled_from([{"N": "1"}, {"S": "one"}, {"SS": ["a", "b"]}, {"SS": ["b", "a"]}])
expiries = st.sampled_from([{}, {"ttl": {"N": "1700000000"}}, {"ttl": {"N": "1900000000"}}])
items = st.builds(lambda key, value, ttl: {**key, "value": value, **ttl}, keys, values, expiries)


def put(item: Item) -> Step:
    return lambda engine: engine.call("PutItem", {"TableName": "model", "Item": item})


def delete(key: Item) -> Step:
    return lambda engine: engine.call("DeleteItem", {"TableName": "model", "Key": key})


def update(key: Item, value: Item) -> Step:
    request = {"TableName": "model", "Key": key, "UpdateExpression": "SET #v = :v"}
    names = {"ExpressionAttributeNames": {"#v": "value"}, "ExpressionAttributeValues": {":v": value}}
    return lambda engine: engine.call("UpdateItem", {**request, **names})


def expire(_: None) -> Step:
    return lambda engine: engine.expire(NOW)


steps = st.one_of(
    st.builds(put, items), st.builds(delete, keys), st.builds(update, keys, values), st.builds(expire, st.none())
)


def name(key: Item) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]


def unordered(item: Item | None) -> Item | None:
    """An item whose sets are sorted: a write that only changes their order changes nothing."""
    if item is None or "SS" not in item.get("value", {}):
        return item
    return {**item, "value": {"SS": sorted(item["value"]["SS"])}}


def by_shard(engine: Engine) -> list[Item]:
    """All records, shard after shard, as a client of the API reads them."""
    [stream] = engine.call("ListStreams", {})["Streams"]
    read = []
    for shard in engine.call("DescribeStream", {"StreamArn": stream["StreamArn"]})["StreamDescription"]["Shards"]:
        request = {"StreamArn": stream["StreamArn"], "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = engine.call("GetShardIterator", request)["ShardIterator"]
        while page := engine.call("GetRecords", {"ShardIterator": iterator, "Limit": 2}):
            read += page["Records"]
            iterator = page["NextShardIterator"]
            if not page["Records"]:
                break
    return read


def replayed(records: list[Item]) -> dict[tuple[str, str], Item | None]:
    table: dict[tuple[str, str], Item | None] = {}
    for record in records:
        change = record["dynamodb"]
        key = name(change["Keys"])
        assert unordered(table.get(key)) == unordered(change.get("OldImage"))
        if record["eventName"] == "REMOVE":
            del table[key]
        else:
            assert (record["eventName"] == "INSERT") == (key not in table)
            table[key] = unordered(change["NewImage"])
    return table


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=30))
def test_replaying_a_stream_gives_the_table(done: list[Step]) -> None:
    """In one order for all shards, and shard after shard: an item's changes lie in one shard."""
    with Engine(":memory:", clock=lambda: NOW) as engine:
        engine.call("CreateTable", TABLE)
        engine.call("UpdateTimeToLive", TIME_TO_LIVE)
        for step in done:
            step(engine)
        table = {name(item): unordered(item) for item in engine.call("Scan", {"TableName": "model"})["Items"]}
        assert replayed(engine.stream("model").read()) == table
        assert replayed(by_shard(engine)) == table
