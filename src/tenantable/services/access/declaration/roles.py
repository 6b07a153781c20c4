"""Roles of the platform and of organisations, and who has them."""

from datetime import datetime

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.declare.patterns import collection
from tenantable.services.access.declaration.organisations import Member, Organisation
from tenantable.services.access.declaration.permissions import PermissionSet, PlatformPermissionSet
from tenantable.services.access.declaration.table import Ids, Switched, gsi1, table
from tenantable.services.access.declaration.teams import Team, TeamRoleDefinition

OWNER = "owner"
"""The platform's role that every organisation has somebody in."""


class PlatformRole(Switched, table=table, stored_names=camel_case):
    """A role that the platform defines for all organisations; its permission sets are the platform's."""

    role_id: Attr[str]
    permission_set_ids: Attr[Ids] = attr(default_factory=list)
    parent_role_ids: Attr[Ids] = attr(default_factory=list)


class OrganisationRole(Switched, table=table, stored_names=camel_case):
    """
    A role that an organisation defines for itself. It has what its parents have, too; `assigned` counts who has it:
    users, open invitations and roles below it.
    """

    organisation_id: Attr[str]
    role_id: Attr[str]
    permission_set_ids: Attr[Ids] = attr(default_factory=list)
    parent_role_ids: Attr[Ids] = attr(default_factory=list)
    assigned: Attr[int] = attr(default=0)


class UserRoleAssignment(Entity, table=table, stored_names=camel_case):
    """That a user has a role in an organisation; while `not_before` and `not_after` allow it."""

    organisation_id: Attr[str]
    user_id: Attr[str]
    role_id: Attr[str]
    assigned_by: Attr[str]
    date_assigned: Attr[datetime]
    not_before: Attr[datetime | None] = attr(default=None)
    not_after: Attr[datetime | None] = attr(default=None)
    revision: Attr[int] = attr(default=0, lock=True)


class PlatformRoles(Repository[PlatformRole]):
    """Roles of the platform."""

    @PlatformRole.key(pk="PLATFORM", sk="ROLE#{role_id}")
    def get(self, *, role_id: str) -> None:
        """One role of the platform."""

    @PlatformRole.query(gsi1, pk="PLATFORM#ACTIVE#{active}", sk="ROLE#{name}")
    def by_name(self, *, active: bool, name: str | None = None) -> None:
        """The platform's active (or inactive) roles by name, or those of one name."""


class OrganisationRoles(Repository[OrganisationRole]):
    """Roles of organisations."""

    @OrganisationRole.key(pk="ORG#{organisation_id}", sk="ROLE#{role_id}")
    def get(self, *, organisation_id: str, role_id: str) -> None:
        """One role of an organisation."""

    @OrganisationRole.query(gsi1, pk="ORG#{organisation_id}#ACTIVE#{active}", sk="ROLE#{name}")
    def by_name(self, *, organisation_id: str, active: bool, name: str | None = None) -> None:
        """An organisation's active (or inactive) roles by name, or those of one name."""


class UserRoleAssignments(Repository[UserRoleAssignment]):
    """Which users have which roles."""

    @UserRoleAssignment.key(pk="ORG#{organisation_id}#USER#{user_id}", sk="ROLE#{role_id}")
    def get(self, *, organisation_id: str, user_id: str, role_id: str) -> None:
        """One assignment."""

    @UserRoleAssignment.query()
    def of_user(self, *, organisation_id: str, user_id: str) -> None:
        """A user's roles in an organisation, by role id."""

    @UserRoleAssignment.query(gsi1, pk="ORG#{organisation_id}#ROLE#{role_id}", sk="USER#{user_id}")
    def users_of_role(self, *, organisation_id: str, role_id: str) -> None:
        """The users who have a role in an organisation, by user id."""


class OrganisationDefinitions(Repository[OrganisationRole]):
    """What an organisation is and defines, all at once: what decisions rest on, without the users."""

    @collection(Organisation, OrganisationRole, PermissionSet, TeamRoleDefinition, Team, pk="ORG#{organisation_id}")
    def of_organisation(self, *, organisation_id: str) -> None:
        """The organisation, its roles, permission sets, team roles and teams, in the order of their sort keys."""


class PlatformDefinitions(Repository[PlatformRole]):
    """What the platform defines for every organisation."""

    @collection(PlatformRole, PlatformPermissionSet, pk="PLATFORM")
    def every(self) -> None:
        """Roles and permission sets of the platform, in the order of their sort keys."""


class UserGrants(Repository[UserRoleAssignment]):
    """What decisions about one user rest on, beside the user's teams."""

    @collection(UserRoleAssignment, Member, pk="ORG#{organisation_id}#USER#{user_id}")
    def of_user(self, *, organisation_id: str, user_id: str) -> None:
        """The user as a member of an organisation, and the roles there."""
