"""Closing invitations whose time is over: their seats are free again, and their roles can be deleted."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.declaration import Invitation, Invitations, Organisations
from tenantable.services.access.identity.callers import EXPIRY_ACTOR
from tenantable.services.access.invitations.endings import expire

EXPIRED_AT_ONCE = 15
"""Invitations that are closed in one transaction, with an audit event each."""
STEPS_MAX = 10_000
ACTOR = Actor(id=EXPIRY_ACTOR)


class Expiry:
    """
    Args:
        clock: Seconds since 1970.

    Nothing is accepted after its time, whether it was closed or not; so this may run as rarely as one likes.
    """

    def __init__(self, changes: Changes, *, clock: Callable[[], float]) -> None:
        self._changes = changes
        self._clock = clock
        self._invitations = changes.database.repository(Invitations)
        self._organisations = changes.database.repository(Organisations)

    def sweep(self) -> int:
        """Close what is over in all organisations; how many invitations that were."""
        found = [each for active in (True, False) for each in self._organisations.by_name(active=active)]
        return sum(self.expire_due(each.organisation_id) for each in found)

    def expire_due(self, organisation_id: str) -> int:
        """Close what is over in one organisation, some invitations at a time; how many they were."""
        closed = 0
        for _ in range(STEPS_MAX):
            due = self._due(organisation_id)
            number = self._close(organisation_id, due) if due else 0
            closed += number
            if not number:
                break
        return closed

    def _due(self, organisation_id: str) -> Sequence[Invitation]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        pending = self._invitations.by_status(organisation_id=organisation_id, status="pending")
        return pending.range(Invitation.expires_at <= now).page(EXPIRED_AT_ONCE).items

    def _close(self, organisation_id: str, due: Sequence[Invitation]) -> int:
        try:
            return self._changes.run(organisation_id, ACTOR, lambda change: self._closed(change, due)).result
        except _NothingDueError:
            return 0

    def _closed(self, change: Change, due: Sequence[Invitation]) -> int:
        """The index may lag: only what is still open is closed."""
        read = self._invitations.consistent.get
        stored = [read(organisation_id=each.organisation_id, invitation_id=each.invitation_id) for each in due]
        still = [each for each in stored if each and each.status == "pending" and each.expires_at <= change.now]
        if not still:
            raise _NothingDueError
        return expire(change, still)


class _NothingDueError(Exception):
    """Others were faster."""
