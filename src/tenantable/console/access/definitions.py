"""What roles are made of: permission sets, and the roles within teams."""

from starlette.responses import Response

from tenantable.console.access.sections import CHOICES_MAX, ROWS, organisation_of
from tenantable.console.visits import Visit


async def list_sets(visit: Visit) -> Response:
    """The organisation's permission sets and the platform's, each with its entries."""
    organisation, inactive = await organisation_of(visit), visit.query("active") == "false"
    place = "organisations", visit.segment("organisation"), "permission-sets"
    active = "false" if inactive else "true"
    own = await visit.calls.get(*place, active=active, limit=ROWS, cursor=visit.query("cursor"))
    shared = await visit.calls.get("platform", "permission-sets", limit=CHOICES_MAX)
    return visit.page(
        "access/sets.html", organisation=organisation, here="roles", own=own, shared=shared, inactive=inactive
    )


async def list_team_roles(visit: Visit) -> Response:
    """A page of the team roles by name."""
    organisation, inactive = await organisation_of(visit), visit.query("active") == "false"
    found = await visit.calls.get(
        "organisations",
        visit.segment("organisation"),
        "team-roles",
        active="false" if inactive else "true",
        limit=ROWS,
        cursor=visit.query("cursor"),
    )
    return visit.page("access/team_roles.html", organisation=organisation, here="roles", found=found, inactive=inactive)
