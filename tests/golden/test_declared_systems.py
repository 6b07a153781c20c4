"""
What the shipped systems' declarations become, compared byte for byte with what was reviewed.

`REWRITE_GOLDEN=1` (`make golden`) records anew; the difference is then reviewed like any other change.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.engine import Engine
from tenantable.iam.documents import policy_document
from tenantable.iam.synthesis.statements import component_policies
from tenantable.services.academy import declaration as academy
from tenantable.services.access import declaration as access
from tenantable.services.accounts import declaration as accounts
from tenantable.services.webhooks import declaration as webhooks
from tenantable.wire.arns import Home

FOLDER = Path(__file__).parent
HOME = Home()

SYSTEMS: list[tuple[System, Naming]] = [
    (webhooks.SYSTEM, webhooks.naming()),
    (access.SYSTEM, access.naming("dev")),
    (accounts.SYSTEM, accounts.naming("dev")),
    (academy.SYSTEM, academy.naming("dev")),
]
COMPONENTS = [(system, naming, component) for system, naming in SYSTEMS for component in system.components]


def check_golden(name: str, value: Any) -> None:
    """The value is what the file of this name holds; with REWRITE_GOLDEN=1 it becomes so."""
    path = FOLDER / name
    text = json.dumps(value, indent=2, sort_keys=True) + "\n"
    if os.environ.get("REWRITE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text


@pytest.mark.parametrize(("system", "naming"), SYSTEMS, ids=[system.name for system, _ in SYSTEMS])
def test_the_tables_are_as_reviewed(system: System, naming: Naming) -> None:
    tables = system.physical_tables(naming)
    requests = {
        table.name: {"CreateTable": table.create_request(), "UpdateTimeToLive": table.time_to_live_request()}
        for table in tables
    }
    check_golden(f"{system.name}/tables.json", requests)


@pytest.mark.parametrize(
    ("system", "naming", "component"),
    COMPONENTS,
    ids=[f"{system.name}-{component.name}" for system, _, component in COMPONENTS],
)
def test_the_policies_are_as_reviewed(system: System, naming: Naming, component: Component) -> None:
    policies = component_policies(component, naming, HOME)
    check_golden(f"{system.name}/{component.name}.policies.json", [policy_document(policy) for policy in policies])


@pytest.mark.parametrize(
    ("system", "naming", "component"),
    COMPONENTS,
    ids=[f"{system.name}-{component.name}" for system, _, component in COMPONENTS],
)
def test_no_policy_names_every_table_or_index(system: System, naming: Naming, component: Component) -> None:
    """Requirement: P-01."""
    tables = {table.name: set(table.index_names.values()) for table in system.physical_tables(naming)}
    named = {HOME.table(name) for name in tables}
    named |= {f"{HOME.table(name)}/stream/*" for name in tables}  # a stream's name is the time it was enabled at
    named |= {HOME.index(name, index) for name, indexes in tables.items() for index in indexes}
    resources = [
        resource
        for policy in component_policies(component, naming, HOME)
        for statement in policy.statements
        for resource in statement.resources
        if resource.startswith("arn:aws:dynamodb:")
    ]
    assert set(resources) <= named


@pytest.mark.parametrize(("system", "naming"), SYSTEMS, ids=[system.name for system, _ in SYSTEMS])
def test_the_engine_describes_each_table_as_it_was_declared(system: System, naming: Naming) -> None:
    with Engine(":memory:") as engine:
        for table in system.physical_tables(naming):
            request = table.create_request()
            engine.call("CreateTable", request)
            described = engine.call("DescribeTable", {"TableName": table.name})["Table"]
            assert described["KeySchema"] == request["KeySchema"]
            indexes = {index["IndexName"]: index["KeySchema"] for index in described.get("GlobalSecondaryIndexes", [])}
            wanted = request.get("GlobalSecondaryIndexes", [])
            assert indexes == {index["IndexName"]: index["KeySchema"] for index in wanted}
