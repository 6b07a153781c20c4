"""A webhook service on an engine that asks each component's policy, with a clock and an endpoint under control."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tenantable.cloud.keys.envelope import Keys
from tenantable.cloud.queues.queue import Queue
from tenantable.data.database import TenantId
from tenantable.engine import Engine
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.use.counting import GrantUses
from tenantable.local.components import Installation
from tenantable.local.decisions.watch import PolicyWatch, declared_components
from tenantable.local.primitives.embedded import embedded_primitives
from tenantable.local.primitives.identities import component_primitives
from tenantable.services.webhooks.app import (
    Dependencies,
    create_app,
    create_dlq_processor,
    create_worker,
    queue_settings,
)
from tenantable.services.webhooks.declaration import SYSTEM, api, naming, receiver, secrets_key
from tenantable.services.webhooks.model import Answer
from tenantable.services.webhooks.service import NewTenant, Receiver, WebhookApi
from tenantable.services.webhooks.worker import DlqProcessor, Worker
from tenantable.testing import ManualClock
from tenantable.web.requests.json_text import JsonText
from tenantable.wire.arns import Home

OPERATOR_TOKEN = "operator-token-of-the-tests"
TARGET = "https://hooks.example.com/in"
HOME = Home()
OK = Answer(status=200, headers={}, duration_seconds=0.02)


@dataclass
class RecordingSender:
    """Stands for the network: keeps what was sent, and answers as `answer` says, or later when `held`."""

    answer: Callable[[], Answer] = lambda: OK
    held: bool = False
    sent: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    open: list["Future[Answer]"] = field(default_factory=list)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> "Future[Answer]":
        future: Future[Answer] = Future()
        self.sent.append((url, dict(headers), body))
        self.open.append(future)
        if not self.held:
            future.set_result(self.answer())
        return future


@dataclass(frozen=True, kw_only=True)
class World:
    """The parts of one running service, as their components; queues and keys as nobody's policy limits them."""

    engine: Engine
    clock: ManualClock
    sender: RecordingSender
    dependencies: Dependencies
    deliveries: Queue
    dead_letters: Queue
    keys: Keys
    api: WebhookApi
    receiver: Receiver
    worker: Worker
    dlq_processor: DlqProcessor
    uses: GrantUses

    def tenant(self) -> NewTenant:
        return self.api.create_tenant(target_url=TARGET, plan="standard", idempotency_key=None)

    def event(self, tenant: TenantId, data: Any = None) -> str:
        text = JsonText(json.dumps(data))
        return self.api.accept_event(tenant, event_type="order.created", data=text, request=None).event_id

    def work(self) -> int:
        """Let the worker do everything that is due now; how many messages it took."""
        taken = 0
        while count := self.worker.step():
            taken += count
            assert self.worker.drain(10)
        return taken

    def work_until(self, seconds: float) -> None:
        """Let time pass up to `seconds` from now, and the worker do each thing when it is due."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.work()
            self.clock.now = min(self.clock.now + max(seconds / 200, 1), end)
        self.work()

    def stored(self) -> str:
        """Everything that the tables hold, as text."""
        tables = self.engine.call("ListTables", {})["TableNames"]
        return json.dumps([self.engine.call("Scan", {"TableName": name}) for name in tables])


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For tests that keep to tenants of their own."""
    yield from made_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield from made_world(tmp_path)


class Tenant:
    """A tenant and its credentials, as its creation over HTTP showed them."""

    def __init__(self, created: dict[str, str]) -> None:
        self.id = created["tenantId"]
        self.api_key = created["apiKey"]
        self.secret = created["webhookSecret"]
        self.headers = {"authorization": f"Bearer {self.api_key}"}


@pytest.fixture(scope="module")
def client(shared_world: World, serving: Callable[[FastAPI], httpx.Client]) -> httpx.Client:
    return serving(create_app(shared_world.dependencies))


@pytest.fixture
def tenant(client: httpx.Client) -> Tenant:
    return new_tenant(client)


@pytest.fixture
def other(client: httpx.Client) -> Tenant:
    return new_tenant(client)


def new_tenant(client: httpx.Client) -> Tenant:
    headers = {"authorization": f"Bearer {OPERATOR_TOKEN}"}
    return Tenant(client.post("/v1/tenants", json={"targetUrl": TARGET}, headers=headers).json())


def made_world(folder: Path) -> Iterator[World]:
    installation = Installation(system=SYSTEM, naming=naming(), home=HOME)
    uses = GrantUses(declared_components([installation]))
    authorizer = PolicyAuthorizer(installation.policies(), HOME, watch=PolicyWatch(uses))
    clock, sender = ManualClock(), RecordingSender()
    shared = embedded_primitives(folder, HOME, clock=clock)
    primitives = component_primitives(installation, shared, clock=clock)
    deliveries, dead_letters = queue_settings(naming())
    with Engine(":memory:", authorizer=authorizer, clock=clock) as engine:
        for request in SYSTEM.create_table_requests(naming()):
            engine.call("CreateTable", request)
        dependencies = Dependencies(
            client=lambda component: engine.as_principal(installation.principal(component)),
            queue=lambda component, settings: primitives(component).queue(settings),
            keys=lambda component: primitives(component).keys(secrets_key.name),
            naming=naming(),
            cursor_key=bytes(32),
            operator_token=OPERATOR_TOKEN,
            clock=clock,
            random=Random(7),  # noqa: S311 - the same on every run
        )
        worker = create_worker(dependencies, sender)
        yield World(
            engine=engine,
            clock=clock,
            sender=sender,
            dependencies=dependencies,
            deliveries=shared.queue(deliveries),
            dead_letters=shared.queue(dead_letters),
            keys=shared.keys(secrets_key.name),
            api=WebhookApi(
                repository=dependencies.repository(api),
                deliveries=dependencies.deliveries(api),
                keys=dependencies.keys(api),
                clock=clock,
                entropy=dependencies.entropy,
                allow_private_targets=False,
            ),
            receiver=Receiver(
                repository=dependencies.repository(receiver), keys=dependencies.keys(receiver), clock=clock
            ),
            worker=worker,
            dlq_processor=create_dlq_processor(dependencies),
            uses=uses,
        )
        worker.close()
    shared.close()
