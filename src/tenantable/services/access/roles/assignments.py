"""Who has which role: given and taken away, also for a time, and moved from one role to another."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tenantable.declare.queries import Page
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    OWNER,
    Member,
    Members,
    OrganisationRole,
    OrganisationRoles,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.errors import AlreadyExists, InUse, NotFound, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.rights import refuse_more_than_held, snapshot_for

REMAPPED_AT_ONCE = 20
"""Users whose role is changed in one transaction."""
REMAP_STEPS_MAX = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """From when until when an assignment counts; None: from the beginning, without an end."""

    not_before: datetime | None = None
    not_after: datetime | None = None

    def __post_init__(self) -> None:
        if self.not_before is not None and self.not_after is not None and self.not_after <= self.not_before:
            raise Unprocessable("notAfter must be later than notBefore")


class Assignments:
    """Roles of users in organisations."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._assignments = changes.database.repository(UserRoleAssignments)
        self._members = changes.database.repository(Members).consistent

    def of_user(self, organisation_id: str, user_id: str) -> list[UserRoleAssignment]:
        """A user's roles in an organisation, by role id; those that do not count now, too."""
        return self._assignments.consistent.of_user(organisation_id=organisation_id, user_id=user_id).all()

    def users_of_role(
        self, organisation_id: str, role_id: str, *, limit: int, cursor: str | None
    ) -> Page[UserRoleAssignment]:
        """The users who have a role in an organisation, by user id."""
        return self._assignments.users_of_role(organisation_id=organisation_id, role_id=role_id).page(limit, cursor)

    def assign(
        self, actor: Actor, caller: Caller, organisation_id: str, *, user_id: str, role_id: str, term: Term
    ) -> Changed[UserRoleAssignment]:
        """
        Give a user a role.

        Raises:
            NotFound: The user is no member, or the organisation has no such role.
            AlreadyExists: The user has it.
            Forbidden: It allows more than the caller holds.
        """

        def build(change: Change) -> UserRoleAssignment:
            member = self._member(organisation_id, user_id)
            if self._assignment(organisation_id, user_id, role_id) is not None:
                raise AlreadyExists(f"{user_id} has the role {role_id} already")
            snapshot = snapshot_for(change)
            _refuse(change, caller, snapshot, role_id)
            made = UserRoleAssignment(
                organisation_id=organisation_id,
                user_id=user_id,
                role_id=role_id,
                assigned_by=actor.id,
                date_assigned=change.now,
                not_before=term.not_before,
                not_after=term.not_after,
            )
            change.create(UserRoleAssignments, made)
            change.check(Members, Members.get.key(organisation_id=organisation_id, user_id=user_id))
            _count(change, snapshot, role_id, 1)
            change.count_owners(_owners(made, member))
            change.record("ROLE_CHANGE", "role.assign", target=user_id, details={"role": role_id} | _shown(term))
            return made

        return self._changes.run(organisation_id, actor, build)

    def unassign(
        self, actor: Actor, caller: Caller, organisation_id: str, *, user_id: str, role_id: str
    ) -> Changed[None]:
        """
        Take a role away from a user.

        Raises:
            NotFound: The user has not got it.
            LastOwner: The organisation would have no owner.
            Forbidden: It allows more than the caller holds.
        """

        def build(change: Change) -> None:
            stored = self._assignment(organisation_id, user_id, role_id)
            if stored is None:
                raise NotFound(f"{user_id} has no role {role_id}")
            snapshot = snapshot_for(change)
            _refuse(change, caller, snapshot, role_id)
            change.delete(UserRoleAssignments, stored)
            _count(change, snapshot, role_id, -1)
            change.count_owners(-_owners(stored, self._members.get(organisation_id=organisation_id, user_id=user_id)))
            change.record("ROLE_CHANGE", "role.unassign", target=user_id, details={"role": role_id})

        return self._changes.run(organisation_id, actor, build)

    def remap(
        self, actor: Actor, caller: Caller, organisation_id: str, *, role_id: str, to_role_id: str
    ) -> Iterator[Changed[int]]:
        """
        Give everybody who has one role another one instead, some users at a time. Carried on where it was left.

        Yields:
            How many users were moved in each step.
        Raises:
            NotFound: The organisation has not got one of the roles.
            Unprocessable: Both are the same, or one is the owners', who are changed one by one.
            Forbidden: One of them allows more than the caller holds.
            InUse: Others than users have it: open invitations, or roles below it.
        """
        if role_id == to_role_id or OWNER in (role_id, to_role_id):
            raise Unprocessable("A role is remapped to another one, and owners are changed one by one")
        for _ in range(REMAP_STEPS_MAX):
            changed = self._changes.run(
                organisation_id, actor, lambda change: self._remapped(change, caller, role_id, to_role_id)
            )
            yield changed
            if not changed.result:
                break
        left = self._changes.database.repository(OrganisationRoles).consistent.get(
            organisation_id=organisation_id, role_id=role_id
        )
        if left is not None and left.assigned:
            raise InUse("Open invitations or other roles still have this role", hint="revoke or change them first")

    def _remapped(self, change: Change, caller: Caller, role_id: str, to_role_id: str) -> int:
        snapshot = snapshot_for(change)
        for each in (role_id, to_role_id):
            _refuse(change, caller, snapshot, each)
        page = self._assignments.users_of_role(organisation_id=change.organisation_id, role_id=role_id)
        moved = [self._move(change, each, to_role_id) for each in page.page(REMAPPED_AT_ONCE)]
        _count(change, snapshot, role_id, -len(moved))
        _count(change, snapshot, to_role_id, sum(moved))
        details = {"to": to_role_id, "users": str(len(moved))}
        change.record("ROLE_CHANGE", "role.remap", target=role_id, details=details)
        return len(moved)

    def _move(self, change: Change, assignment: UserRoleAssignment, to_role_id: str) -> int:
        """How many more have the new role: none where the user has it already."""
        change.delete(UserRoleAssignments, assignment)
        if self._assignment(assignment.organisation_id, assignment.user_id, to_role_id) is not None:
            return 0
        change.create(UserRoleAssignments, assignment.model_copy(update={"role_id": to_role_id}))
        return 1

    def _member(self, organisation_id: str, user_id: str) -> Member:
        member = self._members.get(organisation_id=organisation_id, user_id=user_id)
        if member is None:
            raise NotFound(f"{user_id} is no member")
        return member

    def _assignment(self, organisation_id: str, user_id: str, role_id: str) -> UserRoleAssignment | None:
        found = self._assignments.consistent
        return found.get(organisation_id=organisation_id, user_id=user_id, role_id=role_id)


def _refuse(change: Change, caller: Caller, snapshot: Snapshot, role_id: str) -> None:
    if snapshot.definitions.role(role_id) is None:
        raise NotFound(f"There is no role {role_id}")
    rules = snapshot.definitions.rules_of_role(role_id)
    refuse_more_than_held(rules, caller, snapshot, now=change.now.timestamp())


def _count(change: Change, snapshot: Snapshot, role_id: str, number: int) -> None:
    """The platform's roles are not counted: they are never deleted."""
    if number and role_id in snapshot.definitions.roles:
        key = OrganisationRoles.get.key(organisation_id=change.organisation_id, role_id=role_id)
        change.update(OrganisationRoles, key, OrganisationRole.assigned.add(number))


def _owners(assignment: UserRoleAssignment, member: Member | None) -> int:
    """Whether this assignment is one of an owner who is counted."""
    lasts = assignment.not_before is None and assignment.not_after is None
    return int(assignment.role_id == OWNER and lasts and member is not None and member.active)


def _shown(term: Term) -> dict[str, str]:
    moments = {"notBefore": term.not_before, "notAfter": term.not_after}
    return {name: moment.isoformat() for name, moment in moments.items() if moment is not None}
