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


WAYS: list[Way] = [remove, leave, disable, demote, limit]


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
    assert set(answered) <= {200, 201, 204, 403, 404, 409}, answered
    owners = true_owners(shared, organisation_id)
    assert owners
    assert head_of(shared, organisation_id).owners == len(owners)
    events_of(shared, organisation_id)
