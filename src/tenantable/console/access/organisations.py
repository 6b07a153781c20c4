"""Organisations: those that there are, a new one, and what one looks like as a whole."""

from collections.abc import Awaitable
from typing import Any, TypeVar

from starlette.responses import Response

from tenantable.console.errors import Refused
from tenantable.console.forms import Form, number_of
from tenantable.console.visits import Visit

ROWS = 20
CHOICES_MAX = 200
"""Roles and teams that a form offers: a page of the API at its largest."""
_FoundT = TypeVar("_FoundT")


async def list_organisations(visit: Visit) -> Response:
    """All organisations by name for the administrator, their own for users."""
    return await _list(visit)


async def create_organisation(visit: Visit) -> Response:
    """Create one with its first owner, as the administrator."""
    fields = await visit.fields()
    try:
        body = {
            "organisationId": fields.get("organisationId", ""),
            "name": fields.get("name", ""),
            "owner": {"userId": fields.get("owner.userId", ""), "email": fields.get("owner.email", "")},
            "seatLimit": number_of(fields.get("seatLimit", ""), "seatLimit"),
            "allowedDomains": fields.get("allowedDomains", "").replace(",", " ").split(),
        }
        made = await visit.calls.post("organisations", body=body, key=fields.get("key"))
    except Refused as refused:
        return await _list(visit, failed=Form(name="create", values=fields, refused=refused))
    done = f"{made['name']} was created; {fields.get('owner.userId')} owns it."
    return visit.to("organisations", str(made["organisationId"]), done=done)


async def show_overview(visit: Visit) -> Response:
    """One organisation: what is known of it, its first roles and open invitations."""
    organisation = await organisation_of(visit)
    place = "organisations", visit.segment("organisation")
    roles = await unless_forbidden(visit.calls.get(*place, "roles", limit=ROWS))
    invitations = await unless_forbidden(visit.calls.get(*place, "invitations", limit=5))
    teams = await unless_forbidden(visit.calls.get(*place, "teams", limit=ROWS))
    return visit.page(
        "access/overview.html",
        organisation=organisation,
        here="overview",
        roles=roles,
        invitations=invitations,
        teams=teams,
    )


async def organisation_of(visit: Visit) -> dict[str, Any]:
    """The organisation of a page; no more than its id for whoever may not read it."""
    organisation_id = visit.segment("organisation")
    found = await unless_forbidden(visit.calls.get("organisations", organisation_id))
    return found or {"organisationId": organisation_id, "name": organisation_id, "active": True}


async def unless_forbidden(asked: Awaitable[_FoundT]) -> _FoundT | None:
    """What was asked for, or None for whoever may not know: a part of a page is left out then."""
    try:
        return await asked
    except Refused as refused:
        if refused.status == 403:
            return None
        raise


async def _list(visit: Visit, *, failed: Form | None = None) -> Response:
    cursor = visit.query("cursor")
    if visit.session.is_administrator:
        name, inactive = visit.query("name"), visit.query("active") == "false"
        active = "false" if inactive else "true"
        found = await visit.calls.get("organisations", name=name, active=active, limit=ROWS, cursor=cursor)
    else:
        name, inactive = "", False
        found = await visit.calls.get("me", "organisations", limit=ROWS, cursor=cursor)
    return visit.page("access/organisations.html", failed=failed, found=found, name=name, inactive=inactive)
