"""Which writes a stream tells of, and what it says."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine import Engine
from tenantable.testing import ManualClock

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
OLD = {**KEY, "n": {"N": "1"}, "kinds": {"SS": ["x", "y"]}}
NEW = {**KEY, "n": {"N": "2"}, "kinds": {"SS": ["x", "y"]}}
Record = dict[str, Any]


def stream(view_type: str = "NEW_AND_OLD_IMAGES") -> dict[str, Any]:
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view_type}}


@pytest.fixture
def orders(create: "Create") -> None:
    create("orders", **stream())


def records(engine: Engine) -> list[Record]:
    return engine.stream("orders").read()


def events(engine: Engine) -> list[str]:
    return [record["eventName"] for record in records(engine)]


def put(call: "Call", item: dict[str, Any]) -> None:
    call("PutItem", TableName="orders", Item=item)


def update(call: "Call", expression: str, **values: Any) -> None:
    given = {"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}} if values else {}
    call("UpdateItem", TableName="orders", Key=KEY, UpdateExpression=expression, **given)


@pytest.mark.usefixtures("orders")
def test_an_item_is_inserted_modified_and_removed(call: "Call", engine: Engine) -> None:
    put(call, OLD)
    put(call, NEW)
    call("DeleteItem", TableName="orders", Key=KEY)
    assert events(engine) == ["INSERT", "MODIFY", "REMOVE"]


@pytest.mark.usefixtures("orders")
def test_a_record_says_everything(call: "Call", engine: Engine, clock: ManualClock) -> None:
    put(call, OLD)
    clock.now += 60.75
    put(call, NEW)
    record = records(engine)[1]
    assert len(record.pop("eventID")) == 32
    assert record == {
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": int(clock.now),
            "Keys": KEY,
            "NewImage": NEW,
            "OldImage": OLD,
            "SequenceNumber": "100000000000000000002",
            "SizeBytes": 6 + 2 * (6 + 3 + 7),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


@pytest.mark.parametrize(
    ("view_type", "expected"),
    [
        ("KEYS_ONLY", {"SizeBytes": 6}),
        ("NEW_IMAGE", {"NewImage": NEW, "SizeBytes": 22}),
        ("OLD_IMAGE", {"OldImage": OLD, "SizeBytes": 22}),
        ("NEW_AND_OLD_IMAGES", {"NewImage": NEW, "OldImage": OLD, "SizeBytes": 38}),
    ],
)
def test_a_view_shows_its_images(
    call: "Call", create: "Create", engine: Engine, view_type: str, expected: dict[str, Any]
) -> None:
    create("orders", **stream(view_type))
    put(call, OLD)
    put(call, NEW)
    change = records(engine)[1]["dynamodb"]
    shown = {name: change[name] for name in ("NewImage", "OldImage", "SizeBytes") if name in change}
    assert (shown, change["StreamViewType"]) == (expected, view_type)


@pytest.mark.usefixtures("orders")
def test_a_write_that_changes_nothing_has_no_record(call: "Call", engine: Engine) -> None:
    """Neither do the order of attributes and the order within a set count."""
    put(call, OLD)
    put(call, OLD)
    put(call, {**dict(reversed(OLD.items())), "kinds": {"SS": ["y", "x"]}})
    update(call, "SET n = :n", n={"N": "1.0"})
    update(call, "REMOVE absent")
    call("DeleteItem", TableName="orders", Key={**KEY, "sk": {"S": "none"}})
    assert events(engine) == ["INSERT"]


@pytest.mark.usefixtures("orders")
def test_a_write_that_is_refused_has_no_record(call: "Call", engine: Engine, refusal: "Refusal") -> None:
    put(call, OLD)
    refusal("PutItem", TableName="orders", Item=NEW, ConditionExpression="attribute_not_exists(pk)")
    refusal(
        "TransactWriteItems",
        TransactItems=[
            {"Put": {"TableName": "orders", "Item": {**NEW, "sk": {"S": "other"}}}},
            {"Put": {"TableName": "orders", "Item": NEW, "ConditionExpression": "n = n AND attribute_not_exists(n)"}},
        ],
    )
    assert events(engine) == ["INSERT"]


@pytest.mark.usefixtures("orders")
def test_batches_and_transactions_have_a_record_for_each_item(call: "Call", engine: Engine) -> None:
    items = [{**OLD, "sk": {"S": str(number)}} for number in range(4)]
    call("BatchWriteItem", RequestItems={"orders": [{"PutRequest": {"Item": item}} for item in items]})
    puts = [{"Put": {"TableName": "orders", "Item": {**item, "n": {"N": "2"}}}} for item in items]
    call("TransactWriteItems", TransactItems=puts)
    assert events(engine) == ["INSERT"] * 4 + ["MODIFY"] * 4
    assert [record["dynamodb"]["Keys"]["sk"]["S"] for record in records(engine)] == ["0", "1", "2", "3"] * 2


@pytest.mark.usefixtures("orders")
def test_sequence_numbers_grow_and_event_ids_stay(call: "Call", engine: Engine) -> None:
    for number in range(20):
        put(call, {**KEY, "pk": {"S": str(number)}})
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records(engine)]
    assert numbers == sorted(set(numbers))
    assert {len(number) for number in numbers} == {21}
    ids = [record["eventID"] for record in records(engine)]
    assert len(set(ids)) == 20
    assert ids == [record["eventID"] for record in records(engine)]


def test_a_table_without_a_stream_records_nothing(call: "Call", create: "Create", refusal: "Refusal") -> None:
    create("orders")
    put(call, OLD)
    assert call("ListStreams") == {"Streams": []}
