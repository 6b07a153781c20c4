"""What goes over HTTP about organisations, in and out."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from tenantable.services.access.declaration import Organisation, OrganisationHead
from tenantable.services.access.http.pages import RequestBody, ResponseBody
from tenantable.services.access.http.requests import ID_PATTERN

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Email = Annotated[str, Field(min_length=3, max_length=320)]


class FirstOwner(RequestBody):
    """The user who owns an organisation at first; the id is the `sub` of the user's tokens."""

    user_id: Id
    email: Email


class CreateOrganisation(RequestBody):
    """An organisation to create."""

    organisation_id: Id
    name: Name
    owner: FirstOwner
    seat_limit: int | None = Field(default=None, ge=1, le=1_000_000)
    allowed_domains: list[Annotated[str, Field(min_length=1, max_length=253)]] = Field(default=[], max_length=100)


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
