"""Organisations: those that there are, a new one, and what one looks like as a whole."""

import asyncio
from datetime import datetime
from typing import Any

from starlette.responses import Response

from tenantable.console.access.audit import Verified, last_verification
from tenantable.console.access.sections import CHOICES_MAX, ROWS, items_of, organisation_of, unless_forbidden
from tenantable.console.errors import Refused
from tenantable.console.forms import Form, number_of
from tenantable.console.visits import Visit

_SOON_SECONDS = 48 * 3600
_FULL = 0.9


async def list_organisations(visit: Visit, *, failed: Form | None = None) -> Response:
    """All organisations by name for the administrator; their own for users, with what they are invited to."""
    cursor = visit.query("cursor")
    name, inactive, invited = "", False, []
    if visit.session.is_administrator:
        name, inactive = visit.query("name"), visit.query("active") == "false"
        active = "false" if inactive else "true"
        found = await visit.calls.get("organisations", name=name, active=active, limit=ROWS, cursor=cursor)
    else:
        found = await visit.calls.get("me", "organisations", limit=ROWS, cursor=cursor)
        own = await unless_forbidden(visit.calls.get("me", "invitations", limit=CHOICES_MAX)) or {"items": []}
        invited = [each for each in own["items"] if each["status"] == "pending"]
    return visit.page(
        "access/organisations.html",
        at=("organisations",),
        failed=failed,
        found=found,
        invited=invited,
        name=name,
        inactive=inactive,
    )


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
        return await list_organisations(visit, failed=Form(name="create", values=fields, refused=refused))
    done = f"Created {made['name']}. Its owner is {fields.get('owner.userId')}."
    return visit.to("organisations", str(made["organisationId"]), done=done)


async def show_overview(visit: Visit) -> Response:
    """One organisation at a glance: its figures, what needs attention, and what the visitor may do."""
    organisation = await organisation_of(visit)
    roles, teams, invitations, own_roles = await asyncio.gather(
        items_of(visit, "roles"), items_of(visit, "teams"), items_of(visit, "invitations"), _own_roles(visit)
    )
    verified = last_verification(visit)
    return visit.page(
        "access/overview.html",
        organisation=organisation,
        here="overview",
        roles=roles,
        teams=teams,
        invitations=invitations,
        own_roles=own_roles,
        verified=verified,
        attention=_attention(organisation, invitations or [], verified, now=visit.console.clock()),
    )


async def _own_roles(visit: Visit) -> list[dict[str, Any]] | None:
    """None for the administrator, who is no member."""
    return None if visit.user_id is None else await items_of_user(visit, visit.user_id)


async def items_of_user(visit: Visit, user_id: str) -> list[dict[str, Any]] | None:
    """The roles that a user was given; None for whoever may not know."""
    place = "organisations", visit.segment("organisation")
    found = await unless_forbidden(visit.calls.get(*place, "users", user_id, "roles"))
    return None if found is None else list(found["items"])


def _attention(
    organisation: dict[str, Any], invitations: list[dict[str, Any]], verified: Verified | None, *, now: float
) -> list[tuple[str, str]]:
    """What an administrator should look at, each with the page for it."""
    found = []
    taken, limit = organisation.get("seatsTaken", 0), organisation.get("seatLimit")
    if not organisation["active"]:
        found.append(("This organisation is inactive. Nobody can do anything in it.", ""))
    if verified is not None and not verified.result["verified"]:
        found.append(("The audit trail is broken.", "audit"))
    if limit and taken >= limit * _FULL:
        left = limit - taken
        found.append(
            (f"Only {left} of {limit} seats left." if left > 0 else f"All {limit} seats are taken.", "members")
        )
    if organisation.get("owners") == 1:
        found.append(("There is only one owner. Add another in case they lose access.", "members"))
    ending = sum(datetime.fromisoformat(each["expiresAt"]).timestamp() < now + _SOON_SECONDS for each in invitations)
    if ending:
        words = "An invitation expires" if ending == 1 else f"{ending} invitations expire"
        found.append((f"{words} within 48 hours.", "invitations"))
    return found
