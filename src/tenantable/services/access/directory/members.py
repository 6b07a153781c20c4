"""The use cases of members: who is there, and what is known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenantable.declare.queries import Page
from tenantable.errors import ConditionFailed, StaleItem
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import changed_names
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    Member,
    Members,
    Organisation,
    Organisations,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.errors import AlreadyExists, NotFound
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.conditions import altered_names, refuse_other_properties
from tenantable.services.access.rights.counts import counted_owners, run_counting_begun
from tenantable.services.access.rights.handing_out import given_to
from tenantable.services.access.rights.held import refuse_longer_than_held, refuse_more_than_held, snapshot_for
from tenantable.web.etags import check_if_match


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMember:
    """A user who becomes a member; `email` is normalised."""

    user_id: str
    email: str
    name: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


class MemberDirectory:
    """Members of organisations."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._database = changes.database
        self._members = changes.database.repository(Members)

    def member(self, organisation_id: str, user_id: str) -> Member:
        """
        Raises:
            NotFound: The user is no member.
        """
        found = self._members.consistent.get(organisation_id=organisation_id, user_id=user_id)
        if found is None:
            raise NotFound(f"{user_id} is no member")
        return found

    def of_organisation(
        self, organisation_id: str, *, prefix: str | None, email: str | None, limit: int, cursor: str | None
    ) -> Page[Member]:
        """
        An organisation's members, by user id; None lets every one through.

        Args:
            prefix: What the user id begins with; costs only what is found.
            email: The address, normalised. No index has it, so all members are read and billed; a page looks at some
                thousands, and may be short although there are more.
        """
        query = self._members.of_organisation(organisation_id=organisation_id)
        if prefix is not None:
            query = query.range(Member.user_id.begins_with(prefix))
        if email is not None:
            query = query.where(Member.email == email)
        return query.page(limit, cursor)

    def organisations_of(
        self, user_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[tuple[Member, Organisation]], str | None]:
        """A user's memberships with their organisations, by organisation, and the cursor of the next page."""
        page = self._members.organisations_of_user(user_id=user_id).page(limit, cursor)
        organisations = self._database.repository(Organisations)
        found = [(each, organisations.get(organisation_id=each.organisation_id)) for each in page.items]
        return [(member, each) for member, each in found if each is not None], page.next

    def add(self, actor: Actor, organisation_id: str, new: NewMember) -> Changed[Member]:
        """
        Make a user a member without an invitation; for the platform's administrator. Roles are assigned afterwards.

        Raises:
            NotFound: There is no such organisation.
            AlreadyExists: The user is a member.
            SeatsTaken: There is no free seat.
        """

        def build(change: Change) -> Member:
            made = Member(
                organisation_id=organisation_id,
                user_id=new.user_id,
                email=new.email,
                name=new.name,
                properties=dict(new.properties),
                date_joined=change.now,
            )
            change.create(Members, made)
            change.take_seats(1)
            details = changed_names({}, made.properties)
            change.record("USER_MANAGEMENT", "member.add", target=new.user_id, details=details)
            return made.model_copy(update={"revision": 1})

        try:
            return self._changes.run(organisation_id, actor, build)
        except StaleItem:
            raise
        except ConditionFailed as error:
            raise AlreadyExists(f"{new.user_id} is a member already") from error

    def change(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        user_id: str,
        *,
        values: Mapping[str, Any],
        if_match: str | None,
    ) -> Changed[Member]:
        """
        Change what is named: `name`, `properties` (all of them), `active`.

        Raises:
            NotFound: The user is no member.
            PreconditionFailed: The member was changed since it was read.
            LastOwner: The organisation would have no active owner.
            Forbidden: A member is switched on or off who has more than the caller holds, or longer; or one's rights
                hang on the properties and the caller does not hold them whatever those are, and without an end.
        """

        def build(change: Change) -> Member:
            stored = self.member(organisation_id, user_id)
            check_if_match(if_match, stored.revision)
            made = stored.model_copy(update=dict(values))
            self._refuse(change, caller, stored, made)
            change.put(Members, made)
            change.record("USER_MANAGEMENT", _action(stored, made), target=user_id, details=_details(stored, made))
            return made.model_copy(update={"revision": stored.revision + 1})

        return run_counting_begun(self._changes, organisation_id, actor, build)

    def _refuse(self, change: Change, caller: Caller, stored: Member, made: Member) -> None:
        place = {"organisation_id": change.organisation_id, "user_id": stored.user_id}
        assignments = self._database.repository(UserRoleAssignments).consistent.of_user(**place).all()
        snapshot, now = snapshot_for(change), change.now.timestamp()
        rules = given_to(snapshot, stored, assignments)
        if stored.active != made.active:
            if made.active:
                _refuse_switching_on(stored, assignments, caller, snapshot, now=now)
            elif caller.id != stored.user_id:  # everybody may switch themselves off
                refuse_more_than_held(rules, caller, snapshot, now=now)
            change.count_owners(counted_owners(assignments, made) - counted_owners(assignments, stored))
        changed = altered_names(stored.properties, made.properties)
        if changed:
            refuse_other_properties(changed, rules, caller, snapshot, now=now)


def _refuse_switching_on(
    member: Member, assignments: Sequence[UserRoleAssignment], caller: Caller, snapshot: Snapshot, *, now: float
) -> None:
    """Until each end of a role, the member has at most what ends no sooner."""
    for until in {None, *(each.not_after for each in assignments)}:
        left = [each for each in assignments if each.not_after is None or (until and each.not_after >= until)]
        refuse_longer_than_held(given_to(snapshot, member, left), caller, snapshot, until=until, now=now)


def _details(stored: Member, made: Member) -> dict[str, str]:
    """For the audit trail: a person's name and properties are not repeated there."""
    renamed = {"changed": "name"} if stored.name != made.name else {}
    return renamed | changed_names(stored.properties, made.properties)


def _action(stored: Member, made: Member) -> str:
    if stored.active == made.active:
        return "member.change"
    return "member.enable" if made.active else "member.disable"
