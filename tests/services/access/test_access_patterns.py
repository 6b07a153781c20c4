"""
Each access pattern of the design is one Query of one place, never a Scan. Requirement: A-03, A-04, A-05, A-06, A-07.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenantable.data.database import Database
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.engine import Engine
from tenantable.services.access.declaration import (
    SYSTEM,
    AuditEvent,
    AuditEvents,
    Invitation,
    Invitations,
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
    Team,
    TeamMember,
    TeamMembers,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    Teams,
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
        self.operations.append(f"{operation} {request.get('IndexName', 'table').rpartition('-')[2]}")
        return self._engine.call(operation, request)


def set_of(number: int) -> PermissionSet:
    """Later ones have earlier ids: by date is another order than by id."""
    created = NOW.replace(day=number + 1)
    return PermissionSet(**HERE, permission_set_id=f"s{9 - number}", name="s", active=number < 2, date_created=created)


def platform_set(set_id: str, *, active: bool, days: int) -> PlatformPermissionSet:
    """So many days before now."""
    created = NOW - timedelta(days=days)
    return PlatformPermissionSet(permission_set_id=set_id, name=set_id, active=active, date_created=created)


def invitation_of(number: int, status: Any = "pending") -> Invitation:
    """Later ones end earlier."""
    return Invitation(
        **HERE,
        invitation_id=f"i{number}",
        email=f"{'ab'[number % 2]}@example.com",
        status=status,
        role_id="r1",
        invited_by="t",
        expires_at=NOW.replace(day=28 - number),
        date_created=NOW.replace(day=number + 1),
    )


def event_of(number: int) -> AuditEvent:
    """One an hour, by two users in turn."""
    return AuditEvent(
        **HERE,
        event_id=f"e{number}",
        event_type="ROLE_CHANGE" if number < 3 else "INVITATION",
        user_id=f"u{number % 2}",
        timestamp=NOW.replace(hour=number),
        action="role.assign",
        outcome="done",
        ttl=NOW.replace(month=12),
    )


def hours(first: int, last: int) -> Any:
    return AuditEvent.timestamp.between(NOW.replace(hour=first), NOW.replace(hour=last))


STORED: list[tuple[Any, list[Any]]] = [
    (Permissions, [Permission(permission_id=f"a:{each}", category="a", date_created=NOW) for each in "cab"]),
    (PermissionSets, [set_of(number) for number in range(3)]),
    (PlatformPermissionSets, [platform_set("s", active=True, days=0), platform_set("t", active=False, days=1)]),
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
    (Invitations, [*map(invitation_of, range(3)), invitation_of(3, "revoked")]),
    (Invitations, [invitation_of(4).model_copy(update={"organisation_id": "zeta"})]),
    (
        Teams,
        [
            Team(**HERE, team_id=f"t{number}", name=name, division_id="d1" if number else None, date_created=NOW)
            for number, name in enumerate(("Reds", "Blues", "Greens"))
        ],
    ),
    (
        TeamRoleDefinitions,
        [
            TeamRoleDefinition(**HERE, team_role_id=role_id, name=name, date_created=NOW)
            for role_id, name in (("x1", "Lead"), ("x2", "Scout"))
        ],
    ),
    (
        TeamMembers,
        [
            TeamMember(organisation_id=org, team_id=team_id, user_id=user_id, team_role_id=role_id, date_joined=NOW)
            for org, team_id, user_id, role_id in (
                ("acme", "t1", "u1", "x1"),
                ("acme", "t1", "u2", "x2"),
                ("acme", "t1", "u3", "x2"),
                ("acme", "t2", "u1", "x2"),
                ("zeta", "t9", "u1", "x2"),
            )
        ],
    ),
    (AuditEvents, [event_of(number) for number in range(6)]),
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
    "pending invitations by expiry": (
        lambda database: database.repository(Invitations).by_status(status="pending", **HERE),
        "invitation_id",
        ["i2", "i1", "i0"],
    ),
    "invitations of an address": (
        lambda database: database.repository(Invitations).by_email(email="a@example.com"),
        "invitation_id",
        ["i0", "i2", "i4"],
    ),
    "invitations of an address into an organisation": (
        lambda database: database.repository(Invitations).by_email(email="a@example.com", **HERE),
        "invitation_id",
        ["i0", "i2"],
    ),
    "team by name": (
        lambda database: database.repository(Teams).by_name(active=True, name="Reds", **HERE),
        "team_id",
        ["t0"],
    ),
    "teams of a division": (
        lambda database: database.repository(Teams).of_division(division_id="d1", **HERE),
        "team_id",
        ["t1", "t2"],
    ),
    "team role by name": (
        lambda database: database.repository(TeamRoleDefinitions).by_name(active=True, name="Scout", **HERE),
        "team_role_id",
        ["x2"],
    ),
    "all teams of a user": (
        lambda database: database.repository(TeamMembers).teams_of_user(user_id="u1"),
        "team_id",
        ["t1", "t2", "t9"],
    ),
    "members of a team by role": (
        lambda database: database.repository(TeamMembers).by_role(team_id="t1", team_role_id="x2", **HERE),
        "user_id",
        ["u2", "u3"],
    ),
    "members of a team": (
        lambda database: database.repository(TeamMembers).of_team(team_id="t1", **HERE),
        "user_id",
        ["u1", "u2", "u3"],
    ),
    "memberships of a user": (
        lambda database: database.repository(TeamMembers).memberships(user_id="u1"),
        "team_id",
        ["t1", "t2", "t9"],
    ),
    "memberships of a user in an organisation": (
        lambda database: database.repository(TeamMembers).memberships(user_id="u1", **HERE),
        "team_id",
        ["t1", "t2"],
    ),
    "audit events of a day": (
        lambda database: database.repository(AuditEvents).of_day(timestamp=NOW.date(), **HERE),
        "event_id",
        ["e0", "e1", "e2", "e3", "e4", "e5"],
    ),
    "audit events of a user": (
        lambda database: database.repository(AuditEvents).of_user(user_id="u1"),
        "event_id",
        ["e1", "e3", "e5"],
    ),
    "audit events of a user in a time range": (
        lambda database: database.repository(AuditEvents).of_user(user_id="u1").range(hours(2, 3)),
        "event_id",
        ["e3"],
    ),
    "audit events of a type": (
        lambda database: database.repository(AuditEvents).of_type(event_type="ROLE_CHANGE", **HERE),
        "event_id",
        ["e0", "e1", "e2"],
    ),
    "audit events of a type in a time range": (
        lambda database: database.repository(AuditEvents).of_type(event_type="ROLE_CHANGE", **HERE).range(hours(1, 4)),
        "event_id",
        ["e1", "e2"],
    ),
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
        ["s", "t"],
    ),
    "permission sets of the platform by date": (
        lambda database: database.repository(PlatformPermissionSets).by_date(),
        "permission_set_id",
        ["t", "s"],
    ),
    "inactive permission sets of the platform": (
        lambda database: database.repository(PlatformPermissionSets).by_activity(active=False),
        "permission_set_id",
        ["t"],
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


PLACES = {
    "pending invitations by expiry": "gsi1",
    "invitations of an address": "gsi2",
    "invitations of an address into an organisation": "gsi2",
    "team by name": "gsi1",
    "teams of a division": "gsi2",
    "team role by name": "gsi1",
    "all teams of a user": "gsi1",
    "members of a team by role": "gsi2",
    "memberships of a user": "gsi3",
    "memberships of a user in an organisation": "gsi3",
    "audit events of a user": "gsi4",
    "audit events of a user in a time range": "gsi4",
    "audit events of a type": "gsi5",
    "audit events of a type in a time range": "gsi5",
    "permissions by category": "gsi1",
    "permission sets of an organisation by date": "gsi1",
    "active permission sets across organisations": "gsi2",
    "inactive permission sets of an organisation": "gsi2",
    "permission sets of the platform by date": "gsi1",
    "inactive permission sets of the platform": "gsi2",
    "roles of the platform by name": "gsi1",
    "active roles of an organisation": "gsi1",
    "inactive roles of an organisation": "gsi1",
    "roles of an organisation by name": "gsi1",
    "users of a role": "gsi1",
    "organisations by name": "gsi1",
    "members of an organisation": "gsi1",
    "organisations of a user": "gsi2",
    "service keys of an organisation": "gsi1",
}
"""The index that each is found in; the others are in the table itself."""


@pytest.mark.parametrize("name", PATTERNS)
def test_a_listing_is_one_query(name: str, engine: Engine, database_of: Callable[[System, Naming], Database]) -> None:
    filled = database_of(SYSTEM, naming("dev"))
    for repository, entities in STORED:
        for entity in entities:
            filled.repository(repository).create(entity)
    observed = Observed(engine)
    database = Database(observed, naming=naming("dev"), cursor_key=bytes(32))
    pattern, attribute, expected = PATTERNS[name]
    place = PLACES.get(name, "table")
    page = pattern(database).page(50)
    assert [getattr(each, attribute) for each in page.items] == expected
    assert observed.operations == [f"Query {place}"]
