"""Members and their roles: found, given and taken, switched off and removed."""

import asyncio
from datetime import datetime
from typing import Any

from starlette.responses import Response

from tenantable.console.access.organisations import items_of_user
from tenantable.console.access.sections import CHOICES_MAX, ROWS, items_of, named, organisation_of, unless_forbidden
from tenantable.console.errors import Refused
from tenantable.console.forms import Form, moment_of
from tenantable.console.visits import Visit

_PAGES_SEARCHED_MAX = 20
_ASKED_AT_ONCE = 5
"""Calls of one page at a time: the API's threads are for others, too."""


async def list_members(visit: Visit) -> Response:
    """A page of the members with their roles, all or those looked for; or straight to the one who is meant."""
    wanted, cursor, failed = visit.query("find"), visit.query("cursor"), None
    place = _place(visit)
    found = await _search(visit, wanted, cursor)
    if wanted and not cursor:
        meant = found["items"] if len(found["items"]) == 1 else [e for e in found["items"] if e["userId"] == wanted]
        if meant:
            return visit.to(*place, "members", str(meant[0]["userId"]))
        if not found["items"]:
            absent = Refused(404, f"No member is found by {wanted}", faults={"find": "No such member"})
            failed = Form(name="find", values={"find": wanted}, refused=absent)
            found = await _search(visit, None, None)
    organisation = await organisation_of(visit)
    roles = await _roles_of(visit, [each["userId"] for each in found["items"]])
    return visit.page(
        "access/members.html",
        failed=failed,
        organisation=organisation,
        here="members",
        found=found,
        roles=roles,
        wanted="" if failed else wanted,
    )


async def _search(visit: Visit, wanted: str | None, cursor: str | None) -> dict[str, Any]:
    """Members by address or by how their ids begin. Of an address, pages without a member are passed over."""
    by = {} if not wanted else {"email": wanted} if "@" in wanted else {"prefix": wanted}
    for _ in range(_PAGES_SEARCHED_MAX):
        try:
            found = await visit.calls.get(*_place(visit), "members", limit=ROWS, cursor=cursor, **by)
        except Refused as refused:
            if not by or refused.status != 422:  # what can be no id and no address is nobody's
                raise
            return {"items": [], "next": None}
        cursor = found["next"]
        if found["items"] or cursor is None:
            break
    return found


async def show_member(visit: Visit) -> Response:
    """One member with roles, teams, and what can be done."""
    return await _show(visit)


async def give_role(visit: Visit) -> Response:
    """Give a role, perhaps for a time; or change for how long it is given."""
    fields, user_id = await visit.fields(), visit.segment("user")
    try:
        role_id = fields.get("roleId") or _nothing_chosen()
        term = {name: moment_of(fields.get(name, ""), name) for name in ("notBefore", "notAfter")}
        await visit.calls.put(*_place(visit), "users", user_id, "roles", role_id, body=term)
    except Refused as refused:
        return await _show(visit, failed=Form(name="give-role", values=fields, refused=refused))
    return visit.to(*_place(visit), "members", user_id, done=f"Assigned the role {role_id} to {user_id}.")


async def take_role(visit: Visit) -> Response:
    """Take a role away."""
    fields, user_id = await visit.fields(), visit.segment("user")
    role_id = fields.get("roleId", "")
    try:
        await visit.calls.delete(*_place(visit), "users", user_id, "roles", role_id)
    except Refused as refused:
        return await _show(visit, failed=Form(name=f"take-{role_id}", refused=refused))
    return visit.to(*_place(visit), "members", user_id, done=f"Removed the role {role_id} from {user_id}.")


async def switch_member(visit: Visit) -> Response:
    """Switch a member off or on again."""
    fields, user_id = await visit.fields(), visit.segment("user")
    active = fields.get("active") == "true"
    try:
        await visit.calls.patch(*_place(visit), "members", user_id, body={"active": active})
    except Refused as refused:
        return await _show(visit, failed=Form(name="switch", refused=refused))
    done = f"Reactivated {user_id}." if active else f"Deactivated {user_id}. They can't do anything here."
    return visit.to(*_place(visit), "members", user_id, done=done)


async def remove_member(visit: Visit) -> Response:
    """Remove a member with all roles and teams."""
    user_id = visit.segment("user")
    try:
        await visit.calls.delete(*_place(visit), "members", user_id)
    except Refused as refused:
        return await _show(visit, failed=Form(name="remove", refused=refused))
    return visit.to(*_place(visit), "members", done=f"Removed {user_id}.")


async def role_choices(visit: Visit) -> list[tuple[str, str]]:
    """Roles that can be given, as id and label: the organisation's own, then the platform's."""
    own, shared = await items_of(visit, "roles"), await visit.calls.get("platform", "roles", limit=CHOICES_MAX)
    platform = [(role_id, f"{name} (built in)") for role_id, name in named(shared["items"], "roleId")]
    return named(own, "roleId") + platform


async def _show(visit: Visit, *, failed: Form | None = None) -> Response:
    organisation, user_id = await organisation_of(visit), visit.segment("user")
    member = await visit.calls.get(*_place(visit), "members", user_id)
    roles = await items_of_user(visit, user_id)
    teams = await unless_forbidden(visit.calls.get(*_place(visit), "users", user_id, "teams"))
    return visit.page(
        "access/member.html",
        at=(*_place(visit), "members", user_id),
        failed=failed,
        organisation=organisation,
        here="members",
        member=member,
        roles=roles,
        teams=teams,
        choices=await role_choices(visit),
        idle=_idle(roles or [], now=visit.console.clock()),
        proposed=visit.query("role"),
    )


def _idle(assignments: list[dict[str, Any]], *, now: float) -> dict[str, str]:
    """The roles that do not count now, and why."""
    found = {}
    for each in assignments:
        if each["notAfter"] and datetime.fromisoformat(each["notAfter"]).timestamp() <= now:
            found[each["roleId"]] = "ended"
        elif each["notBefore"] and datetime.fromisoformat(each["notBefore"]).timestamp() > now:
            found[each["roleId"]] = "not started"
    return found


async def _roles_of(visit: Visit, user_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The roles of each; empty for whoever may not know."""

    turns = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def of_user(user_id: str) -> list[dict[str, Any]]:
        async with turns:
            return await items_of_user(visit, user_id) or []

    found = await asyncio.gather(*map(of_user, user_ids))
    return dict(zip(user_ids, found, strict=True))


def _place(visit: Visit) -> tuple[str, str]:
    return "organisations", visit.segment("organisation")


def _nothing_chosen() -> str:
    raise Refused(422, "No role chosen", faults={"roleId": "Choose a role"})
