"""Teams: those that there are, a new one, and the members of one with their team roles."""

from typing import Any

from starlette.responses import Response

from tenantable.console.access.sections import ROWS, items_of, named, organisation_of
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
    return visit.to(*_place(visit), "teams", str(made["teamId"]), done=f"Created the team {made['name']}.")


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
    done = f"Added {body['userId']} as {body['teamRoleId']}."
    return visit.to(*_place(visit), "teams", team_id, done=done)


async def change_team_role(visit: Visit) -> Response:
    """Give a member of a team another role there."""
    fields, team_id, user_id = await visit.fields(), visit.segment("team"), visit.segment("user")
    body = {"teamRoleId": fields.get("teamRoleId", "")}
    try:
        await visit.calls.put(*_place(visit), "teams", team_id, "members", user_id, body=body)
    except Refused as refused:
        return await _show(visit, failed=Form(name=f"member-{user_id}", values=fields, refused=refused))
    return visit.to(
        *_place(visit), "teams", team_id, done=f"Changed the team role of {user_id} to {body['teamRoleId']}."
    )


async def remove_team_member(visit: Visit) -> Response:
    """Take a member out of a team."""
    team_id, user_id = visit.segment("team"), visit.segment("user")
    try:
        await visit.calls.delete(*_place(visit), "teams", team_id, "members", user_id)
    except Refused as refused:
        return await _show(visit, failed=Form(name=f"member-{user_id}", refused=refused))
    return visit.to(*_place(visit), "teams", team_id, done=f"Removed {user_id} from the team.")


async def team_role_choices(visit: Visit) -> list[tuple[str, str]]:
    """Team roles as id and label; none for whoever may not read them."""
    return named(await items_of(visit, "team-roles", active="true"), "teamRoleId")


async def team_choices(visit: Visit) -> list[tuple[str, str]]:
    """Teams as id and label; none for whoever may not read them."""
    return named(await items_of(visit, "teams", active="true"), "teamId")


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
        at=(*_place(visit), "teams", team_id),
        failed=failed,
        organisation=organisation,
        here="teams",
        team=team,
        found=found,
        choices=choices,
    )


def _place(visit: Visit) -> tuple[str, str]:
    return "organisations", visit.segment("organisation")
