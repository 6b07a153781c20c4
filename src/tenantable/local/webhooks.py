"""The webhook service, whole: its HTTP application, its worker and its dead-letter processor."""

import time
from dataclasses import dataclass

from fastapi import FastAPI

from tenantable.local.components import ComponentClient, Installation
from tenantable.local.loops import Loop, stop_all
from tenantable.local.primitives.identities import ComponentPrimitives
from tenantable.services.webhooks.app import (
    Dependencies,
    create_app,
    create_dlq_processor,
    create_worker,
)
from tenantable.services.webhooks.declaration import SYSTEM, naming, secrets_key
from tenantable.services.webhooks.sender import HttpSender
from tenantable.services.webhooks.worker import Worker
from tenantable.wire.arns import Home


@dataclass(frozen=True, kw_only=True)
class WebhookSecrets:
    """What the service is told and nobody else: who may create tenants, and what signs cursors."""

    operator_token: str
    cursor_key: bytes


@dataclass(frozen=True, kw_only=True)
class RunningWebhooks:
    """The application to be served, and what works behind it until `close`."""

    app: FastAPI
    loops: tuple[Loop, ...]
    worker: Worker
    sender: HttpSender

    def start(self) -> None:
        for loop in self.loops:
            loop.start()

    def close(self) -> None:
        """Take no more work and give up attempts under way: their messages come back at the next start."""
        stop_all(self.loops)
        self.sender.close()
        self.worker.close()


def webhooks_installation(prefix: str, home: Home) -> Installation:
    return Installation(system=SYSTEM, naming=naming(prefix), home=home)


def assemble_webhooks(
    installation: Installation,
    client: ComponentClient,
    primitives: ComponentPrimitives,
    *,
    secrets: WebhookSecrets,
    allow_private_targets: bool,
) -> RunningWebhooks:
    """Put the service together; nothing runs before `start`."""
    key = installation.naming.resource_name(secrets_key.name)
    dependencies = Dependencies(
        client=client,
        queue=lambda component, settings: primitives(component).queue(settings),
        keys=lambda component: primitives(component).keys(key),
        naming=installation.naming,
        cursor_key=secrets.cursor_key,
        operator_token=secrets.operator_token,
        allow_private_targets=allow_private_targets,
    )
    sender = HttpSender(allow_private=allow_private_targets, monotonic=time.monotonic)
    worker = create_worker(dependencies, sender)
    processor = create_dlq_processor(dependencies)
    loops = (
        Loop("webhook-worker", lambda wait_seconds: worker.step(wait_seconds=wait_seconds)),
        Loop("webhook-dlq-processor", lambda wait_seconds: processor.step(wait_seconds=wait_seconds)),
    )
    return RunningWebhooks(app=create_app(dependencies), loops=loops, worker=worker, sender=sender)
