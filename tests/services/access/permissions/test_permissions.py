"""The catalogue of permissions, and permission sets, over HTTP."""

from typing import Any

import httpx
import pytest
from tests.services.access.acting import add_member, entries, made, make_role, make_set, place, refusal
from tests.services.access.conftest import World

CATALOGUE = "/v1/platform/permissions"
SETS = f"{place()}/permission-sets"
PLATFORM_SETS = "/v1/platform/permission-sets"
INVOICE = {"permissionId": "billing:invoice:read", "category": "billing", "description": "Read invoices."}


@pytest.fixture
def ann(world: World) -> httpx.Client:
    world.found("acme")
    return world.as_user("ann")


def test_the_administrator_keeps_the_catalogue_and_everybody_reads_it(world: World, ann: httpx.Client) -> None:
    administrator = world.as_platform()
    created = made(administrator.post(CATALOGUE, json=INVOICE))
    assert (created.status_code, created.headers["etag"]) == (201, '"1"')
    address = f"{CATALOGUE}/billing:invoice:read"
    assert ann.get(address).json() == created.json()
    assert refusal(administrator.post(CATALOGUE, json=INVOICE)) == (409, "already-exists")
    change = {"category": "money", "description": "x", "active": False}
    changed = made(administrator.put(address, json=change, headers={"if-match": '"1"'}))
    assert changed.json() == created.json() | change
    assert refusal(administrator.put(address, json=change, headers={"if-match": '"1"'})) == (412, "precondition-failed")
    for refused in (ann.post(CATALOGUE, json=INVOICE), ann.put(address, json=change), ann.delete(address)):
        assert refusal(refused) == (403, "forbidden")
    assert made(administrator.delete(address)).status_code == 204
    for gone in (ann.get(address), administrator.put(address, json=change), administrator.delete(address)):
        assert refusal(gone) == (404, "not-found")


def test_permissions_of_a_category_come_a_page_at_a_time(world: World, ann: httpx.Client) -> None:
    for name in ("c", "a", "b"):
        made(world.as_platform().post(CATALOGUE, json={"permissionId": f"x:{name}", "category": "x"}))
    made(world.as_platform().post(CATALOGUE, json={"permissionId": "y:a", "category": "y"}))
    first = ann.get(CATALOGUE, params={"category": "x", "limit": 2}).json()
    second = ann.get(CATALOGUE, params={"category": "x", "limit": 2, "cursor": first["next"]}).json()
    assert [each["permissionId"] for each in first["items"] + second["items"]] == ["x:a", "x:b", "x:c"]


@pytest.mark.parametrize("key", ["billing:*", "*", "a b", "a::b", "a:b:c:d:e:f:g"])
def test_the_catalogue_has_keys_and_no_wildcards(world: World, key: str) -> None:
    refused = world.as_platform().post(CATALOGUE, json={"permissionId": key, "category": "x"})
    assert refusal(refused) == (422, "unprocessable")


def test_a_set_is_created_read_changed_and_deleted(ann: httpx.Client) -> None:
    when = [{"of": "resource", "name": "size", "comparison": "in", "value": [1, 2.5, "x", True]}]
    body = {"permissionSetId": "s", "name": "S", "entries": [*entries("a:*", "!a:b"), {"key": "c", "when": when}]}
    created = made(ann.post(SETS, json=body))
    assert (created.status_code, created.headers["location"]) == (201, f"{SETS}/s")
    assert ann.get(f"{SETS}/s").json() == created.json()
    assert created.json()["entries"][2]["when"] == when
    assert [each["effect"] for each in created.json()["entries"]] == ["allow", "deny", "allow"]
    changed = made(ann.put(f"{SETS}/s", json={"name": "T"}, headers={"if-match": created.headers["etag"]}))
    assert (changed.json()["name"], changed.json()["entries"]) == ("T", [])
    assert changed.json()["dateCreated"] == created.json()["dateCreated"]
    stale = ann.delete(f"{SETS}/s", headers={"if-match": '"1"'})
    assert refusal(stale) == (412, "precondition-failed")
    assert made(ann.delete(f"{SETS}/s")).status_code == 204
    for gone in (ann.get(f"{SETS}/s"), ann.put(f"{SETS}/s", json={"name": "x"}), ann.delete(f"{SETS}/s")):
        assert refusal(gone) == (404, "not-found")


@pytest.mark.parametrize("key", ["a:*:b", "", "a b", "*:a", "a#b"])
def test_an_entry_is_a_permission(ann: httpx.Client, key: str) -> None:
    assert ann.post(SETS, json={"permissionSetId": "s", "name": "s", "entries": [{"key": key}]}).status_code == 422


@pytest.mark.parametrize(
    ("comparison", "value"), [("in", "x"), ("equals", ["x"]), ("equals", 10**40), ("equals", None)]
)
def test_a_condition_compares_with_what_it_can(ann: httpx.Client, comparison: str, value: object) -> None:
    when = [{"of": "resource", "name": "n", "comparison": comparison, "value": value}]
    body = {"permissionSetId": "s", "name": "s", "entries": [{"key": "a", "when": when}]}
    assert refusal(ann.post(SETS, json=body)) == (422, "malformed-request")


def test_sets_are_listed_oldest_first_and_by_activity(world: World, ann: httpx.Client) -> None:
    for set_id, active in (("z", True), ("m", False), ("a", True)):
        make_set(world, set_id, active=active)
        world.clock.now += 1
    asked: dict[str, dict[str, int]] = {
        "all": {},
        "on": {"active": True},
        "off": {"active": False},
        "two": {"limit": 2},
    }
    listed = {name: ann.get(SETS, params=params).json() for name, params in asked.items()}
    ids = {name: [each["permissionSetId"] for each in found["items"]] for name, found in listed.items()}
    assert ids == {"all": ["z", "m", "a"], "on": ["z", "a"], "off": ["m"], "two": ["z", "m"]}
    rest = ann.get(SETS, params={"limit": 2, "cursor": listed["two"]["next"]}).json()
    assert [each["permissionSetId"] for each in rest["items"]] == ["a"]


def test_the_administrator_sees_the_active_sets_of_all_organisations(world: World, ann: httpx.Client) -> None:
    world.found("beta", owner="bob")
    make_set(world, "s1", organisation_id="beta")
    make_set(world, "s2")
    address = f"{PLATFORM_SETS}/of-organisations"
    found = made(world.as_platform().get(address)).json()["items"]
    assert [(each["organisationId"], each["permissionSetId"]) for each in found] == [("acme", "s2"), ("beta", "s1")]
    assert made(world.as_platform().get(address, params={"active": False})).json()["items"] == []
    assert refusal(ann.get(address)) == (403, "forbidden")


def test_a_set_that_a_role_names_is_not_deleted(world: World, ann: httpx.Client) -> None:
    make_role(world, "reader", "record:read")
    assert refusal(ann.delete(f"{SETS}/reader")) == (409, "in-use")


def test_the_platforms_sets_are_the_administrators(world: World, ann: httpx.Client) -> None:
    administrator = world.as_platform()
    body = {"permissionSetId": "watching", "name": "w", "entries": entries("access:role:read")}
    created = made(administrator.post(PLATFORM_SETS, json=body))
    assert created.json()["organisationId"] is None
    assert ann.get(f"{PLATFORM_SETS}/watching").json() == created.json()
    assert refusal(administrator.post(PLATFORM_SETS, json=body)) == (409, "already-exists")
    made(administrator.put("/v1/platform/roles/watcher", json={"name": "w", "permissionSetIds": ["watching"]}))
    cat = add_member(world, "cat", "watcher")
    cat.headers["access-version"] += ", " + created.headers["access-version"]
    made(cat.get(f"{place()}/roles"))
    change = {"name": "w", "active": False}
    changed = made(administrator.put(f"{PLATFORM_SETS}/watching", json=change))
    cat.headers["access-version"] = changed.headers["access-version"]
    assert cat.get(f"{place()}/roles").status_code == 403
    ids = {each["permissionSetId"] for each in ann.get(PLATFORM_SETS).json()["items"]}
    assert ids == {"admin", "auditor", "decision", "member", "owner", "watching"}
    for refused in (ann.post(PLATFORM_SETS, json=body), ann.put(f"{PLATFORM_SETS}/watching", json=change)):
        assert refusal(refused) == (403, "forbidden")
    assert refusal(administrator.put(f"{PLATFORM_SETS}/none", json=change)) == (404, "not-found")
    assert refusal(ann.get(f"{PLATFORM_SETS}/none")) == (404, "not-found")


def test_the_platforms_sets_are_listed_by_date_and_active_or_not(world: World, ann: httpx.Client) -> None:
    administrator = world.as_platform()
    for set_id, active in (("zulu", False), ("alpha", True)):
        world.clock.now += 1
        made(administrator.post(PLATFORM_SETS, json={"permissionSetId": set_id, "name": "n", "active": active}))

    def listed(**query: Any) -> list[str]:
        return [each["permissionSetId"] for each in made(ann.get(PLATFORM_SETS, params=query)).json()["items"]]

    assert listed()[-2:] == ["zulu", "alpha"]
    assert listed(active=False) == ["zulu"]
    assert listed(active=True)[-1] == "alpha"
    assert "zulu" not in listed(active=True)
    assert administrator.delete(f"{PLATFORM_SETS}/zulu").headers["allow"] == "GET, HEAD, PUT"


def test_permission_sets_take_their_own_permission(world: World, ann: httpx.Client) -> None:
    cat = add_member(world, "cat", "member")
    for refused in (cat.get(SETS), cat.post(SETS, json={"permissionSetId": "s", "name": "s"})):
        assert refusal(refused) == (403, "forbidden")
