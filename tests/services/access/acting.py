"""What many tests begin with: members, permission sets and roles, made by the administrator over HTTP."""

from typing import Any, get_args

import httpx
from tests.services.access.conftest import World

from tenantable.data.database import Database
from tenantable.services.access.changes.chain import digest_of
from tenantable.services.access.declaration import (
    OWNER,
    AuditEvent,
    AuditEvents,
    AuditType,
    Members,
    OrganisationHead,
    OrganisationHeads,
    UserRoleAssignments,
)

CHAIN_KEY = b"chain-key-of-the-tests"


def place(organisation_id: str = "acme") -> str:
    return f"/v1/organisations/{organisation_id}"


def entries(*keys: str) -> list[dict[str, Any]]:
    """Entries of a permission set; `!key` denies."""
    return [{"key": key.removeprefix("!"), "effect": "deny" if key[0] == "!" else "allow"} for key in keys]


def make_set(world: World, set_id: str, *keys: str, active: bool = True, organisation_id: str = "acme") -> None:
    body = {"permissionSetId": set_id, "name": set_id, "active": active, "entries": entries(*keys)}
    made(world.as_platform().post(f"{place(organisation_id)}/permission-sets", json=body))


def make_role(
    world: World,
    role_id: str,
    *keys: str,
    parents: tuple[str, ...] = (),
    active: bool = True,
    organisation_id: str = "acme",
) -> None:
    """A role with one permission set of the same id, or none when it allows nothing itself."""
    if keys:
        make_set(world, role_id, *keys, organisation_id=organisation_id)
    body = {
        "roleId": role_id,
        "name": role_id,
        "active": active,
        "permissionSetIds": [role_id] if keys else [],
        "parentRoleIds": list(parents),
    }
    made(world.as_platform().post(f"{place(organisation_id)}/roles", json=body))


def add_member(world: World, user_id: str, *role_ids: str, organisation_id: str = "acme") -> httpx.Client:
    """The user's client. What the administrator did is seen by it."""
    body = {"userId": user_id, "email": f"{user_id}@example.com"}
    added = made(world.as_platform().post(f"{place(organisation_id)}/members", json=body))
    client = world.as_user(user_id)
    client.headers["access-version"] = added.headers["access-version"]
    for role_id in role_ids:
        assign(world, user_id, role_id, organisation_id=organisation_id, client=client)
    return client


def assign(
    world: World,
    user_id: str,
    role_id: str,
    *,
    organisation_id: str = "acme",
    client: httpx.Client | None = None,
    **term: str,
) -> None:
    """Give a user a role; `client` is told the version."""
    address = f"{place(organisation_id)}/users/{user_id}/roles/{role_id}"
    assigned = made(world.as_platform().put(address, json=term))
    if client is not None:
        client.headers["access-version"] = assigned.headers["access-version"]


def made(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, answer.text
    return answer


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def database_of(world: World) -> Database:
    """The table as nobody's component: everything is allowed."""
    dependencies = world.dependencies
    return Database(world.engine, naming=dependencies.naming, cursor_key=bytes(32), clock=dependencies.clock)


def head_of(world: World, organisation_id: str = "acme") -> OrganisationHead:
    found = database_of(world).repository(OrganisationHeads).get(organisation_id=organisation_id)
    assert found is not None
    return found


def true_owners(world: World, organisation_id: str = "acme") -> set[str]:
    """The active members who are owners without an end, as the table has them."""
    database = database_of(world)
    assignments = database.repository(UserRoleAssignments)
    owners = set()
    for member in database.repository(Members).of_organisation(organisation_id=organisation_id):
        owner = assignments.get(organisation_id=organisation_id, user_id=member.user_id, role_id=OWNER)
        if member.active and owner is not None and owner.not_before is None and owner.not_after is None:
            owners.add(member.user_id)
    return owners


def events_of(world: World, organisation_id: str = "acme") -> list[AuditEvent]:
    """An organisation's audit events in their order; their chain is whole and ends at the head."""
    events = database_of(world).repository(AuditEvents)
    every = [events.of_type(organisation_id=organisation_id, event_type=each) for each in get_args(AuditType)]
    found = sorted((event for some in every for event in some), key=lambda event: event.sequence)
    before = ""
    for number, event in enumerate(found, start=1):
        assert (event.sequence, event.digest) == (number, digest_of(event, before=before, key=CHAIN_KEY))
        before = event.digest
    head = head_of(world, organisation_id)
    assert (head.sequence, head.digest) == (len(found), before)
    return found
