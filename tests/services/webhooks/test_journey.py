"""The seed's checklist as one journey over real sockets: API, worker, and the receiver as the target."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tenantable.services.webhooks.app import create_app, create_worker
from tenantable.services.webhooks.sender import HttpSender
from tenantable.services.webhooks.worker import Worker

World = Any

NEEDED_ELSEWHERE = [
    "api: allow(Acceptances.get)",
    "api: allow(Events.dead)",
    "api: allow(Events.recent)",
    "api: allow(Events.summary)",
    "api: allow(TenantIdentities.get)",
    'api: allow(writes(Acceptance, "create"), in_transaction=True)',
    'api: allow(writes(Event, "create"), in_transaction=True)',
    'api: allow(writes(TenantIdentity, "update"))',
    "dlq-processor: allow(Events.dead)",
    "dlq-processor: allow(Events.summary)",
    'dlq-processor: allow(writes(Event, "update"), attributes=[Event.status, Event.earlier_attempts, Event.trigger, '
    "Event.next_attempt_at, Event.dead_since, Event.revision])",
    'worker: allow(writes(EndpointState, "put"))',
]
"""The journey lists nothing, repeats no request, loses no event and meets no endpoint that is gone."""


@pytest.fixture
def served(shared_world: World, serving: Callable[[FastAPI], httpx.Client]) -> Iterator[tuple[httpx.Client, Worker]]:
    """The service with a sender that really sends, and may reach this machine."""
    dependencies = replace(shared_world.dependencies, allow_private_targets=True, registry=CollectorRegistry())
    sender = HttpSender(allow_private=True, monotonic=time.monotonic, timeout_seconds=5)
    worker = create_worker(dependencies, sender)
    yield serving(create_app(dependencies)), worker
    sender.close()
    worker.close()


def test_an_event_reaches_its_receiver_and_is_verified_there(
    served: tuple[httpx.Client, Worker], shared_world: World
) -> None:
    """Requirement: W-12. First the receiver refuses a foreign signature, then the target is mended and all is well."""
    client, worker = served
    operator = {"authorization": f"Bearer {shared_world.dependencies.operator_token}"}
    target = f"{client.base_url}/v1/receive/nobody"
    tenant = client.post("/v1/tenants", json={"targetUrl": target}, headers=operator).json()
    headers = {"authorization": f"Bearer {tenant['apiKey']}"}

    def delivered(location: str) -> Any:
        for _ in range(10):
            worker.step()
            worker.drain()
            shared_world.clock.now += 5
            event = client.get(location, headers=headers).json()
            if event["status"] == "delivered":
                return event
        raise AssertionError(event)

    location = client.post("/v1/events", json={"type": "a", "data": 1}, headers=headers).headers["location"]
    worker.step()
    worker.drain()
    (refused,) = client.get(location, headers=headers).json()["attempts"]
    assert (refused["outcome"], refused["statusCode"]) == ("rejected", 401)
    assert "signature-mismatch" in refused["responseExcerpt"]

    target = f"{client.base_url}/v1/receive/{tenant['tenantId']}"
    assert client.patch("/v1/tenants/me/config", json={"targetUrl": target}, headers=headers).status_code == 200
    event = delivered(location)
    assert event["attempts"][-1]["outcome"] == "delivered"
    assert '"verified":true' in event["attempts"][-1]["responseExcerpt"]
    assert client.post(f"{location}/retry", headers=headers).status_code == 202
    assert delivered(location)["attempts"][-1]["trigger"] == "retry"
    never_used = [f"{grant.component}: {grant.words}" for grant in shared_world.uses.unused()]
    assert sorted(never_used) == NEEDED_ELSEWHERE
