"""Deleting what has expired: what goes, what stays, and what is in step with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine import Engine
from tenantable.engine.expiry.times import EXPIRED_SECONDS_MAX, expires_at
from tenantable.testing import ManualClock

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, TableRequest

STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}}


@pytest.fixture
def orders(call: "Call", create: "Create") -> None:
    create("orders", keys=("pk",), global_={"by_state": ("state",)}, **STREAM)
    call("UpdateTimeToLive", **time_to_live())


def time_to_live(*, enabled: bool = True) -> dict[str, Any]:
    return {"TableName": "orders", "TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": "ttl"}}


def put(call: "Call", name: str, ttl: Any = None) -> None:
    value = {} if ttl is None else {"ttl": ttl if isinstance(ttl, dict) else {"N": str(ttl)}}
    call("PutItem", TableName="orders", Item={"pk": {"S": name}, "state": {"S": "open"}, **value})


def names(call: "Call", **members: str) -> set[str]:
    return {item["pk"]["S"] for item in call("Scan", TableName="orders", **members)["Items"]}


@pytest.mark.usefixtures("orders")
def test_an_item_can_be_read_until_it_is_swept(call: "Call", engine: Engine, clock: ManualClock) -> None:
    put(call, "over", int(clock.now) - 1)
    assert names(call) == {"over"}
    assert engine.expire(clock.now) == 1
    assert names(call) == set()
    assert names(call, IndexName="by_state") == set()
    assert engine.expire(clock.now) == 0


@pytest.mark.usefixtures("orders")
def test_only_numbers_of_the_last_five_years_count(call: "Call", engine: Engine, clock: ManualClock) -> None:
    now = int(clock.now)
    put(call, "none")
    put(call, "string", {"S": str(now - 1)})
    put(call, "this second", now)
    put(call, "later", now + 60)
    put(call, "too old", now - EXPIRED_SECONDS_MAX - 1)
    put(call, "milliseconds", now * 1000)
    kept = names(call)
    put(call, "just over", now - 1)
    put(call, "five years", now - EXPIRED_SECONDS_MAX)
    put(call, "fraction", {"N": f"{now - 10}.75"})
    assert engine.expire(clock.now) == 3
    assert names(call) == kept


@pytest.mark.usefixtures("orders")
def test_the_stream_names_the_service(call: "Call", engine: Engine, clock: ManualClock) -> None:
    put(call, "over", int(clock.now) - 1)
    call("DeleteItem", TableName="orders", Key={"pk": {"S": "over"}})
    put(call, "over", int(clock.now) - 1)
    engine.expire(clock.now)
    records = engine.stream("orders").read()
    assert [record["eventName"] for record in records] == ["INSERT", "REMOVE", "INSERT", "REMOVE"]
    identities = [record.get("userIdentity") for record in records]
    assert identities == [None, None, None, {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}]
    assert records[3]["dynamodb"]["OldImage"]["pk"] == {"S": "over"}


@pytest.mark.usefixtures("orders")
def test_what_was_changed_or_deleted_in_time_stays_so(call: "Call", engine: Engine, clock: ManualClock) -> None:
    soon = int(clock.now) + 10
    for name in ("longer", "for ever", "deleted", "expires"):
        put(call, name, soon)
    put(call, "longer", soon + 1000)
    names_ttl = {"UpdateExpression": "REMOVE #ttl", "ExpressionAttributeNames": {"#ttl": "ttl"}}
    call("UpdateItem", TableName="orders", Key={"pk": {"S": "for ever"}}, **names_ttl)
    call("DeleteItem", TableName="orders", Key={"pk": {"S": "deleted"}})
    clock.now += 11
    assert engine.expire(clock.now) == 1
    assert names(call) == {"longer", "for ever"}


@pytest.mark.usefixtures("orders")
def test_a_step_is_bounded_and_takes_the_oldest_first(call: "Call", engine: Engine, clock: ManualClock) -> None:
    for number in range(250):
        put(call, str(number), int(clock.now) - 1000 + number)
    assert engine.expire(clock.now, limit=105) == 105
    assert names(call) == {str(number) for number in range(105, 250)}
    assert engine.expire(clock.now) == 145


def test_each_table_gets_its_share(call: "Call", create: "Create", engine: Engine, clock: ManualClock) -> None:
    for table in ("orders", "visits"):
        create(table, keys=("pk",))
        call("UpdateTimeToLive", **(time_to_live() | {"TableName": table}))
        for number in range(10):
            item = {"pk": {"S": str(number)}, "ttl": {"N": str(int(clock.now) - 1)}}
            call("PutItem", TableName=table, Item=item)
    assert engine.expire(clock.now, limit=8) == 8
    assert [call("Scan", TableName=table)["Count"] for table in ("orders", "visits")] == [6, 6]


def test_items_that_are_there_already_expire_too(
    call: "Call", create: "Create", engine: Engine, clock: ManualClock
) -> None:
    create("orders", keys=("pk",))
    put(call, "over", int(clock.now) - 1)
    put(call, "later", int(clock.now) + 1)
    call("UpdateTimeToLive", **time_to_live())
    assert engine.expire(clock.now) == 1
    assert names(call) == {"later"}


@pytest.mark.usefixtures("orders")
def test_nothing_expires_when_it_is_switched_off(call: "Call", engine: Engine, clock: ManualClock) -> None:
    put(call, "over", int(clock.now) - 1)
    call("UpdateTimeToLive", **time_to_live(enabled=False))
    assert engine.expire(clock.now) == 0
    put(call, "over", int(clock.now) - 2)
    call("UpdateTimeToLive", **time_to_live())
    assert engine.expire(clock.now) == 1
    call("DeleteTable", TableName="orders")
    assert engine.expire(clock.now) == 0


def test_the_order_of_expiry_survives(tmp_path: Path, clock: ManualClock, table_request: "TableRequest") -> None:
    with Engine(tmp_path, clock=clock) as engine:
        engine.call("CreateTable", table_request("orders", keys=("pk",)))
        engine.call("UpdateTimeToLive", time_to_live())
        item = {"pk": {"S": "over"}, "ttl": {"N": str(int(clock.now) - 1)}}
        engine.call("PutItem", {"TableName": "orders", "Item": item})
    with Engine(tmp_path, clock=clock) as engine:
        assert engine.expire(clock.now) == 1
        assert engine.call("Scan", {"TableName": "orders"})["Items"] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"N": "1700000000"}, 1_700_000_000),
        ({"N": "1700000000.9"}, 1_700_000_000),
        ({"N": "-5"}, None),
        ({"N": "1" + "0" * 30}, None),
        ({"S": "1700000000"}, None),
        ({"NS": ["1700000000"]}, None),
    ],
)
def test_a_number_of_seconds_is_a_time(value: dict[str, Any], expected: int | None) -> None:
    assert expires_at({"ttl": value}, "ttl") == expected
    assert expires_at({"other": value}, "ttl") is None
