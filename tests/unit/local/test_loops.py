"""The engine is looked after: in bounded steps, with rests in between."""

from tenantable.engine import Engine
from tenantable.local.loops import Upkeep
from tenantable.testing import ManualClock

TABLE = {
    "TableName": "visits",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
}
TIME_TO_LIVE = {"TableName": "visits", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "until"}}


def put(engine: Engine, name: str, until: float) -> None:
    item = {"pk": {"S": name}, "until": {"N": str(int(until))}}
    engine.call("PutItem", {"TableName": "visits", "Item": item})


def test_it_works_while_there_is_something_to_do_then_rests() -> None:
    clock = ManualClock()
    rests: list[float] = []
    with Engine(":memory:", clock=clock) as engine:
        engine.call("CreateTable", TABLE)
        engine.call("UpdateTimeToLive", TIME_TO_LIVE)
        put(engine, "over", clock.now - 1)
        upkeep = Upkeep(lambda: [engine], clock=clock, wait=rests.append, every_seconds=2.0)
        assert [upkeep.step(1.5) for _ in range(5)] == [1, 0, 0, 0, 0]
        assert rests == [1.5, 0.5]
        put(engine, "over again", clock.now - 1)
        assert [upkeep.step(5.0) for _ in range(3)] == [0, 1, 0]


def test_it_trims_streams() -> None:
    clock = ManualClock()
    with Engine(":memory:", clock=clock) as engine:
        engine.call("CreateTable", TABLE)
        put(engine, "seen", clock.now)
        clock.now += 24 * 3600
        assert Upkeep(lambda: [engine], clock=clock, wait=lambda _: None).step(1.0) == 1
        assert engine.stream("visits").read() == []


def test_it_trims_what_recovery_keeps() -> None:
    clock = ManualClock()
    with Engine(":memory:", clock=clock) as engine:
        engine.call("CreateTable", {key: value for key, value in TABLE.items() if key != "StreamSpecification"})
        specification = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 1}
        request = {"TableName": "visits", "PointInTimeRecoverySpecification": specification}
        engine.call("UpdateContinuousBackups", request)
        put(engine, "seen", clock.now)
        clock.now += 2 * 24 * 3600
        assert Upkeep(lambda: [engine], clock=clock, wait=lambda _: None).step(1.0) == 1


def test_every_engine_is_looked_after() -> None:
    clock = ManualClock()
    with Engine(":memory:", clock=clock) as first, Engine(":memory:", clock=clock) as second:
        for engine in (first, second):
            engine.call("CreateTable", TABLE)
            engine.call("UpdateTimeToLive", TIME_TO_LIVE)
            put(engine, "over", clock.now - 1)
        assert Upkeep(lambda: [first, second], clock=clock, wait=lambda _: None).step(1.0) == 2
