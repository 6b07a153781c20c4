"""Roles over HTTP: defined, found, changed, inherited, deleted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.services.access.acting import add_member, made, make_role, make_set, place, refusal
from tests.services.access.conftest import World

ROLES = f"{place()}/roles"


def role(role_id: str | None = None, *set_ids: str, parents: tuple[str, ...] = (), **values: Any) -> dict[str, Any]:
    body = {"name": role_id or "x", "permissionSetIds": list(set_ids), "parentRoleIds": list(parents)}
    return body | ({} if role_id is None else {"roleId": role_id}) | values


@pytest.fixture
def acme(world: World) -> World:
    world.found("acme")
    return world


def test_a_role_is_created_and_read(acme: World) -> None:
    make_set(acme, "reading", "record:read")
    ann = acme.as_user("ann")
    created = made(ann.post(ROLES, json=role("reader", "reading", "reading")))
    assert (created.status_code, created.headers["location"]) == (201, f"{ROLES}/reader")
    assert created.headers["access-version"] == "acme.3"
    shown = ann.get(f"{ROLES}/reader")
    assert shown.json() == created.json()
    assert shown.headers["etag"] == created.headers["etag"] == '"1"'
    assert shown.json() | {"dateCreated": ""} == {
        "roleId": "reader",
        "organisationId": "acme",
        "name": "reader",
        "active": True,
        "permissionSetIds": ["reading"],
        "parentRoleIds": [],
        "assigned": 0,
        "dateCreated": "",
    }


def test_roles_are_found_by_name_and_activity_a_page_at_a_time(acme: World) -> None:
    ann = acme.as_user("ann")
    for role_id, name, active in (
        ("r3", "Beta", True),
        ("r1", "Gamma", True),
        ("r2", "Alpha", True),
        ("r4", "Old", False),
    ):
        made(ann.post(ROLES, json=role(role_id) | {"name": name, "active": active}))
    first = ann.get(ROLES, params={"limit": 2}).json()
    second = ann.get(ROLES, params={"limit": 2, "cursor": first["next"]}).json()
    assert [each["name"] for each in first["items"] + second["items"]] == ["Alpha", "Beta", "Gamma"]
    assert second["next"] is None
    assert [each["roleId"] for each in ann.get(ROLES, params={"active": False}).json()["items"]] == ["r4"]
    assert [each["roleId"] for each in ann.get(ROLES, params={"name": "Beta"}).json()["items"]] == ["r3"]


def test_a_cursor_of_another_listing_is_refused(acme: World) -> None:
    ann = acme.as_user("ann")
    for number in range(3):
        made(ann.post(ROLES, json=role(f"r{number}")))
    cursor = ann.get(ROLES, params={"limit": 1}).json()["next"]
    assert ann.get(ROLES, params={"limit": 1, "cursor": cursor, "active": False}).status_code == 400


def test_a_role_is_created_once_and_never_beside_one_of_the_platform(acme: World) -> None:
    ann = acme.as_user("ann")
    made(ann.post(ROLES, json=role("reader")))
    for role_id in ("reader", "owner", "admin"):
        assert refusal(ann.post(ROLES, json=role(role_id))) == (409, "already-exists")


def test_a_request_that_comes_again_creates_one_role(acme: World) -> None:
    ann = acme.as_user("ann")
    first, second = (ann.post(ROLES, json=role("reader"), headers={"idempotency-key": "k"}) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())


@pytest.mark.parametrize("body", [role(None, "nothing"), role(None, parents=("nobody",)), role(None, parents=("r",))])
def test_a_role_names_what_is_there_and_not_itself(acme: World, body: dict[str, Any]) -> None:
    ann = acme.as_user("ann")
    assert refusal(ann.post(ROLES, json=body | {"roleId": "r"})) == (422, "unprocessable")
    made(ann.post(ROLES, json=role("r")))
    assert refusal(ann.put(f"{ROLES}/r", json=body)) == (422, "unprocessable")


def test_a_change_based_on_an_old_revision_is_refused(acme: World) -> None:
    ann = acme.as_user("ann")
    made(ann.post(ROLES, json=role("r")))
    headers = {"if-match": '"1"'}
    changed = made(ann.put(f"{ROLES}/r", json=role(None) | {"name": "new"}, headers=headers))
    assert (changed.headers["etag"], changed.json()["name"]) == ('"2"', "new")
    assert refusal(ann.put(f"{ROLES}/r", json=role(None), headers=headers)) == (412, "precondition-failed")
    assert refusal(ann.delete(f"{ROLES}/r", headers=headers)) == (412, "precondition-failed")
    assert refusal(ann.delete(f"{ROLES}/r", headers={"if-match": "x"})) == (400, "if-match-malformed")


def test_an_unknown_role_is_not_found(acme: World) -> None:
    ann = acme.as_user("ann")
    answers = [ann.get(f"{ROLES}/none"), ann.put(f"{ROLES}/none", json=role()), ann.delete(f"{ROLES}/none")]
    assert [refusal(answer) for answer in answers] == [(404, "not-found")] * 3


def test_a_change_counts_at_once_for_whoever_has_the_role(acme: World) -> None:
    make_role(acme, "reader", "access:role:read")
    cat = add_member(acme, "cat", "reader")
    made(cat.get(ROLES))
    changed = made(acme.as_user("ann").put(f"{ROLES}/reader", json=role(None, "reader", active=False)))
    cat.headers["access-version"] = changed.headers["access-version"]
    assert cat.get(ROLES).status_code == 403


@pytest.mark.parametrize("kind", ["user", "role"])
def test_a_role_in_use_is_not_deleted(acme: World, kind: str) -> None:
    ann = acme.as_user("ann")
    made(ann.post(ROLES, json=role("low")))
    if kind == "user":
        made(ann.put(f"{place()}/users/ann/roles/low", json={}))
    else:
        made(ann.post(ROLES, json=role("high", parents=("low",))))
    assert ann.get(f"{ROLES}/low").json()["assigned"] == 1
    assert refusal(ann.delete(f"{ROLES}/low")) == (409, "in-use")
    if kind == "user":
        made(ann.delete(f"{place()}/users/ann/roles/low"))
    else:
        made(ann.put(f"{ROLES}/high", json=role()))
    assert made(ann.delete(f"{ROLES}/low")).status_code == 204


def test_parents_are_counted_as_they_come_and_go(acme: World) -> None:
    ann = acme.as_user("ann")
    for role_id in ("a", "b"):
        made(ann.post(ROLES, json=role(role_id)))
    made(ann.post(ROLES, json=role("low", parents=("a", "a", "member"))))
    made(ann.put(f"{ROLES}/low", json=role(None, parents=("a", "b"))))
    made(ann.put(f"{ROLES}/low", json=role(None, parents=("b",))))
    assert [ann.get(f"{ROLES}/{role_id}").json()["assigned"] for role_id in ("a", "b")] == [0, 1]
    made(ann.delete(f"{ROLES}/low"))
    assert ann.get(f"{ROLES}/b").json()["assigned"] == 0


def test_no_role_stands_above_itself_when_two_edits_race(acme: World) -> None:
    ann = acme.as_user("ann")
    for number in range(5):
        for role_id in (f"a{number}", f"b{number}"):
            made(ann.post(ROLES, json=role(role_id)))

        def edit(pair: tuple[str, str]) -> int:
            return ann.put(f"{ROLES}/{pair[0]}", json=role(None, parents=(pair[1],))).status_code

        with ThreadPoolExecutor(2) as threads:
            pairs = [(f"a{number}", f"b{number}"), (f"b{number}", f"a{number}")]
            assert sorted(threads.map(edit, pairs)) == [200, 422]


def test_a_circle_of_three_is_refused(acme: World) -> None:
    ann = acme.as_user("ann")
    made(ann.post(ROLES, json=role("a")))
    made(ann.post(ROLES, json=role("b", parents=("a",))))
    made(ann.post(ROLES, json=role("c", parents=("b",))))
    assert refusal(ann.put(f"{ROLES}/a", json=role(None, parents=("c",)))) == (422, "unprocessable")


def test_roles_above_one_another_are_limited_from_above_and_from_below(acme: World) -> None:
    """A longer chain would be cut when decisions are made, and with its end perhaps a deny."""
    ann = acme.as_user("ann")
    made(ann.post(ROLES, json=role("r1")))
    for number in range(2, 16):
        made(ann.post(ROLES, json=role(f"r{number}", parents=(f"r{number - 1}",))))
    assert refusal(ann.post(ROLES, json=role("r16", parents=("r15",)))) == (422, "unprocessable")
    made(ann.post(ROLES, json=role("top")))
    assert refusal(ann.put(f"{ROLES}/r1", json=role(None, parents=("top",)))) == (422, "unprocessable")
    made(ann.post(ROLES, json=role("wide", parents=("r14", "r13", "r1"))))


def test_the_platforms_roles_are_the_administrators(acme: World) -> None:
    ann, administrator = acme.as_user("ann"), acme.as_platform()
    assert refusal(ann.put("/v1/platform/roles/support", json=role())) == (403, "forbidden")
    body = role(None, "auditor", parents=("member",))
    put = made(administrator.put("/v1/platform/roles/support", json=body))
    assert (put.json()["organisationId"], put.json()["assigned"], put.headers["etag"]) == (None, None, '"1"')
    assert ann.get("/v1/platform/roles/support").json() == put.json()
    names = [each["name"] for each in ann.get("/v1/platform/roles").json()["items"]]
    assert names == ["admin", "auditor", "member", "owner", "x"]
    assert ann.get("/v1/platform/roles", params={"name": "owner"}).json()["items"][0]["roleId"] == "owner"
    assert refusal(ann.get("/v1/platform/roles/none")) == (404, "not-found")
    stale = administrator.put("/v1/platform/roles/support", json=body, headers={"if-match": '"7"'})
    assert refusal(stale) == (412, "precondition-failed")


def test_the_platforms_roles_stand_in_no_circle_and_owners_stay(acme: World) -> None:
    administrator = acme.as_platform()
    made(administrator.put("/v1/platform/roles/a", json=role()))
    made(administrator.put("/v1/platform/roles/b", json=role(None, parents=("a",))))
    for role_id, body in (
        ("a", role(None, parents=("b",))),
        ("a", role(None, "nothing")),
        ("owner", role(None, "owner", active=False)),
    ):
        refused = administrator.put(f"/v1/platform/roles/{role_id}", json=body)
        assert refusal(refused) == (422, "unprocessable")


def test_an_organisations_role_has_what_a_role_of_the_platform_has(acme: World) -> None:
    make_role(acme, "watcher", parents=("auditor",))
    cat = add_member(acme, "cat", "watcher")
    made(cat.get(f"{place()}/members"))
    assert cat.get(f"{place()}/service-keys").status_code == 403
