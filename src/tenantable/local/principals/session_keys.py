"""The key that an installation signs session tokens with, and the access keys that such tokens stand for."""

import os
from collections.abc import Callable
from pathlib import Path

from tenantable.engine.signature import AccessKey, TemporaryKeyLookup
from tenantable.errors import StorageError
from tenantable.iam.sessions.tokens import KEY_BYTES_MIN, SessionTokens
from tenantable.local.secrets import made_once

SESSION_KEY_FILE = "session-key"


def session_key(folder: Path, random_bytes: Callable[[int], bytes] = os.urandom) -> bytes:
    """
    The key of this data folder; made at the first call. Every process that has it accepts what another has issued.

    Raises:
        StorageError: The file cannot be read or written, or is not what this program wrote.
    """
    path = folder / SESSION_KEY_FILE
    key, _ = made_once(path, lambda: random_bytes(KEY_BYTES_MIN))
    if len(key) < KEY_BYTES_MIN:
        hint = "restore it from a backup, or remove it: sessions that were given before end then"
        raise StorageError(f"{path} does not hold the key of this installation's sessions", hint=hint)
    return key


def temporary_keys(tokens: SessionTokens) -> TemporaryKeyLookup:
    """The access keys that session tokens stand for; the principal of each is its session."""

    def look_up(access_key_id: str, token: str) -> AccessKey:
        read = tokens.read(access_key_id, token)
        return AccessKey(secret=read.secret_access_key, principal=read.session, session_token=token)

    return look_up
