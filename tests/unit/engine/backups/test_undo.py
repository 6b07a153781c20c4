"""Every earlier second of a table, against a dictionary that was copied each second."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine.backups.tables import TABLE, count_rows, enable_recovery, item, items_of, key_of, restore

from tenantable.engine import Engine
from tenantable.engine.backups.limits import CHANGES_BETWEEN_TRIMS, DAY_SECONDS, UNDO_SLACK_SECONDS
from tenantable.engine.backups.undo import first_moment, last_moment, seconds_of
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError

names = st.sampled_from("abcd")
writes = st.one_of(
    st.tuples(st.just("put"), names, st.integers(0, 3)),
    st.tuples(st.just("delete"), names, st.just(0)),
    st.tuples(st.just("add"), names, st.just(1)),
    st.tuples(st.just("batch"), names, st.integers(0, 3)),
    st.tuples(st.just("transact"), names, st.integers(0, 3)),
    st.tuples(st.just("statement"), names, st.integers(0, 3)),
    st.tuples(st.just("expire"), names, st.just(0)),
)
pauses = st.tuples(st.just("wait"), st.just(""), st.sampled_from([250, 1000, 2600]))


def write(engine: Engine, kind: str, name: str, number: int) -> None:
    try:
        if kind == "put":
            engine.call("PutItem", {"TableName": "notes", "Item": item(name, number)})
        elif kind == "delete":
            engine.call("DeleteItem", {"TableName": "notes", "Key": key_of(name)})
        elif kind == "add":
            add = {"UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": {"N": str(number)}}}
            engine.call("UpdateItem", {"TableName": "notes", "Key": key_of(name), **add})
        elif kind == "batch":
            requests = [{"PutRequest": {"Item": item(each, number)}} for each in sorted({name, "b"})]
            engine.call("BatchWriteItem", {"RequestItems": {"notes": requests}})
        elif kind == "transact":
            puts = [{"Put": {"TableName": "notes", "Item": item(each, number)}} for each in sorted({name, "c"})]
            engine.call("TransactWriteItems", {"TransactItems": puts})
        elif kind == "statement":
            engine.call("ExecuteStatement", {"Statement": f"UPDATE notes SET n={number} WHERE pk='{name}'"})
        else:
            engine.call("PutItem", {"TableName": "notes", "Item": {**key_of(name), "ttl": {"N": "1799999999"}}})
            engine.expire(1_800_000_000)
    except DynamoError as error:
        assert error.code == "ConditionalCheckFailedException"  # noqa: PT017 - a statement finds no item


@settings(max_examples=60)
@given(st.lists(st.one_of(writes, writes, pauses), max_size=40))
def test_every_second_is_as_it_was(history: list[tuple[str, str, int]]) -> None:
    clock = ManualClock()
    with Engine(":memory:", clock=clock) as engine:
        engine.call("CreateTable", TABLE)
        ttl = {"Enabled": True, "AttributeName": "ttl"}
        engine.call("UpdateTimeToLive", {"TableName": "notes", "TimeToLiveSpecification": ttl})
        enable_recovery(engine)
        states = {int(clock.now): items_of(engine, "notes")}
        for kind, name, number in history:
            if kind == "wait":
                moved = clock.now + number / 1000
                for second in range(int(clock.now) + 1, int(moved) + 1):
                    states[second] = items_of(engine, "notes")
                clock.now = moved
            else:
                write(engine, kind, name, number)
                if clock.now == int(clock.now):
                    states[int(clock.now)] = items_of(engine, "notes")
        for second, state in states.items():
            target = f"at-{second}"
            restore(engine, target, second)
            assert items_of(engine, target) == state
            assert items_of(engine, target, IndexName="by-n") == {
                name: found for name, found in state.items() if "n" in found
            }


@pytest.mark.parametrize("offset", range(4))
def test_a_transaction_is_not_parted_by_a_second(offset: int) -> None:
    """The clock moves on with every look at it, and the second begins in the middle of it all."""
    looks = count(offset - 14)

    def clock() -> float:
        return 1_800_000_010 + next(looks) / 1000

    with Engine(":memory:", clock=clock) as engine:
        engine.call("CreateTable", TABLE)
        enable_recovery(engine)
        for pair in range(20):
            puts = [{"Put": {"TableName": "notes", "Item": item(f"{pair}-{name}", 1)}} for name in "ab"]
            engine.call("TransactWriteItems", {"TransactItems": puts})
        for _ in range(2000):
            clock()
        restore(engine, "copy", 1_800_000_010)
        kept = [name.split("-")[0] for name in items_of(engine, "copy")]
        assert 0 < len(kept) < 40
        assert all(kept.count(pair) == 2 for pair in kept)


def test_a_clock_that_is_set_back_does_not_change_the_order(clock: ManualClock, engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    enable_recovery(engine)
    start = clock.now
    for number, seconds in enumerate((10, 5, 20)):
        clock.now = start + seconds
        engine.call("PutItem", {"TableName": "notes", "Item": item("a", number)})
    restore(engine, "copy", int(start) + 15)
    assert items_of(engine, "copy") == {"a": item("a", 1)}


def test_a_write_that_changes_nothing_is_not_kept(engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    enable_recovery(engine)
    for _ in range(3):
        engine.call("PutItem", {"TableName": "notes", "Item": item("a", 1)})
    assert count_rows(engine, "undo_3") == 1


def test_a_log_that_is_written_to_trims_itself(clock: ManualClock, engine: Engine) -> None:
    engine.call("CreateTable", TABLE)
    enable_recovery(engine, days=1)
    for number in range(CHANGES_BETWEEN_TRIMS):
        engine.call("PutItem", {"TableName": "notes", "Item": item("a", number)})
    clock.now += DAY_SECONDS + UNDO_SLACK_SECONDS + 1
    for number in range(CHANGES_BETWEEN_TRIMS):
        engine.call("PutItem", {"TableName": "notes", "Item": item("a", number)})
    assert count_rows(engine, "undo_3") <= CHANGES_BETWEEN_TRIMS


def test_a_moment_is_a_millisecond() -> None:
    assert first_moment(1.5) < last_moment(1.5) < first_moment(1.501)
    assert seconds_of(first_moment(1.5)) == seconds_of(last_moment(1.5)) == 1.5
