"""What the invited do: accept or decline, by the token that they were sent or by the address of their own."""

from starlette.requests import Request
from starlette.responses import Response

from tenantable.console.access.organisations import list_organisations
from tenantable.console.errors import Refused
from tenantable.console.forms import Form
from tenantable.console.visits import Console, Visit, show, signed_in, to_door

ACCEPT = ("invitations", "accept")
_FORM = "answer"


async def answer_page(request: Request) -> Response:
    """
    Ask for a token, of whomever: the link in an e-mail leads here, and browsers send no session with what other sites
    lead to. The token stands in the address's fragment, which browsers keep to themselves.
    """
    console: Console = request.app.state.console
    session = console.sessions.session(request)
    return show(request, console, "access/answer.html", status=200, session=session, token="", invitation=None)


async def answer(request: Request) -> Response:
    """Say what a token is for; accept or decline it when that was pressed."""
    console: Console = request.app.state.console
    if console.sessions.session(request) is None:
        return to_door(request, back=True)
    return await signed_in(_answer)(request)


async def _answer(visit: Visit) -> Response:
    fields = await visit.fields()
    token, chosen, found = fields.get("token", ""), fields.get("answer", ""), None
    try:
        found = await visit.calls.post("invitations", "lookup", body={"token": token})
        if chosen == "accept":
            accepted = await visit.calls.post("invitations", "accept", body={"token": token})
            return _welcome(visit, accepted["organisationId"], found["organisationName"])
        if chosen == "decline":
            await visit.calls.post("invitations", "decline", body={"token": token})
            return visit.to("organisations", done=f"You declined the invitation to {found['organisationName']}.")
    except Refused as refused:
        failed = Form(name=_FORM, refused=refused)
        return visit.page("access/answer.html", failed=failed, token=token, invitation=found)
    return visit.page("access/answer.html", token=token, invitation=found)


async def accept_own(visit: Visit) -> Response:
    """Accept the invitation of the visitor's address into an organisation."""
    fields = await visit.fields()
    organisation_id = fields.get("organisationId", "")
    try:
        await visit.calls.post("me", "invitations", organisation_id, "accept")
    except Refused as refused:
        return await list_organisations(visit, failed=Form(name=f"own-{organisation_id}", refused=refused))
    return _welcome(visit, organisation_id, fields.get("name") or organisation_id)


async def decline_own(visit: Visit) -> Response:
    """Decline it."""
    fields = await visit.fields()
    organisation_id = fields.get("organisationId", "")
    try:
        await visit.calls.post("me", "invitations", organisation_id, "decline")
    except Refused as refused:
        return await list_organisations(visit, failed=Form(name=f"own-{organisation_id}", refused=refused))
    return visit.to("organisations", done=f"You declined the invitation to {fields.get('name') or organisation_id}.")


def _welcome(visit: Visit, organisation_id: str, name: str) -> Response:
    return visit.to("organisations", organisation_id, done=f"You joined {name}.")
