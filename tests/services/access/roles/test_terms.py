"""What somebody has for a time is not made to last, whichever door they try."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.services.access.acting import add_member, assign, entries, made, make_role, make_set, place, refusal
from tests.services.access.conftest import World

REFUSED = (403, "forbidden")
Door = Callable[[httpx.Client], httpx.Response]


SHIFT_SECONDS = 5 * 3600


def in_shifts(world: World, number: float) -> str:
    """So many shifts from now: the tokens of users live for two."""
    return (datetime.fromtimestamp(world.clock.now, UTC) + timedelta(seconds=number * SHIFT_SECONDS)).isoformat()


def role(*set_ids: str, parents: tuple[str, ...] = (), active: bool = True) -> dict[str, Any]:
    return {"name": "x", "active": active, "permissionSetIds": list(set_ids), "parentRoleIds": list(parents)}


def content(*keys: str, active: bool = True) -> dict[str, Any]:
    return {"name": "x", "active": active, "entries": entries(*keys)}


def configure(text: str) -> Door:
    return lambda tad: tad.post(f"{place()}/configuration", content=text)


@pytest.fixture
def tad(world: World) -> httpx.Client:
    """An administrator for one shift, who has an empty role and an empty team role without an end."""
    world.found("acme")
    platform = world.as_platform()
    make_set(world, "all", "access:*")
    make_set(world, "asleep", "access:*", active=False)
    make_set(world, "none")
    make_role(world, "y")
    made(platform.put(f"{place()}/roles/y", json=role("none", "asleep")))
    make_role(world, "sleeper", active=False)
    made(platform.put(f"{place()}/roles/sleeper", json=role("all", active=False)))
    made(platform.post(f"{place()}/team-roles", json={"teamRoleId": "tr", "name": "tr"}))
    near = {"teamRoleId": "near", "name": "near", "permissionSetIds": ["all"], "reach": "team"}
    made(platform.post(f"{place()}/team-roles", json=near))
    for team_id in ("t", "u"):
        made(platform.post(f"{place()}/teams", json={"teamId": team_id, "name": team_id}))
    client = add_member(world, "tad", "y", "sleeper")
    made(platform.post(f"{place()}/teams/t/members", json={"userId": "tad", "teamRoleId": "tr"}))
    made(platform.post(f"{place()}/teams/u/members", json={"userId": "tad", "teamRoleId": "near"}))
    assign(world, "tad", "admin", notAfter=in_shifts(world, 1), client=client)
    return client


DOORS: dict[str, Door] = {
    "set": lambda tad: tad.put(f"{place()}/permission-sets/none", json=content("access:*")),
    "new set": lambda tad: tad.post(
        f"{place()}/permission-sets", json={"permissionSetId": "new", **content("access:*")}
    ),
    "set on": lambda tad: tad.put(f"{place()}/permission-sets/asleep", json=content("access:*")),
    "role": lambda tad: tad.put(f"{place()}/roles/y", json=role("all")),
    "new role": lambda tad: tad.post(f"{place()}/roles", json={"roleId": "new", **role("all")}),
    "role on": lambda tad: tad.put(f"{place()}/roles/sleeper", json=role("all")),
    "parent": lambda tad: tad.put(f"{place()}/roles/y", json=role(parents=("admin",))),
    "team role": lambda tad: tad.put(f"{place()}/team-roles/tr", json={"name": "tr", "permissionSetIds": ["all"]}),
    "new team role": lambda tad: tad.post(
        f"{place()}/team-roles", json={"teamRoleId": "new", "name": "new", "permissionSetIds": ["all"]}
    ),
    "reach": lambda tad: tad.put(
        f"{place()}/team-roles/near", json={"name": "near", "permissionSetIds": ["all"], "reach": "organisation"}
    ),
    "service key": lambda tad: tad.post(f"{place()}/service-keys", json={"name": "k", "permissionSetIds": ["all"]}),
    "assignment": lambda tad: tad.put(f"{place()}/users/tad/roles/admin", json={}),
    "invitation": lambda tad: tad.post(f"{place()}/invitations", json={"email": "tom@example.com", "roleId": "admin"}),
    "configured role": configure("roles:\n- {id: y, name: y, permissionSets: [all]}\n- {id: sleeper, name: x}\n"),
    "configured team role": configure(
        "teamRoles:\n- {id: tr, name: tr, permissionSets: [all]}\n"
        "- {id: near, name: near, permissionSets: [all], reach: team}\n"
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_role_for_a_time_is_not_made_to_last(world: World, tad: httpx.Client, door: str) -> None:
    assert refusal(DOORS[door](tad)) == REFUSED
    world.clock.now += 1.5 * SHIFT_SECONDS
    assert tad.get(f"{place()}/members").status_code == 403


def test_what_is_held_for_a_time_may_be_taken_away_and_named_anew(world: World, tad: httpx.Client) -> None:
    made(tad.put(f"{place()}/roles/y", json=role("none")))
    made(tad.put(f"{place()}/permission-sets/all", json=content("access:*") | {"name": "everything"}))
    made(tad.put(f"{place()}/permission-sets/all", json=content("access:*", active=False)))
    made(tad.put(f"{place()}/team-roles/near", json={"name": "near", "permissionSetIds": [], "reach": "team"}))


def test_a_service_key_of_somebody_with_a_role_for_a_time_ends_with_it(world: World, tad: httpx.Client) -> None:
    body = {"name": "k", "permissionSetIds": ["all"]}
    assert refusal(tad.post(f"{place()}/service-keys", json=body | {"notAfter": in_shifts(world, 1.1)})) == REFUSED
    key = world.as_bearer(
        made(tad.post(f"{place()}/service-keys", json=body | {"notAfter": in_shifts(world, 1)})).json()["key"]
    )
    for door in ("set", "role", "service key", "assignment", "invitation"):
        assert refusal(DOORS[door](key)) == REFUSED, door
    made(key.put(f"{place()}/users/tad/roles/admin", json={"notAfter": in_shifts(world, 0.5)}))
    world.clock.now += SHIFT_SECONDS
    assert key.get(f"{place()}/members").status_code == 401


def test_a_gap_in_what_somebody_holds_is_no_bridge(world: World, tad: httpx.Client) -> None:
    """For a shift by one role and from the third shift on by another is not without an end."""
    make_role(world, "later", "access:*")
    assign(world, "tad", "later", notBefore=in_shifts(world, 2), client=tad)
    for door in ("set", "role", "service key"):
        assert refusal(DOORS[door](tad)) == REFUSED, door
    assign(world, "tad", "later", notBefore=in_shifts(world, 1), client=tad)
    for door in ("set", "role", "service key"):
        made(DOORS[door](tad))


def test_a_deny_that_begins_later_ends_what_is_held(world: World, tad: httpx.Client) -> None:
    make_role(world, "later", "!access:key:*")
    ann = world.as_user("ann")
    made(ann.put(f"{place()}/users/tad/roles/admin", json={}))
    tad.headers["access-version"] = made(
        ann.put(f"{place()}/users/tad/roles/later", json={"notBefore": in_shifts(world, 1)})
    ).headers["access-version"]
    assert refusal(DOORS["service key"](tad)) == REFUSED
    made(tad.put(f"{place()}/permission-sets/none", json=content("access:role:read")))


def test_a_deny_is_not_lifted_for_good_by_those_who_hold_it_for_a_time(world: World, tad: httpx.Client) -> None:
    make_role(world, "limits", "!access:key:*")
    make_role(world, "keys", "access:key:*")
    add_member(world, "cat", "limits", "keys")
    assert refusal(tad.put(f"{place()}/permission-sets/limits", json=content())) == REFUSED
    assert refusal(tad.put(f"{place()}/roles/limits", json=role())) == REFUSED
    assert refusal(tad.delete(f"{place()}/users/cat/roles/limits")) == REFUSED


def test_members_and_teams_are_switched_on_by_those_who_hold_it_for_as_long(world: World, tad: httpx.Client) -> None:
    platform = world.as_platform()
    add_member(world, "cat", "admin")
    add_member(world, "dan")
    assign(world, "dan", "admin", notAfter=in_shifts(world, 0.5))
    for user_id in ("cat", "dan"):
        made(platform.patch(f"{place()}/members/{user_id}", json={"active": False}))
    assert refusal(tad.patch(f"{place()}/members/cat", json={"active": True})) == REFUSED
    made(tad.patch(f"{place()}/members/dan", json={"active": True}))
    made(platform.put(f"{place()}/teams/u", json={"name": "u", "active": False}))
    assert refusal(tad.put(f"{place()}/teams/u", json={"name": "u", "active": True})) == REFUSED


def test_properties_do_not_make_last_what_is_held_for_a_time(world: World, tad: httpx.Client) -> None:
    when = [{"of": "subject", "name": "department", "value": "keys"}]
    entry = {"key": "access:key:*", "effect": "allow", "when": when}
    made(world.as_user("ann").put(f"{place()}/permission-sets/none", json={"name": "x", "entries": [entry]}))
    answer = tad.patch(f"{place()}/members/tad", json={"properties": {"department": "keys"}})
    assert refusal(answer) == REFUSED
