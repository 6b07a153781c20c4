"""The use cases of organisations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenantable.declare.queries import Page
from tenantable.errors import ConditionFailed
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import changed, changed_values
from tenantable.services.access.declaration import (
    OWNER,
    Member,
    Members,
    Organisation,
    OrganisationHead,
    OrganisationHeads,
    Organisations,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.errors import AlreadyExists, Forbidden, SeatLimitTooLow, no_such_organisation
from tenantable.services.access.identity.callers import Caller
from tenantable.web.etags import check_if_match

TOLD = ("name", "active", "allowed_domains")
"""Of an organisation, in the audit trail; and its seat limit."""
ADMINISTRATORS = frozenset({"seat_limit", "active"})
"""What of an organisation the platform's administrator alone may change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewOrganisation:
    """An organisation to be made, with its first owner. `seat_limit` None means any number of members."""

    organisation_id: str
    name: str
    owner_id: str
    owner_email: str
    seat_limit: int | None = None
    allowed_domains: Sequence[str] = ()


class Directory:
    """Organisations, as the directory's component reads and changes them."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._database = changes.database

    def create(self, actor: Actor, new: NewOrganisation) -> Changed[Organisation]:
        """
        Make an organisation with its first owner.

        Raises:
            AlreadyExists: There is one of this id.
        """

        def build(change: Change) -> Organisation:
            organisation = Organisation(
                organisation_id=new.organisation_id,
                name=new.name,
                allowed_domains=list(new.allowed_domains),
                date_created=change.now,
            )
            change.seat_limit = new.seat_limit
            change.create(Organisations, organisation)
            _add_owner(change, new)
            details = {"owner": new.owner_id} | changed(None, organisation, *TOLD) | changed(None, new, "seat_limit")
            change.record("CONFIGURATION", "organisation.create", target=new.organisation_id, details=details)
            return organisation.model_copy(update={"revision": 1})

        try:
            return self._changes.found(new.organisation_id, actor, build)
        except ConditionFailed as error:
            raise AlreadyExists(f"There is an organisation {new.organisation_id} already") from error

    def organisation(self, organisation_id: str) -> tuple[Organisation, OrganisationHead]:
        """
        The organisation, and how many owners and seats it has.

        Raises:
            NotFound: There is none.
        """
        head = self._database.repository(OrganisationHeads).consistent.get(organisation_id=organisation_id)
        if head is None:
            raise no_such_organisation(organisation_id)
        return self._stored(organisation_id), head

    def organisations(self, *, active: bool, name: str | None, limit: int, cursor: str | None) -> Page[Organisation]:
        """The active (or inactive) organisations of the platform by name, or those of one name."""
        return self._database.repository(Organisations).by_name(active=active, name=name).page(limit, cursor)

    def change(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        *,
        values: Mapping[str, Any],
        if_match: str | None,
    ) -> Changed[tuple[Organisation, int | None]]:
        """
        Change what is named: `name`, `allowed_domains`, `seat_limit`, `active`.

        While it is not active nobody but the platform's administrator may do anything in it.

        Returns:
            The organisation and its seat limit.
        Raises:
            NotFound: There is none.
            PreconditionFailed: It was changed since it was read.
            Forbidden: Seats and activity are the administrator's to change.
            SeatLimitTooLow: More seats are taken.
        """

        def build(change: Change) -> tuple[Organisation, int | None]:
            stored = self._stored(organisation_id)
            check_if_match(if_match, stored.revision)
            present = stored.model_dump() | {"seat_limit": change.head.seat_limit}
            other = {name: value for name, value in values.items() if present[name] != value}
            if ADMINISTRATORS & other.keys() and caller.kind != "platform":
                raise Forbidden("Seats and activity are for the platform's administrator to change")
            if "seat_limit" in other:
                _limit_seats(change, other["seat_limit"])
            made = stored.model_copy(update={name: each for name, each in other.items() if name != "seat_limit"})
            change.put(Organisations, made)
            details = changed_values({name: present[name] for name in other}, other)
            change.record("CONFIGURATION", "organisation.change", target=organisation_id, details=details)
            return made.model_copy(update={"revision": stored.revision + 1}), change.seat_limit

        return self._changes.run(organisation_id, actor, build)

    def _stored(self, organisation_id: str) -> Organisation:
        found = self._database.repository(Organisations).consistent.get(organisation_id=organisation_id)
        if found is None:
            raise no_such_organisation(organisation_id)
        return found


def _limit_seats(change: Change, limit: int | None) -> None:
    taken = change.head.seats_taken
    if limit is not None and limit < taken:
        hint = "remove members or revoke invitations first"
        raise SeatLimitTooLow(f"{taken} seats are taken, by members and open invitations", hint=hint)
    change.seat_limit = limit


def _add_owner(change: Change, new: NewOrganisation) -> None:
    member = Member(
        organisation_id=new.organisation_id, user_id=new.owner_id, email=new.owner_email, date_joined=change.now
    )
    assignment = UserRoleAssignment(
        organisation_id=new.organisation_id,
        user_id=new.owner_id,
        role_id=OWNER,
        assigned_by=change.actor.id,
        date_assigned=change.now,
    )
    change.create(Members, member)
    change.create(UserRoleAssignments, assignment)
    change.count_owners(1)
    change.take_seats(1)
