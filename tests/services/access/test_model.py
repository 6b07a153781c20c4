"""
Members, roles and terms, changed by two users and the administrator in any order, beside the plainest model of them.

Whether a change is refused, what the head and the roles count, and who may do what: all must be as the model says.
"""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tenantable.data.database import Database
from tenantable.engine import Engine
from tenantable.errors import ServiceError
from tenantable.services.access.changes.change import Actor
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.decisions.snapshots import Snapshots
from tenantable.services.access.declaration import (
    OWNER,
    SYSTEM,
    OrganisationHeads,
    OrganisationRoles,
    PermissionEntry,
    naming,
)
from tenantable.services.access.directory.members import MemberDirectory, NewMember
from tenantable.services.access.directory.platform import found_platform
from tenantable.services.access.directory.removal import Removal
from tenantable.services.access.directory.service import Directory, NewOrganisation
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.permissions.service import PermissionSetService, SetContent
from tenantable.services.access.roles.assignments import Assignments, Term
from tenantable.services.access.roles.definitions import RoleContent, RoleDefinitions
from tenantable.services.access.roles.remapping import Remapping

NOW = 1_800_000_000.0
END = datetime(2100, 1, 1, tzinfo=UTC)
SEATS = 3
USERS = ("ann", "bob", "cat", "dan")
KEYS = {"x": {"a:x"}, "y": {"a:y"}, OWNER: {"a:x", "a:y", "z"}}
"""What each role allows, of all that is looked at."""
PLATFORM = Caller(kind="platform", id="platform")

callers = st.sampled_from(("ann", "bob"))
users = st.sampled_from(USERS)
roles = st.sampled_from(tuple(KEYS))
own_roles = st.sampled_from(("x", "y"))
terms = st.booleans()


class Organisation(RuleBasedStateMachine):
    """`members` has whether each is active; `had` has, of each user's role, whether it has an end."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(":memory:")
        for table in SYSTEM.physical_tables(naming("dev")):
            self.engine.call("CreateTable", table.create_request())
        database = Database(self.engine, naming=naming("dev"), cursor_key=bytes(32), clock=lambda: NOW)
        numbers = itertools.count(1)
        changes = Changes(
            database,
            chain_key=bytes(32),
            clock=lambda: NOW,
            new_id=lambda: f"id{next(numbers):06}",
            random=Random(1),  # noqa: S311 - waiting times
        )
        self.database, self.changes = database, changes
        self.directory, self.members_, self.removal = Directory(changes), MemberDirectory(changes), Removal(changes)
        self.assignments, self.remapping = Assignments(changes), Remapping(changes)
        self.snapshots = Snapshots(database, clock=lambda: NOW)
        self.members: dict[str, bool] = {}
        self.had: dict[tuple[str, str], bool] = {}

    @initialize()
    def found(self) -> None:
        found_platform(self.changes, now=NOW)
        new = NewOrganisation(
            organisation_id="acme", name="a", owner_id="ann", owner_email="a@example.com", seat_limit=SEATS
        )
        self.directory.create(Actor(id="platform"), new)
        self.members["ann"], self.had["ann", OWNER] = True, False
        sets, definitions = PermissionSetService(self.changes), RoleDefinitions(self.changes)
        for role_id in ("x", "y"):
            content = SetContent(name=role_id, active=True, entries=[PermissionEntry(key=f"a:{role_id}")])
            sets.create(Actor(id="platform"), PLATFORM, "acme", role_id, content=content)
            role = RoleContent(name=role_id, active=True, permission_set_ids=[role_id], parent_role_ids=[])
            definitions.create(Actor(id="platform"), PLATFORM, "acme", role_id, content=role)

    def teardown(self) -> None:
        self.engine.close()

    def has(self, user_id: str) -> set[str]:
        return {role_id for each, role_id in self.had if each == user_id}

    def holds(self, caller: str, role_ids: set[str], *, forever: bool = False) -> bool:
        """Whether the caller may do all that the roles allow; forever: without an end."""
        if not self.members.get(caller, False):
            return False
        own = {role_id for role_id in self.has(caller) if not (forever and self.had[caller, role_id])}
        if OWNER in own:
            return True
        held = set().union(*(KEYS[role_id] for role_id in own))
        return OWNER not in role_ids and all(KEYS[role_id] <= held for role_id in role_ids)

    def owners(self) -> set[str]:
        return {
            user_id for user_id, active in self.members.items() if active and self.had.get((user_id, OWNER)) is False
        }

    def expect(self, act: Callable[[], object], *, allowed: bool) -> bool:
        """Whether it happened, which must be as expected."""
        refused: ServiceError | None = None
        try:
            act()
        except ServiceError as error:
            refused = error
        assert (refused is None) == allowed, refused
        return allowed

    @rule(user_id=users)
    def add(self, user_id: str) -> None:
        new = NewMember(user_id=user_id, email="x@example.com")
        allowed = user_id not in self.members and len(self.members) < SEATS
        if self.expect(lambda: self.members_.add(Actor(id="platform"), "acme", new), allowed=allowed):
            self.members[user_id] = True

    @rule(caller=callers, user_id=users)
    def remove(self, caller: str, user_id: str) -> None:
        allowed = (
            user_id in self.members
            and (caller == user_id or self.holds(caller, self.has(user_id)))
            and self.owners() != {user_id}
        )
        if self.expect(lambda: self.removal.remove(*self.by(caller), "acme", user_id), allowed=allowed):
            del self.members[user_id]
            self.had = {key: ends for key, ends in self.had.items() if key[0] != user_id}

    @precondition(lambda self: self.members)
    @rule(caller=callers, user_id=users)
    def switch(self, caller: str, user_id: str) -> None:
        active = not self.members.get(user_id, False)
        allowed = (
            user_id in self.members
            and ((not active and caller == user_id) or self.holds(caller, self.has(user_id)))
            and (active or self.owners() != {user_id})
        )
        values = {"active": active}
        act = lambda: self.members_.change(*self.by(caller), "acme", user_id, values=values, if_match=None)  # noqa: E731
        if self.expect(act, allowed=allowed):
            self.members[user_id] = active

    @rule(caller=callers, user_id=users, role_id=roles, ends=terms)
    def assign(self, caller: str, user_id: str, role_id: str, *, ends: bool) -> None:
        allowed = (
            user_id in self.members
            and (user_id, role_id) not in self.had
            and self.holds(caller, {role_id})
            and (ends or self.holds(caller, {role_id}, forever=True))
        )
        place: dict[str, Any] = {"user_id": user_id, "role_id": role_id, "term": self.term(ends=ends)}
        if self.expect(lambda: self.assignments.assign(*self.by(caller), "acme", **place), allowed=allowed):
            self.had[user_id, role_id] = ends

    @rule(caller=callers, user_id=users, role_id=roles, ends=terms)
    def change_term(self, caller: str, user_id: str, role_id: str, *, ends: bool) -> None:
        allowed = (
            (user_id, role_id) in self.had
            and self.holds(caller, {role_id})
            and (ends or self.holds(caller, {role_id}, forever=True))
            and not (ends and role_id == OWNER and self.owners() == {user_id})
        )
        place: dict[str, Any] = {"user_id": user_id, "role_id": role_id, "term": self.term(ends=ends)}
        if self.expect(lambda: self.assignments.change_term(*self.by(caller), "acme", **place), allowed=allowed):
            self.had[user_id, role_id] = ends

    @rule(caller=callers, user_id=users, role_id=roles)
    def unassign(self, caller: str, user_id: str, role_id: str) -> None:
        allowed = (
            (user_id, role_id) in self.had
            and self.holds(caller, {role_id})
            and not (role_id == OWNER and self.owners() == {user_id})
        )
        place: dict[str, Any] = {"user_id": user_id, "role_id": role_id}
        if self.expect(lambda: self.assignments.unassign(*self.by(caller), "acme", **place), allowed=allowed):
            del self.had[user_id, role_id]

    @rule(caller=callers, role_id=own_roles)
    def remap(self, caller: str, role_id: str) -> None:
        other = "y" if role_id == "x" else "x"
        moved = {user_id: ends for (user_id, each), ends in self.had.items() if each == role_id}
        forever = all(moved.values()) or self.holds(caller, {other}, forever=True)
        allowed = self.holds(caller, {role_id}) and (not moved or (self.holds(caller, {other}) and forever))
        place: dict[str, Any] = {"role_id": role_id, "to_role_id": other}
        if self.expect(lambda: self.remapping.remap(*self.by(caller), "acme", **place), allowed=allowed):
            for user_id, ends in moved.items():
                del self.had[user_id, role_id]
                self.had[user_id, other] = ends and self.had.get((user_id, other), True)

    @invariant()
    def everything_is_counted(self) -> None:
        head = self.database.repository(OrganisationHeads).get(organisation_id="acme")
        if head is None:
            return
        assert (head.owners, head.seats_taken) == (len(self.owners()), len(self.members))
        assert head.owners >= 1
        for role_id in ("x", "y"):
            role = self.database.repository(OrganisationRoles).get(organisation_id="acme", role_id=role_id)
            if role is not None:
                assert role.assigned == sum(each == role_id for _, each in self.had)

    @invariant()
    def everybody_may_do_what_the_roles_say(self) -> None:
        if not self.members:
            return
        snapshot = self.snapshots.fresh("acme")
        for user_id in USERS:
            active = self.members.get(user_id, False)
            may = set().union(*(KEYS[role_id] for role_id in self.has(user_id))) if active else set()
            assert {key for key in KEYS[OWNER] if snapshot.allows(user_id, key, now=NOW)} == may

    def by(self, user_id: str) -> tuple[Actor, Caller]:
        return Actor(id=user_id), Caller(kind="user", id=user_id)

    def term(self, *, ends: bool) -> Term:
        return Term(not_after=END if ends else None)


TestOrganisation = Organisation.TestCase
TestOrganisation.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
