"""Carrying out plans where the service is slow, busy, refuses, or was asked before."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tenantable.declare.naming import Naming
from tenantable.declare.tables import Index, PhysicalTable, Table, physical_table
from tenantable.engine import Engine
from tenantable.errors import InfrastructureError
from tenantable.infra.changes.carrying_out import Event, apply_table
from tenantable.infra.changes.settling import Patience
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError

TABLE = physical_table(
    Table("orders", Index("by-date", partition="day"), Index("by-kind", partition="kind"), ttl="until", recovery=True),
    Naming(),
)
BARE = physical_table(Table("orders"), Naming())


class Time:
    """Passes while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def patience(self, seconds: float = 10_000) -> Patience:
        return Patience(seconds_max=seconds, sleep=self.sleep, stopwatch=lambda: self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class SlowService:
    """An engine whose tables and indexes take a minute to get ready, as those of the service do."""

    def __init__(self, client: DynamoClient, time: Time) -> None:
        self._client = client
        self._time = time
        self._ready_at = 0.0
        self.calls: list[str] = []

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        changes = operation.startswith(("Create", "Update"))
        busy = self._time.now < self._ready_at
        if changes:
            self.calls.append(operation)
            if busy:
                raise DynamoError("ResourceInUseException", "Attempt to change a resource which is still in use")
            if operation in {"CreateTable", "UpdateTable"}:
                self._ready_at = self._time.now + 60
        answer = self._client.call(operation, request)
        if operation == "DescribeTable" and busy:
            answer["Table"]["TableStatus"] = "UPDATING"
            for index in answer["Table"].get("GlobalSecondaryIndexes", ())[-1:]:
                index |= {"IndexStatus": "CREATING", "Backfilling": True}
        return answer


def test_each_change_waits_for_the_one_before_and_says_for_what() -> None:
    time, events = Time(), list[Event]()
    with Engine(":memory:") as engine:
        apply_table(engine, BARE, patience=time.patience())
        service = SlowService(engine, time)
        outcome = apply_table(service, TABLE, patience=time.patience(), report=events.append)
    assert [step.path for step in outcome.done] == ["index by-date", "index by-kind", "expiry", "recovery"]
    assert service.calls == ["UpdateTable", "UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups"]
    assert "index by-kind is CREATING and is being filled" in {
        part for event in events if event.state == "waits" for part in event.detail.split(", ")
    }


def test_a_table_that_does_not_get_ready_is_an_error() -> None:
    time = Time()
    with Engine(":memory:") as engine, pytest.raises(InfrastructureError, match="orders is not ready after 30 seconds"):
        apply_table(SlowService(engine, time), TABLE, patience=time.patience(30))


class LostAnswers:
    """A client that repeats what changes something, as one does whose first answer was lost."""

    def __init__(self, client: DynamoClient) -> None:
        self._client = client

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if operation.startswith(("Create", "Update", "Delete")):
            self._client.call(operation, request)
        return self._client.call(operation, request)


def test_a_change_whose_answer_was_lost_is_not_an_error() -> None:
    changed = physical_table(Table("orders", Index("by-size", partition="size"), partition="id"), Naming())
    flags = frozenset({"--allow-replace orders", "--allow-drop orders/by-date", "--allow-drop orders/by-kind"})
    with Engine(":memory:") as engine:
        for table in (BARE, TABLE, BARE, changed):
            done = apply_table(LostAnswers(engine), table, patience=Time().patience(), allowed=flags)
            assert done.done
            assert apply_table(engine, table, patience=Time().patience(), allowed=flags).done == ()


class Interrupted:
    """A client whose process is killed after so many changes."""

    def __init__(self, client: DynamoClient, changes: int) -> None:
        self._client = client
        self._left = changes

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if operation.startswith(("Create", "Update", "Delete")):
            if self._left == 0:
                raise KeyboardInterrupt
            self._left -= 1
        return self._client.call(operation, request)


@pytest.mark.parametrize("changes", range(4))
@pytest.mark.parametrize("begins_bare", [False, True])
def test_an_apply_goes_on_where_one_was_killed(changes: int, begins_bare: bool) -> None:
    with Engine(":memory:") as engine:
        if begins_bare:
            apply_table(engine, BARE, patience=Time().patience())
        try:
            apply_table(Interrupted(engine, changes), TABLE, patience=Time().patience())
        except KeyboardInterrupt:
            apply_table(engine, TABLE, patience=Time().patience())
        assert apply_table(engine, TABLE, patience=Time().patience()).done == ()


class HourlyExpiry:
    """Changes the expiry of a table once an hour, as the service does."""

    def __init__(self, client: DynamoClient) -> None:
        self._client = client
        self.changed = False

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "UpdateTimeToLive":
            if self.changed:
                words = "Time to live has been modified multiple times within a fixed interval"
                raise DynamoError("ValidationException", words)
            self.changed = True
        return self._client.call(operation, request)


def test_another_expiry_is_put_off_where_it_takes_an_hour() -> None:
    after = physical_table(Table("orders", ttl="expires", tags={"a": "b"}), Naming())
    with Engine(":memory:") as engine:
        before = physical_table(Table("orders", ttl="until"), Naming())
        apply_table(engine, before, patience=Time().patience())
        service = HourlyExpiry(engine)
        outcome = apply_table(service, after, patience=Time().patience())
        assert [step.path for step in outcome.postponed] == ["expiry"]
        assert [step.path for step in outcome.done] == ["tags"]
        service.changed = False  # an hour later
        assert [str(step) for step in apply_table(service, after, patience=Time().patience()).done] == [
            "change expiry: never -> by expires"
        ]


class Forgetful:
    """Answers that it has switched recovery on, and has not."""

    def __init__(self, client: DynamoClient) -> None:
        self._client = client

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        return {} if operation == "UpdateContinuousBackups" else self._client.call(operation, request)


def test_a_step_that_does_not_stay_done_is_an_error() -> None:
    with Engine(":memory:") as engine, pytest.raises(InfrastructureError, match=r"recovery.*does not stay done"):
        apply_table(Forgetful(engine), TABLE, patience=Time().patience())


def test_a_refusal_of_the_services_own_is_passed_on() -> None:
    class Refusing(Forgetful):
        def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
            if operation == "CreateTable":
                raise DynamoError("AccessDeniedException", "not authorized to perform: dynamodb:CreateTable")
            return super().call(operation, request)

    with Engine(":memory:") as engine, pytest.raises(DynamoError, match="not authorized"):
        apply_table(Refusing(engine), TABLE, patience=Time().patience())


@pytest.mark.parametrize("before", [None, BARE])
def test_several_who_apply_at_once_get_there_together(before: PhysicalTable | None) -> None:
    patience = Patience(seconds_max=30, sleep=time.sleep, stopwatch=time.monotonic)
    with Engine(":memory:") as engine, ThreadPoolExecutor(4) as pool:
        if before is not None:
            apply_table(engine, before, patience=patience)
        outcomes = list(pool.map(lambda _: apply_table(engine, TABLE, patience=patience), range(4)))
        assert any(outcome.done for outcome in outcomes)
        assert apply_table(engine, TABLE, patience=patience).done == ()
