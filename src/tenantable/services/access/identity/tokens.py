"""
Bearer tokens of users: JSON Web Tokens, of the embedded issuer or of any issuer whose keys are known.

Source: RFC 7519, RFC 9068. Algorithms that use one secret for signing and checking are refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import extract_compact

from tenantable.services.access.errors import NotAuthenticated
from tenantable.services.access.identity.callers import Caller, is_user_id
from tenantable.services.access.identity.claims import check_claims
from tenantable.services.access.identity.emails import normalised_email
from tenantable.services.access.identity.subjects import subject_of

ALGORITHMS = ["ES256", "ES384", "RS256", "PS256", "Ed25519", "EdDSA"]
EMBEDDED_ALGORITHM = "ES256"
LIFETIME_SECONDS_MAX = 12 * 3600
_TOKEN_CHARACTERS_MAX = 8192

Clock = Callable[[], float]
Keys = Callable[[str | None], KeySet]
"""From the key id that a token's header names (None: it names none) to all keys that are known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Issuer:
    """
    Whose tokens are believed: the `iss` and `aud` that they must have, and the keys, asked for at each token.

    `user_claim` is the claim that holds the user's id.
    """

    issuer: str
    audience: str
    keys: Keys
    user_claim: str = "sub"


class TokenAuthenticator:
    """Users by their tokens, each of which names its issuer."""

    def __init__(self, issuers: Sequence[Issuer], *, clock: Clock) -> None:
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._clock = clock

    def caller(self, credential: str) -> Caller | None:
        if credential.count(".") != 2:
            return None
        if len(credential) > _TOKEN_CHARACTERS_MAX:
            raise NotAuthenticated(reason="token-too-long")
        issuer, claims = self._verified(credential)
        user_id = check_claims(claims, issuer, now=self._clock())
        return Caller(kind="user", id=user_id, email=_verified_email(claims))

    def _verified(self, token: str) -> tuple[Issuer, dict[str, Any]]:
        """Whose token it is, and its claims; the signature is that of the one key which the header names."""
        reason = "token-malformed"
        try:
            unverified = extract_compact(token.encode())
            assert unverified.payload is not None
            named = orjson.loads(unverified.payload)["iss"]
            reason = "token-issuer-unknown"
            issuer = self._issuers[named]
            key_id = unverified.headers().get("kid")
            if key_id is not None and not isinstance(key_id, str):
                raise TypeError("kid is no text")
            reason = "token-key-unknown"
            key = issuer.keys(key_id).get_by_kid(key_id)
            reason = "token-signature"
            return issuer, jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            # For the log alone: of a token that nobody signed, its sender learns nothing.
            raise NotAuthenticated(reason=reason) from error


def _verified_email(claims: dict[str, Any]) -> str | None:
    address = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(address, str):
        return None
    try:
        return normalised_email(address)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _HeldKeys:
    """The key that signs, and all that are believed: replaced together."""

    signing: ECKey
    public: KeySet

    @classmethod
    def of(cls, keys: Sequence[ECKey]) -> "_HeldKeys":
        return cls(keys[0], KeySet([ECKey.import_key(each.as_dict(private=False)) for each in keys]))


class EmbeddedIssuer:
    """
    Signs tokens with a key of this installation, for laptops and for platforms without an issuer of their own.

    Args:
        key: An EC key on P-256, private.
        issuer: The `iss` and `aud` of its tokens.
        former: Keys that signed before this one, whose tokens are still believed.
        changed: All keys anew, the present one first, when others have come since it was last asked; None when not.
            Asked at each use. Without it the keys stay.

    Safe to share between threads.
    """

    def __init__(
        self,
        key: ECKey,
        *,
        issuer: str,
        clock: Clock,
        former: Sequence[ECKey] = (),
        changed: Callable[[], Sequence[ECKey] | None] = lambda: None,
    ) -> None:
        self._held = _HeldKeys.of([key, *former])
        self._issuer = issuer
        self._clock = clock
        self._changed = changed
        self._lock = Lock()

    def _keys(self) -> "_HeldKeys":
        # Nobody is to miss keys that another thread is just taking up.
        with self._lock:
            changed = self._changed()
            if changed is not None:
                self._held = _HeldKeys.of(changed)
            return self._held

    @property
    def public_keys(self) -> KeySet:
        return self._keys().public

    def published_keys(self) -> dict[str, list[dict[str, Any]]]:
        """The keys that others check its tokens with, as a JSON Web Key Set. Source: RFC 7517, section 5."""
        keys = [key.as_dict(private=False, use="sig", alg=EMBEDDED_ALGORITHM) for key in self.public_keys]
        return {"keys": keys}

    def token(self, user_id: str, *, email: str | None = None, lifetime_seconds: int = 3600) -> str:
        """
        A token for a user; an `email` counts as verified.

        Raises:
            ValueError: The lifetime is not 1 second to 12 hours, or the id is none that users have.
        """
        if not is_user_id(user_id):
            raise ValueError(f"{user_id!r} is no user id: write letters, digits, _, |, ., @, + and -, not `platform`")
        if not 1 <= lifetime_seconds <= LIFETIME_SECONDS_MAX:
            raise ValueError(f"lifetime_seconds is {lifetime_seconds}; it must be 1 to {LIFETIME_SECONDS_MAX}")
        now = int(self._clock())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": subject_of(user_id),
            "iat": now,
            "exp": now + lifetime_seconds,
        }
        if email is not None:
            claims |= {"email": email, "email_verified": True}
        key = self._keys().signing
        header = {"alg": EMBEDDED_ALGORITHM, "kid": key.kid, "typ": "at+jwt"}
        return jwt.encode(header, claims, key, algorithms=[EMBEDDED_ALGORITHM])

    @property
    def trusted(self) -> Issuer:
        return Issuer(issuer=self._issuer, audience=self._issuer, keys=lambda _key_id: self.public_keys)


def new_key() -> ECKey:
    """A key for an embedded issuer."""
    key = ECKey.generate_key("P-256", auto_kid=True)
    assert isinstance(key, ECKey)
    return key
