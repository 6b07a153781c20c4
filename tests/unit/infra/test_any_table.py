"""What holds for whatever tables are declared, one after the other under the same name."""

import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
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
from tenantable.infra.changes.carrying_out import apply_table
from tenantable.infra.changes.planning import plan_table
from tenantable.infra.changes.settling import Patience
from tenantable.infra.cloudformation.files import stage_files, template_files
from tenantable.infra.normal.declared import declared_form
from tenantable.infra.normal.running import read_running
from tenantable.infra.normal.templates import parse_template, read_template

NAMING = Naming(table="{stage}-{table}", index="{table}-{index}", values={"stage": "dev"})
PATIENCE = Patience(seconds_max=10, sleep=time.sleep, stopwatch=time.monotonic)

_projections: st.SearchStrategy[Any] = st.sampled_from(["all", "keys", ("note",), ("note", "total")])


def _global_index(name: str) -> st.SearchStrategy[Index]:
    keys = st.sampled_from([("day", None), ("day", "time"), ("kind", "PK")])
    return st.builds(
        lambda key, projection: Index(name, partition=key[0], sort=key[1], projection=projection), keys, _projections
    )


_indexes = st.lists(st.sampled_from(["aaa", "bbb", "ccc", "ddd"]), unique=True).flatmap(
    lambda names: st.tuples(*map(_global_index, names))
)
_local = st.just(()) | st.builds(lambda held: (LocalIndex("by-size", sort="size", projection=held),), _projections)
_units = st.builds(Provisioned, read_units=st.integers(1, 9), write_units=st.integers(1, 9))


@st.composite
def tables(draw: st.DrawFn, *, local: bool = True) -> PhysicalTable:
    replicas = draw(st.sampled_from([(), (), ("eu-west-1",), ("eu-west-1", "eu-west-2")]))
    views = ["NEW_AND_OLD_IMAGES"] if replicas else [False, "KEYS_ONLY", "NEW_AND_OLD_IMAGES"]
    table = Table(
        "orders",
        *draw(_indexes),
        *(draw(_local) if local else ()),
        ttl=draw(st.sampled_from([None, "until", "expires"])),
        stream=draw(st.sampled_from(views)),
        billing=draw(st.none() | _units),
        recovery=draw(st.booleans()),
        deletion_protection=draw(st.booleans()),
        encryption_key=draw(st.sampled_from([None, AWS_MANAGED_KEY, "alias/orders"])),
        replicas=replicas,
        tags=draw(st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"))),
    )
    return physical_table(table, NAMING)


@settings(max_examples=60)
@given(st.lists(tables(), min_size=2, max_size=4))
def test_every_declaration_is_reached_from_every_other(declared: list[PhysicalTable]) -> None:
    """With the flags that the plan asks for and no others; tags of former declarations stay."""
    with Engine(":memory:") as engine:
        for table in declared:
            running = read_running(engine, table.name)
            plan = plan_table(table, running)
            allowed = frozenset(flag for step in plan.refused for flag in step.flags)
            outcome = apply_table(engine, table, patience=PATIENCE, allowed=allowed)
            assert {step.path for step in outcome.done} == {step.path for step in (*plan.steps, *plan.refused)}
            running = read_running(engine, table.name)
            assert plan_table(table, running).is_clean
            assert running is not None
            assert running.form is not None
            assert declared_form(table).tags.items() <= running.form.tags.items()


@settings(max_examples=60)
@given(st.lists(tables(), min_size=2, max_size=3))
def test_without_flags_nothing_is_lost(declared: list[PhysicalTable]) -> None:
    """An item, an index, a stream, protection or a replica that is there stays there, whatever is declared."""
    with Engine(":memory:") as engine:
        apply_table(engine, declared[0], patience=PATIENCE)
        item = {"PK": {"S": "a"}, "SK": {"S": "b"}}
        engine.call("PutItem", {"TableName": declared[0].name, "Item": item})
        before = read_running(engine, declared[0].name)
        assert before is not None
        assert before.form is not None
        for table in declared[1:]:
            apply_table(engine, table, patience=PATIENCE)
        after = read_running(engine, declared[0].name)
        assert after is not None
        assert after.form is not None
        assert before.form.global_indexes.keys() <= after.form.global_indexes.keys()
        for name, index in before.form.global_indexes.items():
            assert str(after.form.global_indexes[name]) == str(index)
        assert before.form.stream in {None, after.form.stream}
        assert before.form.recovery_days in {None, after.form.recovery_days}
        assert before.form.deletion_protection <= after.form.deletion_protection
        assert before.form.replicas <= after.form.replicas
        assert engine.call("GetItem", {"TableName": declared[0].name, "Key": item})["Item"] == item


@settings(max_examples=40)
@given(tables(), tables())
def test_a_template_says_what_is_declared_and_stages_lead_there(old: PhysicalTable, new: PhysicalTable) -> None:
    before, after = (System(name="shop", tables=[each.table]) for each in (old, new))
    found = parse_template(template_files(after, NAMING)["shop.yaml"])
    assert read_template(found) == {new.name: declared_form(new)}
    first = parse_template(template_files(before, NAMING)["shop.yaml"])
    kept = bool(old.table.replicas) == bool(new.table.replicas)
    if kept and declared_form(old).local_indexes == declared_form(new).local_indexes:
        stages = stage_files(after, NAMING, first)
        assert parse_template(list(stages.values())[-1]) == found
