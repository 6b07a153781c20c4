"""Puts the components together, each with a client of its own: the HTTP application, the worker, the DLQ processor."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random, SystemRandom

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tenantable import __version__
from tenantable.cloud.keys.envelope import Keys
from tenantable.cloud.queues.queue import DeadLetters, Queue, QueueSettings
from tenantable.data.database import Database
from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.services.webhooks import declaration
from tenantable.services.webhooks.api import Components, router
from tenantable.services.webhooks.model import PAYLOAD_BYTES_MAX, Entropy
from tenantable.services.webhooks.repository import WebhookRepository
from tenantable.services.webhooks.service import Authorizer, Receiver, WebhookApi
from tenantable.services.webhooks.worker import (
    DeliveryMetrics,
    DlqProcessor,
    Sender,
    Worker,
)
from tenantable.web.application import new_application, refuse_unknown_queries
from tenantable.wire.client import DynamoClient


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """
    What the webhook service runs on.

    Args:
        client: The client that carries a component's identity; asked once for each component.
        queue: Opens a queue as a component may use it.
        keys: What seals and opens webhook secrets, as a component may use it.
        naming: Physical names of tables and queues.
        cursor_key: Signs page cursors; at least 16 bytes, the same in every process.
        operator_token: Who sends it may create tenants.
        allow_private_targets: For development: deliver to private addresses and over plain http.
        registry: Metrics go there; `/metrics` shows it.
        clock: Unix seconds.
        monotonic: Seconds that only grow.
        entropy: So many random bytes, fit for secrets.
        random: For jitter.
    """

    client: Callable[[Component], DynamoClient]
    queue: Callable[[Component, QueueSettings], Queue]
    keys: Callable[[Component], Keys]
    naming: Naming
    cursor_key: bytes
    operator_token: str
    allow_private_targets: bool = False
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.perf_counter
    entropy: Entropy = os.urandom
    random: Random = field(default_factory=SystemRandom)

    def repository(self, component: Component) -> WebhookRepository:
        """Storage as this component may see it."""
        database = Database(
            self.client(component),
            naming=self.naming,
            cursor_key=self.cursor_key,
            clock=self.clock,
            random=self.random,
        )
        return WebhookRepository(database)

    def deliveries(self, component: Component) -> Queue:
        """The delivery queue as this component may use it."""
        return self.queue(component, queue_settings(self.naming)[0])

    def dead_letters(self, component: Component) -> Queue:
        """The dead-letter queue as this component may use it."""
        return self.queue(component, queue_settings(self.naming)[1])


def queue_settings(naming: Naming) -> tuple[QueueSettings, QueueSettings]:
    """The delivery queue and the dead-letter queue, under their physical names."""
    declared = declaration.delivery_queue
    dead_letters = QueueSettings(name=naming.resource_name(declaration.dead_letter_queue.name))
    assert declared.receives_max is not None, "it has dead letters"
    deliveries = QueueSettings(
        name=naming.resource_name(declared.name),
        visibility_seconds=declared.visibility_seconds,
        dead_letters=DeadLetters(queue=dead_letters.name, receives_max=declared.receives_max),
    )
    return deliveries, dead_letters


def create_app(dependencies: Dependencies) -> FastAPI:
    """The HTTP application, to be served alone or mounted under a prefix."""
    app = new_application(
        title="Webhook delivery",
        version=__version__,
        description="Signed, retried, isolated by tenant. Signatures follow Standard Webhooks 1.0.",
        body_bytes_max=PAYLOAD_BYTES_MAX,
        registry=dependencies.registry,
        entropy=dependencies.entropy,
        monotonic=dependencies.monotonic,
    )
    refuse_unknown_queries(app)
    app.state.components = Components(
        authorizer=Authorizer(repository=dependencies.repository(declaration.authorizer)),
        api=WebhookApi(
            repository=dependencies.repository(declaration.api),
            deliveries=dependencies.deliveries(declaration.api),
            keys=dependencies.keys(declaration.api),
            clock=dependencies.clock,
            entropy=dependencies.entropy,
            allow_private_targets=dependencies.allow_private_targets,
        ),
        receiver=Receiver(
            repository=dependencies.repository(declaration.receiver),
            keys=dependencies.keys(declaration.receiver),
            clock=dependencies.clock,
        ),
        dlq_processor=create_dlq_processor(dependencies),
        operator_token=dependencies.operator_token,
    )
    app.include_router(router)
    return app


def create_worker(dependencies: Dependencies, sender: Sender) -> Worker:
    """A delivery worker; whoever made the sender closes it."""
    return Worker(
        repository=dependencies.repository(declaration.worker),
        keys=dependencies.keys(declaration.worker),
        deliveries=dependencies.deliveries(declaration.worker),
        dead_letters=dependencies.dead_letters(declaration.worker),
        sender=sender,
        clock=dependencies.clock,
        random=dependencies.random,
        metrics=DeliveryMetrics(dependencies.registry),
    )


def create_dlq_processor(dependencies: Dependencies) -> DlqProcessor:
    return DlqProcessor(
        repository=dependencies.repository(declaration.dlq_processor),
        dead_letters=dependencies.dead_letters(declaration.dlq_processor),
        deliveries=dependencies.deliveries(declaration.dlq_processor),
        clock=dependencies.clock,
    )
