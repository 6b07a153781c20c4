"""Tokens of invitations: 256 random bits, shown once, of which the digest alone is kept."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from tenantable.services.access.declaration import Invitation, InvitationToken

TOKEN_BYTES = 32
KEPT_AFTER_END = timedelta(hours=24)
"""How long the table keeps a token after its invitation has expired."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """An invitation with its token, which nobody can show again."""

    invitation: Invitation
    token: str = field(repr=False)


def new_token(entropy: Callable[[int], bytes]) -> str:
    """43 characters that an address line takes as they are."""
    return base64.urlsafe_b64encode(entropy(TOKEN_BYTES)).decode().rstrip("=")


def token_digest(token: str) -> str:
    """What is kept of a token. It is random and long, so that one round is enough."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def token_item(invitation: Invitation) -> InvitationToken:
    """What finds the invitation by its token."""
    assert invitation.token_digest is not None, "every invitation has a token"
    return InvitationToken(
        token=invitation.token_digest,
        organisation_id=invitation.organisation_id,
        invitation_id=invitation.invitation_id,
        ttl=invitation.expires_at + KEPT_AFTER_END,
    )
