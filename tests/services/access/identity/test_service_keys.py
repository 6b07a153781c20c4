"""Service keys: whose they are, and that a stranger learns nothing from an answer or from its work."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenantable.data.database import Database
from tenantable.engine import Engine
from tenantable.services.access.declaration import PLATFORM, SYSTEM, ServiceKey, ServiceKeys, naming
from tenantable.services.access.errors import NotAuthenticated
from tenantable.services.access.identity.callers import Caller, PlatformSecret, authenticate
from tenantable.services.access.identity.service_keys import (
    ServiceKeyAuthenticator,
    secret_digest,
    service_key_text,
)
from tenantable.testing import ManualClock

SECRET = "s" * 43


@pytest.fixture
def database(database_of: Callable[..., Database]) -> Database:
    return database_of(SYSTEM, naming("dev"))


def keep(database: Database, clock: ManualClock, **given: Any) -> None:
    key = ServiceKey(
        key_id="k1",
        organisation_id="acme",
        name="robot",
        secret_digest=secret_digest(SECRET),
        permission_set_ids=["reads"],
        created_by="ann",
        date_created=datetime.fromtimestamp(clock.now, UTC),
    )
    database.repository(ServiceKeys).create(key.model_copy(update=given))


def caller(database: Database, clock: ManualClock, credential: str) -> Caller | None:
    return ServiceKeyAuthenticator(database, clock=clock).caller(credential)


def test_a_key_is_good_for_its_organisation(database: Database) -> None:
    clock = ManualClock()
    keep(database, clock)
    assert caller(database, clock, service_key_text("k1", SECRET)) == Caller(
        kind="service", id="key:k1", organisation_id="acme", permission_set_ids=("reads",)
    )


def test_a_key_of_the_platform_is_good_for_all(database: Database) -> None:
    clock = ManualClock()
    keep(database, clock, organisation_id=PLATFORM)
    found = caller(database, clock, service_key_text("k1", SECRET))
    assert found is not None
    assert found.organisation_id is None


@pytest.mark.parametrize("given", [{"revoked_at": datetime(2027, 1, 1, tzinfo=UTC)}, {"not_after": "now"}])
def test_a_key_that_ended_is_refused(database: Database, given: dict[str, Any]) -> None:
    clock = ManualClock()
    if given.get("not_after") == "now":
        given = {"not_after": datetime.fromtimestamp(clock.now, UTC)}
    keep(database, clock, **given)
    with pytest.raises(NotAuthenticated):
        caller(database, clock, service_key_text("k1", SECRET))


def test_a_key_counts_until_its_end(database: Database) -> None:
    clock = ManualClock()
    keep(database, clock, not_after=datetime.fromtimestamp(clock.now, UTC) + timedelta(seconds=1))
    assert caller(database, clock, service_key_text("k1", SECRET)) is not None


@pytest.mark.parametrize(
    "credential",
    ["tsk_", "tsk_k1", "tsk_k1_", "tsk__x", "tsk_k#1_x", "tsk_kä_x", "tsk_k1_" + "x" * 300, "tsk_k1_wrong", "tsk_k2_x"],
)
def test_what_is_no_key_is_refused(database: Database, credential: str) -> None:
    clock = ManualClock()
    keep(database, clock)
    with pytest.raises(NotAuthenticated):
        caller(database, clock, credential)


class Counting:
    """Passes calls on and counts them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.calls: list[str] = []

    def call(self, operation: str, request: Any) -> Any:
        self.calls.append(operation)
        return self.engine.call(operation, request)


def test_a_key_that_exists_and_one_that_does_not_cost_the_same(engine: Engine, database: Database) -> None:
    """One read each, and one digest compared with another, whichever it is."""
    clock, counting = ManualClock(), Counting(engine)
    keep(database, clock)
    watched = Database(counting, naming=naming("dev"), cursor_key=bytes(32))
    for credential in (service_key_text("k1", "wrong"), service_key_text("k2", "wrong")):
        with pytest.raises(NotAuthenticated):
            caller(watched, clock, credential)
    assert counting.calls == ["GetItem", "GetItem"]


def test_the_administrator_is_known_by_the_whole_secret() -> None:
    secret = PlatformSecret("correct-horse-battery")
    assert secret.caller("correct-horse-battery") == Caller(kind="platform", id="platform")
    for wrong in ("", "correct-horse", "correct-horse-battery ", "Ω", "\ud800"):
        assert secret.caller(wrong) is None


@pytest.mark.parametrize("credential", [None, "", "nobodys"])
def test_nobody_is_let_in(credential: str | None) -> None:
    with pytest.raises(NotAuthenticated):
        authenticate(credential, [PlatformSecret("correct-horse-battery")])
