"""Tokens of the embedded issuer over HTTP: for the administrator to give, for everybody to check."""

from dataclasses import replace

import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet
from prometheus_client import CollectorRegistry
from tests.conftest import Serving
from tests.services.access.conftest import World

from tenantable.services.access.app import create_app
from tenantable.services.access.declaration import PLATFORM, AuditEvents, audit_service


def test_the_administrator_gets_a_token_for_a_user(world: World) -> None:
    world.found("acme", owner="ann")
    answer = world.as_platform().post("/v1/platform/tokens", json={"userId": "ann", "email": "Ann@Example.com"})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    ann = world.as_bearer(answer.json()["token"])
    assert ann.get("/v1/organisations/acme").status_code == 200


def test_anybody_can_check_a_token_with_the_published_keys(world: World) -> None:
    token = world.as_platform().post("/v1/platform/tokens", json={"userId": "ann"}).json()["token"]
    keys = KeySet.import_key_set(world.as_nobody().get("/.well-known/jwks.json").json())
    assert jwt.decode(token, keys, algorithms=["ES256"]).claims["sub"] == "ann"


def test_the_trail_says_for_whom_a_token_was_made_and_never_which(world: World) -> None:
    token = world.as_platform().post("/v1/platform/tokens", json={"userId": "ann"}).json()["token"]
    events = world.dependencies.database(audit_service).repository(AuditEvents)
    found = events.of_type(organisation_id=PLATFORM, event_type="AUTHORIZATION").all()
    assert [(event.action, event.user_id, event.target) for event in found] == [("token.issue", "platform", "ann")]
    assert token not in repr(found)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"userId": "ann#1"}, 422),
        ({"userId": "ann", "email": "nobody"}, 422),
        ({"userId": "ann", "lifetimeSeconds": 43201}, 422),
        ({"userId": "ann", "lifetimeSeconds": 0}, 422),
        ({"userId": "platform"}, 422),
        ({}, 422),
    ],
)
def test_what_is_no_request_for_a_token_is_refused(world: World, body: dict[str, object], status: int) -> None:
    assert world.as_platform().post("/v1/platform/tokens", json=body).status_code == status


def test_nobody_else_gets_tokens(world: World) -> None:
    assert world.as_user("ann").post("/v1/platform/tokens", json={"userId": "bob"}).status_code == 403
    assert world.as_nobody().post("/v1/platform/tokens", json={"userId": "bob"}).status_code == 401


def test_where_another_issuer_is_set_there_are_no_tokens(world: World, serving: Serving) -> None:
    app: FastAPI = create_app(replace(world.dependencies, embedded_issuer=None, registry=CollectorRegistry()))
    client = serving(app)
    headers = dict(world.as_platform().headers)
    assert client.post("/v1/platform/tokens", json={"userId": "ann"}, headers=headers).status_code == 404
    assert client.get("/.well-known/jwks.json").json() == {"keys": []}


def test_a_user_of_another_providers_making_can_have_a_bar_in_the_id(world: World) -> None:
    world.found("acme", owner="auth0|ann")
    shown = world.as_user("auth0|ann").get("/v1/organisations/acme/users/auth0%7Cann/roles")
    assert [each["roleId"] for each in shown.json()["items"]] == ["owner"]
