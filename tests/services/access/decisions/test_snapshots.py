"""Snapshots: decisions from roles, inheritance, teams and time, and how soon a change counts."""

import itertools
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Barrier
from typing import Any

import pytest

from tenantable.data.database import Database
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.engine import Engine
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.decisions.rules import Facts
from tenantable.services.access.decisions.snapshots import STALE_SECONDS_MAX, Snapshots
from tenantable.services.access.declaration import (
    PLATFORM,
    SYSTEM,
    Member,
    Members,
    OrganisationRole,
    OrganisationRoles,
    PermissionEntry,
    PermissionSet,
    PermissionSets,
    PlatformPermissionSet,
    PlatformPermissionSets,
    PlatformRole,
    PlatformRoles,
    ProtectedResource,
    ProtectedResources,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    UserRoleAssignment,
    UserRoleAssignments,
    naming,
)
from tenantable.services.access.errors import NotFound, Stale
from tenantable.testing import ManualClock

ACTOR = Actor(id="root")
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def entries(*keys: str) -> list[PermissionEntry]:
    return [PermissionEntry(key=key.removeprefix("!"), effect="deny" if key[0] == "!" else "allow") for key in keys]


class World:
    """An organisation `acme` and the platform, changed as the services change them."""

    def __init__(self, database: Database, clock: Any) -> None:
        self.clock = clock
        numbers = itertools.count(1)
        self.changes = Changes(
            database,
            chain_key=bytes(32),
            clock=clock,
            new_id=lambda: f"id{next(numbers):06}",
            random=Random(1),  # noqa: S311 - waiting times
        )
        self.snapshots = Snapshots(database, clock=clock)
        for organisation_id in (PLATFORM, "acme"):
            self.changes.found(organisation_id, ACTOR, lambda change: change.record("CONFIGURATION", "create"))

    def write(self, repository: Any, entity: Any, organisation_id: str = "acme") -> int:
        """Write the entity in the place of the one that is there; gives the version."""
        key = {name: getattr(entity, name) for name in repository.patterns["get"].parameters}
        stored = self.changes.database.repository(repository).get(**key)
        known = entity if stored is None else entity.model_copy(update={"revision": getattr(stored, "revision", 0)})

        def build(change: Change) -> None:
            change.put(repository, known)
            change.record("ROLE_CHANGE", "test")

        return self.changes.run(organisation_id, ACTOR, build).version

    def permission_set(self, set_id: str, *keys: str, active: bool = True) -> int:
        found = PermissionSet(
            organisation_id="acme",
            permission_set_id=set_id,
            name=set_id,
            active=active,
            entries=entries(*keys),
            date_created=NOW,
        )
        return self.write(PermissionSets, found)

    def role(self, role_id: str, *set_ids: str, parents: list[str] | None = None, active: bool = True) -> int:
        found = OrganisationRole(
            organisation_id="acme",
            role_id=role_id,
            name=role_id,
            active=active,
            permission_set_ids=list(set_ids),
            parent_role_ids=parents or [],
            date_created=NOW,
        )
        return self.write(OrganisationRoles, found)

    def member(self, user_id: str, *, active: bool = True, team_roles: dict[str, str] | None = None) -> int:
        found = Member(
            organisation_id="acme",
            user_id=user_id,
            email=f"{user_id}@example.com",
            active=active,
            team_roles=team_roles or {},
            date_joined=NOW,
        )
        return self.write(Members, found)

    def assign(self, user_id: str, role_id: str, **times: Any) -> int:
        found = UserRoleAssignment(
            organisation_id="acme", user_id=user_id, role_id=role_id, assigned_by="root", date_assigned=NOW, **times
        )
        return self.write(UserRoleAssignments, found)

    def allows(self, user_id: str, key: str, facts: Facts | None = None, *, version: int = 0) -> bool:
        snapshot = self.snapshots.of("acme", version=version)
        return snapshot.allows(user_id, key, now=self.clock(), facts=facts or Facts())


@pytest.fixture
def world(database_of: Callable[[System, Naming], Database]) -> World:
    clock = ManualClock(now=NOW.timestamp())
    made = World(database_of(SYSTEM, naming("dev")), clock)
    made.permission_set("read", "record:read")
    made.role("reader", "read")
    made.member("ann")
    made.assign("ann", "reader")
    return made


def test_a_role_allows_what_its_permission_sets_say(world: World) -> None:
    assert world.allows("ann", "record:read")
    assert not world.allows("ann", "record:write")


def test_a_stranger_may_do_nothing(world: World) -> None:
    world.assign("bob", "reader")
    assert not world.allows("bob", "record:read")


def test_a_member_who_is_switched_off_may_do_nothing(world: World) -> None:
    version = world.member("ann", active=False)
    assert not world.allows("ann", "record:read", version=version)


def test_a_role_has_what_its_parents_have_and_a_circle_does_no_harm(world: World) -> None:
    world.role("middle", parents=["reader", "top"])
    version = world.role("top", parents=["middle"])
    world.assign("ann", "top")
    world.member("bob")
    version = world.assign("bob", "top")
    assert world.allows("bob", "record:read", version=version)


@pytest.mark.parametrize("switched_off", ["role", "set"])
def test_what_is_switched_off_allows_nothing(world: World, switched_off: str) -> None:
    if switched_off == "role":
        version = world.role("reader", "read", active=False)
    else:
        version = world.permission_set("read", "record:read", active=False)
    assert not world.allows("ann", "record:read", version=version)


def test_a_deny_of_one_role_outweighs_another_role(world: World) -> None:
    world.permission_set("none", "!record:*")
    world.role("nobody", "none")
    version = world.assign("ann", "nobody")
    assert not world.allows("ann", "record:read", version=version)


def test_an_assignment_counts_while_it_lasts(world: World) -> None:
    world.member("tim")
    world.assign("tim", "reader", not_before=NOW + timedelta(hours=1), not_after=NOW + timedelta(hours=2))
    heard = []
    for minutes in (0, 59, 60, 119, 120, 200):
        world.clock.now = NOW.timestamp() + minutes * 60
        heard.append(world.allows("tim", "record:read"))
    assert heard == [False, False, True, True, False, False]


@pytest.mark.parametrize(("reach", "expected"), [("organisation", [True, True]), ("team", [True, False])])
def test_a_team_role_reaches_what_it_says(world: World, reach: Any, expected: list[bool]) -> None:
    role = TeamRoleDefinition(
        organisation_id="acme",
        team_role_id="captain",
        name="captain",
        permission_set_ids=["read"],
        reach=reach,
        date_created=NOW,
    )
    world.write(TeamRoleDefinitions, role)
    version = world.member("tea", team_roles={"reds": "captain"})
    found = [
        world.allows("tea", "record:read", Facts(resource={"teamId": team}), version=version)
        for team in ("reds", "blues")
    ]
    assert found == expected


def test_the_platforms_roles_count_everywhere_as_soon_as_they_are_asked_for(world: World) -> None:
    world.member("own")
    world.assign("own", "owner")
    assert not world.allows("own", "anything:at:all")
    everything = PlatformPermissionSet(permission_set_id="all", name="all", entries=entries("*"), date_created=NOW)
    world.write(PlatformPermissionSets, everything, PLATFORM)
    owner = PlatformRole(role_id="owner", name="owner", permission_set_ids=["all"], date_created=NOW)
    version = world.write(PlatformRoles, owner, PLATFORM)
    snapshot = world.snapshots.of("acme", platform_version=version)
    assert snapshot.allows("own", "anything:at:all", now=world.clock())


def test_a_revocation_counts_at_once_with_its_version_and_soon_without(world: World) -> None:
    assert world.allows("ann", "record:read")
    version = world.role("reader")
    assert world.allows("ann", "record:read")  # not yet, and nobody asked for more
    assert not world.allows("ann", "record:read", version=version)
    world.role("reader", "read")
    world.clock.now += STALE_SECONDS_MAX
    assert world.allows("ann", "record:read")


def test_a_version_that_there_is_not_yet_is_an_error(world: World) -> None:
    with pytest.raises(Stale):
        world.allows("ann", "record:read", version=1000)


def test_many_who_ask_at_once_read_an_organisation_once(world: World, engine: Engine) -> None:
    calls: list[str] = []
    everybody = Barrier(16)

    class Counted:
        def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
            calls.append(operation)
            return engine.call(operation, request)

    database = Database(Counted(), naming=naming("dev"), cursor_key=bytes(32))
    snapshots = Snapshots(database, clock=world.clock)

    def ask(_number: int) -> int:
        everybody.wait()
        return snapshots.of("acme").version

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1
    assert sorted(calls) == ["BatchGetItem", "Query", "Query"]


def test_an_organisation_that_is_new_to_a_prepared_process_takes_two_requests(world: World, engine: Engine) -> None:
    """One for its version and the platform's, one query for its definitions; then a query for each user."""
    calls: list[str] = []

    class Counted:
        def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
            calls.append(operation)
            return engine.call(operation, request)

    snapshots = Snapshots(Database(Counted(), naming=naming("dev"), cursor_key=bytes(32)), clock=world.clock)
    snapshots.prepare()
    calls.clear()
    world.clock.now += STALE_SECONDS_MAX  # so that the platform's version is looked at, too
    snapshot = snapshots.of("acme")
    assert calls == ["BatchGetItem", "Query"]
    assert snapshot.allows("ann", "record:read", now=world.clock())
    assert calls == ["BatchGetItem", "Query", "Query"]


def test_a_resource_is_read_once_by_a_snapshot(world: World) -> None:
    world.write(
        ProtectedResources,
        ProtectedResource(
            organisation_id="acme", resource_type="doc", resource_id="d1", properties={"level": 1}, date_created=NOW
        ),
    )
    snapshot = world.snapshots.of("acme")
    assert snapshot.resource_at_hand("doc", "d1") is None
    assert snapshot.resource("doc", "d1") == {"level": 1}
    assert snapshot.resource_at_hand("doc", "d1") == {"level": 1}
    assert snapshot.resource("doc", "unknown") == {}
    assert snapshot.resource_at_hand("doc", "unknown") == {}


def test_an_unknown_organisation_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.snapshots.of("nobody")
