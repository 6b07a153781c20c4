"""The use cases of those who invite."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from tenantable.declare.queries import Page
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.declaration import (
    Invitation,
    Invitations,
    InvitationStatus,
    InvitationTokens,
    InvitedAddress,
    InvitedAddresses,
    Organisation,
    Organisations,
)
from tenantable.services.access.errors import (
    AlreadyInvited,
    DomainNotAllowed,
    NotFound,
    NotPending,
    SeatsTaken,
    Unprocessable,
    no_such_organisation,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.emails import is_allowed
from tenantable.services.access.invitations.endings import Counts, close, end
from tenantable.services.access.invitations.expiry import Expiry
from tenantable.services.access.invitations.membership import seats_of
from tenantable.services.access.invitations.tokens import Issued, token_digest, token_item
from tenantable.services.access.rights.gifts import check_gift, refuse_giving
from tenantable.services.access.rights.held import snapshot_for
from tenantable.web.etags import check_if_match

DAYS_DEFAULT = 7
DAYS_MAX = 30
USES_MAX = 1000

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewInvitation:
    """
    An invitation to be made: of one normalised `email`, or by a link that `uses_max` users may follow.

    `replace` revokes the open invitation of the same address, if there is one.
    """

    role_id: str
    email: str | None = None
    uses_max: int | None = None
    team_id: str | None = None
    team_role_id: str | None = None
    days: int = DAYS_DEFAULT
    replace: bool = False

    def __post_init__(self) -> None:
        if (self.email is None) == (self.uses_max is None):
            raise Unprocessable("An invitation is of an e-mail address, or a link with usesMax")
        if (self.team_id is None) != (self.team_role_id is None):
            raise Unprocessable("A team and a team role are given together")
        if not 1 <= self.days <= DAYS_MAX:
            raise Unprocessable(f"An invitation is open for 1 to {DAYS_MAX} days")
        if self.uses_max is not None and not 1 <= self.uses_max <= USES_MAX:
            raise Unprocessable(f"A link may be used 1 to {USES_MAX} times")


class InvitationService:
    """
    Invitations into organisations.

    Args:
        new_token: Draws a token; see `tokens.new_token`.
        clock: Seconds since 1970.
    """

    def __init__(self, changes: Changes, *, new_token: Callable[[], str], clock: Callable[[], float]) -> None:
        self._changes = changes
        self._new_token = new_token
        self._clock = clock
        self._invitations = changes.database.repository(Invitations)
        self._organisations = changes.database.repository(Organisations).consistent
        self._addresses = changes.database.repository(InvitedAddresses).consistent
        self.expiry = Expiry(changes, clock=clock)

    def invitation(self, organisation_id: str, invitation_id: str) -> Invitation:
        """
        Raises:
            NotFound: The organisation has none of this id.
        """
        return self._shown(self._stored(organisation_id, invitation_id))

    def by_status(
        self, organisation_id: str, status: InvitationStatus, *, limit: int, cursor: str | None
    ) -> Page[Invitation]:
        """An organisation's invitations in one state, the first to expire first."""
        if status == "expired" and cursor is None:
            self.expiry.expire_due(organisation_id)
        query = self._invitations.by_status(organisation_id=organisation_id, status=status)
        page = query.page(limit, cursor)
        if status == "pending" and any(self._is_due(each) for each in page):
            self.expiry.expire_due(organisation_id)
            page = query.page(limit, cursor)
        return replace(page, items=tuple(each for each in page if not self._is_due(each)))

    def by_email(self, organisation_id: str, email: str, *, limit: int, cursor: str | None) -> Page[Invitation]:
        """The invitations of an address into an organisation, in any state, oldest first."""
        page = self._invitations.by_email(email=email, organisation_id=organisation_id).page(limit, cursor)
        return replace(page, items=tuple(self._shown(each) for each in page))

    def of_address(self, email: str, *, limit: int, cursor: str | None) -> Page[Invitation]:
        """The invitations of an address into all organisations, in any state, by organisation; for whoever has it."""
        page = self._invitations.by_email(email=email).page(limit, cursor)
        return replace(page, items=tuple(self._shown(each) for each in page))

    def organisation_names(self, invitations: Iterable[Invitation]) -> dict[str, str]:
        """The names of the organisations that they lead into, by id."""
        ids = {each.organisation_id for each in invitations}
        found = (self._organisations.get(organisation_id=each) for each in ids)
        return {each.organisation_id: each.name for each in found if each is not None}

    def create(self, actor: Actor, caller: Caller, organisation_id: str, new: NewInvitation) -> Changed[Issued]:
        """
        Invite an address, or make a link.

        Raises:
            NotFound: There is no such role, team or team role.
            Inactive: One of them is switched off, or a member whose address it is.
            Forbidden: They allow more than the caller holds, or longer.
            DomainNotAllowed: The organisation does not invite this address.
            AlreadyMember: The address is that of a member who has all of it.
            AlreadyInvited: There is an open invitation of this address, and it is not to be replaced.
            SeatsTaken: There is no seat for it.
        """
        token = self._new_token()

        def build(change: Change) -> Issued:
            made = _made(change, caller, new, digest=token_digest(token))
            self._refuse_domain(self._organisation(organisation_id), made.email)
            snapshot = snapshot_for(change)
            check_gift(change, snapshot, made)
            refuse_giving(change, snapshot, made, caller)
            made = made.model_copy(update={"seats": seats_of(change, made)})
            counts = Counts()
            if made.email is not None:
                before = self._before(change, made.email, replacing=new.replace)
                self._take_address(change, made, before, counts)
            counts.open(made, 1)
            counts.write(change)
            change.create(Invitations, made)
            change.create(InvitationTokens, token_item(made))
            change.record("INVITATION", "invitation.create", target=made.invitation_id, details=_details(made))
            return Issued(invitation=made.model_copy(update={"revision": 1}), token=token)

        return self._with_room(organisation_id, lambda: self._changes.run(organisation_id, actor, build))

    def resend(
        self, actor: Actor, caller: Caller, organisation_id: str, invitation_id: str, *, days: int, if_match: str | None
    ) -> Changed[Issued]:
        """
        Give an open invitation a new token and a new time; the old token is dead, and the caller answers for it now.

        Raises:
            NotFound: The organisation has none of this id; or what it gives is gone.
            PreconditionFailed: It was changed since it was read.
            NotPending: It is not open any more.
            Inactive, Forbidden, DomainNotAllowed, AlreadyMember, SeatsTaken: As for `create`.
        """
        token = self._new_token()

        def build(change: Change) -> Issued:
            stored = self._pending(change, invitation_id)
            check_if_match(if_match, stored.revision)
            self._refuse_domain(self._organisation(organisation_id), stored.email)
            snapshot = snapshot_for(change)
            check_gift(change, snapshot, stored)
            refuse_giving(change, snapshot, stored, caller)
            renewed = {
                "token_digest": token_digest(token),
                "expires_at": change.now + timedelta(days=days),
                "invited_by": caller.id,
                "inviter_kind": caller.kind,
            }
            made = stored.model_copy(update=renewed)
            # Whoever was a member, or was none, when it was made may not be so any more.
            made = made.model_copy(update={"seats": seats_of(change, made)})
            change.take_seats(made.seats - stored.seats)
            assert stored.token_digest is not None, "every invitation has a token"
            change.put(Invitations, made)
            change.delete(InvitationTokens, InvitationTokens.get.key(token=stored.token_digest))
            change.create(InvitationTokens, token_item(made))
            change.record("INVITATION", "invitation.resend", target=invitation_id, details=_details(made))
            return Issued(invitation=made.model_copy(update={"revision": stored.revision + 1}), token=token)

        return self._with_room(organisation_id, lambda: self._changes.run(organisation_id, actor, build))

    def revoke(
        self, actor: Actor, organisation_id: str, invitation_id: str, *, if_match: str | None
    ) -> Changed[Invitation]:
        """
        Take an open invitation back. Whoever may invite may revoke every one, also of what they do not hold.

        Raises:
            NotFound: The organisation has none of this id.
            PreconditionFailed: It was changed since it was read.
            NotPending: It is not open any more.
        """

        def build(change: Change) -> Invitation:
            stored = self._pending(change, invitation_id)
            check_if_match(if_match, stored.revision)
            counts = Counts()
            revoked = end(change, stored, "revoked", counts)
            counts.write(change)
            change.record("INVITATION", "invitation.revoke", target=invitation_id)
            return revoked

        return self._changes.run(organisation_id, actor, build)

    def refuse_answered(self, actor: Actor) -> None:
        """As `Changes.refuse_answered`."""
        self._changes.refuse_answered(actor)

    def _with_room(self, organisation_id: str, act: Callable[[], ResultT]) -> ResultT:
        try:
            return act()
        except SeatsTaken:
            if not self.expiry.expire_due(organisation_id):
                raise
            return act()

    def _before(self, change: Change, email: str, *, replacing: bool) -> Invitation | None:
        """The open invitation of an address, if it may be replaced; one whose time is over is in nobody's way."""
        address = self._addresses.get(organisation_id=change.organisation_id, email=email)
        if address is None:
            return None
        before = self._stored(change.organisation_id, address.invitation_id)
        if not (replacing or before.expires_at <= change.now):
            hint = "resend it, revoke it, or ask for it to be replaced"
            raise AlreadyInvited(f"There is an open invitation of this address: {before.invitation_id}", hint=hint)
        return before

    def _take_address(self, change: Change, made: Invitation, before: Invitation | None, counts: Counts) -> None:
        """The address is the new invitation's; a seat is taken, or goes over from the one before."""
        assert made.email is not None, "links have no address"
        address = InvitedAddress(
            organisation_id=made.organisation_id, email=made.email, invitation_id=made.invitation_id
        )
        change.put(InvitedAddresses, address)
        change.take_seats(made.seats - (0 if before is None else before.seats))
        if before is None:
            return
        is_over = before.expires_at <= change.now
        close(change, before, "expired" if is_over else "revoked", counts)
        action = "invitation.expire" if is_over else "invitation.revoke"
        change.record("INVITATION", action, target=before.invitation_id)

    def _organisation(self, organisation_id: str) -> Organisation:
        found = self._organisations.get(organisation_id=organisation_id)
        if found is None:
            raise no_such_organisation(organisation_id)
        return found

    def _refuse_domain(self, organisation: Organisation, email: str | None) -> None:
        if email is not None and not is_allowed(email, organisation.allowed_domains):
            raise DomainNotAllowed(hint="the organisation's allowed domains can be changed")

    def _stored(self, organisation_id: str, invitation_id: str) -> Invitation:
        found = self._invitations.consistent.get(organisation_id=organisation_id, invitation_id=invitation_id)
        if found is None:
            raise NotFound(f"There is no invitation {invitation_id}")
        return found

    def _pending(self, change: Change, invitation_id: str) -> Invitation:
        stored = self._stored(change.organisation_id, invitation_id)
        if stored.status != "pending" or stored.expires_at <= change.now:
            status = "expired" if stored.status == "pending" else stored.status
            raise NotPending(f"The invitation {invitation_id} is {status}", hint="invite again")
        return stored

    def _is_due(self, invitation: Invitation) -> bool:
        return invitation.status == "pending" and invitation.expires_at.timestamp() <= self._clock()

    def _shown(self, invitation: Invitation) -> Invitation:
        """As it is now, also where nobody has written yet that its time is over."""
        return invitation.model_copy(update={"status": "expired"}) if self._is_due(invitation) else invitation


def _made(change: Change, caller: Caller, new: NewInvitation, *, digest: str) -> Invitation:
    return Invitation(
        organisation_id=change.organisation_id,
        invitation_id=change.new_id(),
        email=new.email,
        role_id=new.role_id,
        team_id=new.team_id,
        team_role_id=new.team_role_id,
        token_digest=digest,
        uses_max=new.uses_max or 1,
        invited_by=caller.id,
        inviter_kind=caller.kind,
        date_created=change.now,
        expires_at=change.now + timedelta(days=new.days),
    )


def _details(invitation: Invitation) -> dict[str, str]:
    """For the audit trail: no address and no token."""
    shown = {"role": invitation.role_id, "team": invitation.team_id, "teamRole": invitation.team_role_id}
    kind = "link" if invitation.email is None else "email"
    return {"kind": kind} | {name: value for name, value in shown.items() if value is not None}
