"""Changes of an organisation: in turn, whole, recorded, and within what the head counts."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random

import pytest

from tenantable.data.database import Database
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.errors import ConditionFailed
from tenantable.services.access.changes.chain import digest_of
from tenantable.services.access.changes.change import Actor, Answered, Change, Repeatable
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.declaration import (
    SYSTEM,
    AuditEvents,
    OrganisationHead,
    OrganisationHeads,
    ProtectedResource,
    ProtectedResources,
    naming,
)
from tenantable.services.access.errors import LastOwner, NotFound, SeatsTaken

ACTOR = Actor(id="u1")
KEY = b"k" * 32
NOW = 4_000_000_000.0  # after the clock of the database, for which nothing has expired


@pytest.fixture
def changes(database_of: Callable[[System, Naming], Database]) -> Changes:
    numbers = itertools.count(1)
    return Changes(
        database_of(SYSTEM, naming("dev")),
        chain_key=KEY,
        clock=lambda: NOW,
        new_id=lambda: f"id{next(numbers):06}",
        random=Random(7),  # noqa: S311 - waiting times
    )


@pytest.fixture
def founded(changes: Changes) -> Changes:
    def build(change: Change) -> None:
        change.seat_limit = 3
        change.count_owners(1)
        change.take_seats(1)
        change.record("CONFIGURATION", "organisation.create")

    changes.found("acme", ACTOR, build)
    return changes


def resource(number: int) -> ProtectedResource:
    return ProtectedResource(
        organisation_id="acme",
        resource_type="record",
        resource_id=f"r{number}",
        date_created=datetime.fromtimestamp(NOW, UTC),
    )


def protecting(number: int) -> Callable[[Change], None]:
    def build(change: Change) -> None:
        change.create(ProtectedResources, resource(number))
        change.record("CONFIGURATION", "resource.create", target=f"r{number}")

    return build


def head_of(changes: Changes) -> OrganisationHead:
    head = changes.database.repository(OrganisationHeads).get(organisation_id="acme")
    assert head is not None
    return head


def test_a_change_is_written_with_its_event_and_gives_the_new_version(founded: Changes) -> None:
    before = head_of(founded).revision
    assert founded.run("acme", ACTOR, protecting(1)).version == before + 1 == head_of(founded).revision
    events = founded.database.repository(AuditEvents).of_type(organisation_id="acme", event_type="CONFIGURATION")
    assert [event.action for event in events] == ["organisation.create", "resource.create"]


def test_a_change_that_is_refused_writes_nothing(founded: Changes) -> None:
    founded.run("acme", ACTOR, protecting(1))
    before = head_of(founded)
    with pytest.raises(ConditionFailed):
        founded.run("acme", ACTOR, protecting(1))
    assert head_of(founded) == before


def test_an_unknown_organisation_cannot_be_changed(changes: Changes) -> None:
    with pytest.raises(NotFound):
        changes.run("nobody", ACTOR, protecting(1))


def test_an_organisation_is_founded_once(founded: Changes) -> None:
    with pytest.raises(ConditionFailed):
        founded.found("acme", ACTOR, protecting(1))


def test_changes_at_once_happen_one_after_the_other_in_one_chain(founded: Changes) -> None:
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: founded.run("acme", ACTOR, protecting(number)), range(50)))
    events = sorted(
        founded.database.repository(AuditEvents).of_type(organisation_id="acme", event_type="CONFIGURATION"),
        key=lambda event: event.sequence,
    )
    before = ""
    for number, event in enumerate(events, start=1):
        assert (event.sequence, event.digest) == (number, digest_of(event, before=before, key=KEY))
        before = event.digest
    head = head_of(founded)
    assert (head.sequence, head.digest, head.revision) == (51, before, 51)


def test_the_last_owner_stays(founded: Changes) -> None:
    with pytest.raises(LastOwner):
        founded.run("acme", ACTOR, lambda change: change.count_owners(-1))


def test_no_more_seats_are_taken_than_there_are(founded: Changes) -> None:
    def take(_number: int) -> bool:
        def build(change: Change) -> None:
            change.take_seats(1)
            change.record("USER_MANAGEMENT", "member.add")

        try:
            founded.run("acme", ACTOR, build)
        except SeatsTaken:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(take, range(30))) == 2
    assert head_of(founded).seats_taken == 3


def repeatable(key: str) -> Actor:
    again = Repeatable(key_digest=key, request_digest="r1", status=201, render=lambda result: f"made {result}")
    return Actor(id="u1", repeatable=again)


def test_a_request_that_comes_again_happens_once(founded: Changes) -> None:
    def attempt(number: int) -> str:
        try:
            return str(founded.run("acme", repeatable("k1"), protecting(number)).result)
        except Answered as answered:
            return answered.answer.body

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(attempt, range(20))) == {"None", "made None"}
    found = founded.database.repository(ProtectedResources).of_type(organisation_id="acme", resource_type="record")
    assert found.count() == 1
