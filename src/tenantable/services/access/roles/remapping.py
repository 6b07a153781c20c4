"""Giving everybody who has one role, or is invited to it, another one instead, so that the first can be deleted."""

from dataclasses import dataclass, replace
from itertools import islice

from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import bounded
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    OWNER,
    Invitation,
    Invitations,
    Members,
    OrganisationRole,
    OrganisationRoles,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.errors import NotFound, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.counts import count_assigned
from tenantable.services.access.rights.gifts import INVITE, refuse_giving
from tenantable.services.access.rights.handing_out import (
    given_by_role,
    given_to,
    refuse_other_denies,
    refuse_other_denies_of,
)
from tenantable.services.access.rights.held import refuse_longer_than_held, rules_of, snapshot_for
from tenantable.services.access.roles.assignments import refuse_to_take, refuse_unless_defined
from tenantable.services.access.roles.inheritance import check_references, way_up, with_role

REMAPPED_AT_ONCE = 20
"""Users, or roles below, that are changed in one transaction."""
REMAP_STEPS_MAX = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Remapped:
    """
    How many users, roles below and open invitations were moved, and how many still have the role: invitations of those
    who may not invite are left.
    """

    users: int
    roles: int
    invitations: int
    left: int


class Remapping:
    """Moves users, and roles below, from one role to another."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._assignments = changes.database.repository(UserRoleAssignments)
        self._members = changes.database.repository(Members).consistent
        self._roles = changes.database.repository(OrganisationRoles).consistent
        self._invitations = changes.database.repository(Invitations)

    def remap(
        self, actor: Actor, caller: Caller, organisation_id: str, *, role_id: str, to_role_id: str
    ) -> Changed[Remapped]:
        """
        Give everybody who has one role another one instead, some at a time. Repeated, it goes on where it was left.

        Whoever has both keeps the one that lasts longer. Roles below get the other one as their parent. Open
        invitations are changed where the caller may invite, who answers for them from then on, as for resent ones.

        Returns:
            What was moved in all, and the version that the last step gave.
        Raises:
            Answered, IdempotencyKeyReused: As `Changes.once`.
            NotFound: The organisation has not got the one role, or there is no other one.
            Unprocessable: Both are the same, or one is the owners', who are changed one by one; or a role below would
                be above itself.
            Forbidden: One of them allows more than the caller holds, or longer; or a deny of them concerns what the
                caller does not hold.
        """
        if role_id == to_role_id or OWNER in (role_id, to_role_id):
            raise Unprocessable("A role is remapped to another one, and owners are changed one by one")

        def every_step(each: Actor) -> Changed[Remapped]:
            users = roles = invitations = 0
            for _ in range(REMAP_STEPS_MAX):
                changed = self._changes.run(
                    organisation_id, each, lambda change: self._step(change, caller, role_id, to_role_id)
                )
                step = changed.result
                users, roles, invitations = users + step.users, roles + step.roles, invitations + step.invitations
                if step.users + step.roles + step.invitations < REMAPPED_AT_ONCE:
                    break
            moved = Remapped(users=users, roles=roles, invitations=invitations, left=step.left)
            return replace(changed, result=moved)

        return self._changes.once(organisation_id, actor, every_step)

    def _step(self, change: Change, caller: Caller, role_id: str, to_role_id: str) -> Remapped:
        snapshot = snapshot_for(change)
        stored = self._roles.get(organisation_id=change.organisation_id, role_id=role_id)
        if stored is None:
            raise NotFound(f"There is no role {role_id}")
        refuse_unless_defined(snapshot, to_role_id)
        _refuse_below(snapshot, role_id, to_role_id)
        refuse_to_take(change, caller, snapshot, role_id)
        below = self._roles_below(change, caller, snapshot, role_id, to_role_id=to_role_id)
        users = self._users(change, REMAPPED_AT_ONCE - len(below), role_id)
        added = sum(self._move(change, caller, snapshot, each, to_role_id=to_role_id) for each in users)
        room = REMAPPED_AT_ONCE - len(below) - len(users)
        invited = self._invited(change, caller, snapshot, room, role_id=role_id, to_role_id=to_role_id)
        count_assigned(change, snapshot, role_id, -len(below) - len(users) - invited)
        had_both = sum(to_role_id in role.parent_role_ids for role in below)
        count_assigned(change, snapshot, to_role_id, len(below) - had_both + added + invited)
        left = stored.assigned - len(below) - len(users) - invited
        details = {"to": to_role_id, "users": str(len(users)), "roles": str(len(below)), "left": str(left)}
        moved = {"moved": [each.user_id for each in users], "below": [each.role_id for each in below]}
        details |= {name: bounded(ids) for name, ids in moved.items() if ids}
        change.record("ROLE_CHANGE", "role.remap", target=role_id, details=details)
        return Remapped(users=len(users), roles=len(below), invitations=invited, left=left)

    def _invited(
        self, change: Change, caller: Caller, snapshot: Snapshot, limit: int, *, role_id: str, to_role_id: str
    ) -> int:
        """Changes open invitations that give the role; how many they were."""
        rules = rules_of(caller, snapshot, now=change.now.timestamp())
        if limit < 1 or (rules is not None and not rules.allows(INVITE)):
            return 0
        place = {"organisation_id": change.organisation_id}
        pending = self._invitations.by_status(**place, status="pending")
        ids = (each.invitation_id for each in pending if each.role_id == role_id)
        found = (self._invitations.consistent.get(**place, invitation_id=each) for each in ids)
        still = (each for each in found if each is not None and (each.status, each.role_id) == ("pending", role_id))
        number = 0
        for invitation in islice(still, limit):
            made = invitation.model_copy(update={"role_id": to_role_id})
            refuse_giving(change, snapshot, made, caller)
            answering = Invitation.invited_by.set(caller.id), Invitation.inviter_kind.set(caller.kind)
            change.update(Invitations, invitation, Invitation.role_id.set(to_role_id), *answering)
            number += 1
        return number

    def _users(self, change: Change, limit: int, role_id: str) -> list[UserRoleAssignment]:
        """Of those whom the index knows, the ones who have the role now: an index may be behind."""
        if limit < 1:
            return []
        found = self._assignments.users_of_role(organisation_id=change.organisation_id, role_id=role_id).page(limit)
        keys = [
            UserRoleAssignments.get.key(organisation_id=each.organisation_id, user_id=each.user_id, role_id=role_id)
            for each in found.items
        ]
        consistent = self._assignments.consistent
        stored = [consistent.get(**key.values) for key in keys]
        return [each for each in stored if each is not None]

    def _roles_below(
        self, change: Change, caller: Caller, snapshot: Snapshot, role_id: str, *, to_role_id: str
    ) -> list[OrganisationRole]:
        """Puts the other role above those below the one; gives them as they were."""
        moved: list[OrganisationRole] = []
        definitions, now = snapshot.definitions, change.now.timestamp()
        for role in snapshot.definitions.roles.values():
            if not isinstance(role, OrganisationRole) or role_id not in role.parent_role_ids:
                continue
            if len(moved) == REMAPPED_AT_ONCE:
                break
            parents = list(dict.fromkeys(to_role_id if each == role_id else each for each in role.parent_role_ids))
            made = role.model_copy(update={"parent_role_ids": parents})
            check_references(definitions, made)
            after = with_role(definitions, made)
            refuse_longer_than_held(given_by_role(after, role.role_id), caller, snapshot, until=None, now=now)
            refuse_other_denies(
                definitions.rules_of_role(role.role_id), after.rules_of_role(role.role_id), caller, snapshot, now=now
            )
            definitions = after
            key = OrganisationRoles.get.key(organisation_id=change.organisation_id, role_id=role.role_id)
            change.update(OrganisationRoles, key, OrganisationRole.parent_role_ids.set(parents))
            moved.append(role)
        return moved

    def _move(
        self, change: Change, caller: Caller, snapshot: Snapshot, assignment: UserRoleAssignment, *, to_role_id: str
    ) -> int:
        """How many more have the new role: none where the user has it already."""
        place = {"organisation_id": change.organisation_id, "user_id": assignment.user_id}
        self._refuse(change, caller, snapshot, assignment, to_role_id=to_role_id)
        change.delete(UserRoleAssignments, assignment)
        moved = assignment.model_copy(
            update={
                "role_id": to_role_id,
                "assigned_by": change.actor.id,
                "date_assigned": change.now,
                "revision": 0,
            }
        )
        present = self._assignments.consistent.get(**place, role_id=to_role_id)
        if present is None:
            change.create(UserRoleAssignments, moved)
            return 1
        if _lasts_longer(moved, present):
            change.put(UserRoleAssignments, moved.model_copy(update={"revision": present.revision}))
        return 0

    def _refuse(
        self, change: Change, caller: Caller, snapshot: Snapshot, assignment: UserRoleAssignment, *, to_role_id: str
    ) -> None:
        found, now = snapshot.definitions, change.now.timestamp()
        refuse_longer_than_held(given_by_role(found, to_role_id), caller, snapshot, until=assignment.not_after, now=now)
        changed = [rule for each in (assignment.role_id, to_role_id) for rule in found.rules_of_role(each)]
        if any(rule.effect == "deny" for rule in changed):
            place = {"organisation_id": change.organisation_id, "user_id": assignment.user_id}
            member = self._members.get(**place)
            held = self._assignments.consistent.of_user(**place).all()
            if member is not None:
                others = [each for each in held if each.role_id != assignment.role_id]
                refuse_other_denies_of(changed, given_to(snapshot, member, others), caller, snapshot, now=now)


def _refuse_below(snapshot: Snapshot, role_id: str, to_role_id: str) -> None:
    """Roles below the one get the other as their parent: it cannot be one of them."""
    way = way_up(snapshot.definitions, to_role_id, role_id)
    if way:
        hint = f"take {role_id} out of the parents of {way[-2]} first (parentRoleIds)"
        raise Unprocessable(f"{to_role_id} would be above itself: it is {' below '.join(way)}", hint=hint)


def _lasts_longer(one: UserRoleAssignment, other: UserRoleAssignment) -> bool:
    if other.not_after is None or one.not_after is None:
        return other.not_after is not None
    return one.not_after > other.not_after
