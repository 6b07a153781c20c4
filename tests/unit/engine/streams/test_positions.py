"""Shard iterators: where they begin, when they expire, and what is refused."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine import Engine
from tenantable.engine.streams.limits import ITERATOR_SECONDS, RETENTION_SECONDS
from tenantable.engine.streams.positions import Position, iterator_text, read_iterator
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}
PARTITION = "p"
POSITION = Position(stream_arn="arn:aws:dynamodb:r:1:table/t/stream/l", first=1, slot=2, after=3, issued_at=1000)


@pytest.fixture
def shard(call: "Call", create: "Create") -> dict[str, str]:
    """The stream and the shard that all the items of this module are in; there are three."""
    arn = create("orders", **STREAM)["LatestStreamArn"]
    put(call, 0, 1, 2)
    for described in call("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]:
        place = {"StreamArn": arn, "ShardId": described["ShardId"]}
        iterator = call("GetShardIterator", **place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        if call("GetRecords", ShardIterator=iterator)["Records"]:
            return place
    raise AssertionError("no shard has records")


def put(call: "Call", *numbers: int) -> None:
    for number in numbers:
        call("PutItem", TableName="orders", Item={"pk": {"S": PARTITION}, "sk": {"S": str(number)}})


def iterator_at(call: "Call", shard: dict[str, str], kind: str, **members: Any) -> str:
    return str(call("GetShardIterator", **shard, ShardIteratorType=kind, **members)["ShardIterator"])


def read(call: "Call", iterator: str, **members: int) -> tuple[list[str], str]:
    answer = call("GetRecords", ShardIterator=iterator, **members)
    return [record["dynamodb"]["Keys"]["sk"]["S"] for record in answer["Records"]], answer.get("NextShardIterator", "")


def numbers_of(engine: Engine) -> list[str]:
    return [record["dynamodb"]["SequenceNumber"] for record in engine.stream("orders").read()]


def test_each_type_begins_at_its_place(call: "Call", engine: Engine, shard: dict[str, str]) -> None:
    middle = numbers_of(engine)[1]
    latest = iterator_at(call, shard, "LATEST")
    put(call, 3)
    assert read(call, iterator_at(call, shard, "TRIM_HORIZON"))[0] == ["0", "1", "2", "3"]
    assert read(call, iterator_at(call, shard, "AT_SEQUENCE_NUMBER", SequenceNumber=middle))[0] == ["1", "2", "3"]
    assert read(call, iterator_at(call, shard, "AFTER_SEQUENCE_NUMBER", SequenceNumber=middle))[0] == ["2", "3"]
    assert read(call, latest)[0] == ["3"]


def test_pages_follow_on_each_other_and_an_open_shard_never_ends(call: "Call", shard: dict[str, str]) -> None:
    keys, iterator = read(call, iterator_at(call, shard, "TRIM_HORIZON"), Limit=2)
    assert keys == ["0", "1"]
    keys, iterator = read(call, iterator, Limit=2)
    assert keys == ["2"]
    keys, iterator = read(call, iterator)
    assert keys == []
    put(call, 3)
    assert read(call, iterator)[0] == ["3"]


def test_an_iterator_expires_after_a_quarter_of_an_hour(
    call: "Call", clock: ManualClock, refusal: "Refusal", shard: dict[str, str]
) -> None:
    iterator = iterator_at(call, shard, "TRIM_HORIZON")
    clock.now += ITERATOR_SECONDS - 1
    read(call, iterator)
    clock.now += 1
    assert refusal("GetRecords", ShardIterator=iterator).code == "ExpiredIteratorException"


def test_what_was_trimmed_cannot_be_reached(
    call: "Call", engine: Engine, clock: ManualClock, refusal: "Refusal", shard: dict[str, str]
) -> None:
    first = numbers_of(engine)[0]
    clock.now += RETENTION_SECONDS
    iterator = iterator_at(call, shard, "TRIM_HORIZON")
    put(call, 3)
    engine.trim_streams()
    wanted = {**shard, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": first}
    assert refusal("GetShardIterator", **wanted).code == "TrimmedDataAccessException"
    assert refusal("GetRecords", ShardIterator=iterator).code == "TrimmedDataAccessException"
    assert read(call, iterator_at(call, shard, "TRIM_HORIZON"))[0] == ["3"]


def test_a_time_stands_for_the_first_record_from_then_on(
    call: "Call", clock: ManualClock, shard: dict[str, str]
) -> None:
    made = clock.now
    clock.now += 10
    put(call, 3)
    assert read(call, iterator_at(call, shard, "AT_TIMESTAMP", Timestamp=made - 100))[0] == ["0", "1", "2", "3"]
    assert read(call, iterator_at(call, shard, "AT_TIMESTAMP", Timestamp=made))[0] == ["0", "1", "2", "3"]
    assert read(call, iterator_at(call, shard, "AT_TIMESTAMP", Timestamp=made + 5))[0] == ["3"]
    clock.now += 10
    assert read(call, iterator_at(call, shard, "AT_TIMESTAMP", Timestamp=clock.now))[0] == []


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"ShardIteratorType": "AT_SEQUENCE_NUMBER"}, "ValidationException"),
        ({"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": "9" * 21}, "ValidationException"),
        ({"ShardIteratorType": "AT_TIMESTAMP"}, "ValidationException"),
        ({"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 10.0**12}, "ValidationException"),
        ({"ShardIteratorType": "OLDEST"}, "ValidationException"),
        ({"ShardIteratorType": "LATEST", "ShardId": f"shardId-{7:020}-{0:08}"}, "ResourceNotFoundException"),
        ({"ShardIteratorType": "LATEST", "StreamArn": "arn:aws:dynamodb:us-east-1:0:table/t/stream/l"},
         "ResourceNotFoundException"),
    ],
)  # fmt: skip
def test_a_wrong_place_is_refused(
    refusal: "Refusal", shard: dict[str, str], members: dict[str, Any], code: str
) -> None:
    assert refusal("GetShardIterator", **(shard | members)).code == code


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_has_1_to_1000_records(call: "Call", refusal: "Refusal", shard: dict[str, str], limit: int) -> None:
    iterator = iterator_at(call, shard, "LATEST")
    assert refusal("GetRecords", ShardIterator=iterator, Limit=limit).code == "ValidationException"


def test_the_text_of_an_iterator_holds_a_position() -> None:
    text = iterator_text(POSITION)
    assert text.startswith(f"{POSITION.stream_arn}|")
    assert read_iterator(text, now=1001.0) == POSITION


@pytest.mark.parametrize(
    "text", ["x", "arn|1", "arn|1|?", "arn|1|W10=", "arn|2|WzEsMiwzLDRd", "arn|1|WzEsMiwzLC0xXQ=="]
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(DynamoError) as caught:
        read_iterator(text, now=1000.0)
    assert caught.value.code == "ValidationException"
