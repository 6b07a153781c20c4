"""
What a token says, once its signature is verified. Whoever holds it may then be told what is wrong with it.

Source: RFC 7519, section 4.1.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TypeGuard

from tenantable.services.access.errors import NotAuthenticated
from tenantable.services.access.identity.callers import RESERVED_IDS, is_user_id
from tenantable.services.access.identity.subjects import SUBJECT_CHARACTERS_MAX, user_id_of

LEEWAY_SECONDS = 30
"""How far the clocks of issuer and service may differ."""
_SHOWN_CHARACTERS = 80
_MOMENT_MAX = 253_402_000_000
"""Seconds since 1970, in the year 9999."""


class Expected(Protocol):
    """What the claims of an issuer's tokens must be."""

    @property
    def issuer(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def user_claim(self) -> str: ...


def check_claims(claims: Mapping[str, Any], expected: Expected, *, now: float) -> str:
    """
    The id of the user whom the claims name.

    Raises:
        NotAuthenticated: A claim is missing or is not what it must be; names it.
    """
    if claims.get("iss") != expected.issuer:
        raise _refused("token-issuer-unknown", f"The token's iss is {_shown(claims.get('iss'))}, not {expected.issuer}")
    audience = claims.get("aud")
    if expected.audience not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("token-audience", f"The token's aud is {_shown(audience)}; expected is {expected.audience!r}")
    _check_time(claims, now)
    return _user_id(claims.get(expected.user_claim), expected.user_claim)


def _check_time(claims: Mapping[str, Any], now: float) -> None:
    ends = claims.get("exp")
    if not _is_moment(ends):
        raise _refused("token-claims", "The token's exp is missing or no number of seconds")
    if ends + LEEWAY_SECONDS <= now:
        raise _refused("token-expired", f"The token expired at {_time(ends)}, and it is {_time(now)} here")
    for name in ("nbf", "iat"):
        begins = claims.get(name, 0)
        if not _is_moment(begins):
            raise _refused("token-claims", f"The token's {name} is no number of seconds")
        if begins - LEEWAY_SECONDS > now:
            raise _refused("token-early", f"The token's {name} is {_time(begins)}, and it is {_time(now)} here")


def _user_id(subject: object, name: str) -> str:
    if not isinstance(subject, str):
        raise _refused("token-user-id", f"The token's {name}, the user's subject, is missing or no text")
    user_id = user_id_of(subject)
    if user_id in RESERVED_IDS:
        raise _refused("token-user-id", f"The token's {name} is {subject!r}, as no user is called")
    if user_id is None or not is_user_id(user_id):
        form = f"a subject has 1 to {SUBJECT_CHARACTERS_MAX} visible ASCII characters"
        raise _refused("token-user-id", f"The token's {name} is {_shown(subject)}: {form}")
    return user_id


def _refused(reason: str, message: str) -> NotAuthenticated:
    # The header has no place for what the token says: that may be of any characters.
    challenge = "The token expired" if reason == "token-expired" else "A claim of the token is not as expected"
    return NotAuthenticated(message, reason=reason, challenge=challenge)


def _shown(claim: object) -> str:
    match claim:
        case None:
            return "missing"
        case str():
            return repr(claim if len(claim) <= _SHOWN_CHARACTERS else f"{claim[:_SHOWN_CHARACTERS]}...")
        case [str() as first]:
            return _shown(first)
        case list():
            return f"a list of {len(claim)}"
        case _:
            return "no text"


def _time(seconds: float) -> str:
    within = min(max(seconds, 0), _MOMENT_MAX)
    return datetime.fromtimestamp(within, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_moment(claim: object) -> TypeGuard[int | float]:
    return isinstance(claim, int | float) and not isinstance(claim, bool)
