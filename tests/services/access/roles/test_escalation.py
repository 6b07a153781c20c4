"""Nobody hands out more than they hold, whichever door they try."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.services.access.acting import add_member, assign, entries, made, make_role, make_set, place, refusal
from tests.services.access.conftest import World

REFUSED = (403, "forbidden")
ACCESS = ("access:*",)


@pytest.fixture
def bob(world: World) -> httpx.Client:
    """An administrator of `acme` who may change everything about access, and read what is billed but no secret."""
    world.found("acme")
    make_role(world, "keeper", "access:*", "billing:*", "!billing:secret:*")
    make_role(world, "boss", "record:*")
    make_role(world, "clerk", "billing:invoice:read")
    return add_member(world, "bob", "keeper")


def role(*set_ids: str, parents: tuple[str, ...] = (), active: bool = True) -> dict[str, Any]:
    return {"name": "x", "active": active, "permissionSetIds": list(set_ids), "parentRoleIds": list(parents)}


def content(*keys: str, active: bool = True) -> dict[str, Any]:
    return {"name": "x", "active": active, "entries": entries(*keys)}


@pytest.mark.parametrize("keys", [["*"], ["record:read"], ["billing:*"], ["billing:secret:read"], ["access:*", "x"]])
def test_a_permission_set_allows_no_more_than_its_maker_holds(world: World, bob: httpx.Client, keys: list[str]) -> None:
    body = {"permissionSetId": "new", **content(*keys)}
    assert refusal(bob.post(f"{place()}/permission-sets", json=body)) == REFUSED
    inactive = body | {"active": False}
    assert refusal(bob.post(f"{place()}/permission-sets", json=inactive)) == REFUSED


@pytest.mark.parametrize("keys", [["billing:invoice:*"], ["billing:*", "!billing:secret:*"], ["access:role:read"]])
def test_what_is_held_may_be_put_into_a_set(bob: httpx.Client, keys: list[str]) -> None:
    made(bob.post(f"{place()}/permission-sets", json={"permissionSetId": "new", **content(*keys)}))


@pytest.mark.parametrize("body", [role("boss"), role(parents=("boss",)), role("boss", active=False), role("owner")])
def test_a_role_allows_no_more_than_its_maker_holds(bob: httpx.Client, body: dict[str, Any]) -> None:
    assert refusal(bob.post(f"{place()}/roles", json={"roleId": "new", **body})) == REFUSED
    made(bob.post(f"{place()}/roles", json={"roleId": "new", **role("clerk")}))
    assert refusal(bob.put(f"{place()}/roles/new", json=body)) == REFUSED


def test_a_set_that_is_switched_off_counts_as_if_it_were_on(world: World, bob: httpx.Client) -> None:
    """Somebody who holds it may switch it on later, and then it counts for whoever has it."""
    make_set(world, "asleep", "record:*", active=False)
    assert refusal(bob.post(f"{place()}/roles", json={"roleId": "new", **role("asleep")})) == REFUSED
    make_role(world, "sleeper", active=False, parents=("boss",))
    assert refusal(bob.put(f"{place()}/users/bob/roles/sleeper", json={})) == REFUSED
    body = {"roleId": "new", **role(parents=("sleeper",))}
    assert refusal(bob.post(f"{place()}/roles", json=body)) == REFUSED


def test_what_is_switched_off_is_switched_on_by_its_holders_alone(world: World, bob: httpx.Client) -> None:
    make_set(world, "asleep", "record:*", active=False)
    make_role(world, "sleeper", active=False, parents=("boss",))
    assert refusal(bob.put(f"{place()}/permission-sets/asleep", json=content("record:*"))) == REFUSED
    assert refusal(bob.put(f"{place()}/roles/sleeper", json=role(parents=("boss",)))) == REFUSED


@pytest.mark.parametrize("after", [content("billing:*"), content("billing:*", "!billing:secret:read"), content()])
def test_a_deny_is_lifted_by_those_alone_who_hold_what_it_denies(
    world: World, bob: httpx.Client, after: dict[str, Any]
) -> None:
    assert refusal(bob.put(f"{place()}/permission-sets/keeper", json=after)) == REFUSED
    make_role(world, "limits", "!record:*")
    assert refusal(bob.put(f"{place()}/permission-sets/limits", json=content())) == REFUSED
    assert refusal(bob.put(f"{place()}/permission-sets/limits", json=content("!record:*", active=False))) == REFUSED
    assert refusal(bob.put(f"{place()}/roles/limits", json=role())) == REFUSED
    assert refusal(bob.put(f"{place()}/roles/limits", json=role("limits", active=False))) == REFUSED


def test_a_deny_comes_from_those_alone_who_hold_what_it_denies(world: World, bob: httpx.Client) -> None:
    """Else whoever may change a set could lock out those who may do more."""
    assert refusal(bob.put(f"{place()}/permission-sets/clerk", json=content("!record:*"))) == REFUSED
    made(bob.put(f"{place()}/permission-sets/clerk", json=content("!billing:invoice:*")))
    made(bob.put(f"{place()}/permission-sets/clerk", json=content("!billing:secret:read", "!billing:invoice:*")))


def test_a_role_that_denies_is_taken_from_nobody_who_then_could_do_more(world: World, bob: httpx.Client) -> None:
    make_role(world, "limits", "!record:*")
    add_member(world, "cat", "limits", "boss")
    add_member(world, "dan", "limits", "clerk")
    assert refusal(bob.delete(f"{place()}/users/cat/roles/limits")) == REFUSED
    made(bob.delete(f"{place()}/users/dan/roles/limits"))


def test_a_role_that_denies_is_given_to_nobody_who_may_do_more(world: World, bob: httpx.Client) -> None:
    """The owner is not locked out by an administrator."""
    made(bob.post(f"{place()}/permission-sets", json={"permissionSetId": "lock", **content("!access:*")}))
    made(bob.post(f"{place()}/roles", json={"roleId": "lock", **role("lock")}))
    assert refusal(bob.put(f"{place()}/users/ann/roles/lock", json={})) == REFUSED
    add_member(world, "dan", "clerk")
    made(bob.put(f"{place()}/users/dan/roles/lock", json={}))


@pytest.mark.parametrize("role_id", ["owner", "boss"])
@pytest.mark.parametrize("user_id", ["bob", "cat"])
@pytest.mark.parametrize("term", [{}, {"notAfter": "2100-01-01T00:00:00Z"}, {"notBefore": "2100-01-01T00:00:00Z"}])
def test_a_role_is_given_by_those_who_hold_it(
    world: World, bob: httpx.Client, role_id: str, user_id: str, term: dict[str, str]
) -> None:
    add_member(world, "cat")
    assert refusal(bob.put(f"{place()}/users/{user_id}/roles/{role_id}", json=term)) == REFUSED


@pytest.mark.parametrize("role_id", ["owner", "boss"])
def test_a_role_is_taken_away_by_those_who_hold_it(world: World, bob: httpx.Client, role_id: str) -> None:
    add_member(world, "cat", role_id)
    assert refusal(bob.delete(f"{place()}/users/cat/roles/{role_id}")) == REFUSED
    assert (
        refusal(bob.put(f"{place()}/users/cat/roles/{role_id}", json={"notAfter": "2100-01-01T00:00:00Z"})) == REFUSED
    )


def test_nobody_gives_for_longer_than_they_hold(world: World, bob: httpx.Client) -> None:
    now = datetime.fromtimestamp(world.clock.now, UTC)
    soon, later = ((now + timedelta(days=days)).isoformat() for days in (1, 2))
    cat = add_member(world, "cat")
    assign(world, "cat", "owner", notAfter=soon, client=cat)
    for user_id in ("cat", "bob"):
        for term in ({}, {"notAfter": later}):
            assert refusal(cat.put(f"{place()}/users/{user_id}/roles/owner", json=term)) == REFUSED
    made(cat.put(f"{place()}/users/bob/roles/owner", json={"notAfter": soon}))
    made(cat.put(f"{place()}/users/bob/roles/clerk", json={"notAfter": soon}))


@pytest.mark.parametrize(("role_id", "to_role_id"), [("clerk", "boss"), ("boss", "clerk"), ("clerk", "limits")])
def test_users_are_moved_between_roles_by_those_who_hold_both(
    world: World, bob: httpx.Client, role_id: str, to_role_id: str
) -> None:
    make_role(world, "limits", "!record:*", "!access:*")
    add_member(world, "cat", "clerk", "boss")
    answer = bob.post(f"{place()}/roles/{role_id}/remap", json={"toRoleId": to_role_id})
    assert refusal(answer) == REFUSED


def test_an_organisation_does_not_change_what_the_platforms_roles_give(world: World, bob: httpx.Client) -> None:
    """A set of the same id as the platform's would else take its place, for the owners too."""
    ann = world.as_user("ann")
    for set_id in ("owner", "member"):
        body = {"permissionSetId": set_id, **content()}
        assert refusal(ann.post(f"{place()}/permission-sets", json=body)) == (409, "already-exists")
    body = {"roleId": "owner", **role()}
    assert refusal(ann.post(f"{place()}/roles", json=body)) == (409, "already-exists")
    make_set(world, "auditing", "x:y")
    body = {"permissionSetId": "auditing", **content("access:audit:read")}
    made(world.as_platform().post("/v1/platform/permission-sets", json=body))
    made(world.as_platform().put("/v1/platform/roles/auditing", json=role("auditing")))
    cat = add_member(world, "cat", "auditing")
    assert refusal(cat.post(f"{place()}/permission-sets", json={"permissionSetId": "n", **content("x:y")})) == REFUSED
    answer = bob.put(f"{place()}/permission-sets/auditing", json=content("access:*"))
    assert refusal(answer) == REFUSED  # its content x:y is not bob's


def test_what_hangs_on_a_property_is_not_had_by_changing_it(world: World, bob: httpx.Client) -> None:
    finance = [{"of": "subject", "name": "department", "value": "finance"}]
    entry = {"key": "ledger:*", "effect": "allow", "when": finance}
    body = {"permissionSetId": "ledger", "name": "x", "entries": [entry]}
    made(world.as_platform().post(f"{place()}/permission-sets", json=body))
    made(world.as_platform().post(f"{place()}/roles", json={"roleId": "ledger", **role("ledger")}))
    assign(world, "bob", "ledger", client=bob)
    properties = {"properties": {"department": "finance"}}
    assert refusal(bob.patch(f"{place()}/members/bob", json=properties)) == REFUSED
    add_member(world, "cat")
    assert refusal(bob.put(f"{place()}/users/cat/roles/ledger", json={})) == REFUSED
    made(world.as_user("ann").patch(f"{place()}/members/bob", json=properties))
    made(bob.put(f"{place()}/users/cat/roles/ledger", json={}))
    assert refusal(bob.patch(f"{place()}/members/cat", json=properties)) == REFUSED
    made(bob.patch(f"{place()}/members/cat", json={"properties": {"floor": 3}}))


@pytest.mark.parametrize("active", [True, False])
def test_members_are_switched_by_those_who_hold_all_that_they_have(
    world: World, bob: httpx.Client, *, active: bool
) -> None:
    add_member(world, "cat", "boss")
    add_member(world, "dan", "clerk")
    for user_id in ("cat", "dan"):
        made(world.as_platform().patch(f"{place()}/members/{user_id}", json={"active": not active}))
    assert refusal(bob.patch(f"{place()}/members/cat", json={"active": active})) == REFUSED
    made(bob.patch(f"{place()}/members/dan", json={"active": active}))


@pytest.mark.parametrize("role_id", ["boss", "owner", "sleeper"])
def test_members_are_removed_by_those_who_hold_all_that_they_have(
    world: World, bob: httpx.Client, role_id: str
) -> None:
    make_role(world, "sleeper", active=False, parents=("boss",))
    add_member(world, "cat", role_id)
    assert refusal(bob.delete(f"{place()}/members/cat")) == REFUSED


def test_a_role_that_is_not_yet_in_force_counts_as_had(world: World, bob: httpx.Client) -> None:
    add_member(world, "cat")
    assign(world, "cat", "boss", notBefore="2100-01-01T00:00:00Z")
    assert refusal(bob.delete(f"{place()}/members/cat")) == REFUSED


def test_service_keys_are_made_and_revoked_by_those_who_hold_what_they_may(world: World, bob: httpx.Client) -> None:
    make_set(world, "asleep", "record:*", active=False)
    for set_id in ("boss", "owner", "asleep"):
        body = {"name": "k", "permissionSetIds": [set_id]}
        assert refusal(bob.post(f"{place()}/service-keys", json=body)) == REFUSED
    body = {"name": "k", "permissionSetIds": ["boss"]}
    key_id = made(world.as_user("ann").post(f"{place()}/service-keys", json=body)).json()["keyId"]
    assert refusal(bob.post(f"{place()}/service-keys/{key_id}/revoke")) == REFUSED


def test_a_service_key_hands_out_no_more_than_it_may(world: World, bob: httpx.Client) -> None:
    body = {"name": "k", "permissionSetIds": ["keeper"]}
    key = world.as_bearer(made(bob.post(f"{place()}/service-keys", json=body)).json()["key"])
    add_member(world, "cat")
    assert refusal(key.put(f"{place()}/users/cat/roles/boss", json={})) == REFUSED
    assert refusal(key.put(f"{place()}/users/cat/roles/owner", json={})) == REFUSED
    made(key.put(f"{place()}/users/cat/roles/clerk", json={}))
