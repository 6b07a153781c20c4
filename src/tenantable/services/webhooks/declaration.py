"""Webhook delivery: its tables, entities, access patterns, and what each component may do with them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenantable.data.repositories import Repository, TenantRepository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.declare.grants import Component, allow, allow_resource, writes
from tenantable.declare.naming import Naming
from tenantable.declare.resources import DAY_SECONDS, EncryptionKey, Queue
from tenantable.declare.systems import System
from tenantable.declare.tables import Index, Table, Tenancy

TenantStatus = Literal["active", "suspended", "closed"]
EventStatus = Literal["pending", "delivered", "dead"]
Outcome = Literal["delivered", "rejected", "gone", "aborted", "timeout", "unreachable", "blocked", "disabled"]
Trigger = Literal["schedule", "retry", "redrive"]

SEALED_SECRET_BYTES_MAX = 4096
ROTATIONS_MAX = 10

dead_letter_queue = Queue(name="webhook-dead-letters", retention_seconds=14 * DAY_SECONDS)
delivery_queue = Queue(
    name="webhook-deliveries",
    visibility_seconds=120,
    retention_seconds=14 * DAY_SECONDS,
    dead_letters=dead_letter_queue,
    receives_max=5,
)
secrets_key = EncryptionKey(name="webhook-secrets", description="Seals the tenants' webhook secrets.")

identities = Table("TenantIdentity", partition="apiKey", recovery=True)
configs = Table("TenantWebhookConfig", partition="tenantId", recovery=True, tenancy=Tenancy(prefix="{tenant}"))

_SUMMARY = ("eventId", "eventType", "status", "attempts", "createdAt", "nextAttemptAt", "deliveredAt", "expiresAt")
events_by_time = Index("by-time", partition="tenantKey", sort="timeKey", projection=_SUMMARY)
dead_events = Index("dead", partition="deadKey", sort="deadTimeKey", projection=_SUMMARY)
events = Table(
    "Events",
    events_by_time,
    dead_events,
    partition="PK",
    ttl="expiresAt",
    tenancy=Tenancy(prefix="TENANT#{tenant}"),
    recovery=True,
)
deliveries = Table("Deliveries", ttl="expiresAt", tenancy=Tenancy(prefix="TENANT#{tenant}"), recovery=True)


class TenantIdentity(Entity, table=identities, stored_names=camel_case):
    """Who an API key belongs to. `api_key` is the digest of the key behind its visible prefix, never the key."""

    api_key: Attr[str]
    tenant_id: Attr[str]
    status: Attr[TenantStatus] = attr(default="active")
    plan: Attr[str]
    created_at: Attr[datetime]


class AuthorizedTenant(BaseModel):
    """What the authorizer learns of a tenant and hands on: no key, no secret."""

    model_config = ConfigDict(frozen=True)

    tenant_id: str
    status: TenantStatus
    plan: str
    created_at: datetime


class RotatedSecret(BaseModel):
    """
    A former webhook secret. `secret` is its ciphertext while receivers may still sign or verify with it
    (until `valid_until`), then None; `digest` stays as evidence.
    """

    model_config = ConfigDict(frozen=True)

    digest: str
    rotated_at: datetime
    valid_until: datetime
    secret: bytes | None = None


class TenantWebhookConfig(Entity, table=configs, stored_names=camel_case):
    """Where a tenant's events go and how they are signed. `webhook_secret` is ciphertext; `revision` is its ETag."""

    target_url: Attr[str]
    webhook_secret: Attr[Annotated[bytes, Field(max_length=SEALED_SECRET_BYTES_MAX)]]
    rotation_history: Attr[Annotated[list[RotatedSecret], Field(max_length=ROTATIONS_MAX)] | None] = attr(default=None)
    last_updated: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class DeliveryTarget(BaseModel):
    """Where events go, without the secret: all that accepting an event needs."""

    model_config = ConfigDict(frozen=True)

    target_url: str


class Event(Entity, table=events, stored_names=camel_case):
    """
    What a tenant asked to have delivered. `payload` holds the very bytes that are signed and sent; `target_url` is
    the address at the time of acceptance, kept for history: delivery reads the current one.

    `next_attempt_at` is when an attempt is due; a worker claims the attempt by moving it to the end of its lease.
    `earlier_attempts` are those before the schedule began anew by a retry or redrive, which `trigger` names.
    """

    event_id: Attr[str]
    event_type: Attr[str]
    payload: Attr[bytes]
    target_url: Attr[str]
    status: Attr[EventStatus] = attr(default="pending")
    attempts: Attr[int] = attr(default=0)
    earlier_attempts: Attr[int] = attr(default=0)
    trigger: Attr[Trigger] = attr(default="schedule")
    created_at: Attr[datetime]
    next_attempt_at: Attr[datetime | None] = attr(default=None)
    delivered_at: Attr[datetime | None] = attr(default=None)
    dead_since: Attr[datetime | None] = attr(default=None)
    expires_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class EventSummary(BaseModel):
    """An event in a list: without its payload."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    event_type: str
    status: EventStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None = None
    delivered_at: datetime | None = None


class Acceptance(Entity, table=events, stored_names=camel_case):
    """That a request with this Idempotency-Key was accepted, and as which event: the same request is answered alike."""

    idempotency_key: Attr[str]
    request_digest: Attr[str]
    event_id: Attr[str]
    expires_at: Attr[datetime]


class Attempt(Entity, table=deliveries, stored_names=camel_case):
    """One try to deliver an event; `number` counts from 1. `response_excerpt` is the beginning of the answer's body."""

    event_id: Attr[str]
    number: Attr[int]
    trigger: Attr[Trigger]
    target_url: Attr[str]
    started_at: Attr[datetime]
    duration_milliseconds: Attr[int]
    outcome: Attr[Outcome]
    status_code: Attr[int | None] = attr(default=None)
    detail: Attr[str | None] = attr(default=None)
    response_excerpt: Attr[bytes | None] = attr(default=None)
    next_attempt_at: Attr[datetime | None] = attr(default=None)
    expires_at: Attr[datetime]


class EndpointState(Entity, table=deliveries, stored_names=camel_case):
    """
    What delivery found out about a tenant's endpoint. It stands apart from the configuration, which the worker may
    only read: an endpoint that answered 410 is disabled from `disabled_at` until its configuration is written anew.
    """

    disabled_at: Attr[datetime]


class TenantIdentities(Repository[TenantIdentity]):
    """API keys and whose they are."""

    @TenantIdentity.key()
    def get(self, *, api_key: str) -> None:
        """The whole identity of a key's digest."""

    @TenantIdentity.key(view=AuthorizedTenant)
    def authorized(self, *, api_key: str) -> None:
        """What a request's authorization needs of a key's digest, and no more."""


class TenantWebhookConfigs(TenantRepository[TenantWebhookConfig]):
    """The webhook configuration of one tenant."""

    @TenantWebhookConfig.key(pk="{tenant}")
    def get(self) -> None:
        """The tenant's configuration, with its encrypted secrets."""

    @TenantWebhookConfig.key(view=DeliveryTarget)
    def target(self) -> None:
        """Where the tenant's events go."""


class Events(TenantRepository[Event]):
    """The events of one tenant."""

    @Event.key(pk="TENANT#{tenant}#EVENT#{event_id}")
    def get(self, *, event_id: str) -> None:
        """One event."""

    @Event.key(view=EventSummary)
    def summary(self, *, event_id: str) -> None:
        """One event without its payload."""

    @Event.query(events_by_time, pk="TENANT#{tenant}", sk="{created_at}#{event_id}", view=EventSummary)
    def recent(self) -> None:
        """The tenant's events in the order of their acceptance."""

    @Event.query(dead_events, pk="TENANT#{tenant}#DEAD", sk="{dead_since}#{event_id}", view=EventSummary)
    def dead(self) -> None:
        """The tenant's events whose last attempt failed, by the time they died."""


class Acceptances(TenantRepository[Acceptance]):
    """Accepted requests of one tenant, by Idempotency-Key."""

    @Acceptance.key(pk="TENANT#{tenant}#ACCEPTANCE#{idempotency_key}")
    def get(self, *, idempotency_key: str) -> None:
        """The acceptance under one Idempotency-Key."""


class Attempts(TenantRepository[Attempt]):
    """The attempts to deliver the events of one tenant."""

    @Attempt.key(pk="TENANT#{tenant}#EVENT#{event_id}", sk="ATTEMPT#{number:06}")
    def get(self, *, event_id: str, number: int) -> None:
        """One attempt."""

    @Attempt.query()
    def of_event(self, *, event_id: str) -> None:
        """The attempts of one event, first to last."""


class EndpointStates(TenantRepository[EndpointState]):
    """What is known of the endpoint of one tenant."""

    @EndpointState.key(pk="TENANT#{tenant}#ENDPOINT", sk="STATE")
    def get(self) -> None:
        """The state of the tenant's endpoint."""


_COURSE = (Event.status, Event.next_attempt_at, Event.dead_since, Event.revision)
"""What changes at every turn of an event."""
_RESCHEDULED = (*_COURSE, Event.earlier_attempts, Event.trigger)
"""What changes when an event is sent off again or given up."""

authorizer = Component(
    "authorizer",
    description="Decides for each request whose API key it carries. Sees no webhook secret and no target.",
    grants=[allow(TenantIdentities.authorized)],
)

# The halves of a tenant, and an event with what it was accepted for, may be created only inside a transaction: no
# failure and no mistake can leave one of them alone.
# Events are created whole, and an update reaches nothing but their course.
# The API seals secrets and never opens them, so it has no right to decrypt.
api = Component(
    "api",
    description="Creates tenants, changes their configuration, accepts events and shows what became of them.",
    grants=[
        allow(writes(TenantIdentity, "create"), writes(TenantWebhookConfig, "create"), in_transaction=True),
        allow(TenantIdentities.get, writes(TenantIdentity, "update")),
        allow(TenantWebhookConfigs.get, TenantWebhookConfigs.target, writes(TenantWebhookConfig, "update")),
        allow(Events.get, Events.summary, Events.recent, Events.dead, Acceptances.get),
        allow(writes(Event, "create"), writes(Acceptance, "create"), in_transaction=True),
        allow(writes(Event, "create")),
        allow(writes(Event, "update"), attributes=_RESCHEDULED),
        allow(Attempts.of_event, EndpointStates.get),
        allow_resource("sqs", "SendMessage", "GetQueueUrl", resource=delivery_queue),
        allow_resource("kms", "GenerateDataKey", resource=secrets_key),
    ],
)

# The worker reads the configuration anew for every attempt and can neither change it nor learn whose API keys exist.
# An attempt is claimed by an update of the event alone, and recorded in the transaction that changes the event's
# course, so the log and the event always agree.
# It needs the event's payload, and may write the event's course and its own log: a worker that is taken over can
# lie about deliveries, but not forge or alter an event, redirect a tenant, or read its way to other systems' keys.
worker = Component(
    "worker",
    description="Signs and sends events, records each attempt, and plans the next.",
    grants=[
        allow(TenantWebhookConfigs.get, Events.get),
        allow(writes(Event, "update"), attributes=_COURSE),
        allow(writes(Event, "update"), attributes=[*_COURSE, Event.attempts, Event.delivered_at], in_transaction=True),
        allow(writes(Attempt, "create"), in_transaction=True),
        allow(EndpointStates.get, writes(EndpointState, "put")),
        allow_resource(
            "sqs",
            "ReceiveMessage",
            "DeleteMessage",
            "ChangeMessageVisibility",
            "SendMessage",
            "GetQueueUrl",
            resource=delivery_queue,
        ),
        allow_resource("sqs", "SendMessage", "GetQueueUrl", resource=dead_letter_queue),
        allow_resource("kms", "Decrypt", resource=secrets_key),
    ],
)

receiver = Component(
    "receiver",
    description="Verifies the signatures of webhooks that it receives.",
    grants=[allow(TenantWebhookConfigs.get), allow_resource("kms", "Decrypt", resource=secrets_key)],
)

# It moves dead events back and needs no payload for it, no configuration and no log of attempts.
dlq_processor = Component(
    "dlq-processor",
    description="Takes up dead letters: marks their events dead, and sends them off again when told to.",
    grants=[
        allow(Events.summary, Events.dead),
        allow(writes(Event, "update"), attributes=_RESCHEDULED),
        allow_resource("sqs", "ReceiveMessage", "DeleteMessage", "GetQueueUrl", resource=dead_letter_queue),
        allow_resource("sqs", "SendMessage", "GetQueueUrl", resource=delivery_queue),
    ],
)


def naming(prefix: str = "") -> Naming:
    """Tables, queues and keys under their own names; `prefix` sets several installations apart."""
    return Naming(table="{prefix}{table}", resource="{prefix}{resource}", values={"prefix": prefix})


def _stage_naming(_stage: str) -> Naming:
    return naming()


SYSTEM = System(
    name="webhooks",
    description="Webhook delivery: signed, retried, isolated by tenant.",
    tables=(identities, configs, events, deliveries),
    components=(authorizer, api, worker, receiver, dlq_processor),
    resources=(delivery_queue, dead_letter_queue, secrets_key),
    environment={
        "TENANT_IDENTITY_TABLE": identities,
        "TENANT_WEBHOOK_CONFIG_TABLE": configs,
        "EVENTS_TABLE": events,
        "DELIVERIES_TABLE": deliveries,
    },
    naming=_stage_naming,
)
