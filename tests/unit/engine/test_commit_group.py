"""Calls that share a commit which another thread makes."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from tenantable.engine import Engine
from tenantable.engine.commit_group import CommitGroup
from tenantable.engine.metering.observation import Observation
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path) as engine:
        engine.call(
            "CreateTable",
            {
                "TableName": "ttt",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        )
        yield engine


@pytest.fixture
def group(engine: Engine) -> CommitGroup:
    return engine.commit_group()


def put(group: CommitGroup, number: int, **members: Any) -> None:
    request = {"TableName": "ttt", "Item": {"id": {"S": str(number)}}, **members}
    group.call_json("PutItem", orjson.dumps(request), principal=None)


def stored(engine: Engine) -> set[str]:
    return {item["id"]["S"] for item in engine.call("Scan", {"TableName": "ttt"})["Items"]}


def committed_elsewhere(group: CommitGroup) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(group.commit).result(60)


def test_what_is_called_shows_with_the_commit(engine: Engine, group: CommitGroup) -> None:
    assert group.begin(wait=False)
    put(group, 1)
    put(group, 2)
    assert stored(engine) == set()
    committed_elsewhere(group)
    assert stored(engine) == {"1", "2"}


def test_a_call_sees_those_before_it_and_fails_alone(engine: Engine, group: CommitGroup) -> None:
    group.begin(wait=False)
    put(group, 1)
    with pytest.raises(DynamoError, match="conditional"):
        put(group, 1, ConditionExpression="attribute_not_exists(id)")
    put(group, 2)
    group.commit()
    assert stored(engine) == {"1", "2"}


def test_a_group_of_failures_alone_leaves_nothing_behind(engine: Engine, group: CommitGroup) -> None:
    group.begin(wait=False)
    with pytest.raises(DynamoError, match="conditional"):
        put(group, 1, ConditionExpression="attribute_exists(id)")
    group.commit()
    assert stored(engine) == set()
    assert not engine.is_writing


def test_others_write_after_the_commit(engine: Engine, group: CommitGroup) -> None:
    group.begin(wait=False)
    put(group, 1)
    assert engine.is_writing
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(engine.call, "PutItem", {"TableName": "ttt", "Item": {"id": {"S": "other"}}})
        threading.Event().wait(0.1)
        assert not other.done()
        group.commit()
        other.result(60)
    assert stored(engine) == {"1", "other"}


def test_a_group_that_would_wait_is_not_begun_unless_it_may(engine: Engine, group: CommitGroup) -> None:
    group.begin(wait=False)
    put(group, 1)
    later = engine.commit_group()
    assert not later.begin(wait=False)
    with ThreadPoolExecutor(1) as thread:
        begun = thread.submit(later.begin, wait=True)
        group.commit()
        assert begun.result(60)
    put(later, 2)
    later.commit()
    assert stored(engine) == {"1", "2"}


def test_an_observer_is_told_of_a_write_when_it_is_durable(engine: Engine, tmp_path: Path) -> None:
    told: list[Observation] = []
    monotonic = ManualClock(now=5.0)
    with Engine(tmp_path, observer=told.append, monotonic=monotonic) as watched:
        group = watched.commit_group()
        group.begin(wait=False)
        put(group, 1)
        monotonic.now += 3
        watched.call("GetItem", {"TableName": "ttt", "Key": {"id": {"S": "1"}}})
        assert [(each.operation, each.seconds) for each in told] == [("GetItem", 0)]
        committed_elsewhere(group)
        assert [(each.operation, each.seconds) for each in told[1:]] == [("PutItem", 3)]
    assert stored(engine) == {"1"}
