"""One organisation, from its owner to a decision and its reasons, through the public API of access management."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tenantable.errors import ServiceError
from tenantable.local.access.keys import PLATFORM_SECRET_FILE
from tenantable.local.demonstration.calls import Conversation, MakeStep, Step, steps
from tenantable.settings import PREFIX

ORGANISATION = "demo"
OWNER = "olga"
CLERK = "carl"
ROLE = "clerk"
_PLACE = f"/v1/organisations/{ORGANISATION}"
_READ, _DELETE = "read", "delete"
_ENTRIES = [{"key": "billing:invoice:read"}, {"key": "billing:invoice:create"}]


def demonstrate_access(address: str, platform_secret: str) -> Iterator[Step]:
    """
    Create the demo organisation (or find the one of an earlier start), invite a user, and ask what the user may do.

    Raises:
        ServiceError: A request was refused, or a decision is not as it must be.
    """
    step, service = steps(time.monotonic), Conversation(address=address)
    owner = {"userId": OWNER, "email": _email(OWNER)}
    content = {"organisationId": ORGANISATION, "name": "Demo", "owner": owner}
    is_new = service.make("/v1/organisations", platform_secret, content)
    yield step(f"organisation {_made(is_new)}", f"{ORGANISATION}, owned by {OWNER}")

    olga, carl = (_token(service, platform_secret, user_id) for user_id in (OWNER, CLERK))
    yield step("tokens signed", f"for {OWNER} and {CLERK}, checked with {address}/.well-known/jwks.json")

    service.make(f"{_PLACE}/permission-sets", olga, {"permissionSetId": ROLE, "name": "Clerk", "entries": _ENTRIES})
    is_new = service.make(f"{_PLACE}/roles", olga, {"roleId": ROLE, "name": "Clerk", "permissionSetIds": [ROLE]})
    yield step(f"role {_made(is_new)}", f"{ROLE}: {', '.join(each['key'] for each in _ENTRIES)}")

    yield from _joined(step, service, olga, carl)
    for action, expected in ((_READ, True), (_DELETE, False)):
        decided = service.call("POST", f"/organisations/{ORGANISATION}/access/v1/evaluation", olga, _question(action))
        if decided["decision"] is not expected:
            raise ServiceError(f"The decision on {action} is {decided['decision']}, and must be {expected}")
        yield step(f"decision {'allowed' if expected else 'denied'}", f"{CLERK} {action} invoice i-1")
    for action in (_READ, _DELETE):
        explained = service.call("POST", f"{_PLACE}/explain", olga, _question(action))
        yield step("decision explained", f"{action}: {_reason(explained)}")


def access_requests(address: str, folder: Path) -> list[str]:
    """Requests that can be tried with the demo organisation, as the administrator."""
    path = folder / PLATFORM_SECRET_FILE
    secret = f"$(cat {path})" if path.exists() else f"${PREFIX}PLATFORM_SECRET"
    headers = f'-H "authorization: Bearer {secret}"'
    body = f"-H \"content-type: application/json\" -d '{orjson.dumps(_question(_DELETE)).decode()}'"
    return [
        f"curl -s {address}/v1/organisations/{ORGANISATION}/users/{CLERK}/permissions {headers}",
        f"curl -s {address}/organisations/{ORGANISATION}/access/v1/evaluation {headers} {body}",
        f"curl -s {address}/v1/organisations/{ORGANISATION}/explain {headers} {body}",
    ]


def _joined(step: MakeStep, service: Conversation, olga: str, carl: str) -> Iterator[Step]:
    """The clerk is invited and accepts, unless that was done at an earlier start."""
    roles = service.find(f"{_PLACE}/users/{CLERK}/roles", olga)
    if roles is not None:
        yield step("member found", f"{CLERK}, {', '.join(each['roleId'] for each in roles['items'])}")
        return
    content = {"email": _email(CLERK), "roleId": ROLE, "replace": True}
    invitation = service.call("POST", f"{_PLACE}/invitations", olga, content)
    yield step("invitation created", f"{invitation['email']}, until {invitation['expiresAt']}")
    accepted = service.call("POST", "/v1/invitations/accept", carl, {"token": invitation["token"]})
    yield step("invitation accepted", f"by {accepted['userId']}, who is a {accepted['roleId']} now")


def _token(service: Conversation, platform_secret: str, user_id: str) -> str:
    content = {"userId": user_id, "email": _email(user_id)}
    return str(service.call("POST", "/v1/platform/tokens", platform_secret, content)["token"])


def _question(action: str) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": CLERK},
        "action": {"name": action},
        "resource": {"type": "billing:invoice", "id": "i-1"},
    }


def _reason(explained: dict[str, Any]) -> str:
    grants = [f"{each['key']} of the role {each['origin']['roleId']}" for each in explained["grants"]]
    if explained["decision"]:
        return f"allowed by {', '.join(grants)}"
    return f"{explained['reason']}, {explained['permission']} is missing"


def _made(is_new: bool) -> str:
    return "created" if is_new else "found"


def _email(user_id: str) -> str:
    return f"{user_id}@example.com"
