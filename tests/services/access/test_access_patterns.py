"""Each listing of organisations, members, permissions and roles is one Query, and never a Scan. Requirement: A-03."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tenantable.data.database import Database
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.engine import Engine
from tenantable.services.access.declaration import (
    SYSTEM,
    Member,
    Members,
    Organisation,
    OrganisationRole,
    OrganisationRoles,
    Organisations,
    Permission,
    Permissions,
    PermissionSet,
    PermissionSets,
    PlatformPermissionSet,
    PlatformPermissionSets,
    PlatformRole,
    PlatformRoles,
    ProtectedResource,
    ProtectedResources,
    ServiceKey,
    ServiceKeys,
    UserRoleAssignment,
    UserRoleAssignments,
    naming,
)

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HERE: dict[str, Any] = {"organisation_id": "acme"}


class Observed:
    """The engine, and what was asked of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.operations: list[str] = []

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        self.operations.append(operation)
        return self._engine.call(operation, request)


def set_of(number: int) -> PermissionSet:
    """Later ones have earlier ids: by date is another order than by id."""
    created = NOW.replace(day=number + 1)
    return PermissionSet(**HERE, permission_set_id=f"s{9 - number}", name="s", active=number < 2, date_created=created)


STORED: list[tuple[Any, list[Any]]] = [
    (Permissions, [Permission(permission_id=f"a:{each}", category="a", date_created=NOW) for each in "cab"]),
    (PermissionSets, [set_of(number) for number in range(3)]),
    (PlatformPermissionSets, [PlatformPermissionSet(permission_set_id="s", name="s", date_created=NOW)]),
    (PlatformRoles, [PlatformRole(role_id="r", name="Support", date_created=NOW)]),
    (
        OrganisationRoles,
        [
            OrganisationRole(**HERE, role_id=role_id, name=name, active=name != "Old", date_created=NOW)
            for role_id, name in (("r1", "Beta"), ("r2", "Alpha"), ("r3", "Old"))
        ],
    ),
    (
        UserRoleAssignments,
        [
            UserRoleAssignment(**HERE, user_id=user_id, role_id=role_id, assigned_by="t", date_assigned=NOW)
            for user_id, role_id in (("u2", "r1"), ("u1", "r1"), ("u1", "r2"))
        ],
    ),
    (Organisations, [Organisation(**HERE, name="Acme", date_created=NOW)]),
    (Members, [Member(**HERE, user_id=user_id, email="x@example.com", date_joined=NOW) for user_id in ("u2", "u1")]),
    (ServiceKeys, [ServiceKey(**HERE, key_id="k", name="k", secret_digest="d", created_by="t", date_created=NOW)]),
    (
        ProtectedResources,
        [ProtectedResource(**HERE, resource_type="record", resource_id="1", date_created=NOW)],
    ),
]
Pattern = Callable[[Database], Any]
PATTERNS: dict[str, tuple[Pattern, str, list[str]]] = {
    "permissions by category": (
        lambda database: database.repository(Permissions).by_category(category="a"),
        "permission_id",
        ["a:a", "a:b", "a:c"],
    ),
    "permission sets of an organisation by date": (
        lambda database: database.repository(PermissionSets).by_date(**HERE),
        "permission_set_id",
        ["s9", "s8", "s7"],
    ),
    "active permission sets across organisations": (
        lambda database: database.repository(PermissionSets).by_activity(active=True),
        "permission_set_id",
        ["s9", "s8"],
    ),
    "inactive permission sets of an organisation": (
        lambda database: database.repository(PermissionSets).by_activity(active=False, **HERE),
        "permission_set_id",
        ["s7"],
    ),
    "permission sets of the platform": (
        lambda database: database.repository(PlatformPermissionSets).every(),
        "permission_set_id",
        ["s"],
    ),
    "roles of the platform by name": (
        lambda database: database.repository(PlatformRoles).by_name(active=True, name="Support"),
        "role_id",
        ["r"],
    ),
    "active roles of an organisation": (
        lambda database: database.repository(OrganisationRoles).by_name(active=True, **HERE),
        "role_id",
        ["r2", "r1"],
    ),
    "inactive roles of an organisation": (
        lambda database: database.repository(OrganisationRoles).by_name(active=False, **HERE),
        "role_id",
        ["r3"],
    ),
    "roles of an organisation by name": (
        lambda database: database.repository(OrganisationRoles).by_name(active=True, name="Beta", **HERE),
        "role_id",
        ["r1"],
    ),
    "users of a role": (
        lambda database: database.repository(UserRoleAssignments).users_of_role(role_id="r1", **HERE),
        "user_id",
        ["u1", "u2"],
    ),
    "roles of a user": (
        lambda database: database.repository(UserRoleAssignments).of_user(user_id="u1", **HERE),
        "role_id",
        ["r1", "r2"],
    ),
    "organisations by name": (
        lambda database: database.repository(Organisations).by_name(active=True),
        "organisation_id",
        ["acme"],
    ),
    "members of an organisation": (
        lambda database: database.repository(Members).of_organisation(**HERE),
        "user_id",
        ["u1", "u2"],
    ),
    "organisations of a user": (
        lambda database: database.repository(Members).organisations_of_user(user_id="u1"),
        "organisation_id",
        ["acme"],
    ),
    "service keys of an organisation": (
        lambda database: database.repository(ServiceKeys).of_organisation(**HERE),
        "key_id",
        ["k"],
    ),
    "resources of a type": (
        lambda database: database.repository(ProtectedResources).of_type(resource_type="record", **HERE),
        "resource_id",
        ["1"],
    ),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_a_listing_is_one_query(name: str, engine: Engine, database_of: Callable[[System, Naming], Database]) -> None:
    filled = database_of(SYSTEM, naming("dev"))
    for repository, entities in STORED:
        for entity in entities:
            filled.repository(repository).create(entity)
    observed = Observed(engine)
    database = Database(observed, naming=naming("dev"), cursor_key=bytes(32))
    pattern, attribute, expected = PATTERNS[name]
    page = pattern(database).page(50)
    assert [getattr(each, attribute) for each in page.items] == expected
    assert observed.operations == ["Query"]
