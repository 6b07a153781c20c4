"""One visit of a page: who comes, what is asked of the API for them, and what is shown."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from tenantable.console.calls import Calls
from tenantable.console.errors import Refused, SignedOut, Unreachable
from tenantable.console.forms import Form
from tenantable.console.rendering import address, form_named
from tenantable.console.sessions import Notice, Session, Sessions, claims_of

SIGN_IN = "sign-in"
FIELD_CHARACTERS_MAX = 16_384
FIELDS_MAX = 500
NOT_FOUND = "Page not found"
CANNOT = "This can't be done"
_TITLES = {403: "You don't have access", 404: NOT_FOUND}


@dataclass(frozen=True, kw_only=True)
class Console:
    """What all pages share; kept in the application's state as `console`. `origin` is where browsers find it."""

    api: ASGIApp
    sessions: Sessions
    templates: Environment
    origin: str
    clock: Callable[[], float]
    new_key: Callable[[], str]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request of somebody who is signed in. `calls` is the API as it answers them."""

    request: Request
    console: Console
    session: Session
    calls: Calls

    @property
    def root(self) -> str:
        return str(self.request.scope.get("root_path", ""))

    @property
    def user_id(self) -> str | None:
        """Who is signed in; None for the administrator, who is no user."""
        subject = None if self.session.is_administrator else claims_of(self.session.credential).get("sub")
        return None if subject is None else str(subject)

    def segment(self, name: str) -> str:
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        """A parameter of the address; empty when it is not there."""
        return self.request.query_params.get(name, "").strip()

    def public_address(self, *segments: str) -> str:
        """The whole address of a page, to be sent to somebody."""
        return self.console.origin + address(self.root, *segments)

    async def chosen(self, name: str) -> list[str]:
        """The boxes of one name that were ticked."""
        form = await self.request.form(max_files=0, max_fields=FIELDS_MAX)
        return [value for value in form.getlist(name) if isinstance(value, str)]

    async def fields(self) -> dict[str, str]:
        """
        What was entered into a form, without spaces around it.

        Raises:
            Refused: A field is longer than any can be.
        """
        form = await self.request.form(max_files=0, max_fields=FIELDS_MAX)
        found = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
        if any(len(value) > FIELD_CHARACTERS_MAX for value in found.values()):
            raise Refused(413, "Your input is too long")
        return found

    def page(
        self,
        template: str,
        *,
        at: tuple[str, ...] | None = None,
        failed: Form | None = None,
        status: int | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """
        Show a page. `failed` is the form of it that was refused, which gives the status too; `at` are the segments of
        the page's own address, which browsers are to show in place of that of the form.
        """
        if status is None:
            status = failed.refused.status if failed is not None and failed.refused is not None else 200
        response = show(
            self.request, self.console, template, status=status, session=self.session, failed=failed, **values
        )
        if at is not None and self.request.method == "POST":
            response.headers["hx-replace-url"] = address(self.root, *at)
        return response

    def to(self, *segments: str, done: str | None = None, **query: Any) -> RedirectResponse:
        """Go to another page, and say there what was done."""
        response = RedirectResponse(address(self.root, *segments, **query), 303)
        if done is not None:
            self.console.sessions.leave_notice(response, Notice(text=done), path=self.root or "/")
        return response


PageHandler = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def signed_in(handler: PageHandler) -> Endpoint:
    """An endpoint for whoever is signed in; others are led to the door. Refusals become pages."""

    @functools.wraps(handler)
    async def endpoint(request: Request) -> Response:
        console: Console = request.app.state.console
        session = console.sessions.session(request)
        if session is None:
            return to_door(request)
        visit = Visit(request=request, console=console, session=session, calls=Calls(console.api, session.credential))
        try:
            return await handler(visit)
        except SignedOut:
            return to_door(request, ended=True)
        except Refused as refused:
            title = _TITLES.get(refused.status, CANNOT)
            return show_problem(request, console, session, title=title, refused=refused)
        except Unreachable as error:
            title = "Access management isn't responding"
            return show_problem(
                request, console, session, title=title, refused=Refused(503, error.message, hint=error.hint)
            )

    return endpoint


def show(request: Request, console: Console, template: str, *, status: int, **values: Any) -> HTMLResponse:
    """A page for whomever; `session` and `failed` may be among the values."""
    root = str(request.scope.get("root_path", ""))
    notice = console.sessions.notice(request)
    failed = values.pop("failed", None)
    context = {
        "session": None,
        "notice": notice,
        "url": functools.partial(address, root),
        "form_named": functools.partial(form_named, failed),
        "path": request.url.path.removeprefix(root),
        "cursor": request.query_params.get("cursor", ""),
        "key": console.new_key(),
        **values,
    }
    if "organisation" in values:
        context["inside"] = functools.partial(address, root, "organisations", values["organisation"]["organisationId"])
    response = HTMLResponse(console.templates.get_template(template).render(context), status)
    if notice is not None:
        console.sessions.forget_notice(response, path=root or "/")
    return response


def to_door(request: Request, *, ended: bool = False, back: bool = False) -> Response:
    """
    To where one signs in, and back from there. `ended`: the credential counts no longer; `back`: to the address of this
    form, which has a page too.
    """
    console: Console = request.app.state.console
    root = str(request.scope.get("root_path", ""))
    wanted = request.url.path.removeprefix(root) if back or request.method == "GET" else ""
    wanted = "" if wanted == "/" else wanted
    target = address(root, SIGN_IN, next=wanted, ended="1" if ended else "")
    response = RedirectResponse(target, 303)
    if ended:
        console.sessions.end(response, path=root or "/")
    return response


def show_problem(
    request: Request, console: Console, session: Session | None, *, title: str, refused: Refused
) -> HTMLResponse:
    """A page that says what went wrong, and nothing else."""
    return show(request, console, "problem.html", status=refused.status, session=session, title=title, refused=refused)
