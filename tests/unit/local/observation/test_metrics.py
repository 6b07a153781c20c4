"""The metrics that operators scrape, from engines that did something."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tenantable.engine import Engine
from tenantable.engine.operations import OPERATIONS
from tenantable.local.observation.metrics import PREFIX, engine_registry
from tenantable.local.observation.tallies import UNKNOWN, Tallies
from tenantable.testing import ManualClock
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

HOME = Home(region="eu-west-1")
TABLE = {
    "TableName": "notes",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
}
OF_TABLE = {"account": "000000000000", "region": "eu-west-1", "table": "notes"}


@pytest.fixture
def tallies() -> Tallies:
    return Tallies(OPERATIONS)


@pytest.fixture
def monotonic() -> ManualClock:
    return ManualClock(now=0.0)


@pytest.fixture
def engine(tmp_path: Path, tallies: Tallies, monotonic: ManualClock) -> Iterator[Engine]:
    observer = tallies.observer(HOME)
    with Engine(tmp_path, home=HOME, observer=observer, monotonic=monotonic, throttle=True) as engine:
        engine.call("CreateTable", TABLE)
        yield engine


@pytest.fixture
def registry(tallies: Tallies, engine: Engine) -> CollectorRegistry:
    return engine_registry(tallies, lambda: [engine], lambda: 3)


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"{PREFIX}{name}", labels)


def put(engine: Engine, **more: Any) -> None:
    engine.call("PutItem", {"TableName": "notes", "Item": {"pk": {"S": "a"}, **more}})


def test_operations_are_counted_by_name_and_outcome(engine: Engine, registry: CollectorRegistry) -> None:
    put(engine)
    put(engine)
    with pytest.raises(DynamoError):
        engine.call("GetItem", {"TableName": "missing", "Key": {"pk": {"S": "a"}}})
    assert value(registry, "operations_total", operation="PutItem", code="success") == 2
    assert value(registry, "operations_total", operation="GetItem", code="ResourceNotFoundException") == 1


def test_a_caller_cannot_make_labels(engine: Engine, registry: CollectorRegistry) -> None:
    for number in range(20):
        with pytest.raises(DynamoError):
            engine.call(f"Invented{number}", {"TableName": f"invented{number}"})
    assert value(registry, "operations_total", operation=UNKNOWN, code="UnknownOperationException") == 20
    assert b"nvented" not in generate_latest(registry)


def test_durations_are_counted_by_bucket(tallies: Tallies, engine: Engine, registry: CollectorRegistry) -> None:
    put(engine)
    assert value(registry, "operation_seconds_bucket", operation="PutItem", le="0.0001") == 1
    assert value(registry, "operation_seconds_bucket", operation="PutItem", le="+Inf") == 1
    assert value(registry, "operation_seconds_count", operation="PutItem") == 1
    assert value(registry, "operation_seconds_sum", operation="PutItem") == 0


def test_capacity_is_counted_by_table_and_operation(engine: Engine, registry: CollectorRegistry) -> None:
    put(engine, x={"S": "x" * 3000})
    engine.call("Scan", {"TableName": "notes"})
    assert value(registry, "consumed_units_total", operation="PutItem", **OF_TABLE) == 3
    assert value(registry, "consumed_units_total", operation="Scan", **OF_TABLE) == 0.5


def test_throttles_are_counted_by_their_reason(engine: Engine, registry: CollectorRegistry) -> None:
    put(engine, x={"S": "x" * 399_000})
    with pytest.raises(DynamoError):
        put(engine)
    reason = "TableWriteProvisionedThroughputExceeded"
    assert value(registry, "throttled_total", index="", reason=reason, **OF_TABLE) == 1


def test_requests_that_come_to_no_engine_are_counted(tallies: Tallies, registry: CollectorRegistry) -> None:
    tallies.refuse("InvalidSignatureException")
    assert value(registry, "refused_total", code="InvalidSignatureException") == 1


def test_gauges_are_measured_when_somebody_asks(engine: Engine, registry: CollectorRegistry) -> None:
    put(engine)
    engine.stream("notes").advance("mailer", engine.stream("notes").read()[0]["dynamodb"]["SequenceNumber"])
    put(engine, x={"S": "x"})
    home = {"account": HOME.account_id, "region": HOME.region}
    assert value(registry, "items", index="", **OF_TABLE) == 1
    assert value(registry, "item_bytes", index="", **OF_TABLE) == 5
    label = engine.call("DescribeTable", {"TableName": "notes"})["Table"]["LatestStreamLabel"]
    assert value(registry, "stream_behind_records", stream=label, consumer="mailer", **OF_TABLE) == 1
    assert (value(registry, "stream_behind_seconds", stream=label, consumer="mailer", **OF_TABLE) or 0) >= 0
    assert (value(registry, "log_bytes", **home) or 0) > 0
    assert value(registry, "database_bytes", **home) is not None
    assert value(registry, "connections") == 3


def test_the_form_is_prometheus_own(engine: Engine, registry: CollectorRegistry) -> None:
    put(engine)
    text = generate_latest(registry).decode()
    assert "# TYPE tenantable_dynamodb_operations_total counter" in text
    assert "# TYPE tenantable_dynamodb_operation_seconds histogram" in text


def test_consumers_of_each_stream_that_a_table_had_are_told_apart(engine: Engine, registry: CollectorRegistry) -> None:
    """Two values of one name and labels make a scraper refuse the page."""
    put(engine)
    engine.stream("notes").advance("mailer", engine.stream("notes").read()[0]["dynamodb"]["SequenceNumber"])
    for specification in ({"StreamEnabled": False}, TABLE["StreamSpecification"]):
        engine.call("UpdateTable", {"TableName": "notes", "StreamSpecification": specification})
    put(engine, x={"S": "x"})
    engine.stream("notes").advance("mailer", engine.stream("notes").read()[0]["dynamodb"]["SequenceNumber"])
    names = [line.rpartition(b" ")[0] for line in generate_latest(registry).splitlines() if b"mailer" in line]
    assert len(names) == len(set(names)) == 4
