"""Answers 401 over HTTP: what the caller is told, what the log is told, and that neither is told too much."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import structlog
from structlog.testing import capture_logs
from tests.services.access.conftest import World

ROUTES = [("GET", "/v1/organisations/acme"), ("POST", "/access/v1/evaluation"), ("POST", "/v1/invitations/lookup")]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    answer: httpx.Response
    logged: dict[str, Any]


def refused(world: World, authorization: str | None, method: str = "GET", path: str = ROUTES[0][1]) -> Refusal:
    headers = {"x-request-id": "r1"} | ({} if authorization is None else {"authorization": authorization})
    structlog.reset_defaults()
    with capture_logs() as logs:
        answer = world.as_nobody().request(method, path, json={"token": "t"}, headers=headers)
    (line,) = (each for each in logs if each["event"] == "request")
    return Refusal(answer=answer, logged=dict(line))


@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize(
    ("authorization", "reason", "detail"),
    [
        ("Basic YTpi", "header-not-bearer", "The header Authorization is not of the form: Bearer CREDENTIAL"),
        ("Bearer nonsense", "form-unknown", "The credential is neither a token, nor a service key, nor the"),
        ("Bearer tsk_k1_x", "service-key-unknown", "The request carries no credential that is known and valid"),
        ("Bearer a.b.c", "token-malformed", "The request carries no credential that is known and valid"),
    ],
)
def test_every_door_says_why_as_far_as_strangers_may_know(
    shared: World, route: tuple[str, str], authorization: str, reason: str, detail: str
) -> None:
    refusal = refused(shared, authorization, *route)
    assert refusal.answer.status_code == 401
    assert refusal.answer.json()["detail"].startswith(detail)
    assert refusal.answer.headers["www-authenticate"].startswith("Bearer")
    assert (refusal.logged["reason"], refusal.logged["request_id"]) == (reason, "r1")
    assert refusal.logged["log_level"] == "warning"
    assert authorization.split()[1] not in str(refusal.logged)


@pytest.mark.parametrize(("method", "path"), ROUTES[:2])
def test_without_a_header_the_challenge_names_no_error(shared: World, method: str, path: str) -> None:
    """RFC 6750, section 3.1."""
    refusal = refused(shared, None, method, path)
    assert refusal.answer.headers["www-authenticate"] == "Bearer"
    assert refusal.answer.json()["detail"] == "The request has no header Authorization"
    assert "Authorization: Bearer" in refusal.answer.json()["hint"]
    assert refusal.logged["reason"] == "header-missing"


def test_a_token_that_expired_says_so_to_whoever_holds_it(world: World) -> None:
    token = world.issuer.token("ann", lifetime_seconds=60)
    world.clock.now += 3600
    refusal = refused(world, f"Bearer {token}")
    assert "The token expired at " in refusal.answer.json()["detail"]
    expected = 'Bearer error="invalid_token", error_description="The token expired"'
    assert refusal.answer.headers["www-authenticate"] == expected
    assert refusal.logged["reason"] == "token-expired"
    assert "ann" not in str(refusal.logged)


def test_a_key_that_was_revoked_and_one_that_never_was_are_answered_alike(world: World) -> None:
    world.found("acme")
    ann = world.as_user("ann")
    made = ann.post("/v1/organisations/acme/service-keys", json={"name": "robot", "permissionSetIds": ["member"]})
    assert made.status_code == 201, made.text
    key = made.json()["key"]
    ann.post(f"/v1/organisations/acme/service-keys/{made.json()['keyId']}/revoke")
    revoked, unknown = refused(world, f"Bearer {key}"), refused(world, f"Bearer tsk_nobodys_{key.split('_')[2]}")
    assert (revoked.logged["reason"], unknown.logged["reason"]) == ("service-key-revoked", "service-key-unknown")
    assert revoked.answer.json() == unknown.answer.json()
    assert revoked.answer.headers["www-authenticate"] == unknown.answer.headers["www-authenticate"]
