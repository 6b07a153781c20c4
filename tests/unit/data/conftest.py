"""What tests of typed access share: an engine in memory, a clock to set, and a database over declared tables."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tenantable.data import Database
from tenantable.declare import Naming, System, Table
from tenantable.engine import Engine
from tenantable.testing import ManualClock

NAMING = Naming(table="{table}-test", index="{table}-{index}")


@dataclass
class RecordingClient:
    """Passes requests on and remembers them; `before` may answer in the client's place or change the world."""

    client: Engine
    requests: list[tuple[str, Any]] = field(default_factory=list)
    before: Callable[[str, Any], dict[str, Any] | None] = lambda _operation, _request: None

    def call(self, operation: str, request: Any) -> dict[str, Any]:
        self.requests.append((operation, request))
        answer = self.before(operation, request)
        return self.client.call(operation, request) if answer is None else answer

    def operations(self) -> list[str]:
        """The operations since the last question."""
        seen = [operation for operation, _ in self.requests]
        self.requests.clear()
        return seen


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def waits() -> list[float]:
    """How long the database slept, in seconds."""
    return []


@pytest.fixture
def client() -> Iterator[RecordingClient]:
    with Engine(":memory:") as engine:
        yield RecordingClient(engine)


@pytest.fixture
def stored(client: RecordingClient) -> Callable[[Table], list[dict[str, Any]]]:
    """Everything that a table holds, in plain DynamoDB JSON."""

    def scan(table: Table) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = client.client.call("Scan", {"TableName": f"{table.name}-test"})["Items"]
        return items

    return scan


@pytest.fixture
def open_database(client: RecordingClient, clock: ManualClock, waits: list[float]) -> Callable[..., Database]:
    """Creates declared tables and opens them."""

    def create(*tables: Table) -> Database:
        for request in System(name="test", tables=tables).create_table_requests(NAMING):
            client.client.call("CreateTable", request)
        return Database(
            client,
            naming=NAMING,
            cursor_key=b"k" * 32,
            clock=clock,
            sleep=waits.append,
            random=random.Random(1),  # noqa: S311 - it only spreads waiting times
        )

    return create
