"""
The keys of an OpenID provider: found by its discovery document, kept for a while, read again when a new one signs.

Source: OpenID Connect Discovery 1.0, sections 3 and 4; RFC 7517, section 5.
"""

from collections.abc import Callable
from ipaddress import ip_address
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from tenantable.errors import SettingsError
from tenantable.services.access.errors import IssuerUnreachable

DISCOVERY = "/.well-known/openid-configuration"
KEPT_SECONDS = 3600.0
"""Keys are read again after this, so that one that was withdrawn counts no longer."""
REFRESH_SECONDS_MIN = 10.0
"""Between two reads because of an unknown key or a failure: strangers can send tokens with any key id."""
KEYS_MAX = 100
_SIGNING_KEYS = frozenset({"EC", "RSA", "OKP"})

_log = structlog.get_logger(__name__)

Fetch = Callable[[str], bytes]
"""The body of what stands at an address, or IssuerUnreachable; it bounds time and size."""


class OpenIdKeys:
    """
    The keys that a provider signs tokens with.

    Args:
        issuer: The provider's identifier, to which the path of its discovery document is added.
        fetch: Reads an address.
        monotonic: Seconds that only grow.
    Raises:
        SettingsError: The issuer is no https address, nor one of this machine.

    Safe to share between threads.
    """

    def __init__(self, issuer: str, *, fetch: Fetch, monotonic: Callable[[], float]) -> None:
        if not is_trusted_address(issuer):
            hint = "write https://...; http is for 127.0.0.1 and localhost alone"
            raise SettingsError(f"The issuer {issuer!r} cannot be trusted", hint=hint)
        self._issuer = issuer
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: KeySet | None = None
        self._read_at = self._tried_at = float("-inf")
        self._lock = Lock()

    def __call__(self, key_id: str | None) -> KeySet:
        """
        The keys, read now if there are none yet, if they were read long ago, or if `key_id` is not among them.

        Raises:
            IssuerUnreachable: There are none yet and the provider does not answer.
        """
        if self._is_due(key_id) and self._lock.acquire(blocking=not self._is_known(key_id)):
            try:
                if self._is_due(key_id):
                    self._refresh()
            finally:
                self._lock.release()
        if self._keys is None:
            raise IssuerUnreachable(f"The keys of {self._issuer} cannot be read", hint="try again in ten seconds")
        return self._keys

    def _is_due(self, key_id: str | None) -> bool:
        now = self._monotonic()
        if now - self._tried_at < REFRESH_SECONDS_MIN:
            return False
        return not self._is_known(key_id) or now - self._read_at >= KEPT_SECONDS

    def _is_known(self, key_id: str | None) -> bool:
        keys = self._keys
        return keys is not None and (key_id is None or any(key.kid == key_id for key in keys))

    def _refresh(self) -> None:
        """Keys that were read before stay when the provider cannot be reached."""
        try:
            self._keys = self._read()
            self._read_at = self._monotonic()
        except IssuerUnreachable as error:
            _log.warning("keys not read", issuer=self._issuer, cause=str(error))
        finally:
            self._tried_at = self._monotonic()

    def _read(self) -> KeySet:
        discovery = _object(self._fetch(self._issuer.rstrip("/") + DISCOVERY))
        if discovery.get("issuer") != self._issuer:
            raise IssuerUnreachable(f"The discovery document of {self._issuer} is that of another issuer")
        address = discovery.get("jwks_uri")
        if not isinstance(address, str) or not is_trusted_address(address):
            raise IssuerUnreachable(f"The discovery document of {self._issuer} names no trusted address of keys")
        found = _object(self._fetch(address)).get("keys")
        keys = [key for each in found[:KEYS_MAX] if (key := _key(each))] if isinstance(found, list) else []
        if not keys:
            raise IssuerUnreachable(f"{self._issuer} publishes no key that signs tokens")
        return KeySet(keys)


def is_trusted_address(address: str) -> bool:
    """Whether nobody on the way can answer in its place: https, or this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except ValueError as error:
        raise IssuerUnreachable("The provider answered what is no JSON") from error
    if not isinstance(found, dict):
        raise IssuerUnreachable("The provider answered what is no JSON object")
    return found


def _key(found: object) -> Key | None:
    """A public key that signs; None for any other, because providers publish keys for other uses, too."""
    if not isinstance(found, dict) or found.get("kty") not in _SIGNING_KEYS or found.get("use", "sig") != "sig":
        return None
    try:
        return JWKRegistry.import_key(found)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
