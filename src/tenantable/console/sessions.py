"""Who is signed in, kept in an encrypted cookie: nothing is stored here, and the browser cannot read its own token."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

import orjson
from cryptography.fernet import Fernet, InvalidToken
from starlette.requests import Request
from starlette.responses import Response

SESSION_COOKIE = "tenantable-console"
NOTICE_COOKIE = "tenantable-console-notice"
SESSION_SECONDS_MAX = 12 * 3600
NOTICE_SECONDS = 60
CREDENTIAL_CHARACTERS_MAX = 2600
"""A browser keeps 4096 bytes of a cookie, and encryption takes a good third of them."""

Kind = Literal["user", "administrator"]
_ValueT = TypeVar("_ValueT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """
    Somebody who is signed in. `credential` is what the API is called with; `ends_at` in seconds since 1970.
    """

    credential: str
    kind: Kind
    name: str
    ends_at: float

    @property
    def is_administrator(self) -> bool:
        return self.kind == "administrator"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What was done, to be shown on the next page, once."""

    text: str


class Sessions:
    """
    Reads and writes the cookies.

    Args:
        key: 32 secret bytes. Who has it can read and make sessions; processes behind one address share it.
        secure: Whether the browser may send the cookies over https alone.
    """

    def __init__(self, key: bytes, *, secure: bool, clock: Callable[[], float]) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))
        self._secure = secure
        self._clock = clock

    def begin(self, response: Response, session: Session, *, path: str) -> None:
        """Sign somebody in until the session ends."""
        left = int(session.ends_at - self._clock())
        self._set(response, SESSION_COOKIE, session, path=path, seconds=left)

    def end(self, response: Response, *, path: str) -> None:
        self._delete(response, SESSION_COOKIE, path=path)

    def session(self, request: Request) -> Session | None:
        """None: nobody is signed in, the session is over, or the cookie was not made here."""
        found = self._read(request, SESSION_COOKIE, Session)
        return found if found is not None and found.ends_at > self._clock() else None

    def leave_notice(self, response: Response, notice: Notice, *, path: str) -> None:
        self._set(response, NOTICE_COOKIE, notice, path=path, seconds=NOTICE_SECONDS)

    def notice(self, request: Request) -> Notice | None:
        return self._read(request, NOTICE_COOKIE, Notice, ttl=NOTICE_SECONDS)

    def forget_notice(self, response: Response, *, path: str) -> None:
        self._delete(response, NOTICE_COOKIE, path=path)

    def _set(self, response: Response, name: str, value: Any, *, path: str, seconds: int) -> None:
        content = self._fernet.encrypt_at_time(orjson.dumps(asdict(value)), int(self._clock())).decode()
        response.set_cookie(
            name, content, max_age=max(seconds, 0), path=path, secure=self._secure, httponly=True, samesite="strict"
        )

    def _delete(self, response: Response, name: str, *, path: str) -> None:
        response.delete_cookie(name, path=path, secure=self._secure, httponly=True, samesite="strict")

    def _read(
        self, request: Request, name: str, shape: Callable[..., _ValueT], *, ttl: int = SESSION_SECONDS_MAX
    ) -> _ValueT | None:
        content = request.cookies.get(name, "")
        try:
            opened = self._fernet.decrypt_at_time(content.encode(), ttl, int(self._clock()))
            return shape(**orjson.loads(opened))
        except (InvalidToken, ValueError, TypeError):
            return None  # of another key, altered, over, or of another version: as good as none


def claims_of(token: str) -> dict[str, Any]:
    """
    What a JSON Web Token says, unchecked, for showing alone: whether it counts is for the API to say. Empty for
    anything else.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
