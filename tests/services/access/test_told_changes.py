"""The audit trail says what was changed: whoever reads it knows who could do what, and when."""

from typing import Any

import pytest
from tests.services.access.acting import add_member, assign, entries, events_of, made, make_role, make_set, place
from tests.services.access.conftest import World

from tenantable.services.access.declaration import PLATFORM

ORGANISATION = place()


def told(world: World, action: str, target: str | None = None, organisation_id: str = "acme") -> dict[str, str]:
    """The details of the last such event."""
    found = [
        event.details
        for event in events_of(world, organisation_id)
        if event.action == action and target in (None, event.target)
    ]
    return found[-1]


@pytest.fixture
def acme(world: World) -> World:
    world.found()
    make_set(world, "vault", "vault:read:all")
    make_role(world, "clerk", "billing:read:all")
    return world


def put(world: World, path: str, **body: Any) -> None:
    made(world.as_platform().put(f"{ORGANISATION}/{path}", json=body))


def test_permission_sets(acme: World) -> None:
    assert told(acme, "permission-set.create", "vault") == {
        "name": "vault",
        "active": "yes",
        "entries": "+ allow vault:read:all",
    }
    put(acme, "permission-sets/vault", name="vault", entries=entries("vault:*", "!vault:write:all"))
    assert told(acme, "permission-set.change") == {
        "entries": "+ allow vault:*, + deny vault:write:all, - allow vault:read:all"
    }
    made(acme.as_platform().delete(f"{ORGANISATION}/permission-sets/vault"))
    assert told(acme, "permission-set.delete")["entries"] == "- allow vault:*, - deny vault:write:all"


def test_roles(acme: World) -> None:
    make_role(acme, "boss", parents=("clerk",))
    assert told(acme, "role.create", "boss") == {"name": "boss", "active": "yes", "parentRoleIds": "+ clerk"}
    put(acme, "roles/clerk", name="Clerk", active=False, permissionSetIds=["vault"], parentRoleIds=[])
    assert told(acme, "role.change") == {
        "name": "clerk becomes Clerk",
        "active": "yes becomes no",
        "permissionSetIds": "+ vault, - clerk",
    }


def test_team_roles_and_teams(acme: World) -> None:
    platform = acme.as_platform()
    made(platform.post(f"{ORGANISATION}/team-roles", json={"teamRoleId": "lead", "name": "Lead", "reach": "team"}))
    assert told(acme, "team-role.create") == {"name": "Lead", "active": "yes", "reach": "team"}
    put(acme, "team-roles/lead", name="Lead", permissionSetIds=["vault"], reach="team")
    assert told(acme, "team-role.change") == {"permissionSetIds": "+ vault"}
    made(platform.post(f"{ORGANISATION}/teams", json={"teamId": "reds", "name": "Reds"}))
    put(acme, "teams/reds", name="Reds", divisionId="north", active=False)
    assert told(acme, "team.change") == {"active": "yes becomes no", "divisionId": "none becomes north"}


def test_terms_of_assignments_before_and_afterwards(acme: World) -> None:
    add_member(acme, "bob")
    assign(acme, "bob", "clerk", notAfter="2030-01-01T00:00:00Z")
    assert told(acme, "role.assign", "bob") == {"role": "clerk", "notAfter": "2030-01-01T00:00:00+00:00"}
    assign(acme, "bob", "clerk")
    assert told(acme, "role.change-term") == {
        "role": "clerk",
        "notAfter": "2030-01-01T00:00:00+00:00 becomes none",
    }
    made(acme.as_platform().delete(f"{ORGANISATION}/members/bob"))
    assert told(acme, "member.remove") == {"left": "0", "roles": "- clerk"}


def test_of_members_the_names_of_what_changed_and_no_values(acme: World) -> None:
    add_member(acme, "bob")
    body = {"name": "Bob Smith", "properties": {"level": 3}}
    made(acme.as_platform().patch(f"{ORGANISATION}/members/bob", json=body))
    assert told(acme, "member.change") == {"changed": "name", "properties": "+ level"}


def test_the_organisation(acme: World) -> None:
    body = {"allowedDomains": ["example.com"], "seatLimit": 7, "name": "Acme Ltd"}
    made(acme.as_platform().patch(ORGANISATION, json=body))
    assert told(acme, "organisation.change") == {
        "name": "Acme becomes Acme Ltd",
        "allowedDomains": "+ example.com",
        "seatLimit": "none becomes 7",
    }


def test_resources(acme: World) -> None:
    put(acme, "resources/invoice/i-1", properties={"status": "open"})
    put(acme, "resources/invoice/i-1", properties={"status": "paid"})
    assert told(acme, "resource.put", "invoice/i-1") == {"properties": "changed status"}


def test_service_keys_without_their_secret(acme: World) -> None:
    body = {"name": "robot", "permissionSetIds": ["vault"]}
    made(acme.as_platform().post(f"{ORGANISATION}/service-keys", json=body))
    assert told(acme, "service-key.create") == {"name": "robot", "permissionSetIds": "+ vault"}


def test_what_the_platform_defines(acme: World) -> None:
    platform = acme.as_platform()
    created = told(acme, "platform.create", organisation_id=PLATFORM)
    assert (created["owner"], created["admin"]) == ("+ allow *", "+ allow access:*")
    body = {"name": "admin", "permissionSetIds": ["admin", "auditor"]}
    made(platform.put("/v1/platform/roles/admin", json=body))
    assert told(acme, "platform-role.put", organisation_id=PLATFORM) == {"permissionSetIds": "+ auditor"}
    made(platform.post("/v1/platform/permissions", json={"permissionId": "a:b:c", "category": "x"}))
    made(platform.put("/v1/platform/permissions/a:b:c", json={"category": "y", "active": False}))
    assert told(acme, "permission.change", organisation_id=PLATFORM) == {
        "category": "x becomes y",
        "active": "yes becomes no",
    }


def test_a_document_that_is_applied_leaves_the_same_events(acme: World) -> None:
    body = {"permissionSets": [{"id": "vault", "name": "vault", "entries": ["vault:*"]}, {"id": "clerk", "name": "C"}]}
    made(acme.as_platform().post(f"{ORGANISATION}/configuration", json=body))
    details = [event.details for event in events_of(acme) if event.action == "permission-set.change"]
    assert any("+ allow vault:*" in each.get("entries", "") for each in details)
