"""The console put together: its pages, what they look like, and the API that they ask."""

from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from tenantable.console.access import (
    answers,
    audit,
    definitions,
    explanation,
    invitations,
    keys,
    members,
    organisations,
    roles,
    teams,
)
from tenantable.console.entrance import sign_in, sign_in_page, sign_out
from tenantable.console.errors import Refused
from tenantable.console.protection import Protection, origin_of
from tenantable.console.rendering import new_environment
from tenantable.console.sessions import Sessions
from tenantable.console.visits import CANNOT, NOT_FOUND, Console, PageHandler, Visit, show_problem, signed_in

STATIC = Path(__file__).parent / "static"
_ONE = "/organisations/{organisation}"


def create_console(
    api: ASGIApp, *, key: bytes, public_url: str, clock: Callable[[], float], new_key: Callable[[], str]
) -> ASGIApp:
    """
    The console of access management, to be mounted under a path of its own.

    Args:
        api: The API that is asked, in process.
        key: 32 secret bytes, for sessions. With another one everybody signs in anew.
        public_url: Where browsers find it; with https, cookies are sent over https alone.
        new_key: An unguessable text, so that a form that is sent twice counts once.
    """
    app = Starlette(routes=_routes(), exception_handlers={HTTPException: _http_error, Exception: _unexpected})
    app.state.console = Console(
        api=api,
        sessions=Sessions(key, secure=public_url.startswith("https://"), clock=clock),
        templates=new_environment(),
        origin=origin_of(public_url),
        clock=clock,
        new_key=new_key,
    )
    app.state.verifications = audit.Verifications()
    return Protection(app, public_url=public_url)


def _routes() -> list[Route | Mount]:
    return [
        Route("/", signed_in(_first_page)),
        Route("/sign-in", sign_in_page),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
        *_pages("/organisations", organisations.list_organisations, organisations.create_organisation),
        Route("/invitations/accept", answers.answer_page),
        Route("/invitations/accept", answers.answer, methods=["POST"]),
        Route("/me/invitations", signed_in(_first_page)),
        _change("/me/invitations/accept", answers.accept_own),
        _change("/me/invitations/decline", answers.decline_own),
        *_pages(_ONE, organisations.show_overview),
        *_pages(f"{_ONE}/members", members.list_members),
        *_pages(f"{_ONE}/members/{{user}}", members.show_member),
        _change(f"{_ONE}/members/{{user}}/roles", members.give_role),
        _change(f"{_ONE}/members/{{user}}/take", members.take_role),
        _change(f"{_ONE}/members/{{user}}/active", members.switch_member),
        _change(f"{_ONE}/members/{{user}}/remove", members.remove_member),
        *_pages(f"{_ONE}/roles", roles.list_roles, roles.create_role),
        *_pages(f"{_ONE}/roles/{{role}}", roles.show_role),
        *_pages(f"{_ONE}/permission-sets", definitions.list_sets),
        *_pages(f"{_ONE}/team-roles", definitions.list_team_roles),
        *_pages(f"{_ONE}/keys", keys.list_keys, keys.create_key),
        _change(f"{_ONE}/keys/revoke", keys.revoke_key),
        *_pages(f"{_ONE}/teams", teams.list_teams, teams.create_team),
        *_pages(f"{_ONE}/teams/{{team}}", teams.show_team),
        _change(f"{_ONE}/teams/{{team}}/members", teams.add_team_member),
        _change(f"{_ONE}/teams/{{team}}/members/{{user}}", teams.change_team_role),
        _change(f"{_ONE}/teams/{{team}}/members/{{user}}/remove", teams.remove_team_member),
        *_pages(f"{_ONE}/invitations", invitations.list_invitations, invitations.invite),
        _change(f"{_ONE}/invitations/resend", invitations.resend),
        _change(f"{_ONE}/invitations/revoke", invitations.revoke),
        *_pages(f"{_ONE}/audit", audit.search_events),
        _change(f"{_ONE}/audit/verify", audit.verify_trail),
        *_pages(f"{_ONE}/explanation", explanation.explain),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def _pages(path: str, shown: PageHandler, changed: PageHandler | None = None) -> list[Route]:
    found = [Route(path, signed_in(shown))]
    return found if changed is None else [*found, _change(path, changed)]


def _change(path: str, handler: PageHandler) -> Route:
    """A change. When it is refused, its page is shown at its address, whose parent is the address of the page."""
    return Route(path, signed_in(handler), methods=["POST"])


async def _first_page(visit: Visit) -> Response:
    return visit.to("organisations")


async def _http_error(request: Request, error: Exception) -> Response:
    """What the framework answers with, as a page."""
    assert isinstance(error, HTTPException)
    console: Console = request.app.state.console
    session = console.sessions.session(request)
    if error.status_code == 405 and request.method == "GET":
        # The address of a change, loaded anew: the page that it belongs to is above it.
        return RedirectResponse(request.url.path.rsplit("/", 1)[0], 303)
    title = NOT_FOUND if error.status_code == 404 else CANNOT
    return show_problem(request, console, session, title=title, refused=Refused(error.status_code, str(error.detail)))


async def _unexpected(request: Request, _error: Exception) -> Response:
    """What went wrong is logged by the server, and not told."""
    refused = Refused(500, "Something went wrong", hint="see the log for details")
    return show_problem(request, request.app.state.console, None, title="This page can't be shown", refused=refused)
