"""Callers, and how a bearer credential becomes one."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from tenantable.services.access.errors import NotAuthenticated
from tenantable.services.access.identity.subjects import subject_of

PLATFORM_ACTOR = "platform"
SERVICE_ACTOR = "key:"
INSTALLATION_ACTOR = "installation"
"""Whoever founds the platform."""
EXPIRY_ACTOR = "expiry"
"""Whoever closes invitations whose time is over."""
RESERVED_IDS = frozenset({PLATFORM_ACTOR, INSTALLATION_ACTOR, EXPIRY_ACTOR})
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_|-]{0,127}$"
"""Ids of organisations, roles and the rest: none has what keys give a meaning of its own. For users see `subjects`."""
_ID = re.compile(ID_PATTERN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """
    Whoever sends a request.

    Args:
        kind: A `user`, a `service` with a key, or the `platform`'s administrator, who may do everything.
        id: As the audit trail names it: the user's id, `key:ID`, or `platform`.
        email: The verified address of a user, normalised; None where the token has none.
        organisation_id: The only organisation that a service key is good for; None for others.
        permission_set_ids: What a service key may do; empty for others.
        not_after: When a service key ends; None: never, and for others.
    """

    kind: Literal["user", "service", "platform"]
    id: str
    email: str | None = None
    organisation_id: str | None = None
    permission_set_ids: tuple[str, ...] = ()
    not_after: datetime | None = None


class Authenticator(Protocol):
    """Knows one kind of credential."""

    def caller(self, credential: str) -> Caller | None:
        """
        Whose credential it is; None when it is of another kind.

        Raises:
            NotAuthenticated: It is of this kind, and not valid. Says no more: strangers must learn nothing.
        """
        ...


class PlatformSecret:
    """The administrator's secret, of at least 16 characters."""

    def __init__(self, secret: str) -> None:
        self._digest = _digest(secret)

    def caller(self, credential: str) -> Caller | None:
        if hmac.compare_digest(_digest(credential), self._digest):
            return Caller(kind="platform", id=PLATFORM_ACTOR)
        return None


def is_user_id(text: str) -> bool:
    """
    Whether a user can have this id: none is called as callers of other kinds are in the audit trail.

    Ids of service keys begin with what no id has.
    """
    return text not in RESERVED_IDS and subject_of(text) is not None


def _digest(text: str) -> bytes:
    """So that comparing takes as long for secrets of any length."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def is_id(text: str) -> bool:
    """Whether something can be called so."""
    return _ID.fullmatch(text) is not None


def credential_of(authorization: str | None) -> str:
    """
    The credential in a header `Authorization`.

    Raises:
        NotAuthenticated: There is no such header, or none of the scheme Bearer.
    """
    if authorization is None or not authorization.strip():
        message, reason = "The request has no header Authorization", "header-missing"
    else:
        scheme, _, credential = authorization.strip().partition(" ")
        if scheme.lower() == "bearer" and credential.strip():
            return credential.strip()
        message, reason = "The header Authorization is not of the form: Bearer CREDENTIAL", "header-not-bearer"
    hint = "send `Authorization: Bearer ...` with a token, a service key or the administrator's secret"
    raise NotAuthenticated(message, hint=hint, reason=reason, challenge=None)


def authenticate(credential: str, authenticators: Sequence[Authenticator]) -> Caller:
    """
    Whoever the credential belongs to.

    Raises:
        NotAuthenticated: Nobody knows it, or what it is of counts no longer.
    """
    for authenticator in authenticators:
        caller = authenticator.caller(credential)
        if caller is not None:
            return caller
    message = "The credential is neither a token, nor a service key, nor the administrator's secret"
    raise NotAuthenticated(message, reason="form-unknown")
