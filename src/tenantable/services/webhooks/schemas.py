"""What goes over HTTP, in and out. Unknown members of a request are refused."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from tenantable.services.webhooks.declaration import Attempt, Event, EventStatus, Outcome, Trigger
from tenantable.services.webhooks.model import (
    EVENT_TYPE_PATTERN,
    OVERLAP_SECONDS_DEFAULT,
    OVERLAP_SECONDS_MAX,
)
from tenantable.services.webhooks.repository import REDRIVE_MAX
from tenantable.services.webhooks.service import Endpoint, NewTenant, VerifiedMessage
from tenantable.services.webhooks.targets import URL_CHARACTERS_MAX

TargetUrl = Annotated[
    str,
    Field(
        min_length=1,
        max_length=URL_CHARACTERS_MAX,
        description="An https URL with a public host.",
        examples=["https://example.com/webhooks"],
    ),
]


class RequestBody(BaseModel):
    """A body that comes in: camel case, strict types, no unknown members."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)


class ResponseBody(BaseModel):
    """A body that goes out, in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, frozen=True)


class CreateTenant(RequestBody):
    """A tenant to create."""

    target_url: TargetUrl
    plan: str = Field(default="standard", pattern=r"^[a-z0-9-]{1,32}$")


class CreatedTenant(ResponseBody):
    """The API key and the webhook secret are shown here and never again."""

    tenant_id: str
    api_key: str
    webhook_secret: str
    plan: str
    status: str = "active"
    target_url: str
    created_at: datetime

    @classmethod
    def of(cls, tenant: NewTenant) -> Self:
        return cls(
            tenant_id=tenant.tenant_id,
            api_key=tenant.api_key,
            webhook_secret=tenant.webhook_secret,
            plan=tenant.plan,
            target_url=tenant.target_url,
            created_at=tenant.created_at,
        )


class ChangeConfig(RequestBody):
    """What of the configuration can be changed."""

    target_url: TargetUrl


class RetiredSecret(ResponseBody):
    """A former secret: which one (a digest of its sealed form), and until when deliveries were signed with it too."""

    digest: str
    rotated_at: datetime
    valid_until: datetime


class Config(ResponseBody):
    """A tenant's endpoint, without its secret. Its revision is the ETag."""

    tenant_id: str
    target_url: str
    last_updated: datetime
    disabled_at: datetime | None = Field(
        description="Since when nothing is delivered, because the endpoint answered 410. Any change enables it again."
    )
    rotation_history: list[RetiredSecret]

    @classmethod
    def of(cls, tenant_id: str, endpoint: Endpoint) -> Self:
        history = endpoint.config.rotation_history or []
        return cls(
            tenant_id=tenant_id,
            target_url=endpoint.config.target_url,
            last_updated=endpoint.config.last_updated,
            disabled_at=endpoint.disabled_at,
            rotation_history=[
                RetiredSecret(digest=each.digest, rotated_at=each.rotated_at, valid_until=each.valid_until)
                for each in history
            ],
        )


class RotateSecret(RequestBody):
    """How to change over to a new secret."""

    overlap_seconds: int = Field(
        default=OVERLAP_SECONDS_DEFAULT,
        ge=0,
        le=OVERLAP_SECONDS_MAX,
        description="How long deliveries are signed with the former secret too; 0 after a compromise.",
    )


class RotatedSecretShown(ResponseBody):
    """The new webhook secret is shown here and never again."""

    webhook_secret: str
    config: Config


class CreateEvent(RequestBody):
    """An event to deliver."""

    type: str = Field(max_length=128, pattern=EVENT_TYPE_PATTERN, examples=["order.created"])
    data: Any = Field(
        description="What the event says. Delivered as it was written: numbers and texts keep their spelling, members "
        "their order and repetitions; only white space between them goes.",
        examples=[{"orderId": "o-1"}],
    )


class AcceptedEvent(ResponseBody):
    """The event is stored and queued. The same for every request with the same Idempotency-Key."""

    id: str
    type: str
    target_url: str
    created_at: datetime

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(id=event.event_id, type=event.event_type, target_url=event.target_url, created_at=event.created_at)


class AttemptShown(ResponseBody):
    """One try. `responseExcerpt` is the beginning of the answer's body; `detail` says why there was no answer."""

    number: int
    trigger: Trigger
    target_url: str
    started_at: datetime
    duration_milliseconds: int
    outcome: Outcome
    status_code: int | None
    detail: str | None
    response_excerpt: str | None
    next_attempt_at: datetime | None

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        excerpt = attempt.response_excerpt
        return cls(
            number=attempt.number,
            trigger=attempt.trigger,
            target_url=attempt.target_url,
            started_at=attempt.started_at,
            duration_milliseconds=attempt.duration_milliseconds,
            outcome=attempt.outcome,
            status_code=attempt.status_code,
            detail=attempt.detail,
            response_excerpt=None if excerpt is None else excerpt.decode(errors="replace"),
            next_attempt_at=attempt.next_attempt_at,
        )


class EventShown(ResponseBody):
    """An event and its attempts, first to last. `payload` is the exact text that is signed and sent."""

    id: str
    type: str
    status: EventStatus
    target_url: str = Field(description="Where events went when this one was accepted.")
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    dead_since: datetime | None
    payload: str
    attempts: list[AttemptShown]

    @classmethod
    def of(cls, event: Event, attempts: list[Attempt]) -> Self:
        return cls(
            id=event.event_id,
            type=event.event_type,
            status=event.status,
            target_url=event.target_url,
            created_at=event.created_at,
            next_attempt_at=event.next_attempt_at,
            delivered_at=event.delivered_at,
            dead_since=event.dead_since,
            payload=event.payload.decode(),
            attempts=[AttemptShown.of(attempt) for attempt in attempts],
        )


class RestartedEvent(ResponseBody):
    """The event will be delivered again, under the same webhook-id."""

    id: str
    status: EventStatus


class Redrive(RequestBody):
    """How many dead events to send off again at most."""

    limit: int = Field(default=REDRIVE_MAX, ge=1, le=REDRIVE_MAX)


class Redriven(ResponseBody):
    """How many dead events were sent off again; repeat until it is 0."""

    redriven: int


class VerifiedWebhook(ResponseBody):
    """The signature fits."""

    verified: bool = True
    message_id: str
    timestamp: int

    @classmethod
    def of(cls, message: VerifiedMessage) -> Self:
        return cls(message_id=message.message_id, timestamp=message.timestamp)
