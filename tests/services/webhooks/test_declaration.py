"""The webhook tables' keys, and what each component may do: its own work, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tenantable.data.database import Database, TenantId
from tenantable.data.repositories import TenantRepository
from tenantable.declare.attributes import declaration_of
from tenantable.declare.entities import Entity
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.engine import Engine
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.synthesis.statements import component_policies
from tenantable.services.webhooks.declaration import (
    SYSTEM,
    Acceptance,
    Acceptances,
    Attempt,
    Attempts,
    EndpointState,
    EndpointStates,
    Event,
    Events,
    TenantIdentities,
    TenantIdentity,
    TenantWebhookConfig,
    TenantWebhookConfigs,
    naming,
)
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TIME = "2026-11-21T09:30:00.000000Z"
FAR = datetime(2100, 1, 1, tzinfo=UTC)
ACME = TenantId("acme")

IDENTITY = TenantIdentity(api_key="wk_a.d1", tenant_id="acme", plan="free", created_at=NOW)
CONFIG = TenantWebhookConfig(target_url="https://acme.test", webhook_secret=b"sealed", last_updated=NOW)
EVENT = Event(
    event_id="evt_1",
    event_type="order.paid",
    payload=b"{}",
    target_url="https://acme.test",
    created_at=NOW,
    expires_at=FAR,
)
DEAD_EVENT = Event(**{**vars(EVENT), "status": "dead", "dead_since": NOW})
ACCEPTANCE = Acceptance(idempotency_key="k1", request_digest="d1", event_id="evt_1", expires_at=FAR)
ATTEMPT = Attempt(
    event_id="evt_1",
    number=2,
    trigger="schedule",
    target_url="https://acme.test",
    started_at=NOW,
    duration_milliseconds=12,
    outcome="delivered",
    expires_at=FAR,
)

DESIGN: list[tuple[type[TenantRepository[Any]], Entity, dict[str, str]]] = [
    (TenantWebhookConfigs, CONFIG, {"tenantId": "acme"}),
    (
        Events,
        EVENT,
        {"PK": "TENANT#acme#EVENT#evt_1", "tenantKey": "TENANT#acme", "timeKey": f"{TIME}#evt_1"},
    ),
    (
        Events,
        DEAD_EVENT,
        {
            "PK": "TENANT#acme#EVENT#evt_1",
            "tenantKey": "TENANT#acme",
            "timeKey": f"{TIME}#evt_1",
            "deadKey": "TENANT#acme#DEAD",
            "deadTimeKey": f"{TIME}#evt_1",
        },
    ),
    (Acceptances, ACCEPTANCE, {"PK": "TENANT#acme#ACCEPTANCE#k1"}),
    (Attempts, ATTEMPT, {"PK": "TENANT#acme#EVENT#evt_1", "SK": "ATTEMPT#000002"}),
    (EndpointStates, EndpointState(disabled_at=NOW), {"PK": "TENANT#acme#ENDPOINT", "SK": "STATE"}),
]


@pytest.fixture
def database(database_of: Callable[[System, Naming], Database]) -> Database:
    return database_of(SYSTEM, naming())


def test_the_identity_stands_under_the_digest_of_its_key(database: Database, engine: Engine) -> None:
    """Requirement: W-01."""
    database.repository(TenantIdentities).create(IDENTITY)
    (item,) = engine.call("Scan", {"TableName": "TenantIdentity"})["Items"]
    assert item == {
        "apiKey": {"S": "wk_a.d1"},
        "tenantId": {"S": "acme"},
        "status": {"S": "active"},
        "plan": {"S": "free"},
        "createdAt": {"S": TIME},
    }


@pytest.mark.parametrize(("repository", "entity", "keys"), DESIGN)
def test_an_item_has_exactly_the_keys_of_its_design(
    repository: type[TenantRepository[Any]], entity: Entity, keys: dict[str, str], database: Database, engine: Engine
) -> None:
    """Requirement: W-02; the tenant stands first in every key of every table that tenants share."""
    stored = database.tenant(ACME).repository(repository).create(entity)
    table = declaration_of(type(entity)).table
    (item,) = engine.call("Scan", {"TableName": table.name})["Items"]
    assert {name: item[name]["S"] for name in table.key_attributes if name in item} == keys
    typed: Any = database.tenant(ACME).repository(repository)
    assert typed.get(**{name: getattr(entity, name) for name in repository.patterns["get"].parameters}) == stored


def test_the_webhook_configuration_has_the_attributes_of_the_design(database: Database, engine: Engine) -> None:
    """Requirement: W-02; an empty rotation history takes no room."""
    database.tenant(ACME).repository(TenantWebhookConfigs).create(CONFIG)
    (item,) = engine.call("Scan", {"TableName": "TenantWebhookConfig"})["Items"]
    assert set(item) == {"tenantId", "targetUrl", "webhookSecret", "lastUpdated", "revision"}


def test_events_are_listed_by_time_and_the_dead_ones_apart(database: Database) -> None:
    events = database.tenant(ACME).repository(Events)
    for event_id, hour, dead in (("evt_2", 2, True), ("evt_1", 1, False), ("evt_3", 3, True)):
        at = NOW.replace(hour=hour)
        events.create(
            Event(**{**vars(EVENT), "event_id": event_id, "created_at": at, "dead_since": at if dead else None})
        )
    database.tenant(TenantId("zeta")).repository(Events).create(EVENT)
    assert [event.event_id for event in events.recent().newest_first()] == ["evt_3", "evt_2", "evt_1"]
    assert [event.event_id for event in events.dead()] == ["evt_2", "evt_3"]


def test_attempts_are_listed_in_their_order(database: Database) -> None:
    attempts = database.tenant(ACME).repository(Attempts)
    for number in (10, 2, 1):
        attempts.create(Attempt(**{**vars(ATTEMPT), "number": number}))
    assert [attempt.number for attempt in attempts.of_event(event_id="evt_1")] == [1, 2, 10]


def test_every_table_has_its_environment_variable() -> None:
    """Requirement: W-10."""
    assert {variable: naming().table_name(table.name) for variable, table in SYSTEM.environment.items()} == {
        "TENANT_IDENTITY_TABLE": "TenantIdentity",
        "TENANT_WEBHOOK_CONFIG_TABLE": "TenantWebhookConfig",
        "EVENTS_TABLE": "Events",
        "DELIVERIES_TABLE": "Deliveries",
    }


class Component:
    """What a component does with the tables, as itself."""

    def __init__(self, database: Database) -> None:
        self._database = database
        scope = database.tenant(ACME)
        self._scope = scope
        self._identities = database.repository(TenantIdentities)
        self._configs = scope.repository(TenantWebhookConfigs)
        self._events = scope.repository(Events)
        self._attempts = scope.repository(Attempts)
        self._states = scope.repository(EndpointStates)
        self.deeds: Mapping[str, Callable[[], object]] = {
            "authorize": lambda: self._identities.authorized(api_key="wk_a.d1"),
            "read identity": lambda: self._identities.get(api_key="wk_a.d1"),
            "change identity": self._change_identity,
            "read config": self._configs.get,
            "read target": self._configs.target,
            "change config": self._change_config,
            "create tenant": self._create_tenant,
            "create half a tenant": self._create_half_a_tenant,
            "accept event": self._accept,
            "read event": lambda: self._events.get(event_id="evt_1"),
            "summarize event": lambda: self._events.summary(event_id="evt_1"),
            "list events": lambda: self._events.recent().page(1),
            "list dead events": lambda: self._events.dead().page(1),
            "reschedule event": lambda: self._change_event(Event.status.set("pending")),
            "rewrite event": lambda: self._change_event(Event.payload.set(b"forged")),
            "delete event": lambda: self._events.delete(Events.get.key(event_id="evt_1")),
            "record attempt": self._record_attempt,
            "list attempts": lambda: self._attempts.of_event(event_id="evt_1").page(1),
            "read endpoint": self._states.get,
            "mark endpoint": lambda: self._states.put(EndpointState(disabled_at=NOW)),
        }

    def _change_identity(self) -> None:
        self._identities.change(TenantIdentities.get.key(api_key="wk_a.d1"), TenantIdentity.status.set("closed"))

    def _change_config(self) -> None:
        key = TenantWebhookConfigs.get.key()
        self._configs.change(key, TenantWebhookConfig.target_url.set("https://other.test"))

    def _create_tenant(self) -> None:
        scope = self._database.tenant(TenantId("zeta"))
        with scope.transaction() as transaction:
            transaction.create(self._identities, TenantIdentity(**{**vars(IDENTITY), "api_key": "wk_b.d2"}))
            transaction.create(scope.repository(TenantWebhookConfigs), CONFIG)

    def _create_half_a_tenant(self) -> None:
        self._database.tenant(TenantId("zeta")).repository(TenantWebhookConfigs).create(CONFIG)

    def _accept(self) -> None:
        with self._scope.transaction() as transaction:
            transaction.create(self._events, Event(**{**vars(EVENT), "event_id": "evt_2"}))
            transaction.create(self._scope.repository(Acceptances), ACCEPTANCE)

    def _change_event(self, change: Any) -> None:
        self._events.change(Events.get.key(event_id="evt_1"), change)

    def _record_attempt(self) -> None:
        with self._scope.transaction() as transaction:
            transaction.create(self._attempts, ATTEMPT)
            transaction.update(
                self._events,
                Events.get.key(event_id="evt_1"),
                Event.status.set("delivered"),
                Event.attempts.add(1),
                Event.delivered_at.set(NOW),
            )


ALLOWED = {
    "authorizer": {"authorize"},
    "api": {
        "authorize",
        "read identity",
        "change identity",
        "read config",
        "read target",
        "change config",
        "create tenant",
        "accept event",
        "read event",
        "summarize event",
        "list events",
        "list dead events",
        "reschedule event",
        "list attempts",
        "read endpoint",
    },
    "worker": {
        "read config",
        "read target",
        "read event",
        "summarize event",
        "reschedule event",
        "record attempt",
        "read endpoint",
        "mark endpoint",
    },
    "receiver": {"read config", "read target"},
    "dlq-processor": {"summarize event", "list dead events", "reschedule event"},
}


@pytest.fixture
def guarded() -> Iterator[Engine]:
    """An engine that asks each component's policy, with a tenant and an event in it."""
    home = Home()
    policies = {
        f"arn:aws:iam::{home.account_id}:role/{component.name}": component_policies(component, naming(), home)
        for component in SYSTEM.components
    }
    with Engine(":memory:", authorizer=PolicyAuthorizer(policies, home)) as engine:
        for request in SYSTEM.create_table_requests(naming()):
            engine.call("CreateTable", request)
        database = opened(engine)
        database.repository(TenantIdentities).create(IDENTITY)
        database.tenant(ACME).repository(TenantWebhookConfigs).create(CONFIG)
        database.tenant(ACME).repository(Events).create(EVENT)
        yield engine


def opened(client: Any) -> Database:
    return Database(client, naming=naming(), cursor_key=bytes(32))


@pytest.mark.parametrize("deed", list(Component(opened(None)).deeds))
@pytest.mark.parametrize("name", ALLOWED)
def test_a_component_does_its_work_and_nothing_else(name: str, deed: str, guarded: Engine) -> None:
    """Requirements: W-03 to W-07."""
    principal = guarded.as_principal(f"arn:aws:iam::{Home().account_id}:role/{name}")
    act = Component(opened(principal)).deeds[deed]
    if deed in ALLOWED[name]:
        act()
    else:
        with pytest.raises(DynamoError, match="AccessDeniedException"):
            act()
