"""For every table of every system: what is declared, what the template says and what runs are the same table."""

import time
from dataclasses import replace

import pytest
from tests.unit.infra.systems import SYSTEMS, TABLE_IDS, TABLES

from tenantable.declare.systems import System
from tenantable.declare.tables import PhysicalTable
from tenantable.engine import Engine
from tenantable.infra.changes.carrying_out import apply_table
from tenantable.infra.changes.settling import Patience
from tenantable.infra.cloudformation.files import system_file, template_files
from tenantable.infra.normal.comparison import Difference, differences
from tenantable.infra.normal.declared import declared_form
from tenantable.infra.normal.descriptions import key_name
from tenantable.infra.normal.forms import Ceilings, IndexForm, KeyForm, TableForm
from tenantable.infra.normal.running import read_running
from tenantable.infra.normal.templates import parse_template, read_template
from tenantable.local.tables import create_missing_tables
from tenantable.wire.arns import Home
from tenantable.wire.keys import KeyAttribute

PATIENCE = Patience(seconds_max=10, sleep=time.sleep, stopwatch=time.monotonic)


@pytest.mark.parametrize(("system", "table"), TABLES, ids=TABLE_IDS)
def test_a_table_that_was_applied_is_the_declared_one(system: System, table: PhysicalTable) -> None:
    with Engine(":memory:") as engine:
        apply_table(engine, table, patience=PATIENCE)
        running = read_running(engine, table.name)
    assert running is not None
    assert differences(declared_form(table), running.form) == ()
    assert running.form == declared_form(table)


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_the_tables_of_the_template_are_the_declared_ones(system: System) -> None:
    for stage in ("dev", "prod"):
        naming = system.naming(stage)
        template = parse_template(template_files(system, naming)[system_file(system)])
        declared = {table.name: declared_form(table) for table in system.physical_tables(naming)}
        assert read_template(template) == declared


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_the_parameters_of_the_template_are_the_values_of_names(system: System) -> None:
    template = parse_template(template_files(system, system.naming("dev"))[system_file(system)])
    if "Stage" in template["Parameters"]:
        declared = {table.name for table in system.physical_tables(system.naming("prod"))}
        assert read_template(template, parameters={"Stage": "prod"}).keys() == declared


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_missing_tables_are_created_whole(system: System) -> None:
    """With expiry, recovery and replicas; a second time there is nothing to create."""
    tables = system.physical_tables(system.naming("dev"))
    with Engine(":memory:") as engine:
        assert create_missing_tables(engine, tables) == tuple(table.name for table in tables)
        assert create_missing_tables(engine, tables) == ()
        for table in tables:
            running = read_running(engine, table.name)
            assert running is not None
            assert running.form == declared_form(table)


KEY = KeyForm(partition=(KeyAttribute(name="id"),))
FORM = TableForm(name="orders", keys=KEY)
CHANGES: dict[str, tuple[TableForm, list[tuple[str, str | None, str | None]]]] = {
    "keys": (
        replace(FORM, keys=KeyForm(partition=(KeyAttribute(name="id", type="N"),))),
        [("keys", "id (S)", "id (N)")],
    ),
    "index": (
        replace(FORM, global_indexes={"by-id": IndexForm(keys=KEY, ceilings=Ceilings(read_units=3))}),
        [
            ("index by-id", None, "id (S), holds whole items"),
            ("index by-id ceilings", None, "at most 3 read units"),
        ],
    ),
    "tags": (replace(FORM, tags={"a": "b"}), [("tag a", None, "b")]),
    "policy": (replace(FORM, resource_policy="{}"), [("resource policy", None, "{}")]),
    "class": (replace(FORM, table_class="X"), [("table class", None, "X")]),
    "name": (replace(FORM, name="others"), [("name", "orders", "others")]),
}


@pytest.mark.parametrize(("found", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_difference_says_where_what_and_what_else(
    found: TableForm, expected: list[tuple[str, str | None, str | None]]
) -> None:
    assert differences(FORM, found) == tuple(
        Difference(table="orders", path=path, declared=declared, found=there) for path, declared, there in expected
    )


def test_differences_are_sentences() -> None:
    assert [str(each) for each in differences(FORM, replace(FORM, ttl="until", encryption="managed"))] == [
        "orders: expiry is not declared, found is by until",
        "orders: encryption is not declared, found is managed",
    ]
    assert [str(each) for each in differences(FORM, None)] == ["orders: table is missing, declared is keys id (S)"]


def test_the_key_that_aws_manages_is_known_by_its_arn_wherever_the_tables_are() -> None:
    for home in (Home(), Home(account_id="123456789012", region="eu-west-1")):
        assert key_name(home.managed_key("dynamodb")) == "managed"
    assert key_name(Home().kms_key("key/1")) == "key/1"
