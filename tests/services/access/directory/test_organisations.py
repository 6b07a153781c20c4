"""Organisations over HTTP: who creates them, and who sees them."""

import pytest
from tests.services.access.conftest import World

NEW = {"organisationId": "acme", "name": "Acme", "owner": {"userId": "ann", "email": "Ann@Example.com"}}


def test_the_administrator_creates_an_organisation_with_its_owner(world: World) -> None:
    created = world.as_platform().post("/v1/organisations", json=NEW)
    assert created.status_code == 201
    assert created.headers["access-version"] == "acme.1"
    shown = world.as_user("ann").get("/v1/organisations/acme")
    assert shown.json() | {"dateCreated": ""} == {
        "organisationId": "acme",
        "name": "Acme",
        "active": True,
        "allowedDomains": [],
        "dateCreated": "",
        "owners": 1,
        "seatsTaken": 1,
        "seatLimit": None,
    }
    assert shown.headers["etag"] == '"1"'


def test_an_organisation_is_created_once(world: World) -> None:
    world.found("acme")
    again = world.as_platform().post("/v1/organisations", json=NEW)
    assert (again.status_code, again.json()["code"]) == (409, "already-exists")


def test_a_request_that_comes_again_is_answered_as_before(world: World) -> None:
    headers = {"idempotency-key": "k1"}
    first, second = (world.as_platform().post("/v1/organisations", json=NEW, headers=headers) for _ in range(2))
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second.headers["idempotent-replayed"] == "true"


def test_another_request_with_the_same_key_is_refused(world: World) -> None:
    headers = {"idempotency-key": "k1"}
    world.as_platform().post("/v1/organisations", json=NEW, headers=headers)
    other = world.as_platform().post("/v1/organisations", json=NEW | {"organisationId": "zeta"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_only_the_administrator_creates_organisations(world: World) -> None:
    assert world.as_user("ann").post("/v1/organisations", json=NEW).status_code == 403


def test_a_misspelt_filter_is_refused_and_never_passed_over(world: World) -> None:
    world.found("acme")
    ann, events = world.as_user("ann"), "/v1/organisations/acme/audit/export"
    refused = ann.get(events, params={"form": "2026-01-01T00:00:00Z"})
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"place": "query.form", "problem": "Unknown parameter; did you mean from?"}]
    assert ann.get("/v1/organisations/acme/roles", params={"limit": 1}).status_code == 200


@pytest.mark.parametrize("organisation_id", ["acme", "nobody"])
def test_a_stranger_is_told_that_there_is_no_such_organisation(world: World, organisation_id: str) -> None:
    world.found("acme")
    answer = world.as_user("eve").get(f"/v1/organisations/{organisation_id}")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no organisation {organisation_id}")


@pytest.mark.parametrize("credential", ["", "x", "a.b.c", "tsk_k1_secret", "tsk_", "Ω" * 16])
def test_what_is_no_credential_is_refused(world: World, credential: str) -> None:
    client = world.as_bearer(credential) if credential else world.as_nobody()
    answer = client.get("/v1/organisations/acme")
    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


def test_a_token_counts_until_it_ends(world: World) -> None:
    world.found("acme")
    ann = world.as_user("ann")
    world.clock.now += 43200 + 31
    assert ann.get("/v1/organisations/acme").status_code == 401
