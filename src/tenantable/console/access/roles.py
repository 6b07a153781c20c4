"""Roles: those of an organisation, those of the platform, what one allows, and who has it."""

import asyncio
from typing import Any

from starlette.responses import Response

from tenantable.console.access.sections import CHOICES_MAX, ROWS, items_of, named, organisation_of, unless_forbidden
from tenantable.console.errors import Refused
from tenantable.console.forms import Form
from tenantable.console.visits import Visit

_ROLES_ABOVE_MAX = 50
"""Roles whose permissions a page shows; there are seldom more than three."""


async def list_roles(visit: Visit) -> Response:
    """The organisation's own roles by name, and the platform's, which it can give too."""
    return await _list(visit)


async def create_role(visit: Visit) -> Response:
    """Create a role of the organisation's own."""
    fields = await visit.fields()
    sets, parents = await visit.chosen("permissionSetIds"), await visit.chosen("parentRoleIds")
    body = {
        "roleId": fields.get("roleId", ""),
        "name": fields.get("name", ""),
        "permissionSetIds": sets,
        "parentRoleIds": parents,
    }
    try:
        made = await visit.calls.post(*_place(visit), "roles", body=body, key=fields.get("key"))
    except Refused as refused:
        values = fields | {"permissionSetIds": "\n".join(sets), "parentRoleIds": "\n".join(parents)}
        return await _list(visit, failed=Form(name="create", values=values, refused=refused))
    return visit.to(*_place(visit), "roles", str(made["roleId"]), done=f"Created the role {made['name']}.")


async def show_role(visit: Visit) -> Response:
    """What a role allows and denies, and where it is in use."""
    organisation, role_id = await organisation_of(visit), visit.segment("role")
    users = await unless_forbidden(
        visit.calls.get(*_place(visit), "roles", role_id, "users", limit=ROWS, cursor=visit.query("cursor"))
    )
    role = await _role(visit, role_id, platform=False)
    if role is None and users is not None and not users["items"]:
        raise Refused(404, f"There is no role {role_id}", hint="it may have been deleted")
    below, invitations = await asyncio.gather(items_of(visit, "roles"), items_of(visit, "invitations"))
    return visit.page(
        "access/role.html",
        organisation=organisation,
        here="roles",
        role_id=role_id,
        role=role,
        parts_of_role=await _parts(visit, role) if role is not None else [],
        users=users,
        below=[each for each in below or [] if role_id in each["parentRoleIds"]],
        invitations=[each for each in invitations or [] if each["roleId"] == role_id],
    )


async def set_choices(visit: Visit) -> list[tuple[str, str]]:
    """Permission sets that can be chosen, as id and label: the organisation's own, then the platform's."""
    own, shared = await asyncio.gather(
        items_of(visit, "permission-sets"), visit.calls.get("platform", "permission-sets", limit=CHOICES_MAX)
    )
    labelled = [(set_id, f"{name} (built in)") for set_id, name in named(shared["items"], "permissionSetId")]
    return named(own, "permissionSetId") + labelled


async def _list(visit: Visit, *, failed: Form | None = None) -> Response:
    organisation, inactive = await organisation_of(visit), visit.query("active") == "false"
    active = "false" if inactive else "true"
    own = await visit.calls.get(*_place(visit), "roles", active=active, limit=ROWS, cursor=visit.query("cursor"))
    shared = await visit.calls.get("platform", "roles", active=active, limit=CHOICES_MAX)
    writes = organisation["rights"].may("access:role:write")
    return visit.page(
        "access/roles.html",
        at=(*_place(visit), "roles"),
        failed=failed,
        organisation=organisation,
        here="roles",
        own=own,
        shared=shared,
        inactive=inactive,
        set_choices=await set_choices(visit) if writes else [],
        role_choices=named([*own["items"], *shared["items"]], "roleId"),
    )


async def _parts(visit: Visit, role: dict[str, Any]) -> list[dict[str, Any]]:
    """
    The permission sets of a role and of all roles above it, nearest first: `role`, the one that names it; `id`; and
    `set`, None where it is gone or the visitor may not read it.
    """
    found: list[dict[str, Any]] = []
    waiting, seen = [role], {_mark(role)}
    while waiting and len(seen) <= _ROLES_ABOVE_MAX:
        each = waiting.pop(0)
        platform = each["organisationId"] is None
        sets = await asyncio.gather(*(_set(visit, id_, platform=platform) for id_ in each["permissionSetIds"]))
        found += [
            {"role": each, "id": id_, "set": one} for id_, one in zip(each["permissionSetIds"], sets, strict=True)
        ]
        for parent_id in each["parentRoleIds"]:
            parent = await _role(visit, parent_id, platform=platform)
            if parent is not None and _mark(parent) not in seen:
                seen.add(_mark(parent))
                waiting.append(parent)
    return found


async def _role(visit: Visit, role_id: str, *, platform: bool) -> dict[str, Any] | None:
    return await _own_or_shared(visit, "roles", role_id, platform=platform)


async def _set(visit: Visit, set_id: str, *, platform: bool) -> dict[str, Any] | None:
    return await _own_or_shared(visit, "permission-sets", set_id, platform=platform)


async def _own_or_shared(visit: Visit, kind: str, name: str, *, platform: bool) -> dict[str, Any] | None:
    """The organisation's own goes before the platform's of the same id; the platform's rests on the platform alone."""
    for place in (() if platform else (_place(visit),)) + (("platform",),):
        try:
            return await visit.calls.get(*place, kind, name)
        except Refused as refused:
            if refused.status == 403:
                return None
            if refused.status != 404:
                raise
    return None


def _mark(role: dict[str, Any]) -> tuple[bool, str]:
    return role["organisationId"] is None, role["roleId"]


def _place(visit: Visit) -> tuple[str, str]:
    return "organisations", visit.segment("organisation")
