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
            raise NotAuthenticated
        key = self._database.repository(ServiceKeys).consistent.get(key_id=key_id)
        kept = _NOBODYS_DIGEST if key is None else key.secret_digest
        if not hmac.compare_digest(kept, secret_digest(secret)) or key is None or not is_valid(key, self._now()):
            raise NotAuthenticated
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
    return key.revoked_at is None and (key.not_after is None or now < key.not_after)
