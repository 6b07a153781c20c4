"""What access management keeps secret: set, or made once and kept in the data folder, one file for each."""

import fcntl
import hashlib
import hmac
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tenantable.errors import SettingsError, StorageError
from tenantable.local.access.chain_keys import chain_keys
from tenantable.local.secrets import RandomText, installation_secrets, kept_secret, made_once, write_private
from tenantable.services.access.identity.tokens import EmbeddedIssuer, new_key
from tenantable.settings import PREFIX, Settings

PLATFORM_SECRET_FILE = "access-platform-secret"  # noqa: S105 - where it is, not what
SIGNING_KEYS_FILE = "access-signing-keys.json"
FORMER_KEYS_MAX = 4

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessSecrets:
    """
    What the service is told and nobody else.

    `platform_secret` is the administrator's, and `platform_secret_is_new` when it was made at this start; `chain_key`
    keys the audit trail and `former_chain_keys` did, the oldest first; `cursor_key` signs page cursors and
    `console_key` (32 bytes) encrypts the console's sessions; the first of `signing_keys` signs tokens.
    """

    platform_secret: str
    platform_secret_is_new: bool
    chain_key: bytes
    former_chain_keys: tuple[bytes, ...]
    cursor_key: bytes
    console_key: bytes
    signing_keys: tuple[ECKey, ...]

    def issuer(self, settings: Settings, *, clock: Callable[[], float] = time.time) -> EmbeddedIssuer:
        """Whoever signs users' tokens here; takes up keys that are rotated meanwhile."""
        return _issuer(settings, clock)


def access_secrets(settings: Settings, random_text: RandomText, *, trail_key_id: str | None = None) -> AccessSecrets:
    """
    Args:
        trail_key_id: The key of the audit trail's newest event; None: there is none yet.
    Raises:
        StorageError: A file of the data folder cannot be read or written, or is not what this program wrote; or the key
            of the audit trail is not known.
        SettingsError: `signing_keys` or `former_chain_keys` are none.
    """
    folder = settings.data
    chain = chain_keys(settings, random_text, trail_key_id=trail_key_id)
    secret, is_new = kept_secret(settings.platform_secret, folder / PLATFORM_SECRET_FILE, random_text)
    if settings.cursor_key is None:
        cursor_key = installation_secrets(folder, random_text).cursor_key
    else:
        cursor_key = settings.cursor_key.get_secret_value()
    return AccessSecrets(
        platform_secret=secret,
        platform_secret_is_new=is_new,
        chain_key=chain.present,
        former_chain_keys=chain.former,
        cursor_key=hmac.digest(cursor_key.encode(), b"access", hashlib.sha256),
        console_key=hmac.digest(cursor_key.encode(), b"console", hashlib.sha256),
        signing_keys=signing_keys(settings),
    )


def embedded_issuer(settings: Settings, *, clock: Callable[[], float]) -> EmbeddedIssuer:
    """
    Whoever signs users' tokens in this data folder.

    Raises:
        SettingsError: Tokens of another issuer are believed, and none that would be signed here.
        StorageError: As `access_secrets`.
    """
    _refuse_other_issuer(settings)
    _refuse_without_keys(settings)
    return _issuer(settings, clock)


def _refuse_other_issuer(settings: Settings) -> None:
    if settings.oidc_issuer is not None:
        raise SettingsError("No tokens are signed here", hint=f"ask {settings.oidc_issuer}, whose tokens are believed")


def _refuse_without_keys(settings: Settings) -> None:
    if settings.signing_keys is None and not (settings.data / SIGNING_KEYS_FILE).exists():
        hint = "start `tenantable up` once, or say with --data where it keeps its data"
        raise StorageError(f"There are no signing keys in {settings.data}", hint=hint)


def _issuer(settings: Settings, clock: Callable[[], float]) -> EmbeddedIssuer:
    # Before the keys are read, so that a rotation between is seen.
    changed = ChangedKeys(settings.data / SIGNING_KEYS_FILE) if settings.signing_keys is None else _unchanged
    first, *former = signing_keys(settings)
    return EmbeddedIssuer(first, issuer=settings.token_issuer, clock=clock, former=former, changed=changed)


def _unchanged() -> None:
    """Keys that are set stay."""


class ChangedKeys:
    """
    Tells a running process when the file of signing keys is another one, at the price of a look at its entry in the
    folder: so strangers' tokens, whatever key they name, make nobody read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._entry()

    def __call__(self) -> tuple[ECKey, ...] | None:
        """The keys, when the file changed since the last call; None when it did not, or is none that can be used."""
        entry = self._entry()
        if entry == self._seen:
            return None
        self._seen = entry
        try:
            keys = _key_set(self._path.read_bytes())
        except OSError:
            keys = None
        if keys is None:
            _log.warning("signing keys not read, the former ones stay", path=str(self._path))
        else:
            _log.info("signing keys read again", key_id=keys[0].kid)
        return keys

    def _entry(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def signing_keys(settings: Settings) -> tuple[ECKey, ...]:
    """
    The keys that tokens are signed with, the present one first.

    Raises:
        StorageError, SettingsError: As `access_secrets`.
    """
    if settings.signing_keys is not None:
        keys = _key_set(settings.signing_keys.get_secret_value().encode())
        if keys is None:
            hint = '{"keys": [...]} with private EC keys on P-256'
            raise SettingsError(f"{PREFIX}SIGNING_KEYS is no private JSON Web Key Set", hint=hint)
        return keys
    path = settings.data / SIGNING_KEYS_FILE
    content, _ = made_once(path, lambda: _stored([new_key()]))
    keys = _key_set(content)
    if keys is None:
        hint = "restore it from a backup, or remove it: tokens that were signed before count no longer then"
        raise StorageError(f"{path} does not hold this installation's signing keys", hint=hint)
    return keys


def rotate_signing_key(settings: Settings) -> str:
    """
    Put a new key before the others; the oldest goes when there are more than five. Gives the new key's id.

    Processes that run take it up by themselves.

    Raises:
        SettingsError: The keys are set, and not in the data folder; or tokens of another issuer are believed.
        StorageError: As `access_secrets`; or the data folder has no signing keys.
    """
    _refuse_other_issuer(settings)
    if settings.signing_keys is not None:
        raise SettingsError("The signing keys are set", hint=f"put a new key first in {PREFIX}SIGNING_KEYS")
    _refuse_without_keys(settings)
    key = new_key()
    with _one_at_a_time(settings.data):
        kept = [key, *signing_keys(settings)[:FORMER_KEYS_MAX]]
        write_private(settings.data / SIGNING_KEYS_FILE, _stored(kept))
    return str(key.kid)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Of several processes that rotate at once, none loses the key of another."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _stored(keys: list[ECKey]) -> bytes:
    return orjson.dumps({"keys": [key.as_dict(private=True) for key in keys]}, option=orjson.OPT_INDENT_2)


def _key_set(content: bytes) -> tuple[ECKey, ...] | None:
    """None when it is no set of private keys on P-256."""
    try:
        keys = tuple(ECKey.import_key(each) for each in orjson.loads(content)["keys"])
        for key in keys:
            key.ensure_kid()
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return keys if keys and all(key.is_private and key.curve_name == "P-256" for key in keys) else None
