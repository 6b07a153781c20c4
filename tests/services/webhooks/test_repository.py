"""What storage promises to the use cases: all or nothing, one claim, one winner."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenantable.data.database import Database, TenantId
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.errors import ConditionFailed, ItemNotFound, StaleItem
from tenantable.services.webhooks.declaration import (
    SYSTEM,
    Acceptance,
    Attempt,
    Event,
    TenantIdentity,
    TenantWebhookConfig,
    naming,
)
from tenantable.services.webhooks.model import Outcome
from tenantable.services.webhooks.repository import WebhookRepository

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
ACME, ZETA = TenantId("acme"), TenantId("zeta")
CONFIG = TenantWebhookConfig(target_url="https://a.example.com/", webhook_secret=b"sealed", last_updated=NOW)
EVENT = Event(
    event_id="evt_1",
    event_type="order.paid",
    payload=b"{}",
    target_url="https://a.example.com/",
    created_at=NOW,
    next_attempt_at=NOW,
    expires_at=FAR,
)


@pytest.fixture
def repository(database_of: Callable[[System, Naming], Database]) -> WebhookRepository:
    return WebhookRepository(database_of(SYSTEM, naming()))


def identity(digest: str = "wk_a.d1", tenant: str = "acme") -> TenantIdentity:
    return TenantIdentity(api_key=digest, tenant_id=tenant, plan="standard", created_at=NOW)


def attempt(number: int, outcome: Outcome) -> Attempt:
    return Attempt(
        event_id="evt_1",
        number=number,
        trigger="schedule",
        target_url="https://a.example.com/",
        started_at=NOW,
        duration_milliseconds=7,
        outcome=outcome,
        expires_at=FAR,
    )


def accepted(repository: WebhookRepository, **changes: Any) -> Event:
    repository.accept(ACME, Event(**{**vars(EVENT), **changes}), None)
    event = repository.event(ACME, "evt_1")
    assert event is not None
    return event


@pytest.mark.parametrize("second", [identity(), identity(digest="wk_b.d2"), identity(tenant="zeta")])
def test_a_tenant_is_created_whole_or_not_at_all(repository: WebhookRepository, second: TenantIdentity) -> None:
    """Requirement: W-04. Neither a known key nor a known tenant leaves half a tenant behind."""
    repository.create_tenant(identity(), CONFIG)
    changed = TenantWebhookConfig(**{**vars(CONFIG), "target_url": "https://b.example.com/"})
    with pytest.raises(ConditionFailed):
        repository.create_tenant(second, changed)
    config = repository.config(ACME)
    assert config is not None
    assert config.target_url == CONFIG.target_url
    assert repository.config(ZETA) is None
    assert repository.authorized("wk_b.d2") is None


def test_what_the_authorizer_learns(repository: WebhookRepository) -> None:
    """Requirement: W-03."""
    repository.create_tenant(identity(), CONFIG)
    found = repository.authorized("wk_a.d1")
    assert found is not None
    assert found.model_dump() == {"tenant_id": "acme", "status": "active", "plan": "standard", "created_at": NOW}


def test_a_change_based_on_an_old_configuration_fails(repository: WebhookRepository) -> None:
    repository.create_tenant(identity(), CONFIG)
    old = repository.config(ACME)
    assert old is not None
    repository.change_target(ACME, old, target_url="https://b.example.com/", now=NOW)
    with pytest.raises(StaleItem):
        repository.change_target(ACME, old, target_url="https://c.example.com/", now=NOW)


def test_one_idempotency_key_makes_one_event(repository: WebhookRepository) -> None:
    acceptance = Acceptance(idempotency_key="k", request_digest="d", event_id="evt_1", expires_at=FAR)
    repository.accept(ACME, EVENT, acceptance)
    second = Event(**{**vars(EVENT), "event_id": "evt_2"})
    with pytest.raises(ConditionFailed):
        repository.accept(ACME, second, acceptance)
    assert repository.event(ACME, "evt_2") is None


def test_an_attempt_is_claimed_once(repository: WebhookRepository) -> None:
    event = accepted(repository)
    claimed = repository.claim(ACME, event, until=LATER)
    with pytest.raises(StaleItem):
        repository.claim(ACME, event, until=LATER)
    assert repository.event(ACME, "evt_1") == claimed


def test_a_lost_claim_records_nothing(repository: WebhookRepository) -> None:
    mine = repository.claim(ACME, accepted(repository), until=LATER)
    repository.claim(ACME, mine, until=LATER)
    with pytest.raises(StaleItem):
        repository.record(ACME, mine, attempt(1, "delivered"), next_attempt_at=None, now=NOW)
    assert repository.attempts(ACME, "evt_1") == []


@pytest.mark.parametrize(
    ("outcome", "next_attempt_at", "status"),
    [("delivered", None, "delivered"), ("rejected", LATER, "pending"), ("rejected", None, "dead")],
)
def test_an_attempt_and_its_meaning_are_recorded_together(
    repository: WebhookRepository, outcome: Outcome, next_attempt_at: datetime | None, status: str
) -> None:
    event = accepted(repository)
    repository.record(ACME, event, attempt(1, outcome), next_attempt_at=next_attempt_at, now=NOW)
    found = repository.event(ACME, "evt_1")
    assert found is not None
    assert (found.status, found.attempts, found.next_attempt_at) == (status, 1, next_attempt_at)
    assert [each.number for each in repository.attempts(ACME, "evt_1")] == [1]
    assert (found.event_id in {each.event_id for each in repository.dead_events(ACME, 10)}) == (status == "dead")


def test_restarting_takes_an_event_from_the_dead(repository: WebhookRepository) -> None:
    accepted(repository, status="dead", attempts=10, next_attempt_at=None, dead_since=NOW)
    (dead,) = repository.dead_events(ACME, 10)
    repository.restart(ACME, dead, trigger="redrive", now=LATER)
    found = repository.event(ACME, "evt_1")
    assert found is not None
    assert (found.status, found.next_attempt_at, found.earlier_attempts) == ("pending", LATER, 10)
    assert repository.dead_events(ACME, 10) == []


def test_an_event_is_restarted_once(repository: WebhookRepository) -> None:
    event = accepted(repository, status="delivered", next_attempt_at=None)
    repository.restart(ACME, event, trigger="retry", now=NOW)
    with pytest.raises(ConditionFailed):
        repository.restart(ACME, event, trigger="retry", now=NOW)


def test_an_event_that_was_attempted_meanwhile_is_not_buried(repository: WebhookRepository) -> None:
    event = accepted(repository)
    summary = repository.summary(ACME, "evt_1")
    assert summary is not None
    repository.claim(ACME, event, until=LATER)
    with pytest.raises(ConditionFailed):
        repository.bury(ACME, summary, now=NOW)


def test_a_vanished_event_cannot_be_restarted(repository: WebhookRepository) -> None:
    with pytest.raises(ItemNotFound):
        repository.restart(ACME, EVENT, trigger="retry", now=NOW)


def test_tenants_do_not_see_each_other(repository: WebhookRepository) -> None:
    accepted(repository)
    assert repository.event(ZETA, "evt_1") is None
    assert repository.summary(ZETA, "evt_1") is None
    assert repository.attempts(ZETA, "evt_1") == []
