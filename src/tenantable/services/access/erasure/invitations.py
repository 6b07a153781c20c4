"""The addresses of invitations, erased: the record stays of who was invited to what, by whom, and what came of it."""

from collections.abc import Iterator

from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Build, Changes
from tenantable.services.access.declaration import Invitation, Invitations
from tenantable.services.access.invitations.endings import Counts, end


class InvitationErasure:
    """Invitations of a person, as the invitations' component reads and changes them."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._invitations = changes.database.repository(Invitations)

    def accepted(self, user_id: str) -> list[Invitation]:
        """Those that the user accepted, with or without their address."""
        return self._invitations.accepted(accepted_by=user_id).all()

    def of_addresses(self, addresses: frozenset[str]) -> Iterator[Invitation]:
        """Those of the addresses, in any state, into any organisation."""
        for address in sorted(addresses):
            yield from self._invitations.by_email(email=address)

    def revoke(self, actor: Actor, found: Invitation) -> bool:
        """Close an invitation that is open; whether it was."""

        def build(change: Change) -> None:
            stored = self._stored(found)
            if stored is None or stored.status != "pending":
                raise _NothingToDoError
            is_over, counts = stored.expires_at <= change.now, Counts()
            end(change, stored, "expired" if is_over else "revoked", counts)
            counts.write(change)
            action = "invitation.expire" if is_over else "invitation.revoke"
            change.record("INVITATION", action, target=stored.invitation_id)

        return self._run(actor, found, build)

    def clear(self, actor: Actor, found: Invitation, user_id: str) -> bool:
        """
        Take the address from an invitation that is not open; whether it had one. What somebody else accepted keeps it:
        it is that user's address, too.
        """

        def build(change: Change) -> None:
            stored = self._stored(found)
            if stored is None or stored.email is None or stored.status == "pending":
                raise _NothingToDoError
            if stored.accepted_by not in (None, user_id):
                raise _NothingToDoError
            values = Invitation.email.set(None), Invitation.address_erased.set(True)
            change.update(Invitations, stored, *values)
            change.record("INVITATION", "invitation.erase", target=stored.invitation_id)

        return self._run(actor, found, build)

    def _run(self, actor: Actor, found: Invitation, build: Build[None]) -> bool:
        try:
            self._changes.run(found.organisation_id, actor, build)
        except _NothingToDoError:
            return False
        return True

    def _stored(self, found: Invitation) -> Invitation | None:
        """The index may be behind."""
        place = {"organisation_id": found.organisation_id, "invitation_id": found.invitation_id}
        return self._invitations.consistent.get(**place)


class _NothingToDoError(Exception):
    """It is done, or is nobody's to do."""
