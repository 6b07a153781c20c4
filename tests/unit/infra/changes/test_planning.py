"""From a table that runs to the one that is declared: which steps, what they lose, and that they lead there."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tenantable.declare.naming import Naming
from tenantable.declare.tables import (
    AWS_MANAGED_KEY,
    Index,
    LocalIndex,
    PhysicalTable,
    Provisioned,
    Table,
    physical_table,
)
from tenantable.engine import Engine
from tenantable.infra.changes.carrying_out import apply_table, plan_tables
from tenantable.infra.changes.planning import plan_table
from tenantable.infra.changes.settling import Patience
from tenantable.infra.changes.steps import TablePlan
from tenantable.infra.normal.running import read_running
from tenantable.wire.keys import KeyAttribute

PATIENCE = Patience(seconds_max=10, sleep=lambda _: None, stopwatch=lambda: 0.0)
BY_DATE = Index("by-date", partition="day", sort="time")
BY_KIND = Index("by-kind", partition="kind")
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DeleteTable", "Resource": "*"}],
    }
)


def orders(*indexes: Index, **options: Any) -> PhysicalTable:
    return physical_table(Table("orders", *indexes, **options), Naming())


def apply(engine: Engine, table: PhysicalTable, *flags: str) -> list[str]:
    outcome = apply_table(engine, table, patience=PATIENCE, allowed=frozenset(flags))
    return [str(step) for step in outcome.done]


def plan(engine: Engine, table: PhysicalTable, *flags: str) -> TablePlan:
    return plan_table(table, read_running(engine, table.name), allowed=frozenset(flags))


HARMLESS: dict[str, tuple[PhysicalTable, PhysicalTable, list[str]]] = {
    "two indexes, one at a time": (
        orders(),
        orders(BY_DATE, BY_KIND),
        [
            "create index by-date: day (S) / time (S), holds whole items",
            "create index by-kind: kind (S), holds whole items",
        ],
    ),
    "billing of the table and its indexes": (
        orders(BY_DATE),
        orders(BY_DATE, billing=Provisioned(read_units=5, write_units=6)),
        ["change billing: on demand -> provisioned, 5 read and 6 write units"],
    ),
    "back to on demand": (
        orders(BY_DATE, billing=Provisioned(read_units=5, write_units=6)),
        orders(BY_DATE),
        ["change billing: provisioned, 5 read and 6 write units -> on demand"],
    ),
    "other units": (
        orders(BY_DATE, billing=Provisioned(read_units=5, write_units=6)),
        orders(BY_DATE, billing=Provisioned(read_units=5, write_units=7)),
        [
            "change billing: provisioned, 5 read and 6 write units -> provisioned, 5 read and 7 write units",
        ],
    ),
    "provisioned before a new index that needs units": (
        orders(),
        orders(BY_DATE, billing=Provisioned(read_units=1, write_units=1)),
        [
            "change billing: on demand -> provisioned, 1 read and 1 write units",
            "create index by-date: day (S) / time (S), holds whole items",
        ],
    ),
    "another attribute of expiry": (
        orders(ttl="until"),
        orders(ttl="expires"),
        ["change expiry: by until -> by expires"],
    ),
    "no expiry any more": (orders(ttl="until"), orders(), ["change expiry: by until -> never"]),
    "encryption": (
        orders(),
        orders(encryption_key=AWS_MANAGED_KEY),
        ["change encryption: owned -> managed"],
    ),
    "a key of one's own, and back to the owned one": (
        orders(encryption_key="alias/orders"),
        orders(),
        ["change encryption: alias/orders -> owned"],
    ),
    "tags": (
        orders(tags={"team": "a", "cost": "1"}),
        orders(tags={"team": "b", "cost": "1", "new": "x"}),
        ["change tags: team=a -> new=x, team=b"],
    ),
    "protection comes last": (
        orders(),
        orders(stream=True, recovery=True, deletion_protection=True, tags={"a": "b"}),
        [
            "change stream: none -> NEW_AND_OLD_IMAGES",
            "change recovery: off -> 35 days",
            "change tags: none of them -> a=b",
            "change deletion protection: off -> on",
        ],
    ),
    "replicas, with the stream that they need": (
        orders(),
        orders(replicas=("eu-west-1", "eu-west-2")),
        [
            "change stream: none -> NEW_AND_OLD_IMAGES",
            "create replica eu-west-1: a copy",
            "create replica eu-west-2: a copy",
        ],
    ),
}


@pytest.mark.parametrize(("before", "after", "steps"), HARMLESS.values(), ids=HARMLESS)
def test_what_loses_nothing_is_done(before: PhysicalTable, after: PhysicalTable, steps: list[str]) -> None:
    with Engine(":memory:") as engine:
        apply(engine, before)
        assert apply(engine, after) == steps
        assert plan(engine, after) == TablePlan(table="orders")
        assert apply(engine, after) == []


HARMFUL: dict[str, tuple[PhysicalTable, PhysicalTable, list[str]]] = {
    "an index that is not declared": (orders(BY_DATE), orders(), ["--allow-drop orders/by-date"]),
    "an index with other keys": (
        orders(BY_DATE),
        orders(Index("by-date", partition="day")),
        ["--allow-drop orders/by-date"],
    ),
    "an index that holds something else": (
        orders(BY_DATE),
        orders(Index("by-date", partition="day", sort="time", projection=("total",))),
        ["--allow-drop orders/by-date"],
    ),
    "no stream": (orders(stream=True), orders(), ["--allow-disable orders/stream"]),
    "another view of the stream": (
        orders(stream=True),
        orders(stream="KEYS_ONLY"),
        ["--allow-disable orders/stream"],
    ),
    "no recovery": (orders(recovery=True), orders(), ["--allow-disable orders/recovery"]),
    "no protection": (
        orders(deletion_protection=True),
        orders(),
        ["--allow-disable orders/deletion-protection"],
    ),
    "no replica": (
        orders(replicas=("eu-west-1",), stream=True),
        orders(stream=True),
        ["--allow-drop orders/eu-west-1"],
    ),
    "no replica, and no stream that it would need": (
        orders(replicas=("eu-west-1",)),
        orders(),
        ["--allow-drop orders/eu-west-1", "--allow-disable orders/stream", "--allow-drop orders/eu-west-1"],
    ),
    "a replica that needs another stream": (
        orders(stream="KEYS_ONLY"),
        orders(replicas=("eu-west-1",)),
        ["--allow-disable orders/stream", "--allow-disable orders/stream"],
    ),
    "other keys": (orders(), orders(partition="id"), ["--allow-replace orders"]),
    "a key of another type": (
        orders(partition="id"),
        orders(partition=KeyAttribute(name="id", type="N")),
        ["--allow-replace orders"],
    ),
    "a local index": (orders(), orders(LocalIndex("by-size", sort="size")), ["--allow-replace orders"]),
    "other keys of a protected table": (
        orders(deletion_protection=True),
        orders(partition="id", deletion_protection=True),
        ["--allow-replace orders", "--allow-disable orders/deletion-protection"],
    ),
    "other keys of a table with a replica": (
        orders(replicas=("eu-west-1",)),
        orders(partition="id", replicas=("eu-west-1",), ttl="until", recovery=True),
        ["--allow-replace orders"],
    ),
}


@pytest.mark.parametrize(("before", "after", "flags"), HARMFUL.values(), ids=HARMFUL)
def test_what_loses_something_needs_its_flags(before: PhysicalTable, after: PhysicalTable, flags: list[str]) -> None:
    """Without all of them nothing is changed, and each is named; with them it is done."""
    with Engine(":memory:") as engine:
        apply(engine, before)
        there = read_running(engine, "orders")
        refused = plan(engine, after).refused
        assert [flag for step in refused for flag in step.flags] == flags
        assert all(step.loses for step in refused)
        for given in ([], [flag for flag in flags if flag != flags[0]]):
            assert apply(engine, after, *given) == []
            assert read_running(engine, "orders") == there
        assert len(apply(engine, after, *flags)) == len(refused)
        assert plan(engine, after) == TablePlan(table="orders")


def test_a_flag_for_another_index_allows_nothing() -> None:
    with Engine(":memory:") as engine:
        apply(engine, orders(BY_DATE, BY_KIND))
        assert apply(engine, orders(), "--allow-drop orders/by-kind") == [
            "drop index by-kind: kind (S), holds whole items"
        ]
        assert [step.path for step in plan(engine, orders()).refused] == ["index by-date"]


def test_what_is_refused_does_not_hold_up_the_rest() -> None:
    """An index that stays is given capacity too, since a provisioned table has none without."""
    after = orders(BY_KIND, billing=Provisioned(read_units=3, write_units=3))
    with Engine(":memory:") as engine:
        apply(engine, orders(BY_DATE))
        assert [text.split(":")[0] for text in apply(engine, after)] == ["change billing", "create index by-kind"]
        assert [step.path for step in plan(engine, after).refused] == ["index by-date"]


ADDED: dict[str, Callable[[Engine, str], object]] = {
    "a tag": lambda engine, arn: engine.call("TagResource", {"ResourceArn": arn, "Tags": [{"Key": "k", "Value": "v"}]}),
    "a class": lambda engine, _: engine.call(
        "UpdateTable", {"TableName": "orders", "TableClass": "STANDARD_INFREQUENT_ACCESS"}
    ),
    "ceilings": lambda engine, _: engine.call(
        "UpdateTable", {"TableName": "orders", "OnDemandThroughput": {"MaxReadRequestUnits": 7}}
    ),
    "another period of recovery": lambda engine, _: engine.call(
        "UpdateContinuousBackups",
        {
            "TableName": "orders",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
        },
    ),
    "a policy": lambda engine, arn: engine.call("PutResourcePolicy", {"ResourceArn": arn, "Policy": POLICY}),
}


@pytest.mark.parametrize("add", ADDED.values(), ids=ADDED)
def test_what_others_added_is_mentioned_and_stays(add: Callable[[Engine, str], object]) -> None:
    with Engine(":memory:") as engine:
        table = orders(recovery=True)
        apply(engine, table)
        running = read_running(engine, "orders")
        assert running is not None
        add(engine, running.arn)
        there = read_running(engine, "orders")
        found = plan(engine, table)
        assert found.is_clean
        assert len(found.foreign) == 1
        assert apply(engine, table) == []
        assert read_running(engine, "orders") == there


def test_tables_that_are_not_declared_are_named() -> None:
    with Engine(":memory:") as engine:
        engine.call("CreateTable", physical_table(Table("others"), Naming()).create_request())
        found = plan_tables(engine, [orders()])
        assert found.undeclared == ("others",)
        assert not found.is_clean
