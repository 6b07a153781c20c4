"""Why can this user do that, or why not: every rule that concerns it, as a path from the user to the entry."""

from typing import Any

from starlette.responses import Response

from tenantable.console.access.organisations import organisation_of
from tenantable.console.errors import Refused
from tenantable.console.forms import Form, properties_of
from tenantable.console.visits import Visit

_FIELDS = ("user", "permission", "resource", "properties", "context")
_ANY_RESOURCE = "any"
"""AuthZEN wants an id; rules look at the resource's properties, and none is kept of this one."""
REASONS = {
    "allowed": "A rule allows it, and none denies it.",
    "denied": "A rule denies it, which outweighs whatever allows it.",
    "conditions": "There are rules that allow it, but their conditions do not hold.",
    "no-grant": "No rule of this user allows it.",
    "no-member": "This user is no member of the organisation.",
    "inactive": "This member is switched off, and may do nothing.",
    "no-subject": "This can be no user: an id has letters, digits, hyphens and underscores.",
    "no-permission": "This is no permission that anybody could have.",
}


async def explain(visit: Visit) -> Response:
    """The question, and what the API says to it."""
    asked = {name: visit.query(name) for name in _FIELDS}
    organisation, explanation, failed = await organisation_of(visit), None, None
    if asked["user"] or asked["permission"]:
        try:
            question = _question(asked)
            explanation = await visit.calls.post(
                "organisations", visit.segment("organisation"), "explain", body=question
            )
        except Refused as refused:
            if refused.status not in {400, 422}:
                raise
            failed = Form(name="explain", values=asked, refused=refused)
    return visit.page(
        "access/explanation.html",
        failed=failed,
        organisation=organisation,
        here="explanation",
        asked=asked,
        explanation=explanation,
        reasons=REASONS,
    )


def _question(asked: dict[str, str]) -> dict[str, Any]:
    """
    Raises:
        Refused: Something is missing or has another form.
    """
    if not asked["user"]:
        raise Refused(422, "Nobody was named", faults={"user": "Whose permission is it about?"})
    kind, colon, action = asked["permission"].rpartition(":")
    if not colon or not kind or not action:
        words = "A permission such as billing:invoice:read"
        raise Refused(422, "This is no permission", faults={"permission": words})
    return {
        "subject": {"type": "user", "id": asked["user"]},
        "action": {"name": action},
        "resource": {
            "type": kind,
            "id": asked["resource"] or _ANY_RESOURCE,
            "properties": properties_of(asked["properties"], "properties"),
        },
        "context": properties_of(asked["context"], "context"),
    }
