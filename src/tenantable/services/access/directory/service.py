"""The use cases of the directory."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenantable.errors import ConditionFailed
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
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
from tenantable.services.access.errors import AlreadyExists, NotFound


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
    """Organisations and their members, as the directory's component reads and changes them."""

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
            details = {"owner": new.owner_id}
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
        organisation = self._database.repository(Organisations).consistent.get(organisation_id=organisation_id)
        head = self._database.repository(OrganisationHeads).consistent.get(organisation_id=organisation_id)
        if organisation is None or head is None:
            raise NotFound("There is no such organisation")
        return organisation, head


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
