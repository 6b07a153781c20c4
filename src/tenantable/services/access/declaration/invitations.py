"""Invitations into organisations, and the tokens that accept them."""

from datetime import datetime
from typing import Literal

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.services.access.declaration.table import Revised, gsi1, gsi2, gsi3, table

InvitationStatus = Literal["pending", "accepted", "declined", "revoked", "expired"]
InviterKind = Literal["user", "service", "platform"]


class Invitation(Revised, table=table, stored_names=camel_case):
    """
    An invitation into an organisation: of one address (normalised), or without one, by a link that `uses_max` users
    may follow. While it is open it takes so many `seats`: one, or none for a link and for a member's address. The token
    that accepts it stands elsewhere, under its digest, which `token_digest` repeats. `inviter_kind` says whose id
    `invited_by` is: ids of different kinds may be the same. `address_erased`: it was of an address, which was erased
    with the person's data.
    """

    organisation_id: Attr[str]
    invitation_id: Attr[str]
    email: Attr[str | None] = attr(default=None)
    address_erased: Attr[bool] = attr(default=False)
    status: Attr[InvitationStatus] = attr(default="pending")
    role_id: Attr[str]
    team_id: Attr[str | None] = attr(default=None)
    team_role_id: Attr[str | None] = attr(default=None)
    token_digest: Attr[str | None] = attr(default=None)
    seats: Attr[int] = attr(default=0)
    uses: Attr[int] = attr(default=0)
    uses_max: Attr[int] = attr(default=1)
    accepted_by: Attr[str | None] = attr(default=None)
    date_answered: Attr[datetime | None] = attr(default=None)
    invited_by: Attr[str]
    inviter_kind: Attr[InviterKind] = attr(default="user")
    expires_at: Attr[datetime]


class InvitationToken(Entity, table=table, stored_names=camel_case):
    """Which invitation a token accepts. `token` is the token's digest; it goes a day after the invitation's end."""

    token: Attr[str]
    organisation_id: Attr[str]
    invitation_id: Attr[str]
    ttl: Attr[datetime]


class InvitedAddress(Entity, table=table, stored_names=camel_case):
    """That an address has an open invitation into an organisation: there is one at most, and indexes come too late."""

    organisation_id: Attr[str]
    email: Attr[str]
    invitation_id: Attr[str]


class Invitations(Repository[Invitation]):
    """Invitations into organisations."""

    @Invitation.key(pk="ORG#{organisation_id}", sk="INV#{invitation_id}")
    def get(self, *, organisation_id: str, invitation_id: str) -> None:
        """One invitation of an organisation."""

    @Invitation.query(gsi1, pk="ORG#{organisation_id}#STATUS#{status}", sk="{expires_at}#{invitation_id}")
    def by_status(self, *, organisation_id: str, status: InvitationStatus) -> None:
        """An organisation's invitations in one state, the first to expire first."""

    @Invitation.query(gsi2, pk="EMAIL#{email}", sk="ORG#{organisation_id}#{date_created}")
    def by_email(self, *, email: str, organisation_id: str | None = None) -> None:
        """Invitations of an address, into all organisations or into one, oldest first."""

    @Invitation.query(gsi3, pk="ACCEPTED#{accepted_by}", sk="ORG#{organisation_id}#INV#{invitation_id}")
    def accepted(self, *, accepted_by: str) -> None:
        """Invitations into all organisations that a user was the last to accept, by organisation."""


class InvitationTokens(Repository[InvitationToken]):
    """Tokens of invitations."""

    @InvitationToken.key(pk="INVTOKEN#{token}", sk="METADATA")
    def get(self, *, token: str) -> None:
        """What the token with this digest accepts."""


class InvitedAddresses(Repository[InvitedAddress]):
    """Addresses with open invitations."""

    @InvitedAddress.key(pk="INVITED#{organisation_id}#{email}", sk="METADATA")
    def get(self, *, organisation_id: str, email: str) -> None:
        """The open invitation of an address into an organisation."""
