"""
An invitation that nobody can accept, of usual size: it is read where a token is unknown.

Reading what is there takes longer than finding nothing. With it a look at any token finds one token, misses one, and
finds one invitation, so that the time of an answer does not tell whether there was an invitation.
"""

from contextlib import suppress
from datetime import UTC, datetime

from tenantable.errors import ConditionFailed
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.declaration import PLATFORM, Invitation, Invitations, InvitationToken, InvitationTokens
from tenantable.services.access.identity.callers import INSTALLATION_ACTOR

DECOY = "decoy" + "0" * 59
"""Stands where a token's digest does, and is none."""
ABSENT = "absent" + "0" * 58
"""As `DECOY`; nothing stands there."""
_ID = "decoy00000000000000000000"
_NOBODYS_ADDRESS = "decoy@example.invalid"
"""No mail reaches it (RFC 2606, section 2), so nobody has it verified."""
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)


def found_decoy(changes: Changes) -> None:
    """Write it, unless that was done before."""
    if changes.database.repository(InvitationTokens).consistent.get(token=DECOY) is not None:
        return

    def build(change: Change) -> None:
        invitation = Invitation(
            organisation_id=PLATFORM,
            invitation_id=_ID,
            email=_NOBODYS_ADDRESS,
            status="revoked",
            role_id="member",
            token_digest=DECOY,
            invited_by=INSTALLATION_ACTOR,
            inviter_kind="platform",
            date_answered=change.now,
            date_created=change.now,
            expires_at=_NEVER,
        )
        token = InvitationToken(token=DECOY, organisation_id=PLATFORM, invitation_id=_ID, ttl=_NEVER)
        change.create(Invitations, invitation)
        change.create(InvitationTokens, token)
        change.record("CONFIGURATION", "platform.decoy")

    with suppress(ConditionFailed):  # another process was faster
        changes.run(PLATFORM, Actor(id=INSTALLATION_ACTOR), build)
