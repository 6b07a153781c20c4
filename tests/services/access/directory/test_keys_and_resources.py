"""Service keys and protected resources over HTTP."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.services.access.acting import events_of, made, make_set, place, refusal
from tests.services.access.conftest import World

KEYS = f"{place()}/service-keys"
RESOURCES = f"{place()}/resources"


@pytest.fixture
def ann(world: World) -> httpx.Client:
    world.found("acme")
    make_set(world, "reading", "access:role:read")
    return world.as_user("ann")


def program_of(world: World, created: httpx.Response) -> httpx.Client:
    """The program that has a new key, and asks for nothing older."""
    client = world.as_bearer(created.json()["key"])
    client.headers["access-version"] = created.headers["access-version"]
    return client


def test_a_key_is_shown_once_and_does_what_its_sets_allow(world: World, ann: httpx.Client) -> None:
    created = made(ann.post(KEYS, json={"name": "ci", "permissionSetIds": ["reading"]}))
    assert (created.status_code, created.headers["cache-control"]) == (201, "no-store")
    text = created.json()["key"]
    assert text.startswith(f"tsk_{created.json()['keyId']}_")
    program = program_of(world, created)
    made(program.get(f"{place()}/roles"))
    assert program.get(f"{place()}/members").status_code == 403
    listed = ann.get(KEYS)
    assert [each["keyId"] for each in listed.json()["items"]] == [created.json()["keyId"]]
    secret = text.rpartition("_")[2]
    assert secret not in listed.text
    stored = str(world.engine.call("Scan", {"TableName": "bbws-access-dev-ddb-access-management"}))
    assert secret not in stored


def test_a_request_that_comes_again_does_not_show_the_key_again(ann: httpx.Client) -> None:
    body, headers = {"name": "ci", "permissionSetIds": ["reading"]}, {"idempotency-key": "k1"}
    first, second = (made(ann.post(KEYS, json=body, headers=headers)) for _ in range(2))
    assert second.json() == first.json() | {"key": None}
    assert len(ann.get(KEYS).json()["items"]) == 1


def test_one_key_takes_the_place_of_another(world: World, ann: httpx.Client) -> None:
    keys = [made(ann.post(KEYS, json={"name": "ci", "permissionSetIds": ["reading"]})) for _ in range(2)]
    old, new = (program_of(world, each) for each in keys)
    old_id = keys[0].json()["keyId"]
    for program in (old, new):
        made(program.get(f"{place()}/roles"))
    revoked = made(ann.post(f"{KEYS}/{old_id}/revoke"))
    assert revoked.json()["revokedAt"] is not None
    assert old.get(f"{place()}/roles").status_code == 401
    made(new.get(f"{place()}/roles"))
    again = made(ann.post(f"{KEYS}/{old_id}/revoke"))
    assert again.json()["revokedAt"] == revoked.json()["revokedAt"]


def test_a_key_ends_when_it_says(world: World, ann: httpx.Client) -> None:
    end = (datetime.fromtimestamp(world.clock.now, UTC) + timedelta(hours=1)).isoformat()
    body = {"name": "ci", "permissionSetIds": ["reading"], "notAfter": end}
    program = program_of(world, made(ann.post(KEYS, json=body)))
    made(program.get(f"{place()}/roles"))
    world.clock.now += 3600
    assert program.get(f"{place()}/roles").status_code == 401
    assert refusal(ann.post(KEYS, json=body)) == (422, "unprocessable")


def test_a_key_names_sets_that_are_there(ann: httpx.Client) -> None:
    assert refusal(ann.post(KEYS, json={"name": "x", "permissionSetIds": ["none"]})) == (422, "unprocessable")
    assert refusal(ann.post(f"{KEYS}/none/revoke")) == (404, "not-found")


def test_a_key_of_one_organisation_is_no_key_of_another(world: World, ann: httpx.Client) -> None:
    world.found("beta", owner="bob")
    program = world.as_bearer(made(ann.post(KEYS, json={"name": "x", "permissionSetIds": ["owner"]})).json()["key"])
    made(program.get(place()))
    assert program.get(place("beta")).status_code == 404


def test_the_platforms_keys_have_the_platforms_sets_whatever_an_organisation_calls_its_own(
    world: World, ann: httpx.Client
) -> None:
    administrator = world.as_platform()
    make_set(world, "watching", "*")  # before the platform has one of this id
    body = {"permissionSetId": "watching", "name": "x", "entries": [{"key": "access:role:read"}]}
    made(administrator.post("/v1/platform/permission-sets", json=body))
    created = made(
        administrator.post("/v1/platform/service-keys", json={"name": "x", "permissionSetIds": ["watching"]})
    )
    program = program_of(world, created)
    made(program.get(f"{place()}/roles"))
    assert program.get(f"{place()}/members").status_code == 403
    refused = administrator.post("/v1/platform/service-keys", json={"name": "x", "permissionSetIds": ["reading"]})
    assert refusal(refused) == (422, "unprocessable")
    key_id = created.json()["keyId"]
    assert [each["keyId"] for each in administrator.get("/v1/platform/service-keys").json()["items"]] == [key_id]
    assert refusal(ann.post(f"{KEYS}/{key_id}/revoke")) == (404, "not-found")
    made(administrator.post(f"/v1/platform/service-keys/{key_id}/revoke"))
    assert program.get(f"{place()}/roles").status_code == 401
    assert refusal(ann.get("/v1/platform/service-keys")) == (403, "forbidden")


def test_a_resource_is_put_read_and_forgotten(ann: httpx.Client) -> None:
    address = f"{RESOURCES}/record/record-1"
    put = made(ann.put(address, json={"properties": {"status": "active", "size": 1.5}}))
    assert put.json() == ann.get(address).json()
    assert put.headers["etag"] == '"1"'
    changed = made(ann.put(address, json={"properties": {}}, headers={"if-match": '"1"'}))
    assert changed.json()["dateCreated"] == put.json()["dateCreated"]
    for stale in (
        ann.put(address, json={}, headers={"if-match": '"1"'}),
        ann.delete(address, headers={"if-match": '"1"'}),
    ):
        assert refusal(stale) == (412, "precondition-failed")
    assert made(ann.delete(address)).status_code == 204
    assert [refusal(answer) for answer in (ann.get(address), ann.delete(address))] == [(404, "not-found")] * 2


def test_a_hundred_resources_are_put_at_once_and_listed_by_type(world: World, ann: httpx.Client) -> None:
    items = [
        {"resourceType": "record", "resourceId": f"r{number:03}", "properties": {"n": number}} for number in range(99)
    ]
    items.append({"resourceType": "page", "resourceId": "p", "properties": {}})
    headers = {"idempotency-key": "k"}
    first, second = (made(ann.post(RESOURCES, json={"items": items}, headers=headers)) for _ in range(2))
    assert first.json() == second.json()
    assert [each["resourceId"] for each in first.json()["items"]] == [each["resourceId"] for each in items]
    page = ann.get(RESOURCES, params={"type": "record", "limit": 60}).json()
    rest = ann.get(RESOURCES, params={"type": "record", "limit": 60, "cursor": page["next"]}).json()
    assert [each["properties"]["n"] for each in page["items"] + rest["items"]] == list(range(99))
    again = made(ann.post(RESOURCES, json={"items": items[:50]}))
    assert len(again.json()["items"]) == 50
    assert refusal(ann.post(RESOURCES, json={"items": items[:1] * 2})) == (422, "unprocessable")
    assert refusal(ann.post(RESOURCES, json={"items": [*items, items[0]]})) == (422, "malformed-request")
    events_of(world)
