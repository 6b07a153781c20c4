"""Whoever says what a resource is decides what rules on condition of its properties come to."""

import httpx
import pytest
from tests.services.access.acting import add_member, assign, made, make_set, place, refusal
from tests.services.access.conftest import World

REFUSED = (403, "forbidden")


def describe(client: httpx.Client, resource: str, **properties: object) -> httpx.Response:
    return client.put(f"{place()}/resources/{resource}", json={"properties": properties})


def decision(client: httpx.Client, user_id: str, kind: str, action: str) -> bool:
    body = {
        "subject": {"type": "user", "id": user_id},
        "action": {"name": action},
        "resource": {"type": kind, "id": "inv1"},
    }
    decided: bool = made(client.post("/organisations/acme/access/v1/evaluation", json=body)).json()["decision"]
    return decided


@pytest.fixture
def adm(world: World) -> httpx.Client:
    """An administrator who is in team t3 with rights over what is billed there, and has none elsewhere."""
    world.found("acme")
    platform = world.as_platform()
    make_set(world, "bill", "billing:*")
    body = {"teamRoleId": "rt", "name": "rt", "permissionSetIds": ["bill"], "reach": "team"}
    made(platform.post(f"{place()}/team-roles", json=body))
    for team_id in ("t3", "t9"):
        made(platform.post(f"{place()}/teams", json={"teamId": team_id, "name": team_id}))
    client = add_member(world, "adm", "admin")
    joined = made(platform.post(f"{place()}/teams/t3/members", json={"userId": "adm", "teamRoleId": "rt"}))
    client.headers["access-version"] = joined.headers["access-version"]
    made(describe(platform, "billing/inv1", teamId="t9"))
    return client


def test_a_resource_is_not_moved_into_ones_own_team(world: World, adm: httpx.Client) -> None:
    assert refusal(describe(adm, "billing/inv1", teamId="t3")) == REFUSED
    many = {"items": [{"resourceType": "billing", "resourceId": "inv1", "properties": {"teamId": "t3"}}]}
    assert refusal(adm.post(f"{place()}/resources", json=many)) == REFUSED
    assert refusal(describe(adm, "billing/inv2", teamId="t3")) == REFUSED
    assert refusal(adm.delete(f"{place()}/resources/billing/inv1")) == REFUSED
    assert not decision(adm, "adm", "billing", "pay")


def test_what_is_held_with_a_resource_as_it_was_may_be_handed_on(world: World, adm: httpx.Client) -> None:
    made(describe(world.as_user("ann"), "billing/inv1", teamId="t3"))
    moved = made(describe(adm, "billing/inv1", teamId="t9"))
    adm.headers["access-version"] = moved.headers["access-version"]
    assert not decision(adm, "adm", "billing", "pay")
    assert refusal(describe(adm, "billing/inv1", teamId="t3")) == REFUSED


def test_what_nothing_hangs_on_is_anybodys_to_say_who_may_write_resources(adm: httpx.Client) -> None:
    made(describe(adm, "billing/inv1", teamId="t9", title="June"))
    made(describe(adm, "garden/g1", colour="green"))


@pytest.mark.parametrize(
    ("condition", "before", "after"),
    [
        ({"value": "draft"}, {"status": "final"}, {"status": "draft"}),
        ({"value": "draft"}, {"status": "draft"}, {"status": "final"}),
        ({"comparison": "not-equals", "value": "final"}, {"status": "final"}, {}),
        ({"comparison": "in", "value": ["draft", "open"]}, {"status": "final"}, {"status": "open"}),
    ],
)
def test_a_condition_is_turned_by_those_who_hold_what_it_is_of(
    world: World, adm: httpx.Client, condition: dict[str, object], before: dict[str, object], after: dict[str, object]
) -> None:
    """Whether somebody would get something by it or lose it; also where the role is nobody's yet, or switched off."""
    platform = world.as_platform()
    when = [{"of": "resource", "name": "status"} | condition]
    content = {"permissionSetId": "co", "name": "co", "entries": [{"key": "doc:write", "when": when}], "active": False}
    made(platform.post(f"{place()}/permission-sets", json=content))
    made(platform.post(f"{place()}/roles", json={"roleId": "co", "name": "co", "permissionSetIds": ["co"]}))
    made(describe(platform, "doc/d1", **before))
    assert refusal(describe(adm, "doc/d1", **after)) == REFUSED
    make_set(world, "docs", "doc:*")
    made(platform.post(f"{place()}/roles", json={"roleId": "docs", "name": "docs", "permissionSetIds": ["docs"]}))
    assign(world, "adm", "docs", client=adm)
    made(describe(adm, "doc/d1", **after))


def test_a_program_that_keeps_the_directory_has_what_hangs_on_it(world: World, adm: httpx.Client) -> None:
    """Requirement: nobody hands out more than they hold, by no door."""
    ann = world.as_user("ann")
    make_set(world, "writing", "access:resource:write")
    for set_ids, expected in ((["writing"], 403), (["writing", "bill"], 200)):
        created = made(ann.post(f"{place()}/service-keys", json={"name": "sync", "permissionSetIds": set_ids}))
        program = world.as_bearer(created.json()["key"])
        program.headers["access-version"] = created.headers["access-version"]
        assert describe(program, "billing/inv2", teamId="t3").status_code == expected
