"""
The policies of every component that ships: they allow each declared access and no request that differs in one respect.

Requirement: P-01.
"""

import pytest
from tests.unit.iam.synthesis.requests_in_words import (
    HOME,
    Universe,
    allowed_by,
    foreign_keys,
    leading_keys,
    neighbours,
    permits,
    requests_of,
)

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.declare.grants import Component
from tenantable.declare.systems import System
from tenantable.iam.evaluation import PolicySet
from tenantable.iam.synthesis.statements import component_policies

SYSTEMS = [find_system(name) for name in SHIPPED]
COMPONENTS = [(system, component) for system in SYSTEMS for component in system.components]
ELSEWHERE = ("elsewhere", "TENANT#other", "ORG#other", "USER#other")
FOREIGN = "foreignAttribute"


def universe_of(system: System, component: Component) -> Universe:
    """The system's tables, the keys of the component's permissions and other ones, its attributes and a foreign one."""
    naming = system.naming("dev")
    granted = component.permissions(naming)
    keys = {
        key.replace("*", "x")
        for permission in granted
        for key in (*leading_keys(permission), *foreign_keys(permission))
    }
    limited = {permission.attributes for permission in granted if permission.attributes is not None}
    return Universe(
        tables={table.name: table.keys for table in system.physical_tables(naming)},
        keys=(*sorted(keys), *ELSEWHERE),
        attributes=(None, frozenset({FOREIGN}), *limited, *(names | {FOREIGN} for names in limited)),
    )


@pytest.mark.parametrize(
    ("system", "component"), COMPONENTS, ids=[f"{system.name}-{component.name}" for system, component in COMPONENTS]
)
def test_a_component_may_do_what_was_declared_and_nothing_beside_it(system: System, component: Component) -> None:
    naming, universe = system.naming("dev"), universe_of(system, component)
    policies = PolicySet(component_policies(component, naming, HOME))
    granted = component.permissions(naming)
    wanted = {request for permission in granted for request in requests_of(permission, universe)}
    others = {mutated for request in wanted for mutated in neighbours(request, universe)} - wanted
    assert wanted
    assert [request for request in wanted if not allowed_by(policies, request, universe)] == []
    wrong = [
        mutated
        for mutated in others
        if allowed_by(policies, mutated, universe) != any(permits(each, mutated) for each in granted)
    ]
    assert wrong == []
