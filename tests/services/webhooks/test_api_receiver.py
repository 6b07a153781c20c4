"""The receiver over HTTP: it verifies what the worker sends, and nothing hostile is more than a refusal."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tenantable.services.webhooks.signatures import sign

World = Any
Tenant = Any


def signed(world: World, tenant: Tenant, body: bytes) -> dict[str, str]:
    return sign("evt_1", int(world.clock.now), body, [tenant.secret])


def test_the_receiver_verifies_what_the_worker_sends(client: httpx.Client, tenant: Tenant, shared_world: World) -> None:
    """Requirement: W-06."""
    client.post("/v1/events", json={"type": "a", "data": 1}, headers=tenant.headers)
    shared_world.work()
    _, headers, body = shared_world.sender.sent[-1]
    response = client.post(f"/v1/receive/{tenant.id}", content=body, headers=headers)
    assert response.status_code == 200
    assert response.json() == {
        "verified": True,
        "messageId": headers["webhook-id"],
        "timestamp": int(headers["webhook-timestamp"]),
    }


def test_the_receiver_verifies_the_reference_librarys_signatures(
    client: httpx.Client, tenant: Tenant, shared_world: World
) -> None:
    now = datetime.fromtimestamp(int(shared_world.clock.now), UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(shared_world.clock.now)),
        "webhook-signature": Webhook(tenant.secret).sign("msg_1", now, "{}"),
    }
    assert client.post(f"/v1/receive/{tenant.id}", content=b"{}", headers=headers).status_code == 200


def test_the_receiver_answers_alike_for_wrong_signatures_and_unknown_tenants(
    client: httpx.Client, tenant: Tenant, other: Tenant, shared_world: World
) -> None:
    headers = signed(shared_world, tenant, b"{}") | {"x-request-id": "r"}
    answers = [
        client.post(f"/v1/receive/{other.id}", content=b"{}", headers=headers),
        client.post("/v1/receive/nobody", content=b"{}", headers=headers),
        client.post(f"/v1/receive/{tenant.id}", content=b"{} ", headers=headers),
        client.post(f"/v1/receive/{tenant.id}", content=b"{}", headers=headers | {"webhook-timestamp": "1"}),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(401, "signature-mismatch")}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "ä".encode(), "a.b c"])
def test_the_receiver_answers_hostile_headers_with_a_problem(
    client: httpx.Client, tenant: Tenant, shared_world: World, name: str, value: str | bytes | None
) -> None:
    headers: dict[str, Any] = signed(shared_world, tenant, b"\xff")
    if value is None:
        del headers[name]
    else:
        headers[name] = value
    response = client.post(f"/v1/receive/{tenant.id}", content=b"\xff", headers=headers)
    assert response.status_code in {400, 401}
    assert response.headers["content-type"] == "application/problem+json"
