"""Members see what they have themselves and why, without a permission; nobody else's."""

from typing import Any

import httpx
import pytest
from tests.services.access.acting import add_member, make_role, place, refusal
from tests.services.access.conftest import World
from tests.services.access.evaluation.conftest import question

ROUTES = ("permissions", "roles", "teams")


@pytest.fixture
def bob(world: World) -> httpx.Client:
    """A member of acme who may read records and nothing about access; eve is another one."""
    world.found("acme")
    world.found("globex", owner="gil")
    make_role(world, "reader", "record:read")
    add_member(world, "eve", "reader")
    return add_member(world, "bob", "reader")


def explain(client: httpx.Client, user_id: str, **changes: Any) -> httpx.Response:
    return client.post(f"{place()}/explain", json=question(user_id, "read", "record/r1") | changes)


@pytest.mark.parametrize("route", ROUTES)
def test_members_list_what_they_have(bob: httpx.Client, route: str) -> None:
    assert bob.get(f"{place()}/users/bob/{route}").status_code == 200
    assert refusal(bob.get(f"{place()}/users/eve/{route}")) == (403, "forbidden")
    assert refusal(bob.get(f"{place()}/users/nobody/{route}")) == (403, "forbidden")


def test_what_members_list_is_theirs(bob: httpx.Client) -> None:
    (held,) = bob.get(f"{place()}/users/bob/permissions").json()["items"]
    assert (held["key"], held["effective"]) == ("record:read", True)
    (role,) = bob.get(f"{place()}/users/bob/roles").json()["items"]
    assert role["roleId"] == "reader"


def test_members_are_told_why_they_may(bob: httpx.Client) -> None:
    answer = explain(bob, "bob")
    assert (answer.status_code, answer.json()["reason"]) == (200, "allowed")


@pytest.mark.parametrize("subject", [{"type": "user", "id": "eve"}, {"type": "machine", "id": "bob"}])
def test_members_are_not_told_why_others_may(bob: httpx.Client, subject: dict[str, str]) -> None:
    assert refusal(explain(bob, "bob", subject=subject)) == (403, "forbidden")


def test_others_of_a_role_are_not_ones_own(bob: httpx.Client) -> None:
    assert refusal(bob.get(f"{place()}/roles/reader/users")) == (403, "forbidden")
    assert refusal(bob.get(f"{place()}/permissions/record:read/users")) == (403, "forbidden")


@pytest.mark.parametrize("route", ROUTES)
def test_strangers_see_not_even_that_there_is_nothing(world: World, bob: httpx.Client, route: str) -> None:
    assert refusal(world.as_user("gil").get(f"{place()}/users/gil/{route}")) == (404, "not-found")
    assert refusal(explain(world.as_user("gil"), "gil")) == (404, "not-found")


def test_a_service_key_is_no_user(world: World, bob: httpx.Client) -> None:
    make_role(world, "nothing", "other:thing")
    body = {"name": "x", "permissionSetIds": ["nothing"]}
    made = world.as_platform().post(f"{place()}/service-keys", json=body).json()
    key = world.as_bearer(made["key"])
    assert refusal(key.get(f"{place()}/users/bob/roles")) == (403, "forbidden")
    assert refusal(explain(key, "bob")) == (403, "forbidden")


def test_users_of_any_provider_are_decided_about(world: World, bob: httpx.Client) -> None:
    client = add_member(world, "auth0|123", "reader")
    assert client.get(f"{place()}/users/auth0%7C123/permissions").json()["items"][0]["key"] == "record:read"
    assert explain(client, "auth0|123").json()["decision"] is True
