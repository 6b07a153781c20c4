"""Roles: those of an organisation, those of the platform, and who has one."""

from starlette.responses import Response

from tenantable.console.access.organisations import CHOICES_MAX, ROWS, organisation_of
from tenantable.console.visits import Visit


async def list_roles(visit: Visit) -> Response:
    """The organisation's own roles by name, and the platform's, which it can give too."""
    organisation, inactive = await organisation_of(visit), visit.query("active") == "false"
    place = "organisations", visit.segment("organisation")
    active = "false" if inactive else "true"
    own = await visit.calls.get(*place, "roles", active=active, limit=ROWS, cursor=visit.query("cursor"))
    shared = await visit.calls.get("platform", "roles", active=active, limit=CHOICES_MAX)
    return visit.page(
        "access/roles.html", organisation=organisation, here="roles", own=own, shared=shared, inactive=inactive
    )


async def show_role(visit: Visit) -> Response:
    """Who has a role, by user."""
    organisation, role_id = await organisation_of(visit), visit.segment("role")
    found = await visit.calls.get(
        "organisations",
        visit.segment("organisation"),
        "roles",
        role_id,
        "users",
        limit=ROWS,
        cursor=visit.query("cursor"),
    )
    return visit.page("access/role.html", organisation=organisation, here="roles", role_id=role_id, found=found)
