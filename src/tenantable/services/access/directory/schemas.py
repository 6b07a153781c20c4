"""What goes over HTTP about organisations and their members, in and out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field

from tenantable.services.access.declaration import (
    Member,
    Organisation,
    OrganisationHead,
    ProtectedResource,
)
from tenantable.services.access.directory.resources import NewResource
from tenantable.services.access.http.names import Name, NameOrNothing
from tenantable.services.access.http.pages import RequestBody, ResponseBody
from tenantable.services.access.http.properties import Properties, shown
from tenantable.services.access.http.requests import ID_PATTERN
from tenantable.services.access.identity.emails import domain_name
from tenantable.services.access.identity.subjects import USER_ID_PATTERN

TYPE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9][A-Za-z0-9_.-]{0,63}){0,4}$"
"""Types of resources: what stands before the action in permissions, such as `invoice` or `billing:invoice`."""
RESOURCE_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.:@|~-]{0,255}$"
RESOURCES_AT_ONCE = 100

Id = Annotated[str, Field(pattern=ID_PATTERN)]
UserId = Annotated[str, Field(pattern=USER_ID_PATTERN)]
Email = Annotated[str, Field(min_length=3, max_length=320)]
Domain = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(domain_name)]
Domains = Annotated[list[Domain], Field(max_length=100), AfterValidator(lambda names: list(dict.fromkeys(names)))]
SeatLimit = Annotated[int | None, Field(ge=1, le=1_000_000)]


class FirstOwner(RequestBody):
    """The user who owns an organisation at first; the id is the `sub` of the user's tokens."""

    user_id: UserId
    email: Email


class CreateOrganisation(RequestBody):
    """An organisation to create."""

    organisation_id: Id
    name: Name
    owner: FirstOwner
    seat_limit: SeatLimit = None
    allowed_domains: Domains = Field(default=[])


class ChangeOrganisation(RequestBody):
    """What to change of an organisation; what is absent stays. Seats and activity are the administrator's to change."""

    name: Name = ""
    allowed_domains: Domains = Field(default=[])
    seat_limit: SeatLimit = Field(default=None, description="Null: any number.")
    active: bool = Field(default=True, description="While it is not, nobody may do anything in the organisation.")

    def values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class OrganisationShown(ResponseBody):
    """An organisation. Its revision is the ETag."""

    organisation_id: str
    name: str
    active: bool
    allowed_domains: list[str]
    date_created: datetime
    owners: int
    seats_taken: int
    seat_limit: int | None

    @classmethod
    def of(cls, organisation: Organisation, head: OrganisationHead) -> Self:
        return cls(
            organisation_id=organisation.organisation_id,
            name=organisation.name,
            active=organisation.active,
            allowed_domains=organisation.allowed_domains,
            date_created=organisation.date_created,
            owners=head.owners,
            seats_taken=head.seats_taken,
            seat_limit=head.seat_limit,
        )


class OrganisationListed(ResponseBody):
    """An organisation, as listings show it."""

    organisation_id: str
    name: str
    active: bool
    allowed_domains: list[str]
    date_created: datetime

    @classmethod
    def of(cls, organisation: Organisation) -> Self:
        return cls.model_validate(organisation.model_dump(include=set(cls.model_fields)))


class OrganisationChanged(OrganisationListed):
    """An organisation that was changed."""

    seat_limit: int | None


class CreatedOrganisation(ResponseBody):
    """An organisation that was created."""

    organisation_id: str
    name: str
    date_created: datetime

    @classmethod
    def of(cls, organisation: Organisation) -> Self:
        return cls(
            organisation_id=organisation.organisation_id,
            name=organisation.name,
            date_created=organisation.date_created,
        )


class AddMember(RequestBody):
    """A user who becomes a member without an invitation."""

    user_id: UserId
    email: Email
    name: NameOrNothing = ""
    properties: Properties = Field(default={})


class ChangeMember(RequestBody):
    """What to change of a member; what is absent stays. `properties` are all of them."""

    name: NameOrNothing = ""
    properties: Properties = Field(default={})
    active: bool = Field(default=True, description="While one is not, one may do nothing in the organisation.")

    def values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class MemberShown(ResponseBody):
    """A member. Its revision is the ETag; `teamRoles` is the role in each team."""

    user_id: str
    email: str
    name: str
    active: bool
    properties: dict[str, Any]
    team_roles: dict[str, str]
    invited_by: str | None
    date_joined: datetime

    @classmethod
    def of(cls, member: Member) -> Self:
        values = member.model_dump(include=set(cls.model_fields))
        return cls.model_validate(values | {"properties": shown(member.properties)})


class MembershipShown(ResponseBody):
    """An organisation in which the caller is a member, and whether anything can be done there."""

    organisation_id: str
    name: str
    active: bool
    date_joined: datetime

    @classmethod
    def of(cls, found: tuple[Member, Organisation]) -> Self:
        member, organisation = found
        return cls(
            organisation_id=organisation.organisation_id,
            name=organisation.name,
            active=member.active and organisation.active,
            date_joined=member.date_joined,
        )


class PutResource(RequestBody):
    """What decisions and searches know of a resource. `teamId` is the team whose roles reach it."""

    properties: Properties = Field(default={})


class ResourceToPut(PutResource):
    """One resource of many."""

    resource_type: Annotated[str, Field(pattern=TYPE_PATTERN)]
    resource_id: Annotated[str, Field(pattern=RESOURCE_ID_PATTERN)]

    def new(self) -> NewResource:
        return NewResource(resource_type=self.resource_type, resource_id=self.resource_id, properties=self.properties)


class PutResources(RequestBody):
    """Many resources at once, each once."""

    items: Annotated[list[ResourceToPut], Field(min_length=1, max_length=RESOURCES_AT_ONCE)]


class ResourceShown(ResponseBody):
    """A resource. Its revision is the ETag."""

    resource_type: str
    resource_id: str
    properties: dict[str, Any]
    date_created: datetime

    @classmethod
    def of(cls, found: ProtectedResource) -> Self:
        values = found.model_dump(include=set(cls.model_fields))
        return cls.model_validate(values | {"properties": shown(found.properties)})


class ResourcesShown(ResponseBody):
    """Resources that were put, in their order."""

    items: list[ResourceShown]

    @classmethod
    def of(cls, resources: Sequence[ProtectedResource]) -> Self:
        return cls(items=[ResourceShown.of(each) for each in resources])
