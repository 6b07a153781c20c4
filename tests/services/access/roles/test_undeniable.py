"""Owners without an end may always do everything about access, whatever somebody denies them."""

from typing import Any

import httpx
import pytest
from tests.services.access.acting import add_member, assign, entries, made, make_role, place, refusal
from tests.services.access.conftest import World


@pytest.fixture
def adm(world: World) -> httpx.Client:
    world.found("acme")
    make_role(world, "biller", "billing:*")
    return add_member(world, "adm", "admin", "biller")


def lock(world: World, adm: httpx.Client, *keys: str) -> httpx.Client:
    """The owner has a harmless role, in which somebody then puts denies."""
    made(adm.post(f"{place()}/permission-sets", json={"permissionSetId": "dn", "name": "dn"}))
    made(adm.post(f"{place()}/roles", json={"roleId": "hl", "name": "hl", "permissionSetIds": ["dn"]}))
    made(adm.put(f"{place()}/users/ann/roles/hl", json={}))
    made(adm.put(f"{place()}/permission-sets/dn", json={"name": "dn", "entries": entries(*keys)}))
    return owner(world, adm)


def owner(world: World, after: httpx.Client) -> httpx.Client:
    """The owner, who sees what others did."""
    ann = world.as_user("ann")
    answer = made(after.post(f"{place()}/teams", json={"teamId": "last", "name": "last"}))
    ann.headers["access-version"] = answer.headers["access-version"]
    return ann


def decision(client: httpx.Client, kind: str, action: str) -> bool:
    body = question(kind, action)
    decided: bool = made(client.post("/organisations/acme/access/v1/evaluation", json=body)).json()["decision"]
    return decided


def question(kind: str, action: str) -> dict[str, Any]:
    return {"subject": {"type": "user", "id": "ann"}, "action": {"name": action}, "resource": {"type": kind, "id": "1"}}


def test_an_administrator_locks_no_owner_out_by_a_role(world: World, adm: httpx.Client) -> None:
    ann = lock(world, adm, "!access:*")
    assert ann.get(f"{place()}/members").status_code == 200
    made(ann.delete(f"{place()}/users/ann/roles/hl"))


def test_an_administrator_locks_no_owner_out_by_a_team(world: World, adm: httpx.Client) -> None:
    made(adm.post(f"{place()}/permission-sets", json={"permissionSetId": "dn", "name": "dn"}))
    made(adm.post(f"{place()}/team-roles", json={"teamRoleId": "tr", "name": "tr", "permissionSetIds": ["dn"]}))
    made(adm.post(f"{place()}/teams", json={"teamId": "t", "name": "t"}))
    made(adm.post(f"{place()}/teams/t/members", json={"userId": "ann", "teamRoleId": "tr"}))
    made(adm.put(f"{place()}/permission-sets/dn", json={"name": "dn", "entries": entries("!access:*")}))
    ann = owner(world, adm)
    assert ann.get(f"{place()}/members").status_code == 200
    made(ann.delete(f"{place()}/teams/t/members/ann"))


def test_an_administrator_locks_no_owner_out_by_configuration(world: World, adm: httpx.Client) -> None:
    made(adm.post(f"{place()}/roles", json={"roleId": "hl", "name": "hl"}))
    made(adm.put(f"{place()}/users/ann/roles/hl", json={}))
    document = 'permissionSets: [{id: biller, name: b, entries: ["billing:*"]}, {id: dn, name: dn, entries: \
[{key: "access:*", effect: deny}]}]\nroles: [{id: hl, name: hl, permissionSets: [dn]}, \
{id: biller, name: biller, permissionSets: [biller]}]\n'
    made(adm.post(f"{place()}/configuration", content=document))
    assert owner(world, adm).get(f"{place()}/members").status_code == 200


def test_other_permissions_are_denied_to_owners_too_and_they_lay_the_deny_down(world: World, adm: httpx.Client) -> None:
    ann = lock(world, adm, "!billing:*", "!access:role:*")
    assert not decision(ann, "billing", "read")
    assert decision(ann, "access:role", "read")
    gone = made(ann.delete(f"{place()}/users/ann/roles/hl"))
    ann.headers["access-version"] = gone.headers["access-version"]
    assert decision(ann, "billing", "read")


def test_the_last_owner_undoes_what_they_denied_themselves(world: World) -> None:
    world.found("acme")
    make_role(world, "nothing", "!*")
    ann = world.as_user("ann")
    ann.headers["access-version"] = made(ann.put(f"{place()}/users/ann/roles/nothing", json={})).headers[
        "access-version"
    ]
    assert not decision(ann, "billing", "read")
    made(ann.delete(f"{place()}/users/ann/roles/nothing"))


def test_what_the_platform_denies_is_not_laid_down(world: World) -> None:
    world.found("acme")
    platform, ann = world.as_platform(), world.as_user("ann")
    body = {"permissionSetId": "limited", "name": "limited", "entries": entries("!billing:*")}
    made(platform.post("/v1/platform/permission-sets", json=body))
    made(platform.put("/v1/platform/roles/limited", json={"name": "limited", "permissionSetIds": ["limited"]}))
    assign(world, "ann", "limited", client=ann)
    assert refusal(ann.delete(f"{place()}/users/ann/roles/limited")) == (403, "forbidden")


@pytest.mark.parametrize("term", [{"notAfter": "2100-01-01T00:00:00Z"}, {"notBefore": "2100-01-01T00:00:00Z"}])
def test_owners_for_a_time_are_denied_what_others_are(world: World, adm: httpx.Client, term: dict[str, str]) -> None:
    make_role(world, "dn", "!access:*")
    cat = add_member(world, "cat", "admin", "dn")
    assign(world, "cat", "owner", client=cat, **term)
    assert cat.get(f"{place()}/members").status_code == 403


def test_everything_that_tells_of_an_owners_rights_agrees(world: World) -> None:
    """Decisions, searches, lists of permissions and of their holders, and explanations."""
    world.found("acme")
    ann = lock(world, world.as_platform(), "!access:role:*", "!*")
    assert decision(ann, "access:role", "read")
    subjects = question("access:role", "read") | {"subject": {"type": "user"}}
    found = made(ann.post("/organisations/acme/access/v1/search/subject", json=subjects)).json()["results"]
    assert {"type": "user", "id": "ann"} in found
    held = made(ann.get(f"{place()}/users/ann/permissions")).json()["items"]
    told = {(each["key"], each["effect"]): each["effective"] for each in held}
    assert told == {("*", "allow"): True, ("*", "deny"): True, ("access:role:*", "deny"): False}
    holders = made(ann.get(f"{place()}/permissions/access:role:read/users")).json()["items"]
    assert [each["userId"] for each in holders if each["userId"] == "ann" and not each["conditional"]] == ["ann"]
    why = made(ann.post(f"{place()}/explain", json=question("access:role", "read"))).json()
    assert (why["decision"], why["reason"]) == (True, "allowed")
    assert {(each["key"], each["effect"], each["counts"]) for each in why["grants"]} >= {
        ("access:role:*", "deny", False),
        ("*", "deny", False),
        ("*", "allow", True),
    }
    assert made(ann.post(f"{place()}/explain", json=question("billing", "read"))).json()["reason"] == "denied"
