"""The access table: every kind of item has the keys of its design, and every access pattern finds what it should."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tenantable.data.database import Database
from tenantable.data.repositories import Repository
from tenantable.declare.entities import Entity
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.engine import Engine
from tenantable.errors import DeclarationError
from tenantable.services.access.declaration import (
    SYSTEM,
    AuditEvent,
    AuditEvents,
    Invitation,
    Invitations,
    InvitationToken,
    InvitationTokens,
    OrganisationRole,
    OrganisationRoles,
    Permission,
    Permissions,
    PermissionSet,
    PermissionSets,
    PlatformPermissionSet,
    PlatformPermissionSets,
    PlatformRole,
    PlatformRoles,
    Team,
    TeamMember,
    TeamMembers,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    Teams,
    UserRoleAssignment,
    UserRoleAssignments,
    naming,
    table,
)

TABLE = "bbws-access-dev-ddb-access-management"
DAY = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TIME = "2026-11-21T09:30:00.000000Z"
FAR = datetime(2100, 1, 1, tzinfo=UTC)

PERMISSION = Permission(permission_id="p1", category="billing", date_created=DAY)
PERMISSION_SET = PermissionSet(organisation_id="acme", permission_set_id="s1", name="Clerk", date_created=DAY)
PLATFORM_SET = PlatformPermissionSet(permission_set_id="s1", name="Clerk", date_created=DAY)
INVITATION = Invitation(
    organisation_id="acme",
    invitation_id="i1",
    email="ann@example.com",
    role_id="r1",
    invited_by="u0",
    date_created=DAY,
    expires_at=FAR,
)
TOKEN = InvitationToken(token="d1g3st", organisation_id="acme", invitation_id="i1", ttl=FAR)
TEAM = Team(organisation_id="acme", team_id="t1", name="Reds", division_id="north", date_created=DAY)
TEAM_ROLE = TeamRoleDefinition(organisation_id="acme", team_role_id="r1", name="Captain", date_created=DAY)
MEMBER = TeamMember(organisation_id="acme", team_id="t1", user_id="u1", team_role_id="r1", date_joined=DAY)
PLATFORM_ROLE = PlatformRole(role_id="r1", name="Support", date_created=DAY)
ROLE = OrganisationRole(organisation_id="acme", role_id="r1", name="Owner", date_created=DAY)
ASSIGNMENT = UserRoleAssignment(organisation_id="acme", user_id="u1", role_id="r1", assigned_by="u0", date_assigned=DAY)
EVENT = AuditEvent(
    organisation_id="acme",
    event_id="e1",
    event_type="ROLE_CHANGE",
    user_id="u1",
    timestamp=DAY,
    action="role.assign",
    outcome="allowed",
    ttl=FAR,
)

DESIGN: list[tuple[type[Repository[Any]], Entity, dict[str, str]]] = [
    (
        Permissions,
        PERMISSION,
        {"PK": "PERM#p1", "SK": "METADATA", "GSI1PK": "CATEGORY#billing", "GSI1SK": "PERM#p1"},
    ),
    (
        PermissionSets,
        PERMISSION_SET,
        {
            "PK": "ORG#acme",
            "SK": "PERMSET#s1",
            "GSI1PK": "ORG#acme",
            "GSI1SK": f"PERMSET#{TIME}",
            "GSI2PK": "PERMSET#ACTIVE#true",
            "GSI2SK": f"ORG#acme#{TIME}",
        },
    ),
    (
        PlatformPermissionSets,
        PLATFORM_SET,
        {
            "PK": "PLATFORM",
            "SK": "PERMSET#s1",
            "GSI1PK": "PLATFORM",
            "GSI1SK": f"PERMSET#{TIME}",
            "GSI2PK": "PLATFORM#PERMSET#ACTIVE#true",
            "GSI2SK": f"PERMSET#{TIME}",
        },
    ),
    (
        Invitations,
        INVITATION,
        {
            "PK": "ORG#acme",
            "SK": "INV#i1",
            "GSI1PK": "ORG#acme#STATUS#pending",
            "GSI1SK": "2100-01-01T00:00:00.000000Z#i1",
            "GSI2PK": "EMAIL#ann@example.com",
            "GSI2SK": f"ORG#acme#{TIME}",
        },
    ),
    (InvitationTokens, TOKEN, {"PK": "INVTOKEN#d1g3st", "SK": "METADATA"}),
    (
        Teams,
        TEAM,
        {
            "PK": "ORG#acme",
            "SK": "TEAM#t1",
            "GSI1PK": "ORG#acme#ACTIVE#true",
            "GSI1SK": "TEAM#Reds",
            "GSI2PK": "ORG#acme#DIV#north",
            "GSI2SK": "TEAM#t1",
        },
    ),
    (
        TeamRoleDefinitions,
        TEAM_ROLE,
        {"PK": "ORG#acme", "SK": "TEAMROLE#r1", "GSI1PK": "ORG#acme#ACTIVE#true", "GSI1SK": "TEAMROLE#Captain"},
    ),
    (
        TeamMembers,
        MEMBER,
        {
            "PK": "ORG#acme#TEAM#t1",
            "SK": "MEMBER#u1",
            "GSI1PK": "USER#u1",
            "GSI1SK": "ORG#acme#TEAM#t1",
            "GSI2PK": "ORG#acme#TEAM#t1#ROLE#r1",
            "GSI2SK": "MEMBER#u1",
            "GSI3PK": "USER#u1",
            "GSI3SK": "ORG#acme#TEAM#t1",
        },
    ),
    (
        PlatformRoles,
        PLATFORM_ROLE,
        {"PK": "PLATFORM", "SK": "ROLE#r1", "GSI1PK": "PLATFORM#ACTIVE#true", "GSI1SK": "ROLE#Support"},
    ),
    (
        OrganisationRoles,
        ROLE,
        {"PK": "ORG#acme", "SK": "ROLE#r1", "GSI1PK": "ORG#acme#ACTIVE#true", "GSI1SK": "ROLE#Owner"},
    ),
    (
        UserRoleAssignments,
        ASSIGNMENT,
        {"PK": "ORG#acme#USER#u1", "SK": "ROLE#r1", "GSI1PK": "ORG#acme#ROLE#r1", "GSI1SK": "USER#u1"},
    ),
    (
        AuditEvents,
        EVENT,
        {
            "PK": "ORG#acme#DATE#2026-11-21",
            "SK": f"EVENT#{TIME}#e1",
            "GSI4PK": "USER#u1",
            "GSI4SK": f"{TIME}#e1",
            "GSI5PK": "ORG#acme#TYPE#ROLE_CHANGE",
            "GSI5SK": f"{TIME}#e1",
        },
    ),
]


@pytest.fixture
def database(database_of: Callable[[System, Naming], Database]) -> Database:
    return database_of(SYSTEM, naming("dev"))


def other(entity: Entity, **values: Any) -> Any:
    """The entity with some values changed."""
    return type(entity)(**{**vars(entity), **values})


@pytest.mark.parametrize(("repository", "entity", "keys"), DESIGN)
def test_an_item_has_exactly_the_keys_of_its_design(
    repository: type[Repository[Any]], entity: Entity, keys: dict[str, str], database: Database, engine: Engine
) -> None:
    """Requirement: A-02."""
    database.repository(repository).create(entity)
    (item,) = engine.call("Scan", {"TableName": TABLE})["Items"]
    assert {name: item[name]["S"] for name in table.key_attributes if name in item} == keys


@pytest.mark.parametrize(("repository", "entity", "keys"), DESIGN)
def test_an_item_comes_back_as_it_was(
    repository: type[Repository[Any]], entity: Entity, keys: dict[str, str], database: Database
) -> None:
    stored = database.repository(repository).create(entity)
    pattern = repository.patterns["get"]
    key = {name: getattr(entity, name) for name in pattern.parameters}
    typed: Any = database.repository(repository)
    assert typed.get(**key) == stored


def test_all_kinds_share_the_table(database: Database, engine: Engine) -> None:
    """Listings of one kind in a shared partition never return another."""
    for repository, entity, _ in DESIGN:
        database.repository(repository).create(entity)
    assert engine.call("Scan", {"TableName": TABLE})["Count"] == 12
    assert [team.name for team in database.repository(Teams).of_organisation(organisation_id="acme")] == ["Reds"]
    assert [found.name for found in database.repository(PermissionSets).of_organisation(organisation_id="acme")] == [
        "Clerk"
    ]


def test_permissions_are_found_by_category(database: Database) -> None:
    """Requirement: A-03."""
    permissions = database.repository(Permissions)
    for permission_id, category in (("p2", "billing"), ("p1", "billing"), ("p3", "teams")):
        permissions.create(other(PERMISSION, permission_id=permission_id, category=category))
    assert [found.permission_id for found in permissions.by_category(category="billing")] == ["p1", "p2"]


def test_permission_sets_are_listed_by_date(database: Database) -> None:
    """Requirements: A-03, A-04 (active sets across organisations)."""
    sets = database.repository(PermissionSets)
    for days, (organisation, name) in enumerate([("b", "b0"), ("a", "a1"), ("a", "a2")]):
        created = DAY + timedelta(days=days)
        values = {"organisation_id": organisation, "permission_set_id": name, "date_created": created}
        sets.create(other(PERMISSION_SET, **values))
    assert [found.permission_set_id for found in sets.by_date(organisation_id="a").newest_first()] == ["a2", "a1"]
    assert [found.permission_set_id for found in sets.by_activity(active=True)] == ["a1", "a2", "b0"]
    assert [found.permission_set_id for found in sets.by_activity(active=True, organisation_id="b")] == ["b0"]
    sets.update(PermissionSets.get.key(organisation_id="a", permission_set_id="a1"), PermissionSet.active.set(False))
    assert [found.permission_set_id for found in sets.by_activity(active=True)] == ["a2", "b0"]


def test_pending_invitations_are_listed_by_expiry(database: Database) -> None:
    """Requirements: A-03, A-04 (by e-mail, by e-mail and organisation)."""
    invitations = database.repository(Invitations)
    for days, organisation in ((3, "acme"), (1, "acme"), (2, "zeta")):
        values = {
            "invitation_id": f"i{days}",
            "organisation_id": organisation,
            "expires_at": DAY + timedelta(days=days),
        }
        invitations.create(other(INVITATION, **values))
    pending = invitations.by_status(organisation_id="acme", status="pending")
    assert [found.invitation_id for found in pending] == ["i1", "i3"]
    invitations.update(
        Invitations.get.key(organisation_id="acme", invitation_id="i1"), Invitation.status.set("revoked")
    )
    assert [found.invitation_id for found in pending] == ["i3"]
    assert {found.invitation_id for found in invitations.by_email(email="ann@example.com")} == {"i1", "i2", "i3"}
    at_zeta = invitations.by_email(email="ann@example.com", organisation_id="zeta")
    assert [found.invitation_id for found in at_zeta] == ["i2"]


def test_teams_are_found_by_name_and_division(database: Database) -> None:
    """Requirements: A-03, A-04; a team without a division stands in no division's index."""
    teams = database.repository(Teams)
    for team_id, name, division in (("t2", "Blues", "north"), ("t1", "Reds", None)):
        teams.create(other(TEAM, team_id=team_id, name=name, division_id=division))
    assert [team.team_id for team in teams.by_name(organisation_id="acme", active=True, name="Reds")] == ["t1"]
    assert [team.name for team in teams.by_name(organisation_id="acme", active=True)] == ["Blues", "Reds"]
    assert [team.team_id for team in teams.of_division(organisation_id="acme", division_id="north")] == ["t2"]


def test_roles_are_found_by_name(database: Database) -> None:
    """Requirement: A-03; platform, organisation and team roles do not mix."""
    database.repository(TeamRoleDefinitions).create(TEAM_ROLE)
    database.repository(OrganisationRoles).create(ROLE)
    database.repository(PlatformRoles).create(PLATFORM_ROLE)
    team_roles = database.repository(TeamRoleDefinitions).by_name(organisation_id="acme", active=True)
    organisation_roles = database.repository(OrganisationRoles).by_name(organisation_id="acme", active=True)
    platform_roles = database.repository(PlatformRoles).by_name(active=True, name="Support")
    assert [role.name for role in team_roles] == ["Captain"]
    assert [role.name for role in organisation_roles] == ["Owner"]
    assert [role.name for role in platform_roles] == ["Support"]


def test_memberships_are_found_by_user_and_by_role(database: Database) -> None:
    """Requirements: A-03 (teams of a user), A-04 (members by role), A-05."""
    members = database.repository(TeamMembers)
    for organisation, team, user, role in (
        ("acme", "t1", "u1", "captain"),
        ("acme", "t2", "u1", "player"),
        ("zeta", "t1", "u1", "player"),
        ("acme", "t1", "u2", "player"),
    ):
        values = {"organisation_id": organisation, "team_id": team, "user_id": user, "team_role_id": role}
        members.create(other(MEMBER, **values))
    everywhere = [(found.organisation_id, found.team_id) for found in members.memberships(user_id="u1")]
    assert everywhere == [("acme", "t1"), ("acme", "t2"), ("zeta", "t1")]
    assert [(found.organisation_id, found.team_id) for found in members.teams_of_user(user_id="u1")] == everywhere
    at_acme = members.memberships(user_id="u1", organisation_id="acme")
    assert [found.team_id for found in at_acme] == ["t1", "t2"]
    players = members.by_role(organisation_id="acme", team_id="t1", team_role_id="player")
    assert [found.user_id for found in players] == ["u2"]
    assert [found.user_id for found in members.of_team(organisation_id="acme", team_id="t1")] == ["u1", "u2"]


def test_assignments_are_found_by_role_and_by_user(database: Database) -> None:
    """Requirement: A-03 (users of a role)."""
    assignments = database.repository(UserRoleAssignments)
    for user, role in (("u2", "r1"), ("u1", "r1"), ("u1", "r2")):
        assignments.create(other(ASSIGNMENT, user_id=user, role_id=role))
    assert [found.user_id for found in assignments.users_of_role(organisation_id="acme", role_id="r1")] == ["u1", "u2"]
    assert [found.role_id for found in assignments.of_user(organisation_id="acme", user_id="u1")] == ["r1", "r2"]


def test_the_audit_trail_is_read_by_day_user_and_type_in_a_time_range(database: Database) -> None:
    """Requirements: A-06, A-07."""
    events = database.repository(AuditEvents)
    for hours in (0, 5, 30):
        events.create(other(EVENT, event_id=f"e{hours}", timestamp=DAY + timedelta(hours=hours)))
    of_day = events.of_day(organisation_id="acme", timestamp=date(2026, 11, 21))
    assert [event.event_id for event in of_day] == ["e0", "e5"]
    early = AuditEvent.timestamp.between(DAY, DAY + timedelta(hours=1))
    late = AuditEvent.timestamp > DAY + timedelta(hours=1)
    assert [event.event_id for event in of_day.range(early)] == ["e0"]
    assert [event.event_id for event in events.of_user(user_id="u1").range(late)] == ["e5", "e30"]
    of_type = events.of_type(organisation_id="acme", event_type="ROLE_CHANGE")
    assert [event.event_id for event in of_type.range(early)] == ["e0"]
    assert events.of_type(organisation_id="acme", event_type="INVITATION").all() == []


@pytest.mark.parametrize(
    ("stage", "project", "name"),
    [
        ("dev", "bbws-access", TABLE),
        ("prod", "acme", "acme-prod-ddb-access-management"),
    ],
)
def test_names_follow_the_rule(stage: Any, project: str, name: str) -> None:
    """Requirement: A-01."""
    (physical,) = SYSTEM.physical_tables(naming(stage, project=project))
    assert physical.name == name
    assert list(physical.index_names.values()) == [f"{name}-gsi{number}" for number in range(1, 6)]


def test_a_wrong_stage_and_project_are_refused_together() -> None:
    """Requirement: A-11."""
    stage: Any = "test"
    with pytest.raises(DeclarationError) as caught:
        naming(stage, project="Bad Name")
    assert [fault.place for fault in caught.value.faults] == ["naming(stage)", "naming(project)"]
