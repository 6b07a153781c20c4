"""The use cases of webhook delivery, one class for each component that answers requests."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

from tenantable.cloud.keys.envelope import Keys
from tenantable.cloud.queues.queue import Message, Queue
from tenantable.data.database import TenantId
from tenantable.errors import ConditionFailed, ItemNotFound, StaleItem
from tenantable.services.webhooks.declaration import (
    Acceptance,
    Attempt,
    AuthorizedTenant,
    EndpointState,
    Event,
    RotatedSecret,
    TenantIdentity,
    TenantWebhookConfig,
)
from tenantable.services.webhooks.errors import (
    ConfigContended,
    EventInProgress,
    EventNotFound,
    NotAuthenticated,
    TenantExists,
    TenantNotFound,
)
from tenantable.services.webhooks.model import (
    RETENTION,
    RETIRED_SECRETS_MAX,
    Entropy,
    event_payload,
    is_disabled,
    may_restart,
    new_api_key,
    new_id,
    parse_api_key,
    tenant_id_for,
)
from tenantable.services.webhooks.repository import WebhookRepository
from tenantable.services.webhooks.signatures import new_secret, parse_headers, verify
from tenantable.services.webhooks.targets import check_target_url
from tenantable.web.etags import check_if_match
from tenantable.web.idempotency import KEPT_SECONDS, check_same_request
from tenantable.web.requests.json_text import JsonText

# A change is lost to another change alone, so of so many at once the last is made too: all the threads of one process.
CHANGE_ATTEMPTS_MAX = 40

Clock = Callable[[], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTenant:
    """A tenant as only its creation shows it: `api_key` and `webhook_secret` are never readable again."""

    tenant_id: TenantId
    api_key: str
    webhook_secret: str
    plan: str
    target_url: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A tenant's endpoint: its configuration, and since when it is disabled (None: it is not)."""

    config: TenantWebhookConfig
    disabled_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class IdempotentRequest:
    """What an Idempotency-Key was sent with; `digest` tells the request from others."""

    key: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifiedMessage:
    """A webhook whose signature fits; `timestamp` are Unix seconds."""

    message_id: str
    timestamp: int


@dataclass(frozen=True, kw_only=True)
class Authorizer:
    """Decides whose request it is. Knows identities by the digests of keys, no secrets and no targets."""

    repository: WebhookRepository

    def authenticate(self, api_key: str | None) -> AuthorizedTenant:
        """The tenant of a key; NotAuthenticated, always alike, for a missing, malformed, unknown or suspended one."""
        parsed = parse_api_key(api_key or "")
        tenant = self.repository.authorized(parsed.digest) if parsed is not None else None
        if tenant is None or tenant.status != "active":
            raise NotAuthenticated
        return tenant


@dataclass(frozen=True, kw_only=True)
class WebhookApi:
    """What tenants and the operator ask for. Seals secrets, and has no right to open them."""

    repository: WebhookRepository
    deliveries: Queue
    keys: Keys
    clock: Clock
    entropy: Entropy
    allow_private_targets: bool

    def create_tenant(self, *, target_url: str, plan: str, idempotency_key: str | None) -> NewTenant:
        """
        Create a tenant with a first API key and webhook secret.

        Args:
            idempotency_key: Gives the tenant's id, so that a repeated request cannot create a second tenant.
        Raises:
            TargetRefused: Webhooks must not go there.
            TenantExists: The request was made before; what it answered cannot be shown again.
        """
        check_target_url(target_url, allow_private=self.allow_private_targets)
        now = self._now()
        random_id = new_id("tnt", self.clock(), self.entropy)
        tenant_id = TenantId(random_id if idempotency_key is None else tenant_id_for(idempotency_key))
        key, secret = new_api_key(self.entropy), new_secret(self.entropy)
        identity = TenantIdentity(api_key=key.digest, tenant_id=tenant_id, plan=plan, created_at=now)
        sealed = seal_secret(self.keys, tenant_id, secret)
        config = TenantWebhookConfig(target_url=target_url, webhook_secret=sealed, last_updated=now)
        try:
            self.repository.create_tenant(identity, config)
        except ConditionFailed as error:
            raise TenantExists(f"The tenant {tenant_id} was created by this request before") from error
        return NewTenant(
            tenant_id=tenant_id,
            api_key=key.text,
            webhook_secret=secret,
            plan=plan,
            target_url=target_url,
            created_at=now,
        )

    def endpoint(self, tenant: TenantId) -> Endpoint:
        return self._endpoint(self._config(tenant), self.repository.endpoint_state(tenant))

    def change_target(self, tenant: TenantId, *, target_url: str, if_match: str | None) -> Endpoint:
        """
        Point a tenant's webhooks elsewhere. Enables an endpoint that had answered 410.

        Raises:
            TargetRefused: Webhooks must not go there.
            PreconditionFailed: `if_match` was given, and the configuration was changed since the caller read it.
            ConfigContended: Others change the configuration all the time.
        """
        check_target_url(target_url, allow_private=self.allow_private_targets)

        def change(config: TenantWebhookConfig) -> TenantWebhookConfig:
            return self.repository.change_target(tenant, config, target_url=target_url, now=self._now())

        config = self._changed(tenant, if_match, change)
        return self._endpoint(config, self.repository.endpoint_state(tenant))

    def rotate_secret(self, tenant: TenantId, *, overlap_seconds: int, if_match: str | None) -> tuple[str, Endpoint]:
        """
        A new webhook secret, shown here alone.

        Args:
            overlap_seconds: How long deliveries are signed with the former secret too. 0, after a compromise:
                no former secret signs any more.
        Raises:
            PreconditionFailed, ConfigContended: As for `change_target`.
        """
        secret = new_secret(self.entropy)
        sealed = seal_secret(self.keys, tenant, secret)

        def change(config: TenantWebhookConfig) -> TenantWebhookConfig:
            if config.webhook_secret == sealed:
                return config  # the answer to the attempt before was lost, and not the change
            now = self._now()
            return self.repository.change_secret(
                tenant,
                config,
                sealed_secret=sealed,
                history=_history_after_rotation(config, now, overlap_seconds),
                now=now,
            )

        config = self._changed(tenant, if_match, change)
        return secret, self._endpoint(config, self.repository.endpoint_state(tenant))

    def accept_event(
        self, tenant: TenantId, *, event_type: str, data: JsonText, request: IdempotentRequest | None
    ) -> Event:
        """
        Take an event in: once this returns it will be delivered, or visibly dead.

        Args:
            request: The same one again gives the same event.
        Raises:
            IdempotencyKeyReused: Another request came with this key.
            TenantNotFound: There is no endpoint to deliver to.
            EventRefused: It is too long.
        """
        known = self._accepted_before(tenant, request)
        if known is not None:
            return known
        target = self.repository.target(tenant)
        if target is None:
            raise TenantNotFound
        now = self._now()
        event = Event(
            event_id=new_id("evt", self.clock(), self.entropy),
            event_type=event_type,
            payload=event_payload(event_type, now, data),
            target_url=target.target_url,
            created_at=now,
            next_attempt_at=now,
            expires_at=now + RETENTION,
        )
        try:
            self.repository.accept(tenant, event, self._acceptance(event, request))
        except ConditionFailed:
            winner = self._accepted_before(tenant, request)  # the same request, at the same time
            if winner is None:
                raise
            return winner
        self.deliveries.send([delivery_message(tenant, event.event_id)])
        return event

    def event(self, tenant: TenantId, event_id: str) -> tuple[Event, list[Attempt]]:
        """An event with its attempts, first to last; EventNotFound also for events of other tenants."""
        event = self.repository.event(tenant, event_id)
        if event is None:
            raise EventNotFound
        return event, self.repository.attempts(tenant, event_id)

    def retry_event(self, tenant: TenantId, event_id: str) -> Event:
        """
        Deliver an event again, with the whole schedule before it and under the same webhook-id.

        Raises:
            EventNotFound: Also for events of other tenants.
            EventInProgress: It is on its way already.
        """
        event = self.repository.event(tenant, event_id)
        if event is None:
            raise EventNotFound
        now = self._now()
        if not may_restart(event.status, event.next_attempt_at, now):
            raise EventInProgress
        try:
            self.repository.restart(tenant, event, trigger="retry", now=now)
        except (ConditionFailed, ItemNotFound) as error:
            raise EventInProgress from error
        self.deliveries.send([delivery_message(tenant, event_id)])
        return event.model_copy(update={"status": "pending", "next_attempt_at": now})

    def _accepted_before(self, tenant: TenantId, request: IdempotentRequest | None) -> Event | None:
        acceptance = None if request is None else self.repository.acceptance(tenant, request.key)
        if request is None or acceptance is None:
            return None
        check_same_request(acceptance.request_digest, request.digest)
        event = self.repository.event(tenant, acceptance.event_id)
        if event is not None and event.attempts == 0 and _is_due(event, self._now()):
            # Whoever accepted it may have died before it was in the queue. Twice in the queue does no harm.
            self.deliveries.send([delivery_message(tenant, event.event_id)])
        return event

    def _acceptance(self, event: Event, request: IdempotentRequest | None) -> Acceptance | None:
        if request is None:
            return None
        return Acceptance(
            idempotency_key=request.key,
            request_digest=request.digest,
            event_id=event.event_id,
            expires_at=event.created_at + timedelta(seconds=KEPT_SECONDS),
        )

    def _config(self, tenant: TenantId) -> TenantWebhookConfig:
        config = self.repository.config(tenant)
        if config is None:
            raise TenantNotFound
        return config

    def _changed(
        self, tenant: TenantId, if_match: str | None, change: Callable[[TenantWebhookConfig], TenantWebhookConfig]
    ) -> TenantWebhookConfig:
        """Change what is stored now. Who was overtaken begins again, and `if_match` may not hold any more then."""
        for _ in range(CHANGE_ATTEMPTS_MAX):
            config = self._config(tenant)
            check_if_match(if_match, config.revision)
            try:
                return change(config)
            except StaleItem:
                continue
        raise ConfigContended(hint="repeat the request")

    def _endpoint(self, config: TenantWebhookConfig, state: EndpointState | None) -> Endpoint:
        disabled_at = None if state is None else state.disabled_at
        disabled = is_disabled(disabled_at, config.last_updated)
        return Endpoint(config=config, disabled_at=disabled_at if disabled else None)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Verifies webhooks that are sent to a tenant here; reads that tenant's configuration and nothing else."""

    repository: WebhookRepository
    keys: Keys
    clock: Clock

    def receive(self, tenant: TenantId, *, headers: Mapping[str, str], body: bytes) -> VerifiedMessage:
        """
        Check the signature of a message, whose header names are in lower case.

        Raises:
            SignatureMalformed: The webhook headers are missing or malformed.
            SignatureMismatch: The signature does not fit, is too old or too new, or there is no such tenant.
        """
        signed = parse_headers(headers)
        config = self.repository.config(tenant)
        now = self.clock()
        secrets = [] if config is None else open_secrets(self.keys, tenant, config, now)
        verify(signed, body, secrets=secrets, now=now)
        return VerifiedMessage(message_id=signed.message_id, timestamp=signed.sent_at)


def delivery_message(tenant: TenantId, event_id: str, *, delay_seconds: float = 0.0) -> Message:
    """What the queues carry of an event: where to find it. Payload and secrets stay in the store."""
    body = orjson.dumps({"tenantId": tenant, "eventId": event_id}).decode()
    return Message(body=body, delay_seconds=delay_seconds)


def seal_secret(keys: Keys, tenant: TenantId, secret: str) -> bytes:
    return keys.encrypt(secret.encode(), _secret_context(tenant))


def open_secrets(keys: Keys, tenant: TenantId, config: TenantWebhookConfig, now: float) -> list[str]:
    """The present secret, then the former ones that still sign at `now` (Unix seconds), newest first."""
    retired = reversed(config.rotation_history or [])
    former = [each.secret for each in retired if each.secret is not None and each.valid_until.timestamp() > now]
    return [keys.decrypt(each, _secret_context(tenant)).decode() for each in (config.webhook_secret, *former)]


def _secret_context(tenant: TenantId) -> dict[str, str]:
    return {"tenant": tenant, "purpose": "webhook-secret"}


def _is_due(event: Event, now: datetime) -> bool:
    return event.status == "pending" and event.next_attempt_at is not None and event.next_attempt_at <= now


def _history_after_rotation(
    config: TenantWebhookConfig, now: datetime, overlap_seconds: int
) -> Sequence[RotatedSecret]:
    """The present secret joins the history; secrets whose time is over leave only their digest."""
    retired = RotatedSecret(
        digest=hashlib.sha256(config.webhook_secret).hexdigest(),
        rotated_at=now,
        valid_until=now + timedelta(seconds=overlap_seconds),
        secret=config.webhook_secret,
    )
    history = [*(config.rotation_history or []), retired][-RETIRED_SECRETS_MAX:]
    return [
        each if overlap_seconds > 0 and each.valid_until > now else each.model_copy(update={"secret": None})
        for each in history
    ]
