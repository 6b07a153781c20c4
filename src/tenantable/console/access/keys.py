"""Service keys: those that there are, a new one, and the end of one."""

from typing import Any

from starlette.responses import Response

from tenantable.console.access.roles import set_choices
from tenantable.console.access.sections import ROWS, organisation_of
from tenantable.console.errors import Refused
from tenantable.console.forms import Form, moment_of
from tenantable.console.visits import Visit


async def list_keys(visit: Visit) -> Response:
    """A page of the keys, oldest first."""
    return await _show(visit)


async def create_key(visit: Visit) -> Response:
    """Create a key. It is on the page that answers, and nowhere else."""
    fields = await visit.fields()
    try:
        body: dict[str, Any] = {
            "name": fields.get("name", ""),
            "permissionSetIds": await visit.chosen("permissionSetIds"),
            "notAfter": moment_of(fields.get("notAfter", ""), "notAfter"),
        }
        made = await visit.calls.post(*_place(visit), body=body, key=fields.get("key"))
    except Refused as refused:
        return await _show(visit, failed=Form(name="create", values=fields, refused=refused))
    return await _show(visit, made=made)


async def revoke_key(visit: Visit) -> Response:
    """End a key now."""
    key_id = (await visit.fields()).get("keyId", "")
    try:
        gone = await visit.calls.post(*_place(visit), key_id, "revoke")
    except Refused as refused:
        return await _show(visit, failed=Form(name=f"key-{key_id}", refused=refused))
    return visit.to("organisations", visit.segment("organisation"), "keys", done=f"Revoked the key {gone['name']}.")


async def _show(visit: Visit, *, failed: Form | None = None, made: dict[str, Any] | None = None) -> Response:
    organisation = await organisation_of(visit)
    found = await visit.calls.get(*_place(visit), limit=ROWS, cursor=visit.query("cursor"))
    return visit.page(
        "access/keys.html",
        at=("organisations", visit.segment("organisation"), "keys"),
        failed=failed,
        organisation=organisation,
        here="keys",
        found=found,
        made=made,
        choices=await set_choices(visit),
        now=visit.console.clock(),
    )


def _place(visit: Visit) -> tuple[str, str, str]:
    return "organisations", visit.segment("organisation"), "service-keys"
