"""
Temporary credentials that nobody has to remember.

A session token holds its whole session, authenticated with the installation's key; the access key id and the secret
follow from both. So every process that has the key accepts what any of them has issued, after a restart too, and none
keeps a list. Whoever holds a token can read its session, but not change it: it is signed, not secret from its holder.
"""

import base64
import binascii
import hmac
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import orjson

from tenantable.errors import PolicyError
from tenantable.iam.documents import parse_policy, policy_document
from tenantable.iam.sessions.session import Session
from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import Credentials

TOKEN_CHARACTERS_MAX = 8192
"""So that a token fits the headers of a request many times over. What is larger, STS refuses as too large packed."""

KEY_BYTES_MIN = 32
SESSIONS_MAX = 4096
"""How many tokens are remembered with their sessions; an older one is read again, and is another session then."""

TEMPORARY_PREFIX = "ASIA"

_VERSION = b"\x01"
_MAC_BYTES = 32
_NONCE_BYTES = 12
_ID_CHARACTERS = 16
_SECRET_CHARACTERS = 40


class ReadToken(NamedTuple):
    """A token that was issued here: what it stands for, and the secret of its access key."""

    session: Session
    secret_access_key: str


class SessionTokens:
    """
    Issues and reads session tokens. Safe to share between threads.

    Args:
        key: The installation's, at least 32 bytes; the same in all its processes and after every restart.
        clock: Seconds since 1970.
        random_bytes: From a number to that many random bytes: `os.urandom`.
    """

    def __init__(self, key: bytes, *, clock: Callable[[], float], random_bytes: Callable[[int], bytes]) -> None:
        if len(key) < KEY_BYTES_MIN:
            raise PolicyError(f"the key of session tokens has {len(key)} bytes; at least {KEY_BYTES_MIN} are needed")
        self._key = key
        self._clock = clock
        self._random_bytes = random_bytes
        self._authentic = lru_cache(maxsize=SESSIONS_MAX)(self._read)

    def issue(self, session: Session) -> Credentials:
        """The credentials of a session, which may have a token longer than `TOKEN_CHARACTERS_MAX`."""
        content = self._random_bytes(_NONCE_BYTES) + zlib.compress(_dumped(session), 9)
        token = base64.urlsafe_b64encode(_VERSION + self._digest(b"token", content) + content).decode()
        return Credentials(
            access_key_id=self._access_key_id(content),
            secret_access_key=self._secret(content),
            session_token=token,
            expires_at=session.expires_at,
        )

    def read(self, access_key_id: str, token: str) -> ReadToken:
        """
        What a token stands for; the same session object for the same token, as long as it is remembered.

        Raises:
            DynamoError: UnrecognizedClientException for a token that was not issued here or belongs to another access
                key; ExpiredTokenException when its time is over.
        """
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise _unrecognized()
        found = self._authentic(access_key_id, token)
        if found.session.expires_at <= self._clock():
            raise expired()
        return found

    def _read(self, access_key_id: str, token: str) -> ReadToken:
        try:
            sealed = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise _unrecognized() from error
        mac, content = sealed[1 : 1 + _MAC_BYTES], sealed[1 + _MAC_BYTES :]
        if sealed[:1] != _VERSION or not hmac.compare_digest(mac, self._digest(b"token", content)):
            raise _unrecognized()
        if not hmac.compare_digest(self._access_key_id(content).encode(), access_key_id.encode(errors="replace")):
            raise _unrecognized()
        return ReadToken(_loaded(zlib.decompress(content[_NONCE_BYTES:])), self._secret(content))

    def _access_key_id(self, content: bytes) -> str:
        return TEMPORARY_PREFIX + base64.b32encode(self._digest(b"id", content)).decode()[:_ID_CHARACTERS]

    def _secret(self, content: bytes) -> str:
        return base64.b64encode(self._digest(b"secret", content)).decode()[:_SECRET_CHARACTERS]

    def _digest(self, purpose: bytes, content: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"\0" + content, "sha256")


def expired() -> DynamoError:
    return DynamoError("ExpiredTokenException", "The security token included in the request is expired")


def _unrecognized() -> DynamoError:
    return DynamoError("UnrecognizedClientException", "The security token included in the request is invalid.")


def _dumped(session: Session) -> bytes:
    return orjson.dumps(
        {
            "role": session.role_arn,
            "name": session.name,
            "role_id": session.role_id,
            "issued_at": session.issued_at,
            "expires_at": session.expires_at,
            "policies": [policy_document(policy) for policy in session.policies],
            "tags": dict(session.tags),
        }
    )


def _loaded(text: bytes) -> Session:
    stored = orjson.loads(text)
    return Session(
        role_arn=stored["role"],
        name=stored["name"],
        role_id=stored["role_id"],
        issued_at=stored["issued_at"],
        expires_at=stored["expires_at"],
        policies=tuple(parse_policy(policy) for policy in stored["policies"]),
        tags=stored["tags"],
    )
