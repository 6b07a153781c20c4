"""Service keys: whose they are, and that a stranger learns nothing from an answer or from its work."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenantable.data.database import Database
from tenantable.engine import Engine
from tenantable.services.access.declaration import PLATFORM, SYSTEM, ServiceKey, ServiceKeys, naming
from tenantable.services.access.errors import NotAuthenticated
from tenantable.services.access.identity.callers import Caller, PlatformSecret, authenticate, credential_of
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


@pytest.mark.parametrize("credential", ["", "nobodys"])
def test_nobody_is_let_in(credential: str) -> None:
    with pytest.raises(NotAuthenticated, match="neither a token, nor a service key, nor the administrator's secret"):
        authenticate(credential, [PlatformSecret("correct-horse-battery")])


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "header-missing"),
        (" ", "header-missing"),
        ("Bearer", "header-not-bearer"),
        ("Bearer  ", "header-not-bearer"),
        ("Basic YTpi", "header-not-bearer"),
        ("tsk_k1_secret", "header-not-bearer"),
    ],
)
def test_a_header_without_a_bearer_credential_is_told_apart(header: str | None, reason: str) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        credential_of(header)
    assert (refused.value.reason, refused.value.challenge) == (reason, None)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc "])
def test_the_scheme_is_read_in_any_case(header: str) -> None:
    assert credential_of(header) == "abc"


@pytest.mark.parametrize(
    ("given", "credential", "reason"),
    [
        ({}, "tsk_k1_wrong", "service-key-secret"),
        ({}, f"tsk_k2_{SECRET}", "service-key-unknown"),
        ({"revoked_at": datetime(2027, 1, 1, tzinfo=UTC)}, f"tsk_k1_{SECRET}", "service-key-revoked"),
        ({"revoked_at": datetime(2027, 1, 1, tzinfo=UTC)}, "tsk_k1_wrong", "service-key-secret"),
        ({"not_after": datetime(2000, 1, 1, tzinfo=UTC)}, f"tsk_k1_{SECRET}", "service-key-expired"),
        ({}, "tsk_k1", "service-key-malformed"),
    ],
)
def test_the_log_is_told_what_the_caller_is_not(
    database: Database, given: dict[str, Any], credential: str, reason: str
) -> None:
    """Unknown, wrong, revoked, expired: to the caller they are the same."""
    clock = ManualClock()
    keep(database, clock, **given)
    with pytest.raises(NotAuthenticated) as refused:
        caller(database, clock, credential)
    assert refused.value.reason == reason
    assert (refused.value.message, refused.value.hint) == (NotAuthenticated(reason="").message, None)
    assert refused.value.challenge == NotAuthenticated(reason="").challenge
