"""The storage of webhook delivery, and nothing else: one method for each use of a declared access pattern."""

import itertools
from collections.abc import Sequence
from datetime import datetime

from tenantable.data.database import Database, TenantId
from tenantable.services.webhooks.declaration import (
    Acceptance,
    Acceptances,
    Attempt,
    Attempts,
    AuthorizedTenant,
    DeliveryTarget,
    EndpointState,
    EndpointStates,
    Event,
    Events,
    EventSummary,
    RotatedSecret,
    TenantIdentities,
    TenantIdentity,
    TenantWebhookConfig,
    TenantWebhookConfigs,
    Trigger,
)

REDRIVE_MAX = 100


class WebhookRepository:
    """
    Storage as one component sees it: each component has one of these over a client of its own, and what its grants
    do not allow fails with AccessDeniedException. Reads see every acknowledged write unless said otherwise.

    Every method may raise Unavailable.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def authorized(self, api_key_digest: str) -> AuthorizedTenant | None:
        """Whose key this is; None when nobody's. Eventually consistent: a new key may take a moment."""
        return self._database.repository(TenantIdentities).authorized(api_key=api_key_digest)

    def create_tenant(self, identity: TenantIdentity, config: TenantWebhookConfig) -> None:
        """Both halves of a tenant together; ConditionFailed when the tenant or the key exists."""
        scope = self._database.tenant(TenantId(identity.tenant_id))
        with scope.transaction() as transaction:
            transaction.create(self._database.repository(TenantIdentities), identity)
            transaction.create(scope.repository(TenantWebhookConfigs), config)

    def config(self, tenant: TenantId) -> TenantWebhookConfig | None:
        return self._database.tenant(tenant).repository(TenantWebhookConfigs).consistent.get()

    def target(self, tenant: TenantId) -> DeliveryTarget | None:
        return self._database.tenant(tenant).repository(TenantWebhookConfigs).consistent.target()

    def change_target(
        self, tenant: TenantId, config: TenantWebhookConfig, *, target_url: str, now: datetime
    ) -> TenantWebhookConfig:
        """StaleItem when somebody else changed the configuration since it was read."""
        return (
            self._database.tenant(tenant)
            .repository(TenantWebhookConfigs)
            .update(config, TenantWebhookConfig.target_url.set(target_url), TenantWebhookConfig.last_updated.set(now))
        )

    def change_secret(
        self,
        tenant: TenantId,
        config: TenantWebhookConfig,
        *,
        sealed_secret: bytes,
        history: Sequence[RotatedSecret],
        now: datetime,
    ) -> TenantWebhookConfig:
        """StaleItem when somebody else changed the configuration since it was read."""
        return (
            self._database.tenant(tenant)
            .repository(TenantWebhookConfigs)
            .update(
                config,
                TenantWebhookConfig.webhook_secret.set(sealed_secret),
                TenantWebhookConfig.rotation_history.set(list(history)),
                TenantWebhookConfig.last_updated.set(now),
            )
        )

    def accept(self, tenant: TenantId, event: Event, acceptance: Acceptance | None) -> None:
        """An event, together with what it was accepted for; ConditionFailed when that was accepted already."""
        scope = self._database.tenant(tenant)
        if acceptance is None:
            scope.repository(Events).create(event)
            return
        with scope.transaction() as transaction:
            transaction.create(scope.repository(Acceptances), acceptance)
            transaction.create(scope.repository(Events), event)

    def acceptance(self, tenant: TenantId, idempotency_key: str) -> Acceptance | None:
        return self._database.tenant(tenant).repository(Acceptances).consistent.get(idempotency_key=idempotency_key)

    def event(self, tenant: TenantId, event_id: str) -> Event | None:
        return self._database.tenant(tenant).repository(Events).consistent.get(event_id=event_id)

    def summary(self, tenant: TenantId, event_id: str) -> EventSummary | None:
        return self._database.tenant(tenant).repository(Events).consistent.summary(event_id=event_id)

    def attempts(self, tenant: TenantId, event_id: str) -> list[Attempt]:
        """The attempts of an event, first to last, a hundred at most."""
        query = self._database.tenant(tenant).repository(Attempts).of_event(event_id=event_id)
        return list(query.consistent().page(100))

    def endpoint_state(self, tenant: TenantId) -> EndpointState | None:
        return self._database.tenant(tenant).repository(EndpointStates).consistent.get()

    def disable_endpoint(self, tenant: TenantId, now: datetime) -> None:
        self._database.tenant(tenant).repository(EndpointStates).put(EndpointState(disabled_at=now))

    def claim(self, tenant: TenantId, event: Event, *, until: datetime) -> Event:
        """
        Take the attempt that is due; nobody else can until `until`.

        Returns:
            The event as it is stored now.
        Raises:
            StaleItem: Somebody else took it, or changed the event.
        """
        self._database.tenant(tenant).repository(Events).change(event, Event.next_attempt_at.set(until))
        return event.model_copy(update={"next_attempt_at": until, "revision": event.revision + 1})

    def record(
        self, tenant: TenantId, event: Event, attempt: Attempt, *, next_attempt_at: datetime | None, now: datetime
    ) -> None:
        """
        Record an attempt together with what it means for the event: delivered, due again, or dead.

        Raises:
            StaleItem: The claim was lost; nothing is recorded.
        """
        scope = self._database.tenant(tenant)
        changes = [Event.attempts.set(attempt.number), Event.next_attempt_at.set(next_attempt_at)]
        if attempt.outcome == "delivered":
            changes += [Event.status.set("delivered"), Event.delivered_at.set(now)]
        elif next_attempt_at is None:
            changes += [Event.status.set("dead"), Event.dead_since.set(now)]
        with scope.transaction() as transaction:
            transaction.update(scope.repository(Events), event, *changes)
            transaction.create(scope.repository(Attempts), attempt)

    def restart(self, tenant: TenantId, event: Event | EventSummary, *, trigger: Trigger, now: datetime) -> None:
        """
        Begin the schedule of an event anew.

        Raises:
            ConditionFailed: It was attempted or restarted since it was read.
            ItemNotFound: It is no more.
        """
        self._database.tenant(tenant).repository(Events).change(
            Events.get.key(event_id=event.event_id),
            Event.status.set("pending"),
            Event.next_attempt_at.set(now),
            Event.dead_since.set(None),
            Event.earlier_attempts.set(event.attempts),
            Event.trigger.set(trigger),
            when=(Event.status == event.status) & (Event.next_attempt_at == event.next_attempt_at),
        )

    def bury(self, tenant: TenantId, event: EventSummary, *, now: datetime) -> None:
        """Give up a pending event; ConditionFailed when it was attempted since it was read, ItemNotFound when gone."""
        self._database.tenant(tenant).repository(Events).change(
            Events.get.key(event_id=event.event_id),
            Event.status.set("dead"),
            Event.next_attempt_at.set(None),
            Event.dead_since.set(now),
            when=(Event.status == event.status) & (Event.next_attempt_at == event.next_attempt_at),
        )

    def dead_events(self, tenant: TenantId, limit: int) -> list[EventSummary]:
        """Dead events, those that died first before the others, up to `limit` (1..100). Eventually consistent."""
        return list(itertools.islice(self._database.tenant(tenant).repository(Events).dead(), min(limit, REDRIVE_MAX)))
