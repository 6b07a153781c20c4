"""Signing in and out: whoever comes shows a token or the administrator's secret, and the API says if it counts."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tenantable.console.calls import Calls
from tenantable.console.errors import Refused, SignedOut, Unreachable
from tenantable.console.forms import Form
from tenantable.console.rendering import address
from tenantable.console.sessions import CREDENTIAL_CHARACTERS_MAX, SESSION_SECONDS_MAX, Session, claims_of
from tenantable.console.visits import Console, show

_FORM = "sign-in"
_FIELD = "credential"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Door:
    """The sign-in page as it is asked for: where to afterwards, and whether a session has just ended."""

    request: Request
    console: Console

    @property
    def root(self) -> str:
        return str(self.request.scope.get("root_path", ""))

    def show(self, wanted: str, *, failed: Form | None = None, status: int = 200) -> Response:
        ended = self.request.query_params.get("ended") == "1" and failed is None
        return show(
            self.request, self.console, "sign_in.html", status=status, failed=failed, wanted=wanted, ended=ended
        )


async def sign_in_page(request: Request) -> Response:
    """Ask who it is."""
    return _door(request).show(_own_path(request.query_params.get("next", "")))


async def sign_in(request: Request) -> Response:
    """Begin a session for whoever shows a credential that counts."""
    door = _door(request)
    form = await request.form(max_files=0, max_fields=10)
    credential, wanted = "".join(str(form.get(_FIELD, "")).split()), _own_path(str(form.get("next", "")))
    try:
        session = await _session(door.console, credential)
    except SignedOut:
        refused = Refused(401, "Invalid or expired token")
    except Refused as error:
        refused = error
    except Unreachable as error:
        refused = Refused(503, error.message, hint=error.hint)
    else:
        response = RedirectResponse(f"{door.root}{wanted or '/'}", 303)
        door.console.sessions.begin(response, session, path=door.root or "/")
        return response
    # What was entered is not shown again: it is a secret, if perhaps not ours.
    return door.show(wanted, failed=Form(name=_FORM, refused=refused), status=refused.status)


async def sign_out(request: Request) -> Response:
    """End the session; the token itself lives on until it ends."""
    door = _door(request)
    response = RedirectResponse(address(door.root, "sign-in"), 303)
    door.console.sessions.end(response, path=door.root or "/")
    return response


async def _session(console: Console, credential: str) -> Session:
    if not credential:
        raise Refused(422, "No token", faults={_FIELD: "Enter a token or the administrator's secret"})
    if not credential.isascii() or len(credential) > CREDENTIAL_CHARACTERS_MAX:
        hint = f"tokens have at most {CREDENTIAL_CHARACTERS_MAX} characters"
        raise Refused(422, "This isn't a token", hint=hint)
    now, calls = console.clock(), Calls(console.api, credential)
    try:
        await calls.get("me", "organisations", limit=1)
    except Refused as refused:
        if refused.status != 403:
            raise
    else:
        claims = claims_of(credential)
        name, ends_at = str(claims.get("email") or claims.get("sub") or "user"), claims.get("exp", now)
        last = min(now + SESSION_SECONDS_MAX, float(ends_at))
        return Session(credential=credential, kind="user", name=name, ends_at=last)
    try:
        await calls.get("organisations", limit=1)
    except Refused as refused:
        if refused.status != 403:
            raise
        hint = "sign in with a token of your own"
        raise Refused(403, "Service keys are for programs", hint=hint) from refused
    return Session(credential=credential, kind="administrator", name="Administrator", ends_at=now + SESSION_SECONDS_MAX)


def _door(request: Request) -> _Door:
    return _Door(request=request, console=request.app.state.console)


def _own_path(text: str) -> str:
    """A path of the console; empty for everything else: nobody is led elsewhere after signing in."""
    own = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if own else ""
