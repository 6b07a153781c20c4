"""What a user may do and who may do something: complete, in pages, with every origin."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.services.access.conftest import World
from tests.services.access.evaluation.conftest import NOW, Organisation, allow, deny, when

HOUR = timedelta(hours=1)


@pytest.fixture
def acme(world: World) -> Organisation:
    made = Organisation(world)
    made.role("reader", allow("record:read"))
    made.role("writer", allow("record:write"), parents=["reader"])
    return made


def pages(client: httpx.Client, path: str, *, limit: int = 2) -> list[Any]:
    found, cursor = [], None
    while True:
        parameters: dict[str, Any] = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
        answer = client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def origin(**changed: Any) -> dict[str, Any]:
    base = {"kind": "organisation-role", "roleId": "reader", "inherited": [], "permissionSetId": "reader"}
    return base | {"teamId": None} | changed


def test_the_permissions_of_a_user_name_every_origin(acme: Organisation) -> None:
    acme.team_role("captain", "reader", reach="team")
    acme.member("bob", "reader", "writer", team_roles={"reds": "captain"})
    found = pages(acme.asker(), "/v1/organisations/acme/users/bob/permissions", limit=1)
    inherited = origin(roleId="writer", inherited=["reader"])
    condition = {"of": "resource", "name": "teamId", "comparison": "equals", "value": "reds", "holds": None}
    by_team = origin(kind="team-role", roleId="captain", teamId="reds")
    common = {"effect": "allow", "effective": True}
    assert found == [
        {"key": "record:read", "when": [], "origins": [origin(), inherited], **common},
        {"key": "record:read", "when": [condition], "origins": [by_team], **common},
        {"key": "record:write", "when": [], "origins": [origin(roleId="writer", permissionSetId="writer")], **common},
    ]


def test_what_is_denied_is_shown_as_not_effective(acme: Organisation) -> None:
    acme.role("never", deny("record:*"), deny("note:*", when("context", "network", "public")))
    acme.role("notes", allow("note:read"))
    acme.member("bob", "writer", "never", "notes")
    found = pages(acme.asker(), "/v1/organisations/acme/users/bob/permissions")
    assert [(each["key"], each["effect"], each["effective"]) for each in found] == [
        ("note:*", "deny", True),
        ("note:read", "allow", True),
        ("record:*", "deny", True),
        ("record:read", "allow", False),
        ("record:write", "allow", False),
    ]


def test_permissions_of_nobody_are_not_found(acme: Organisation) -> None:
    answer = acme.asker().get("/v1/organisations/acme/users/nobody/permissions")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_who_has_a_permission_is_complete(acme: Organisation) -> None:
    """Through roles, inheritance, wildcards, teams and the platform's roles; never who is off, over or not yet."""
    acme.role("everything", allow("record:*"))
    acme.role("desk", allow("record:read", when("subject", "desk", 7)))
    acme.role("none", deny("record:read"))
    acme.role("others", allow("note:read"))
    acme.team_role("captain", "reader")
    acme.member("b-role", "reader")
    acme.member("c-inherits", "writer")
    acme.member("d-wildcard", "everything")
    acme.member("e-team", team_roles={"reds": "captain"})
    acme.member("f-desk", "desk", properties={"desk": 7})
    acme.member("g-other-desk", "desk", properties={"desk": 8})
    acme.member("h-denied", "reader", "none")
    acme.member("i-off", "reader", active=False)
    acme.member("j-now", "reader", not_before=NOW - HOUR, not_after=NOW + HOUR)
    acme.member("k-over", "reader", not_after=NOW - HOUR)
    acme.member("l-not-yet", "reader", not_before=NOW + HOUR)
    acme.member("m-others", "others")
    for limit in (1, 3, 200):
        found = pages(acme.asker(), "/v1/organisations/acme/permissions/record:read/users", limit=limit)
        expected = ["ann", "b-role", "c-inherits", "d-wildcard", "e-team", "f-desk", "j-now"]
        assert [each["userId"] for each in found] == expected
        assert not any(each["conditional"] for each in found)
    assert found[0]["origins"][0] | {"permissionSetId": ""} == {
        "kind": "platform-role",
        "roleId": "owner",
        "inherited": [],
        "permissionSetId": "",
        "teamId": None,
    }


def test_what_depends_on_a_request_is_conditional(acme: Organisation) -> None:
    acme.role("active", allow("record:read", when("resource", "status", "active")))
    acme.role("home", deny("record:read", when("context", "network", "public")))
    acme.member("a-allowed-sometimes", "active")
    acme.member("b-denied-sometimes", "reader", "home")
    acme.member("c-always", "reader", "active")
    found = pages(acme.asker(), "/v1/organisations/acme/permissions/record:read/users")
    assert {each["userId"]: each["conditional"] for each in found} == {
        "a-allowed-sometimes": True,
        "ann": False,
        "b-denied-sometimes": True,
        "c-always": False,
    }


def test_a_wildcard_is_no_permission_to_ask_for(acme: Organisation) -> None:
    answer = acme.asker().get("/v1/organisations/acme/permissions/record:*/users")
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["users/ann/permissions", "permissions/record:read/users"])
def test_a_cursor_is_good_for_its_own_listing_alone(acme: Organisation, path: str) -> None:
    acme.member("bob", "reader", "writer")
    asker = acme.asker()
    other = asker.get("/v1/organisations/acme/users/bob/permissions", params={"limit": 1}).json()["next"]
    for cursor in (other, "nonsense", "ü"):
        answer = asker.get(f"/v1/organisations/acme/{path}", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")


@pytest.mark.parametrize("path", ["users/ann/permissions", "permissions/record:read/users"])
def test_strangers_and_members_without_the_permission_see_nothing(acme: Organisation, path: str) -> None:
    acme.member("bob", "reader")
    assert acme.world.as_user("bob").get(f"/v1/organisations/acme/{path}").status_code == 403
    assert acme.world.as_user("eve").get(f"/v1/organisations/acme/{path}").status_code == 404
