"""Who has which role: given and taken away, also for a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tenantable.declare.queries import Page
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import changed
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    Member,
    Members,
    OrganisationRoles,
    PlatformRoles,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.errors import AlreadyExists, NotFound, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.counts import count_assigned, counted_owners, run_counting_begun
from tenantable.services.access.rights.handing_out import (
    frees_themselves,
    given_by_role,
    given_to,
    refuse_other_denies_of,
)
from tenantable.services.access.rights.held import refuse_longer_than_held, refuse_more_than_held, snapshot_for
from tenantable.web.etags import check_if_match

ROLES_OF_USER_MAX = 500
"""Roles of one user in one organisation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """
    From when until when an assignment counts; None: from the beginning, without an end.

    `may_be_past`: what has ended may be written, as a configuration has it that was exported.
    """

    not_before: datetime | None = None
    not_after: datetime | None = None
    may_be_past: bool = False

    def __post_init__(self) -> None:
        if self.not_before is not None and self.not_after is not None and self.not_after <= self.not_before:
            raise Unprocessable("notAfter must be later than notBefore")

    def refuse_past(self, now: datetime) -> None:
        """
        Raises:
            Unprocessable: It is over.
        """
        if self.not_after is not None and self.not_after <= now and not self.may_be_past:
            hint = "give a later time; to take the role away, unassign it"
            raise Unprocessable("notAfter is past: the role would never count", hint=hint)


class Assignments:
    """Roles of users in organisations."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._assignments = changes.database.repository(UserRoleAssignments)
        self._members = changes.database.repository(Members).consistent

    def of_user(self, organisation_id: str, user_id: str) -> list[UserRoleAssignment]:
        """
        A member's roles in an organisation, by role id; those that do not count now, too.

        Raises:
            NotFound: The user is no member.
        """
        self._member(organisation_id, user_id)
        return self._held(organisation_id, user_id)

    def assignment(self, organisation_id: str, user_id: str, role_id: str) -> UserRoleAssignment:
        """
        Raises:
            NotFound: The user is no member, or has not got the role.
        """
        self._member(organisation_id, user_id)
        return _of_role(self._held(organisation_id, user_id), role_id, user_id)

    def users_of_role(
        self, organisation_id: str, role_id: str, *, limit: int, cursor: str | None
    ) -> Page[UserRoleAssignment]:
        """
        The users who have a role in an organisation, by user id.

        Raises:
            NotFound: Neither the organisation nor the platform has the role.
        """
        database = self._changes.database
        own = database.repository(OrganisationRoles).get(organisation_id=organisation_id, role_id=role_id)
        if own is None and database.repository(PlatformRoles).get(role_id=role_id) is None:
            raise NotFound(f"There is no role {role_id}")
        return self._assignments.users_of_role(organisation_id=organisation_id, role_id=role_id).page(limit, cursor)

    def assign(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        *,
        user_id: str,
        role_id: str,
        term: Term,
        if_match: str | None = None,
    ) -> Changed[UserRoleAssignment]:
        """
        Give a user a role.

        Raises:
            NotFound: The user is no member, or the organisation has no such role.
            AlreadyExists: The user has it.
            PreconditionFailed: `if_match` names what would be there.
            Unprocessable: The term is over, or the user has as many roles as one can have.
            Forbidden: It allows more than the caller holds, or longer; or it denies the user what the caller does not
                hold.
        """

        def build(change: Change) -> UserRoleAssignment:
            member, held = self._member(organisation_id, user_id), self._held(organisation_id, user_id)
            if any(each.role_id == role_id for each in held):
                raise AlreadyExists(f"{user_id} has the role {role_id} already")
            term.refuse_past(change.now)
            check_if_match(if_match, 0)
            if len(held) >= ROLES_OF_USER_MAX:
                raise Unprocessable(f"{user_id} has {ROLES_OF_USER_MAX} roles; one user cannot have more")
            snapshot = snapshot_for(change)
            refuse_unless_defined(snapshot, role_id)
            _refuse_to_give(change, caller, snapshot, role_id, term=term)
            _refuse_denies(change, caller, snapshot, role_id, member=member, others=held, until=term.not_after)
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
            count_assigned(change, snapshot, role_id, 1)
            change.count_owners(counted_owners([made], member))
            details = {"role": role_id} | changed(None, made, "not_before", "not_after")
            change.record("ROLE_CHANGE", "role.assign", target=user_id, details=details)
            return made.model_copy(update={"revision": 1})

        return self._changes.run(organisation_id, actor, build)

    def change_term(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        *,
        user_id: str,
        role_id: str,
        term: Term,
        if_match: str | None = None,
    ) -> Changed[UserRoleAssignment]:
        """
        Say anew from when until when a user has a role.

        Raises:
            NotFound: The user has not got it.
            PreconditionFailed: It was changed since it was read.
            Unprocessable: The term is over, and was another one before.
            LastOwner: The organisation would have no owner without an end.
            Forbidden: As for `assign` and `unassign`.
        """

        def build(change: Change) -> UserRoleAssignment:
            member, held = self._member(organisation_id, user_id), self._held(organisation_id, user_id)
            stored = _of_role(held, role_id, user_id)
            check_if_match(if_match, stored.revision)
            if term.not_after != stored.not_after:
                term.refuse_past(change.now)
            snapshot, others = snapshot_for(change), [each for each in held if each.role_id != role_id]
            _refuse_to_give(change, caller, snapshot, role_id, term=term)
            _refuse_denies(change, caller, snapshot, role_id, member=member, others=others)
            given = {"assigned_by": actor.id, "date_assigned": change.now}
            made = stored.model_copy(update=given | {"not_before": term.not_before, "not_after": term.not_after})
            change.put(UserRoleAssignments, made)
            change.count_owners(counted_owners([made], member) - counted_owners([stored], member))
            details = {"role": role_id} | changed(stored, made, "not_before", "not_after")
            change.record("ROLE_CHANGE", "role.change-term", target=user_id, details=details)
            return made.model_copy(update={"revision": stored.revision + 1})

        return run_counting_begun(self._changes, organisation_id, actor, build)

    def unassign(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        *,
        user_id: str,
        role_id: str,
        if_match: str | None = None,
    ) -> Changed[None]:
        """
        Take a role away from a user.

        Raises:
            NotFound: The user has not got it.
            PreconditionFailed: It was changed since it was read.
            LastOwner: The organisation would have no owner.
            Forbidden: It allows more than the caller holds, or what it denies the user would be free for.
        """

        def build(change: Change) -> None:
            member, held = self._member(organisation_id, user_id), self._held(organisation_id, user_id)
            stored = _of_role(held, role_id, user_id)
            check_if_match(if_match, stored.revision)
            snapshot, others = snapshot_for(change), [each for each in held if each.role_id != role_id]
            refuse_to_take(change, caller, snapshot, role_id)
            rules = snapshot.definitions.rules_of_role(role_id)
            if not frees_themselves(rules, caller, snapshot, user_id=user_id, now=change.now.timestamp()):
                _refuse_denies(change, caller, snapshot, role_id, member=member, others=others)
            change.delete(UserRoleAssignments, stored)
            count_assigned(change, snapshot, role_id, -1)
            change.count_owners(-counted_owners([stored], member))
            details = {"role": role_id} | changed(stored, None, "not_before", "not_after")
            change.record("ROLE_CHANGE", "role.unassign", target=user_id, details=details)

        return run_counting_begun(self._changes, organisation_id, actor, build)

    def _held(self, organisation_id: str, user_id: str) -> list[UserRoleAssignment]:
        return self._assignments.consistent.of_user(organisation_id=organisation_id, user_id=user_id).all()

    def _member(self, organisation_id: str, user_id: str) -> Member:
        member = self._members.get(organisation_id=organisation_id, user_id=user_id)
        if member is None:
            raise NotFound(f"{user_id} is no member")
        return member


def refuse_unless_defined(snapshot: Snapshot, role_id: str) -> None:
    """
    Raises:
        NotFound: Neither the organisation nor the platform has the role.
    """
    if snapshot.definitions.role(role_id) is None:
        raise NotFound(f"There is no role {role_id}")


def refuse_to_take(change: Change, caller: Caller, snapshot: Snapshot, role_id: str) -> None:
    """
    Raises:
        Forbidden: The role allows more than the caller holds.
    """
    rules = given_by_role(snapshot.definitions, role_id)
    refuse_more_than_held(rules, caller, snapshot, now=change.now.timestamp())


def _of_role(held: Sequence[UserRoleAssignment], role_id: str, user_id: str) -> UserRoleAssignment:
    for each in held:
        if each.role_id == role_id:
            return each
    raise NotFound(f"{user_id} has no role {role_id}")


def _refuse_to_give(change: Change, caller: Caller, snapshot: Snapshot, role_id: str, *, term: Term) -> None:
    rules, now = given_by_role(snapshot.definitions, role_id), change.now.timestamp()
    refuse_longer_than_held(rules, caller, snapshot, until=term.not_after, now=now)


def _refuse_denies(
    change: Change,
    caller: Caller,
    snapshot: Snapshot,
    role_id: str,
    *,
    member: Member,
    others: Sequence[UserRoleAssignment],
    until: datetime | None = None,
) -> None:
    rules, now = snapshot.definitions.rules_of_role(role_id, also_inactive=True), change.now.timestamp()
    refuse_other_denies_of(rules, given_to(snapshot, member, others), caller, snapshot, now=now, until=until)
