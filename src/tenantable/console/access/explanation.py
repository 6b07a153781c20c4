"""Why can this user do that, or why not: every rule that concerns it, as a path from the user to the entry."""

from typing import Any

from starlette.responses import Response

from tenantable.console.access.sections import organisation_of
from tenantable.console.errors import Refused
from tenantable.console.forms import Form, properties_of
from tenantable.console.visits import Visit

_FIELDS = ("user", "permission", "resource", "properties", "context")
_ANY_RESOURCE = "any"
"""AuthZEN wants an id; rules look at the resource's properties, and none is kept of this one."""
REASONS = {
    "allowed": "At least one rule allows this, and no rule denies it.",
    "denied": "A rule denies this. A deny always wins.",
    "conditions": "A role grants this permission, but its conditions are not met.",
    "no-grant": "None of this user's roles grants this permission.",
    "no-member": "This user is not a member of the organisation.",
    "inactive": "This member is inactive and can't do anything.",
    "no-subject": "This isn't a valid user id.",
    "no-permission": "This isn't a valid permission.",
}


async def explain(visit: Visit) -> Response:
    """The question, and what the API says to it."""
    asked = {name: visit.query(name) for name in _FIELDS}
    organisation, explanation, failed = await organisation_of(visit), None, None
    if not organisation["rights"].may("access:decision:read"):
        asked["user"] = asked["user"] or visit.user_id or ""
    if asked["permission"]:
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
        raise Refused(422, "No user", faults={"user": "Enter a user id"})
    kind, colon, action = asked["permission"].rpartition(":")
    if not colon or not kind or not action:
        words = "Enter a permission, such as billing:invoice:read"
        raise Refused(422, "Not a permission", faults={"permission": words})
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
