"""A request with an Idempotency-Key happens once, and is answered again as at first: body, status and headers."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.services.access.acting import add_member, assign, made, make_role, make_set, place
from tests.services.access.conftest import World

WITHOUT_A_KEY = {
    "issue_token": "its answer is a secret, and nothing is kept of it",
    "verify_trail": "it changes nothing",
    "look_up_invitation": "it changes nothing",
    "explain": "it changes nothing",
    "evaluate": "it changes nothing",
    "expire_invitations": "it does what time does anyway",
}
SECRETS = ("token", "key")
HEADERS = ("etag", "location", "access-version", "cache-control", "content-type")
Ask = Callable[[World], tuple[httpx.Client, str, dict[str, Any]]]

_SET = {"permissionSetId": "s", "name": "S", "active": True, "entries": [{"key": "a:b"}]}
_ROLE = {"roleId": "r", "name": "R", "active": True, "permissionSetIds": [], "parentRoleIds": []}


def as_ann(path: str, **body: Any) -> Ask:
    return lambda world: (world.as_user("ann"), f"{place()}{path}", {"json": body} if body else {})


def as_platform(path: str, **body: Any) -> Ask:
    return lambda world: (world.as_platform(), path, {"json": body} if body else {})


def remap(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    make_role(world, "one", "a:b")
    make_role(world, "two", "a:b")
    add_member(world, "cat", "one")
    return world.as_user("ann"), f"{place()}/roles/one/remap", {"json": {"toRoleId": "two"}}


def leave(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    make_role(world, "one", "a:b")
    return add_member(world, "cat", "one"), f"{place()}/leave", {}


def leave_with_much(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    """More than fits one transaction."""
    add_member(world, "cat")
    for number in range(30):
        make_role(world, f"r{number}", "a:b") if number == 0 else make_role(world, f"r{number}")
        assign(world, "cat", f"r{number}")
    return world.as_user("cat"), f"{place()}/leave", {}


def make_key(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    make_set(world, "s", "a:b")
    return world.as_user("ann"), f"{place()}/service-keys", {"json": {"name": "K", "permissionSetIds": ["s"]}}


def make_platform_key(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    made(world.as_platform().post("/v1/platform/permission-sets", json=_SET))
    return world.as_platform(), "/v1/platform/service-keys", {"json": {"name": "K", "permissionSetIds": ["s"]}}


def revoke_key(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    client, path, content = make_key(world)
    return client, f"{path}/{made(client.post(path, **content)).json()['keyId']}/revoke", {}


def revoke_platform_key(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    client, path, content = make_platform_key(world)
    return client, f"{path}/{made(client.post(path, **content)).json()['keyId']}/revoke", {}


def erase_user(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    add_member(world, "cat")
    return world.as_platform(), "/v1/platform/users/cat/erase", {}


def apply(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    content = b"permissionSets:\n- id: s\n  name: S\n  entries: ['a:b']\n"
    kind = {"content-type": "application/yaml"}
    return world.as_user("ann"), f"{place()}/configuration", {"content": content, "headers": kind}


def erase_details(world: World) -> tuple[httpx.Client, str, dict[str, Any]]:
    add_member(world, "cat")
    return world.as_user("ann"), f"{place()}/audit/erasures", {"json": {"userId": "cat", "values": []}}


_ORGANISATION = {"organisationId": "new", "name": "New", "owner": {"userId": "ann", "email": "ann@example.com"}}
REQUESTS: dict[str, Ask] = {
    "organisation": as_platform("/v1/organisations", **_ORGANISATION),
    "permission": as_platform("/v1/platform/permissions", permissionId="a:b", category="A", description="x"),
    "platform permission set": as_platform("/v1/platform/permission-sets", **_SET),
    "platform key": make_platform_key,
    "permission set": as_ann("/permission-sets", **_SET),
    "role": as_ann("/roles", **_ROLE),
    "team": as_ann("/teams", teamId="t", name="T"),
    "team role": as_ann("/team-roles", teamRoleId="t", name="T", permissionSetIds=[]),
    "member": as_platform(f"{place()}/members", userId="dan", email="dan@example.com"),
    "invitation": as_ann("/invitations", email="dan@example.com", roleId="member"),
    "key": make_key,
    "resources": as_ann("/resources", items=[{"resourceType": "record", "resourceId": "1"}]),
    "remap": remap,
    "leave": leave,
    "leave with much": leave_with_much,
    "revoke key": revoke_key,
    "revoke platform key": revoke_platform_key,
    "erase user": erase_user,
    "erase details": erase_details,
    "apply": apply,
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_repeated_request_is_answered_as_at_first(world: World, name: str) -> None:
    world.found("acme")
    client, path, content = REQUESTS[name](world)
    content["headers"] = {"idempotency-key": "k1", **content.get("headers", {})}
    first = made(client.post(path, **content))
    again = client.post(path, **content)
    assert again.status_code == first.status_code
    assert {name: again.headers.get(name) for name in HEADERS} == {name: first.headers.get(name) for name in HEADERS}
    assert (again.headers.get("idempotent-replayed"), "idempotent-replayed" in first.headers) == ("true", False)
    if first.content:
        shown, repeated = first.json(), again.json()
        assert {**shown, **dict.fromkeys(shown.keys() & SECRETS)} == {
            **repeated,
            **dict.fromkeys(repeated.keys() & SECRETS),
        }
    other = {**content, "content": b"other", "json": None} if "content" in content else {**content, "json": {"x": 1}}
    assert client.post(path, **other).status_code == 422


def test_every_request_that_changes_something_takes_a_key(world: World) -> None:
    operations = [
        operation
        for methods in world.app.openapi()["paths"].values()
        for method, operation in methods.items()
        if method == "post"
    ]
    without = [
        each["operationId"]
        for each in operations
        if "idempotency-key" not in {parameter["name"] for parameter in each.get("parameters", ())}
    ]
    assert {name: any(each.startswith(name) for each in without) for name in WITHOUT_A_KEY} == dict.fromkeys(
        WITHOUT_A_KEY, True
    )
    assert [each for each in without if not each.startswith((*WITHOUT_A_KEY, "search"))] == []
