"""Tokens of the embedded issuer: the administrator has them made, and the audit trail says for whom."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.declaration import PLATFORM
from tenantable.services.access.errors import NotFound, Unprocessable
from tenantable.services.access.identity.callers import is_user_id
from tenantable.services.access.identity.emails import normalised_email
from tenantable.services.access.identity.tokens import EmbeddedIssuer


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedToken:
    """A token, and when it ends."""

    token: str
    expires_at: datetime


class Tokens:
    """`issuer` is None where users come with tokens of another issuer."""

    def __init__(self, changes: Changes, issuer: EmbeddedIssuer | None) -> None:
        self._changes = changes
        self._issuer = issuer

    def issue(self, actor: Actor, *, user_id: str, email: str | None, lifetime_seconds: int) -> Changed[IssuedToken]:
        """
        A token for a user, whoever it is; the address counts as verified.

        Raises:
            NotFound: This installation signs no tokens.
            Unprocessable: What is given is no address, or no user is called so.
        """
        issuer = self._issuer
        if issuer is None:
            raise NotFound("This installation signs no tokens", hint="ask the issuer that it is set to believe")

        if not is_user_id(user_id):
            raise Unprocessable(f"No user is called {user_id}")

        def build(change: Change) -> IssuedToken:
            details = {"lifetimeSeconds": str(lifetime_seconds)}
            change.record("AUTHORIZATION", "token.issue", target=user_id, details=details)
            token = issuer.token(user_id, email=email and _address(email), lifetime_seconds=lifetime_seconds)
            ends = datetime.fromtimestamp(int(change.now.timestamp()) + lifetime_seconds, UTC)
            return IssuedToken(token=token, expires_at=ends)

        return self._changes.run(PLATFORM, actor, build)

    def published_keys(self) -> dict[str, list[dict[str, Any]]]:
        """The public keys of the embedded issuer, as a JSON Web Key Set; none where it has none."""
        return {"keys": []} if self._issuer is None else self._issuer.published_keys()


def _address(email: str) -> str:
    try:
        return normalised_email(email)
    except ValueError as error:
        raise Unprocessable(str(error)) from error
