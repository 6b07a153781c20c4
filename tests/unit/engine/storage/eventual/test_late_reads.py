"""Reads that may be late: what they see, when they see it, and that it was true once."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenantable.engine import Engine
from tenantable.engine.storage.eventual.late_reads import LateReads
from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.errors import StorageError
from tenantable.testing import ManualClock

LATE_SECONDS = 1.0
TABLE = {
    "TableName": "notes",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "gk")],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_gk",
            "KeySchema": [{"AttributeName": "gk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def engine(tmp_path: Path, clock: ManualClock) -> Iterator[Engine]:
    with Engine(tmp_path, clock=clock, durability="none", eventual_seconds=LATE_SECONDS) as engine:
        engine.call("CreateTable", TABLE)
        yield engine


def put(engine: Engine, value: str, sk: str = "s") -> None:
    item = {"pk": {"S": "p"}, "sk": {"S": sk}, "gk": {"S": "g"}, "value": {"S": value}}
    engine.call("PutItem", {"TableName": "notes", "Item": item})


def get(engine: Engine, **members: Any) -> str | None:
    item = engine.call("GetItem", {"TableName": "notes", "Key": KEY, **members}).get("Item")
    return None if item is None else item["value"]["S"]


def values(engine: Engine, operation: str, **members: Any) -> list[str]:
    return [item["value"]["S"] for item in engine.call(operation, {"TableName": "notes", **members})["Items"]]


IN_TABLE = {"KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "p"}}}
IN_INDEX = {"IndexName": "by_gk", "KeyConditionExpression": "gk = :v", "ExpressionAttributeValues": {":v": {"S": "g"}}}


def test_a_write_is_not_seen_at_once_and_is_seen_in_time(engine: Engine, clock: ManualClock) -> None:
    put(engine, "new")
    assert (get(engine), get(engine, ConsistentRead=True)) == (None, "new")
    clock.now += LATE_SECONDS * 0.9
    assert get(engine) is None
    clock.now += LATE_SECONDS * 0.1
    assert get(engine) == "new"


def test_a_write_after_a_long_rest_is_late_too(engine: Engine, clock: ManualClock) -> None:
    put(engine, "old")
    clock.now += 1000 * LATE_SECONDS
    put(engine, "new")
    assert get(engine) == "old"


@pytest.mark.parametrize(
    ("operation", "members"), [("Query", IN_TABLE), ("Query", IN_INDEX), ("Scan", {}), ("Scan", {"IndexName": "by_gk"})]
)
def test_queries_scans_and_indexes_are_late(
    engine: Engine, clock: ManualClock, operation: str, members: dict[str, Any]
) -> None:
    put(engine, "new")
    assert values(engine, operation, **members) == []
    clock.now += LATE_SECONDS
    assert values(engine, operation, **members) == ["new"]


def test_statements_and_batches_are_late(engine: Engine) -> None:
    put(engine, "new")
    statement = {"Statement": "SELECT * FROM notes WHERE pk = 'p' AND sk = 's'"}
    batch = {"RequestItems": {"notes": {"Keys": [KEY]}}}
    assert engine.call("ExecuteStatement", statement)["Items"] == []
    assert engine.call("BatchGetItem", batch)["Responses"] == {"notes": []}
    batch["RequestItems"]["notes"]["ConsistentRead"] = True  # type: ignore[assignment]
    assert len(engine.call("ExecuteStatement", {**statement, "ConsistentRead": True})["Items"]) == 1
    assert len(engine.call("BatchGetItem", batch)["Responses"]["notes"]) == 1


def test_transactions_and_conditions_are_never_late(engine: Engine) -> None:
    put(engine, "new")
    answer = engine.call("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "notes", "Key": KEY}}]})
    assert answer["Responses"][0]["Item"]["value"] == {"S": "new"}
    update = {"TableName": "notes", "Key": KEY, "UpdateExpression": "SET x = :x", "ConditionExpression": "#v = :v",
              "ExpressionAttributeNames": {"#v": "value"},
              "ExpressionAttributeValues": {":x": {"S": "x"}, ":v": {"S": "new"}}}  # fmt: skip
    engine.call("UpdateItem", update)


def test_a_new_table_and_a_new_index_can_be_read_at_once(engine: Engine) -> None:
    put(engine, "new")
    engine.call("CreateTable", {**TABLE, "TableName": "other"})
    assert engine.call("Scan", {"TableName": "other"})["Items"] == []
    keys = [{"AttributeName": "gk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    index = {"IndexName": "second", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
    engine.call("UpdateTable", {"TableName": "notes", "GlobalSecondaryIndexUpdates": [{"Create": index}],
                                "AttributeDefinitions": TABLE["AttributeDefinitions"]})  # fmt: skip
    assert values(engine, "Scan", IndexName="second") == ["new"]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["put", "get"]), st.floats(0, 2.5 * LATE_SECONDS)), max_size=40))
def test_every_state_was_one_and_is_not_older_than_said(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, float]]
) -> None:
    """A late read gives the value of some moment of the last second, and items and entries agree."""
    clock = ManualClock()
    history: list[tuple[float, str | None]] = [(clock.now, None)]
    folder = tmp_path_factory.mktemp("late")
    with Engine(folder, clock=clock, durability="none", eventual_seconds=LATE_SECONDS) as engine:
        engine.call("CreateTable", TABLE)
        for number, (step, seconds) in enumerate(steps):
            clock.now += seconds
            if step == "put":
                put(engine, str(number))
                history.append((clock.now, str(number)))
                continue
            possible = {value for at, value in history if at > clock.now - LATE_SECONDS}
            possible.add([value for at, value in history if at <= clock.now - LATE_SECONDS or at == history[0][0]][-1])
            found = get(engine)
            assert found in possible
            assert values(engine, "Query", **IN_INDEX) == ([] if found is None else [found])


def test_pages_lead_through_what_changes_meanwhile(engine: Engine, clock: ManualClock) -> None:
    for number in range(6):
        put(engine, str(number), sk=f"s{number}")
    clock.now += LATE_SECONDS
    seen: list[str] = []
    start: dict[str, Any] = {}
    for number in range(6, 12):
        page = engine.call("Query", {"TableName": "notes", "Limit": 1, **IN_TABLE, **start})
        seen += [item["sk"]["S"] for item in page["Items"]]
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        put(engine, str(number), sk=f"s{number - 6}")
        clock.now += 0.4 * LATE_SECONDS
    assert seen == [f"s{number}" for number in range(6)]


def test_the_log_does_not_grow_without_end(tmp_path: Path, clock: ManualClock) -> None:
    with Engine(tmp_path, clock=clock, durability="none", eventual_seconds=LATE_SECONDS) as engine:
        engine.call("CreateTable", TABLE)
        largest = 0
        for number in range(150):
            put(engine, f"{number:06}" * 60_000, sk=str(number))
            clock.now += 0.3 * LATE_SECONDS
            largest = max(largest, (tmp_path / f"{DATABASE_NAME}-wal").stat().st_size)
        assert 16_000_000 < largest < 20_000_000


def test_threads_may_read_late_while_others_write(engine: Engine) -> None:
    failures: list[BaseException] = []

    def work(step: Any) -> None:
        try:
            for number in range(200):
                step(number)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    steps = [lambda number: put(engine, str(number)), lambda _number: values(engine, "Query", **IN_INDEX)] * 2
    threads = [threading.Thread(target=work, args=[step]) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_writes_of_other_processes_are_seen_in_time(tmp_path: Path, clock: ManualClock) -> None:
    """A state is never older than it may be, whoever wrote."""
    with Engine(tmp_path, clock=clock, durability="none") as engine:
        engine.call("CreateTable", TABLE)
        late = LateReads(tmp_path, late_seconds=LATE_SECONDS, clock=clock)
        relation = engine._session.catalog.table("notes").items  # noqa: SLF001 - there is no second process here
        put(engine, "new")
        with late.read() as reader:
            assert reader.statistics(relation.number).item_count == 0
        clock.now += LATE_SECONDS
        with late.read() as reader:
            assert reader.statistics(relation.number).item_count == 1
        late.close()


def test_memory_is_refused() -> None:
    with pytest.raises(StorageError, match="An engine in memory has one state"):
        Engine(":memory:", eventual_seconds=1)


def test_reads_from_the_future_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be -1 seconds late"):
        Engine(tmp_path, eventual_seconds=-1)
