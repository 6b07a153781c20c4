"""
Twenty threads take the last two owners away in mixed ways: one stays, and the head counts right.

Requirement: an organisation is never without an active owner without an end.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.services.access.acting import add_member, events_of, head_of, place, true_owners
from tests.services.access.conftest import World

Way = Callable[[httpx.Client, str, str], httpx.Response]
ROUNDS = 20
THREADS = 20


def remove(client: httpx.Client, organisation_id: str, user_id: str) -> httpx.Response:
    return client.delete(f"{place(organisation_id)}/members/{user_id}")


def leave(client: httpx.Client, organisation_id: str, _user_id: str) -> httpx.Response:
    return client.post(f"{place(organisation_id)}/leave")


def disable(client: httpx.Client, organisation_id: str, user_id: str) -> httpx.Response:
    return client.patch(f"{place(organisation_id)}/members/{user_id}", json={"active": False})


def demote(client: httpx.Client, organisation_id: str, user_id: str) -> httpx.Response:
    return client.delete(f"{place(organisation_id)}/users/{user_id}/roles/owner")


def limit(client: httpx.Client, organisation_id: str, user_id: str) -> httpx.Response:
    return client.put(
        f"{place(organisation_id)}/users/{user_id}/roles/owner", json={"notAfter": "2100-01-01T00:00:00Z"}
    )


def configure(client: httpx.Client, organisation_id: str, user_id: str) -> httpx.Response:
    return client.post(f"{place(organisation_id)}/configuration", content=f"members: [{{id: {user_id}}}]")


def configure_a_term(client: httpx.Client, organisation_id: str, user_id: str) -> httpx.Response:
    role = '{role: owner, notAfter: "2100-01-01T00:00:00Z"}'
    return client.post(
        f"{place(organisation_id)}/configuration", content=f"members: [{{id: {user_id}, roles: [{role}]}}]"
    )


WAYS: list[Way] = [remove, leave, disable, demote, limit, configure, configure_a_term]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_one_owner_stays_whoever_goes_in_whatever_way(shared: World, number: int) -> None:
    organisation_id = f"acme{number}"
    shared.found(organisation_id, owner="ann")
    add_member(shared, "bob", "owner", organisation_id=organisation_id)
    clients = {user_id: shared.as_user(user_id) for user_id in ("ann", "bob")}
    users = ("ann", "bob")

    def act(turn: int) -> int:
        caller, target = users[turn % 2], users[(turn // 2) % 2]
        way = WAYS[(turn + number) % len(WAYS)]
        return way(clients[caller], organisation_id, target).status_code

    with ThreadPoolExecutor(THREADS) as threads:
        answered = list(threads.map(act, range(THREADS)))
    # A document that names somebody who is no member any more is malformed, whichever came first.
    assert set(answered) <= {200, 201, 204, 403, 404, 409, 422}, answered
    owners = true_owners(shared, organisation_id)
    assert owners
    assert head_of(shared, organisation_id).owners == len(owners)
    events_of(shared, organisation_id)


@pytest.mark.parametrize("number", range(5))
def test_the_platform_erases_no_last_owner_while_owners_go(shared: World, number: int) -> None:
    organisation_id = f"globex{number}"
    users = (f"cat{number}", f"dan{number}")
    shared.found(organisation_id, owner=users[0])
    add_member(shared, users[1], "owner", organisation_id=organisation_id)
    client, administrator = shared.as_user(users[1]), shared.as_platform()

    def act(turn: int) -> int:
        if turn % 2:
            return demote(client, organisation_id, users[turn // 2 % 2]).status_code
        return administrator.post(f"/v1/platform/users/{users[turn // 2 % 2]}/erase").status_code

    with ThreadPoolExecutor(8) as threads:
        answered = list(threads.map(act, range(8)))
    assert set(answered) <= {200, 204, 403, 404, 409}, answered
    owners = true_owners(shared, organisation_id)
    assert owners
    assert head_of(shared, organisation_id).owners == len(owners)


def test_owners_keep_what_they_are_for_however_the_platform_is_changed(world: World) -> None:
    """By their role, by its permission sets and by roles above it, all at once."""
    world.found("acme")
    administrator = world.as_platform()
    second = {"permissionSetId": "second", "name": "second", "entries": [{"key": "access:*"}]}
    assert administrator.post("/v1/platform/permission-sets", json=second).status_code == 201
    role = {"name": "owner", "permissionSetIds": ["owner", "second"]}
    assert administrator.put("/v1/platform/roles/owner", json=role).is_success
    deny = [{"key": "*"}, {"key": "access:role:read", "effect": "deny"}]
    when = [{"key": "*", "when": [{"of": "subject", "name": "a", "comparison": "equals", "value": 1}]}]
    changes: list[tuple[str, dict[str, object]]] = [
        ("roles/owner", {"name": "x", "permissionSetIds": ["owner"]}),
        ("roles/owner", {"name": "x", "permissionSetIds": ["second"]}),
        ("roles/owner", {"name": "x", "permissionSetIds": []}),
        ("roles/owner", {"name": "x", "permissionSetIds": ["owner"], "active": False}),
        ("permission-sets/owner", {"name": "x", "active": False, "entries": [{"key": "*"}]}),
        ("permission-sets/owner", {"name": "x", "entries": deny}),
        ("permission-sets/second", {"name": "x", "active": False, "entries": [{"key": "access:*"}]}),
        ("permission-sets/second", {"name": "x", "entries": when}),
    ]

    def act(turn: int) -> int:
        path, content = changes[turn * 3 % len(changes)]
        return administrator.put(f"/v1/platform/{path}", json=content).status_code

    for _ in range(5):
        with ThreadPoolExecutor(8) as threads:
            answered = list(threads.map(act, range(16)))
        assert set(answered) <= {200, 422}, answered
        assert 422 in answered
        client = world.as_user("ann")
        client.headers["access-version"] = administrator.put(
            "/v1/platform/roles/other", json={"name": "other", "permissionSetIds": []}
        ).headers["access-version"]
        assert client.get(f"{place()}/roles").status_code == 200
