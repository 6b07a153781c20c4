"""Organisations, their members, their service keys, and what decisions know of the things they protect."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.services.access.declaration.table import Ids, Revised, Switched, gsi1, gsi2, table

Properties = Annotated[dict[str, Any], Field(max_length=50)]

PLATFORM = "PLATFORM"
"""Stands for an organisation where the platform's own matters change; no organisation has this id."""


class Organisation(Switched, table=table, stored_names=camel_case):
    """An organisation. Invitations reach the `allowed_domains` alone, or every address when there are none."""

    organisation_id: Attr[str]
    allowed_domains: Attr[Ids] = attr(default_factory=list)


class OrganisationHead(Entity, table=table, stored_names=camel_case):
    """
    What every change of an organisation moves, in one transaction with the change: so changes happen one after the
    other, and what is counted here is always right.

    `revision` is the version that decisions can be asked for. `owners` counts the active members who are owners without
    an end; `seats_taken` the members and open invitations; `seat_limit` None means any number. `sequence` and `digest`
    are those of the last audit event.
    """

    organisation_id: Attr[str]
    owners: Attr[int] = attr(default=0)
    seats_taken: Attr[int] = attr(default=0)
    seat_limit: Attr[int | None] = attr(default=None)
    sequence: Attr[int] = attr(default=0)
    digest: Attr[str] = attr(default="")
    revision: Attr[int] = attr(default=0, lock=True)


class Member(Entity, table=table, stored_names=camel_case):
    """
    A user in an organisation. While not `active` nothing is allowed; `properties` take part in decisions.
    `team_roles` is the role in each of the user's teams, as the teams' members have it: decisions about the user then
    rest on one partition, read consistently.
    """

    organisation_id: Attr[str]
    user_id: Attr[str]
    email: Attr[str]
    name: Attr[str] = attr(default="")
    active: Attr[bool] = attr(default=True)
    properties: Attr[Properties] = attr(default_factory=dict)
    team_roles: Attr[Annotated[dict[str, str], Field(max_length=200)]] = attr(default_factory=dict)
    invited_by: Attr[str | None] = attr(default=None)
    date_joined: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class ServiceKey(Revised, table=table, stored_names=camel_case):
    """
    A key with which a program speaks for an organisation (or for the platform). Only the digest of its secret is kept;
    `permission_set_ids` limit it.
    """

    key_id: Attr[str]
    organisation_id: Attr[str]
    name: Attr[str]
    secret_digest: Attr[str]
    permission_set_ids: Attr[Ids] = attr(default_factory=list)
    created_by: Attr[str]
    not_after: Attr[datetime | None] = attr(default=None)
    revoked_at: Attr[datetime | None] = attr(default=None)


class ProtectedResource(Revised, table=table, stored_names=camel_case):
    """Something of an organisation that decisions are about: what a search can find, and with which properties."""

    organisation_id: Attr[str]
    resource_type: Attr[str]
    resource_id: Attr[str]
    properties: Attr[Properties] = attr(default_factory=dict)


class Organisations(Repository[Organisation]):
    """Organisations."""

    @Organisation.key(pk="ORG#{organisation_id}", sk="METADATA")
    def get(self, *, organisation_id: str) -> None:
        """One organisation."""

    @Organisation.query(gsi1, pk="ORGANISATIONS#ACTIVE#{active}", sk="ORG#{name}")
    def by_name(self, *, active: bool, name: str | None = None) -> None:
        """The platform's active (or inactive) organisations by name, or those of one name."""


class OrganisationHeads(Repository[OrganisationHead]):
    """Heads of organisations."""

    @OrganisationHead.key(pk="HEAD#{organisation_id}", sk="METADATA")
    def get(self, *, organisation_id: str) -> None:
        """The head of one organisation."""


class Members(Repository[Member]):
    """Members of organisations."""

    @Member.key(pk="ORG#{organisation_id}#USER#{user_id}", sk="MEMBER")
    def get(self, *, organisation_id: str, user_id: str) -> None:
        """One member."""

    @Member.query(gsi1, pk="ORG#{organisation_id}#MEMBERS", sk="USER#{user_id}")
    def of_organisation(self, *, organisation_id: str) -> None:
        """An organisation's members, by user id."""

    @Member.query(gsi2, pk="USER#{user_id}", sk="ORG#{organisation_id}")
    def organisations_of_user(self, *, user_id: str) -> None:
        """A user's memberships in organisations, by organisation."""


class ServiceKeys(Repository[ServiceKey]):
    """Keys of programs."""

    @ServiceKey.key(pk="SERVICEKEY#{key_id}", sk="METADATA")
    def get(self, *, key_id: str) -> None:
        """One key."""

    @ServiceKey.query(gsi1, pk="ORG#{organisation_id}#SERVICEKEYS", sk="KEY#{key_id}")
    def of_organisation(self, *, organisation_id: str) -> None:
        """An organisation's keys, by id."""


class ProtectedResources(Repository[ProtectedResource]):
    """What an organisation protects."""

    @ProtectedResource.key(pk="ORG#{organisation_id}#RESOURCES#{resource_type}", sk="ID#{resource_id}")
    def get(self, *, organisation_id: str, resource_type: str, resource_id: str) -> None:
        """One resource."""

    @ProtectedResource.query()
    def of_type(self, *, organisation_id: str, resource_type: str) -> None:
        """An organisation's resources of one type, by id."""
