"""How much the synthesized policies allow, beside the bundles of other generators for the same access."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.declare.grants import Component, Permission
from tenantable.declare.systems import System
from tenantable.iam.documents import Policy, Statement
from tenantable.iam.evaluation import PolicySet
from tenantable.iam.synthesis.statements import component_policies
from tenantable.wire.arns import Home

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "tightness.md"
HOME = Home()

# What aws-cdk 2.276 and the SAM policy templates grant on a table and on all of its indexes.
CDK_READS = frozenset("BatchGetItem Query GetItem Scan ConditionCheckItem DescribeTable".split())
CDK_WRITES = frozenset("BatchWriteItem PutItem UpdateItem DeleteItem DescribeTable".split())
SAM_READS = frozenset("GetItem Scan Query BatchGetItem DescribeTable".split())
SAM_CRUD = SAM_READS | frozenset("DeleteItem PutItem UpdateItem BatchWriteItem ConditionCheckItem".split())
ACTIONS = sorted(CDK_READS | CDK_WRITES | SAM_CRUD)
READS = frozenset("GetItem BatchGetItem Query Scan".split())

COMPONENTS = [(system, each) for system in map(find_system, SHIPPED) for each in system.components]
HEADER = """# How tight the policies are

<!-- Generated from the code by `make golden`; do not edit. -->

For each component the pairs of an action and a table or index that its policies allow, and how many pairs the usual
bundles allow for the same access: the grants of the CDK (`grantReadData`, `grantWriteData`) and the policy templates of
SAM (`DynamoDBReadPolicy`, `DynamoDBCrudPolicy`), each on exactly the tables that the component touches. Counted are the
actions on items and the description of a table. A bundle's pairs have no conditions; "bound" says how many of ours have
one: on the keys, the attributes, or the transaction around the request.

| component | allowed | of these bound | CDK | SAM |
|---|---:|---:|---:|---:|
"""


def allowed_pairs(system: System, policies: PolicySet) -> list[bool]:
    """Each pair that the policies allow in some request: whether that takes a condition."""
    pairs = [(f"dynamodb:{action}", resource) for resource in resources_of(system) for action in ACTIONS]
    found = [policies.open_decision(action, resource).candidates for action, resource in pairs]
    return [all(tests for _decision, tests in candidates) for candidates in found if candidates]


def resources_of(system: System) -> Iterator[str]:
    for table in system.physical_tables(system.naming("dev")):
        yield HOME.table(table.name)
        yield from (HOME.index(table.name, index) for index in table.index_names.values())


def bundles(component: Component, system: System, *, reads: frozenset[str], writes: frozenset[str]) -> PolicySet:
    """The bundles for what the component reads and writes, table by table."""
    touched: dict[str, set[str]] = {}
    for permission in component.permissions(system.naming("dev")):
        touched.setdefault(permission.table, set()).update(_bundle(permission, reads=reads, writes=writes))
    statements = [
        Statement(
            effect="Allow",
            actions=tuple(f"dynamodb:{action}" for action in actions),
            resources=(HOME.table(table), f"{HOME.table(table)}/index/*"),
        )
        for table, actions in touched.items()
    ]
    return PolicySet([Policy(statements=(each,)) for each in statements])


def _bundle(permission: Permission, *, reads: frozenset[str], writes: frozenset[str]) -> frozenset[str]:
    bundle = reads if permission.actions & READS else frozenset()
    return bundle | (writes if permission.actions - READS else frozenset())


def page() -> str:
    lines, totals = [], [0, 0, 0, 0]
    for system, component in COMPONENTS:
        ours = allowed_pairs(system, PolicySet(component_policies(component, system.naming("dev"), HOME)))
        cdk = allowed_pairs(system, bundles(component, system, reads=CDK_READS, writes=CDK_WRITES))
        sam = allowed_pairs(system, bundles(component, system, reads=SAM_READS, writes=SAM_CRUD))
        numbers = [len(ours), sum(ours), len(cdk), len(sam)]
        totals = [before + number for before, number in zip(totals, numbers, strict=True)]
        lines.append(f"| {system.name}.{component.name} | {' | '.join(map(str, numbers))} |")
    lines.append(f"| **all** | {' | '.join(f'**{number}**' for number in totals)} |")
    return HEADER + "\n".join(lines) + "\n"


def test_the_page_shows_what_the_policies_allow() -> None:
    if os.environ.get("REWRITE_GOLDEN") == "1":
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), "run `make golden` and review the difference"


@pytest.mark.parametrize(
    ("system", "component"), COMPONENTS, ids=[f"{system.name}-{component.name}" for system, component in COMPONENTS]
)
def test_a_component_is_allowed_less_than_the_bundles_would(system: System, component: Component) -> None:
    ours = allowed_pairs(system, PolicySet(component_policies(component, system.naming("dev"), HOME)))
    for reads, writes in ((CDK_READS, CDK_WRITES), (SAM_READS, SAM_CRUD)):
        assert len(ours) < len(allowed_pairs(system, bundles(component, system, reads=reads, writes=writes)))
