"""
The use cases of those who are invited: looking an invitation up by its token, accepting and declining it.

A token that is unknown, expired, revoked or used gets one answer after the same work, so that nobody learns which.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from tenantable.data.database import Database
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.declaration import (
    Invitation,
    Invitations,
    InvitationTokens,
    InvitedAddresses,
    Organisation,
    Organisations,
)
from tenantable.services.access.errors import (
    Forbidden,
    Inactive,
    InvitationOutdated,
    NotFound,
    SeatsTaken,
    Unprocessable,
    WrongAddress,
    no_such_organisation,
)
from tenantable.services.access.identity.callers import Caller, is_user_id
from tenantable.services.access.identity.emails import is_allowed
from tenantable.services.access.invitations.admission import Admitted, admit
from tenantable.services.access.invitations.decoy import ABSENT, DECOY
from tenantable.services.access.invitations.endings import Counts, end
from tenantable.services.access.invitations.expiry import Expiry
from tenantable.services.access.invitations.tokens import token_digest
from tenantable.services.access.rights.gifts import check_gift, refuse_giver_of_old
from tenantable.services.access.rights.held import snapshot_for

NOBODY = "nobody"
"""Stands in keys where there is not even a decoy; no id of an invitation is so short."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a token shows: an open invitation, and the organisation that it leads into."""

    invitation: Invitation
    organisation: Organisation


class Acceptance:
    """
    Answers to invitations.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(self, changes: Changes, *, expiry: Expiry, clock: Callable[[], float]) -> None:
        self._changes = changes
        self._expiry = expiry
        self._clock = clock

    def lookup(self, token: str) -> Found:
        """
        Raises:
            NotFound: No open invitation has this token.
        """
        invitation = self._open(token)
        return Found(invitation=invitation, organisation=_organisation(self._changes.database, invitation))

    def accept(self, actor: Actor, caller: Caller, token: str) -> Changed[Admitted]:
        """
        Make the caller a member with what the invitation gives. A member keeps everything and gets what is missing.

        Raises:
            Answered: The request was carried out before.
            Forbidden: The caller is no user.
            NotFound: No open invitation has this token.
            WrongAddress: The invitation is for another address, or the link is not for this domain.
            Inactive: The organisation is switched off, or the caller as a member of it.
            InvitationOutdated: What it gives is gone or switched off.
            InviterLacksRights: Whoever sent it may not give that any more, or not to this member; it stays open.
            SeatsTaken: A link finds no seat; it stays open.
            AlreadyMember: A link gives the caller nothing; it stays open.
        """
        return self._accept(actor, caller, partial(self._open, token))

    def accept_own(self, actor: Actor, caller: Caller, organisation_id: str) -> Changed[Admitted]:
        """
        As `accept`, without a token: the invitation of the caller's verified address into this organisation.

        Raises:
            NotFound: None is open.
        """
        return self._accept(actor, caller, partial(self._open_of_address, caller, organisation_id))

    def _accept(self, actor: Actor, caller: Caller, find: Callable[[], Invitation]) -> Changed[Admitted]:
        self._begin(actor, caller)
        found = find()

        def build(change: Change) -> Admitted:
            invitation = find()
            self._refuse_other(change.database, invitation, caller)
            snapshot = snapshot_for(change)
            try:
                check_gift(change, snapshot, invitation)
            except (NotFound, Inactive) as error:
                raise InvitationOutdated(error.message, hint="ask for a new invitation") from error
            refuse_giver_of_old(change, snapshot, invitation, user_id=caller.id)
            return admit(change, invitation, caller)

        try:
            return self._changes.run(found.organisation_id, actor, build)
        except SeatsTaken:
            if not self._expiry.expire_due(found.organisation_id):
                raise
            return self._changes.run(found.organisation_id, actor, build)

    def decline(self, actor: Actor, caller: Caller, token: str) -> Changed[None]:
        """
        Close an invitation of the caller's address.

        Raises:
            Answered: The request was carried out before.
            Forbidden: The caller is no user.
            NotFound: No open invitation has this token.
            WrongAddress: The invitation is for another address.
            Unprocessable: It is a link, which is for others too.
        """
        return self._decline(actor, caller, partial(self._open, token))

    def decline_own(self, actor: Actor, caller: Caller, organisation_id: str) -> Changed[None]:
        """
        As `decline`, without a token; see `accept_own`.

        Raises:
            NotFound: None is open.
        """
        return self._decline(actor, caller, partial(self._open_of_address, caller, organisation_id))

    def _decline(self, actor: Actor, caller: Caller, find: Callable[[], Invitation]) -> Changed[None]:
        self._begin(actor, caller)
        found = find()

        def build(change: Change) -> None:
            invitation = find()
            if invitation.email is None:
                raise Unprocessable("A link is not declined: others may follow it")
            _refuse_other_address(invitation, caller)
            counts = Counts()
            end(change, invitation, "declined", counts)
            counts.write(change)
            change.record("INVITATION", "invitation.decline", target=invitation.invitation_id)

        return self._changes.run(found.organisation_id, actor, build)

    def _begin(self, actor: Actor, caller: Caller) -> None:
        if caller.kind != "user":
            raise Forbidden("Only a user can answer an invitation", hint="use a user's token")
        if not is_user_id(caller.id):
            raise Unprocessable("The token's subject is no user id", hint="it is 1 to 255 ASCII characters")
        self._changes.refuse_answered(actor)

    def _open(self, token: str) -> Invitation:
        """A token that is there, one that is not and an invitation are read, whatever becomes of it."""
        digest = token_digest(token)
        database = self._changes.database
        tokens = database.repository(InvitationTokens).consistent
        invitations = database.repository(Invitations).consistent
        known = tokens.get(token=digest)
        other = tokens.get(token=DECOY if known is None else ABSENT)
        place = known or other
        organisation_id, invitation_id = (place.organisation_id, place.invitation_id) if place else (NOBODY, NOBODY)
        found = invitations.get(organisation_id=organisation_id, invitation_id=invitation_id)
        if found is None or not _is_open(found, digest, datetime.fromtimestamp(self._clock(), UTC)):
            raise NotFound("No open invitation has this token", hint="ask for a new one")
        return found

    def _open_of_address(self, caller: Caller, organisation_id: str) -> Invitation:
        database = self._changes.database
        known = None
        if caller.email is not None:
            addresses = database.repository(InvitedAddresses).consistent
            known = addresses.get(organisation_id=organisation_id, email=caller.email)
        found = None
        if known is not None:
            invitations = database.repository(Invitations).consistent
            found = invitations.get(organisation_id=organisation_id, invitation_id=known.invitation_id)
        if found is None or found.status != "pending" or found.expires_at.timestamp() <= self._clock():
            raise NotFound("You have no open invitation to this organisation", hint="ask for a new one")
        return found

    def _refuse_other(self, database: Database, invitation: Invitation, caller: Caller) -> None:
        organisation = _organisation(database, invitation)
        if not organisation.active:
            raise Inactive("The organisation is switched off")
        if invitation.email is not None:
            _refuse_other_address(invitation, caller)
        if organisation.allowed_domains and (
            caller.email is None or not is_allowed(caller.email, organisation.allowed_domains)
        ):
            raise WrongAddress("The organisation takes nobody with this address", hint="use one of its own domains")


def _is_open(invitation: Invitation, digest: str, now: datetime) -> bool:
    return invitation.status == "pending" and invitation.token_digest == digest and now < invitation.expires_at


def _refuse_other_address(invitation: Invitation, caller: Caller) -> None:
    if caller.email is None or caller.email != invitation.email:
        raise WrongAddress(hint="sign in with the address that was invited, and have it verified")


def _organisation(database: Database, invitation: Invitation) -> Organisation:
    found = database.repository(Organisations).consistent.get(organisation_id=invitation.organisation_id)
    if found is None:
        raise no_such_organisation(invitation.organisation_id)
    return found
