"""Organisations over HTTP: listed, changed, limited in seats, switched off."""

from typing import Any

import httpx
import pytest
from tests.services.access.acting import add_member, made, make_role, make_set, place, refusal
from tests.services.access.conftest import World


@pytest.fixture
def ann(world: World) -> httpx.Client:
    world.found("acme", seat_limit=5)
    return world.as_user("ann")


def test_organisations_are_listed_by_name_and_activity_for_the_administrator(world: World, ann: httpx.Client) -> None:
    for organisation_id in ("gamma", "beta"):
        world.found(organisation_id, owner="bob")
    administrator = world.as_platform()
    made(administrator.patch(place("gamma"), json={"active": False}))
    first = administrator.get("/v1/organisations", params={"limit": 1}).json()
    second = administrator.get("/v1/organisations", params={"limit": 1, "cursor": first["next"]}).json()
    assert [each["name"] for each in first["items"] + second["items"]] == ["Acme", "Beta"]
    inactive = administrator.get("/v1/organisations", params={"active": False}).json()["items"]
    assert [each["organisationId"] for each in inactive] == ["gamma"]
    assert refusal(ann.get("/v1/organisations")) == (403, "forbidden")


def test_an_owner_changes_name_and_domains(ann: httpx.Client) -> None:
    domains = ["Example.COM", "bücher.example", "example.com"]
    changed = made(ann.patch(place(), json={"name": "Acme & Co", "allowedDomains": domains}))
    assert changed.json()["allowedDomains"] == ["example.com", "xn--bcher-kva.example"]
    assert ann.get(place()).json()["name"] == "Acme & Co"
    again = ann.patch(place(), json={"name": "x"}, headers={"if-match": '"1"'})
    assert refusal(again) == (412, "precondition-failed")


@pytest.mark.parametrize(
    "domain", ["", "example", "-a.example", "a..example", "a b.example", "1.2.3.4", "ex*.com", "@x.y"]
)
def test_what_is_no_domain_is_refused(ann: httpx.Client, domain: str) -> None:
    assert ann.patch(place(), json={"allowedDomains": [domain]}).status_code == 422


def test_seats_and_activity_are_the_administrators(world: World, ann: httpx.Client) -> None:
    for body in ({"seatLimit": 6}, {"seatLimit": None}, {"active": False}):
        assert refusal(ann.patch(place(), json=body)) == (403, "forbidden")
    made(ann.patch(place(), json={"seatLimit": 5, "active": True}))
    assert made(world.as_platform().patch(place(), json={"seatLimit": None})).json()["seatLimit"] is None


def test_there_are_never_fewer_seats_than_are_taken(world: World, ann: httpx.Client) -> None:
    add_member(world, "bob")
    refused = world.as_platform().patch(place(), json={"seatLimit": 1})
    assert refusal(refused) == (409, "seat-limit-too-low")
    made(world.as_platform().patch(place(), json={"seatLimit": 2}))
    body = {"userId": "cat", "email": "cat@example.com"}
    assert refusal(world.as_platform().post(f"{place()}/members", json=body)) == (409, "seats-taken")


def test_while_an_organisation_is_switched_off_nobody_may_do_anything(world: World, ann: httpx.Client) -> None:
    make_set(world, "all", "*")
    key = made(ann.post(f"{place()}/service-keys", json={"name": "k", "permissionSetIds": ["all"]})).json()["key"]
    clients = [ann, world.as_bearer(key)]
    for active, status in ((False, 403), (True, 200)):
        changed = made(world.as_platform().patch(place(), json={"active": active}))
        for client in clients:
            client.headers["access-version"] = changed.headers["access-version"]
            assert client.get(place()).status_code == status
    made(world.as_platform().patch(place(), json={"active": False}))
    make_role(world, "still", "record:read")  # the administrator may


def test_the_platform_is_no_organisation(world: World, ann: httpx.Client) -> None:
    body = {"name": "k", "permissionSetIds": ["owner"]}
    key = made(world.as_platform().post("/v1/platform/service-keys", json=body)).json()["key"]
    program = world.as_bearer(key)
    made(program.get(place()))
    assert program.get(place("PLATFORM")).status_code == 404
    assert program.get(f"{place('PLATFORM')}/permission-sets").status_code == 404


def test_nothing_is_made_in_the_platform_as_if_it_were_an_organisation(world: World) -> None:
    administrator, platform = world.as_platform(), place("PLATFORM")
    resource = {"resourceType": "record", "resourceId": "1"}
    bodies: dict[str, dict[str, Any]] = {
        "members": {"userId": "eve", "email": "eve@example.com"},
        "permission-sets": {"permissionSetId": "s", "name": "s"},
        "roles": {"roleId": "r", "name": "r"},
        "teams": {"teamId": "t", "name": "t"},
        "service-keys": {"name": "k", "permissionSetIds": ["owner"]},
        "invitations": {"email": "eve@example.com", "roleId": "owner"},
        "resources/batch": {"items": [resource]},
    }
    for name, body in bodies.items():
        assert administrator.post(f"{platform}/{name}", json=body).status_code == 404, name
    assert administrator.post("/organisations/PLATFORM/access/v1/evaluation", json={}).status_code == 400
    asked = {"subject": {"type": "user", "id": "eve"}, "action": {"name": "read"}, "resource": {"type": "r", "id": "1"}}
    assert administrator.post("/organisations/PLATFORM/access/v1/evaluation", json=asked).status_code == 404


def test_the_administrator_reads_the_trail_of_the_platform(world: World) -> None:
    assert made(world.as_platform().get(f"{place('PLATFORM')}/audit/events")).json()["items"]
