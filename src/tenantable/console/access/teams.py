"""Teams: those that there are, a new one, and the members of one with their team roles."""

from typing import Any

from starlette.responses import Response

from tenantable.console.access.organisations import CHOICES_MAX, ROWS, organisation_of, unless_forbidden
from tenantable.console.errors import Refused
from tenantable.console.forms import Form
from tenantable.console.visits import Visit


async def list_teams(visit: Visit) -> Response:
    """A page of the teams by name."""
    return await _list(visit)


async def create_team(visit: Visit) -> Response:
    """Create a team."""
    fields = await visit.fields()
    body: dict[str, Any] = {"teamId": fields.get("teamId", ""), "name": fields.get("name", "")}
    if fields.get("divisionId"):
        body["divisionId"] = fields["divisionId"]
    try:
        made = await visit.calls.post(*_place(visit), "teams", body=body, key=fields.get("key"))
    except Refused as refused:
        return await _list(visit, failed=Form(name="create", values=fields, refused=refused))
    return visit.to(*_place(visit), "teams", str(made["teamId"]), done=f"The team {made['name']} was created.")


async def show_team(visit: Visit) -> Response:
    """One team, and a page of its members."""
    return await _show(visit)


async def add_team_member(visit: Visit) -> Response:
    """Add a member of the organisation, in a team role."""
    fields, team_id = await visit.fields(), visit.segment("team")
    body = {"userId": fields.get("userId", ""), "teamRoleId": fields.get("teamRoleId", "")}
    try:
        await visit.calls.post(*_place(visit), "teams", team_id, "members", body=body, key=fields.get("key"))
    except Refused as refused:
        return await _show(visit, failed=Form(name="add", values=fields, refused=refused))
    done = f"{body['userId']} is in the team, as {body['teamRoleId']}."
    return visit.to(*_place(visit), "teams", team_id, done=done)


async def change_team_role(visit: Visit) -> Response:
    """Give a member of a team another role there."""
    fields, team_id, user_id = await visit.fields(), visit.segment("team"), visit.segment("user")
    body = {"teamRoleId": fields.get("teamRoleId", "")}
    try:
        await visit.calls.put(*_place(visit), "teams", team_id, "members", user_id, body=body)
    except Refused as refused:
        return await _show(visit, failed=Form(name=f"member-{user_id}", values=fields, refused=refused))
    return visit.to(*_place(visit), "teams", team_id, done=f"{user_id} is {body['teamRoleId']} in the team now.")


async def remove_team_member(visit: Visit) -> Response:
    """Take a member out of a team."""
    team_id, user_id = visit.segment("team"), visit.segment("user")
    try:
        await visit.calls.delete(*_place(visit), "teams", team_id, "members", user_id)
    except Refused as refused:
        return await _show(visit, failed=Form(name=f"member-{user_id}", refused=refused))
    return visit.to(*_place(visit), "teams", team_id, done=f"{user_id} is in the team no longer.")


async def team_role_choices(visit: Visit) -> list[tuple[str, str]]:
    """Team roles as id and label; none for whoever may not read them."""
    found = await unless_forbidden(visit.calls.get(*_place(visit), "team-roles", active="true", limit=CHOICES_MAX))
    return [(each["teamRoleId"], each["name"]) for each in found["items"]] if found else []


async def team_choices(visit: Visit) -> list[tuple[str, str]]:
    """Teams as id and label; none for whoever may not read them."""
    found = await unless_forbidden(visit.calls.get(*_place(visit), "teams", active="true", limit=CHOICES_MAX))
    return [(each["teamId"], each["name"]) for each in found["items"]] if found else []


async def _list(visit: Visit, *, failed: Form | None = None) -> Response:
    organisation, inactive = await organisation_of(visit), visit.query("active") == "false"
    active = "false" if inactive else "true"
    found = await visit.calls.get(*_place(visit), "teams", active=active, limit=ROWS, cursor=visit.query("cursor"))
    return visit.page(
        "access/teams.html", failed=failed, organisation=organisation, here="teams", found=found, inactive=inactive
    )


async def _show(visit: Visit, *, failed: Form | None = None) -> Response:
    organisation, team_id = await organisation_of(visit), visit.segment("team")
    team = await visit.calls.get(*_place(visit), "teams", team_id)
    found = await visit.calls.get(*_place(visit), "teams", team_id, "members", limit=ROWS, cursor=visit.query("cursor"))
    choices = await team_role_choices(visit)
    return visit.page(
        "access/team.html",
        failed=failed,
        organisation=organisation,
        here="teams",
        team=team,
        found=found,
        choices=choices,
    )


def _place(visit: Visit) -> tuple[str, str]:
    return "organisations", visit.segment("organisation")
