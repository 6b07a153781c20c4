"""Invitations: made, sent again, taken back, and listed by their state."""

from typing import Any

from starlette.responses import Response

from tenantable.console.access.answers import ACCEPT
from tenantable.console.access.members import role_choices
from tenantable.console.access.sections import ROWS, organisation_of
from tenantable.console.access.teams import team_choices, team_role_choices
from tenantable.console.errors import Refused
from tenantable.console.forms import Form, number_of
from tenantable.console.visits import Visit

STATES = ("pending", "accepted", "declined", "revoked", "expired")
DAYS_DEFAULT = 7


async def list_invitations(visit: Visit) -> Response:
    """Those in one state, the first to expire first; or all of one address."""
    return await _show(visit)


async def invite(visit: Visit) -> Response:
    """Invite an address, or make a link. The token is on the page that answers, and nowhere else."""
    fields = await visit.fields()
    try:
        issued = await visit.calls.post(*_place(visit), "invitations", body=_wanted(fields), key=fields.get("key"))
    except Refused as refused:
        return await _show(visit, failed=Form(name="invite", values=fields, refused=refused))
    return await _show(visit, issued=issued)


async def resend(visit: Visit) -> Response:
    """Make a new token, and with it a new time; the old token is dead."""
    fields = await visit.fields()
    invitation_id = fields.get("invitationId", "")
    try:
        body = {"expiresInDays": number_of(fields.get("expiresInDays", ""), "expiresInDays") or DAYS_DEFAULT}
        issued = await visit.calls.post(
            *_place(visit), "invitations", invitation_id, "resend", body=body, key=fields.get("key")
        )
    except Refused as refused:
        return await _show(visit, failed=Form(name=f"invitation-{invitation_id}", refused=refused))
    return await _show(visit, issued=issued)


async def revoke(visit: Visit) -> Response:
    """Take an invitation back."""
    invitation_id = (await visit.fields()).get("invitationId", "")
    try:
        gone = await visit.calls.post(*_place(visit), "invitations", invitation_id, "revoke")
    except Refused as refused:
        return await _show(visit, failed=Form(name=f"invitation-{invitation_id}", refused=refused))
    done = f"Revoked the invitation of {gone['email']}." if gone["email"] else "Revoked the invitation link."
    return visit.to(*_place(visit), "invitations", done=done)


def _wanted(fields: dict[str, str]) -> dict[str, Any]:
    """
    The body of a new invitation.

    Raises:
        Refused: A number is none.
    """
    wanted: dict[str, Any] = {"roleId": fields.get("roleId", "")}
    wanted["expiresInDays"] = number_of(fields.get("expiresInDays", ""), "expiresInDays") or DAYS_DEFAULT
    for name in ("email", "teamId", "teamRoleId"):
        if fields.get(name):
            wanted[name] = fields[name]
    uses_max = number_of(fields.get("usesMax", ""), "usesMax")
    if uses_max is not None:
        wanted["usesMax"] = uses_max
    if fields.get("replace"):
        wanted["replace"] = True
    return wanted


async def _show(visit: Visit, *, failed: Form | None = None, issued: dict[str, Any] | None = None) -> Response:
    organisation, email = await organisation_of(visit), visit.query("email")
    state = visit.query("status") if visit.query("status") in STATES else STATES[0]
    try:
        found = await visit.calls.get(
            *_place(visit), "invitations", status=state, email=email, limit=ROWS, cursor=visit.query("cursor")
        )
    except Refused as refused:
        if not email or refused.status != 422:
            raise
        failed = Form(name="find", values={"email": email}, refused=refused)
        found = {"items": [], "next": None}
    return visit.page(
        "access/invitations.html",
        at=(*_place(visit), "invitations"),
        failed=failed,
        organisation=organisation,
        here="invitations",
        found=found,
        states=STATES,
        state="" if email else state,
        email=email,
        issued=issued,
        accept_at=visit.public_address(*ACCEPT),
        roles=await role_choices(visit),
        teams=await team_choices(visit),
        team_roles=await team_role_choices(visit),
    )


def _place(visit: Visit) -> tuple[str, str]:
    return "organisations", visit.segment("organisation")
