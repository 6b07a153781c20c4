"""Service keys: `tsk_ID_SECRET`, of which the digest of the secret alone is kept."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime

from tenantable.data.database import Database
from tenantable.services.access.declaration import PLATFORM, ServiceKey, ServiceKeys
from tenantable.services.access.errors import NotAuthenticated
from tenantable.services.access.identity.callers import SERVICE_ACTOR, Caller

PREFIX = "tsk_"
SECRET_BYTES = 32
_CHARACTERS_MAX = 256
_NOBODYS_DIGEST = hashlib.sha256(b"").hexdigest()


def secret_digest(secret: str) -> str:
    """What is kept of a secret. It is random and long, so that one round is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def service_key_text(key_id: str, secret: str) -> str:
    """The key as its owner keeps it; neither part contains an underscore."""
    return f"{PREFIX}{key_id}_{secret}"


class ServiceKeyAuthenticator:
    """Programs by their keys. The same work is done for a key that exists and for one that does not."""

    def __init__(self, database: Database, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def caller(self, credential: str) -> Caller | None:
        if not credential.startswith(PREFIX):
            return None
        key_id, _, secret = credential.removeprefix(PREFIX).partition("_")
        if not key_id.isalnum() or not key_id.isascii() or not secret or len(credential) > _CHARACTERS_MAX:
            raise NotAuthenticated(reason="service-key-malformed")
        key = self._database.repository(ServiceKeys).consistent.get(key_id=key_id)
        kept = _NOBODYS_DIGEST if key is None else key.secret_digest
        is_secret = hmac.compare_digest(kept, secret_digest(secret))
        reason = _why_not(key, self._now(), is_secret=is_secret)
        if key is None or reason is not None:
            raise NotAuthenticated(reason=reason or "")
        return caller_of(key)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def caller_of(key: ServiceKey) -> Caller:
    """The program that has the key."""
    return Caller(
        kind="service",
        id=SERVICE_ACTOR + key.key_id,
        organisation_id=key.organisation_id if key.organisation_id != PLATFORM else None,
        permission_set_ids=tuple(key.permission_set_ids),
        not_after=key.not_after,
    )


def is_valid(key: ServiceKey, now: datetime) -> bool:
    return _why_ended(key, now) is None


def _why_ended(key: ServiceKey, now: datetime) -> str | None:
    if key.revoked_at is not None:
        return "service-key-revoked"
    return None if key.not_after is None or now < key.not_after else "service-key-expired"


def _why_not(key: ServiceKey | None, now: datetime, *, is_secret: bool) -> str | None:
    """Which of the reasons it is, for the log: to the caller they are all the same. None: the key is good."""
    if key is None:
        return "service-key-unknown"
    return _why_ended(key, now) if is_secret else "service-key-secret"
