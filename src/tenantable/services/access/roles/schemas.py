"""What goes over HTTP about roles and who has them, in and out."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, Field

from tenantable.services.access.declaration import OrganisationRole, PlatformRole, UserRoleAssignment
from tenantable.services.access.http.names import Name
from tenantable.services.access.http.pages import RequestBody, ResponseBody
from tenantable.services.access.http.requests import ID_PATTERN
from tenantable.services.access.roles.assignments import Term
from tenantable.services.access.roles.definitions import RoleContent
from tenantable.services.access.roles.remapping import Remapped

Id = Annotated[str, Field(pattern=ID_PATTERN)]
SETS_MAX = 100
PARENTS_MAX = 20


class ChangeRole(RequestBody):
    """What a role is to be: its permission sets, and the roles whose permissions it has too."""

    name: Name
    active: bool = True
    permission_set_ids: list[Id] = Field(default=[], max_length=SETS_MAX)
    parent_role_ids: list[Id] = Field(default=[], max_length=PARENTS_MAX)

    def content(self) -> RoleContent:
        return RoleContent(
            name=self.name,
            active=self.active,
            permission_set_ids=self.permission_set_ids,
            parent_role_ids=self.parent_role_ids,
        )


class CreateRole(ChangeRole):
    """A role to create."""

    role_id: Id


class RoleShown(ResponseBody):
    """
    A role. Its revision is the ETag; `organisationId` and `assigned` are null for one of the platform.
    """

    role_id: str
    organisation_id: str | None
    name: str
    active: bool
    permission_set_ids: list[str]
    parent_role_ids: list[str]
    assigned: int | None = Field(description="How many users, open invitations and roles below have it.")
    date_created: datetime

    @classmethod
    def of(cls, role: OrganisationRole | PlatformRole) -> Self:
        own = role if isinstance(role, OrganisationRole) else None
        return cls(
            role_id=role.role_id,
            organisation_id=None if own is None else own.organisation_id,
            name=role.name,
            active=role.active,
            permission_set_ids=role.permission_set_ids,
            parent_role_ids=role.parent_role_ids,
            assigned=None if own is None else own.assigned,
            date_created=role.date_created,
        )


class Assign(RequestBody):
    """From when until when an assignment counts; without either it counts at once and without an end."""

    not_before: AwareDatetime | None = Field(default=None, strict=False)
    not_after: AwareDatetime | None = Field(default=None, strict=False)

    def term(self) -> Term:
        return Term(not_before=self.not_before, not_after=self.not_after)


class AssignmentShown(ResponseBody):
    """That a user has a role."""

    user_id: str
    role_id: str
    assigned_by: str
    date_assigned: datetime
    not_before: datetime | None
    not_after: datetime | None

    @classmethod
    def of(cls, found: UserRoleAssignment) -> Self:
        return cls(
            user_id=found.user_id,
            role_id=found.role_id,
            assigned_by=found.assigned_by,
            date_assigned=found.date_assigned,
            not_before=found.not_before,
            not_after=found.not_after,
        )


class AssignmentsShown(ResponseBody):
    """All roles of a user in an organisation."""

    items: list[AssignmentShown]


class Remap(RequestBody):
    """The role that everybody is to have instead."""

    to_role_id: Id


class RemappedShown(ResponseBody):
    """How many users, roles below and open invitations were given the other role."""

    users: int
    roles: int
    invitations: int
    left: int = Field(description="How many still have the role: open invitations, where the caller may not invite.")

    @classmethod
    def of(cls, moved: Remapped) -> Self:
        return cls(users=moved.users, roles=moved.roles, invitations=moved.invitations, left=moved.left)
