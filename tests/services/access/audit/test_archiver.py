"""The archiver: what leaves the table is in the archive, whatever happens to the archiver."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from tests.services.access.audit.trails import (
    DAY_SECONDS,
    TABLE,
    Tamperer,
    archive_all,
    archiver_in,
    bucket_of,
    kinds,
    verify,
    write_events,
)
from tests.services.access.conftest import World

from tenantable.cloud.objects.bucket import below
from tenantable.services.access.audit.archiving.archive import Archive
from tenantable.services.access.audit.archiving.archiver import SIGN_SECONDS, Archiver, Retention
from tenantable.services.access.audit.archiving.removals import Batch, Removals, ShardedRemovals, SubscriptionRemovals
from tenantable.services.access.audit.assembly import archiver_of
from tenantable.services.access.changes.change import Actor
from tenantable.services.access.declaration import directory_service

HOUR_SECONDS = 3600


def expire(world: World) -> None:
    while world.engine.expire(world.clock.now, 1000):
        pass


def archived_numbers(world: World, organisation_id: str = "acme") -> list[int]:
    """As they stand in the objects, copies and all."""
    archive = Archive(bucket_of(world))
    return sorted(event.sequence for key in archive.keys(organisation_id) for event in archive.read(key))


def test_what_expired_is_archived_from_the_stream_by_organisation_and_day(world: World) -> None:
    world.found("acme")
    world.found("zeta", owner="bob")
    archive_all(archiver_in(world))
    write_events(world, 3, apart_seconds=DAY_SECONDS)
    world.clock.now += 31 * DAY_SECONDS
    expire(world)
    registry = CollectorRegistry()
    archiver_in(world, registry).step()
    assert registry.get_sample_value("access_audit_archived_events_total", {"way": "stream"}) == 7
    keys = [found.key.rpartition("/")[0] for found in below(bucket_of(world), "audit/")]
    assert keys == [
        "audit/organisation=PLATFORM/date=2027-01-15",
        *(f"audit/organisation=acme/date=2027-01-{day}" for day in (15, 16, 17, 18)),
        "audit/organisation=zeta/date=2027-01-15",
    ]
    assert archived_numbers(world) == [1, 2, 3, 4]


def test_events_are_archived_before_they_expire(world: World) -> None:
    world.found("acme")
    write_events(world, 3)
    world.clock.now += 26 * DAY_SECONDS
    archive_all(archiver_in(world))
    assert archived_numbers(world) == []
    world.clock.now += 3 * DAY_SECONDS
    archive_all(archiver_in(world))
    assert archived_numbers(world) == [1, 2, 3, 4]


def test_an_outage_that_outlasts_the_stream_loses_nothing(world: World) -> None:
    """The archiver runs until two days before the expiry, and again when the stream has long forgotten."""
    world.found("acme")
    for _ in range(40):
        write_events(world, 1, apart_seconds=HOUR_SECONDS)
    world.clock.now += 28.5 * DAY_SECONDS
    archive_all(archiver_in(world))
    world.clock.now += 5 * DAY_SECONDS
    expire(world)
    world.clock.now += 3 * DAY_SECONDS
    world.engine.trim_streams()
    assert Tamperer(world.engine).items() == []
    archive_all(archiver_in(world))
    assert archived_numbers(world) == list(range(1, 42))
    assert kinds(verify(world)) == []


def test_what_the_sweep_archived_is_not_archived_again_when_it_expires(world: World) -> None:
    world.found("acme")
    write_events(world, 5)
    world.clock.now += 29 * DAY_SECONDS
    archive_all(archiver_in(world))
    world.clock.now += 3 * DAY_SECONDS
    expire(world)
    registry = CollectorRegistry()
    archive_all(archiver_in(world, registry))
    assert archived_numbers(world) == [1, 2, 3, 4, 5, 6]
    assert registry.get_sample_value("access_audit_archived_events_total", {"way": "stream"}) is None


class Dying:
    """A stream whose reader dies before it notes that it has dealt with a batch."""

    def __init__(self, removals: Removals) -> None:
        self._removals = removals

    def read(self) -> Batch:
        return self._removals.read()

    def advance(self, _batch: Batch) -> None:
        raise KeyboardInterrupt


def archiver_with(world: World, removals: Removals, retention: Retention | None = None) -> Archiver:

    parts = replace(world.dependencies, registry=CollectorRegistry(), retention=retention or Retention())
    return archiver_of(parts, removals, wait=lambda _seconds: None)


def test_a_batch_that_comes_again_is_archived_once(world: World) -> None:
    world.found("acme")
    write_events(world, 5)
    world.clock.now += 31 * DAY_SECONDS
    expire(world)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            archiver_with(world, Dying(SubscriptionRemovals(world.engine.stream(TABLE)))).step()
    archive_all(archiver_in(world))
    assert archived_numbers(world) == [1, 2, 3, 4, 5, 6]


def test_two_archivers_at_once_lose_nothing_and_show_nothing_twice(world: World) -> None:
    world.found("acme")
    write_events(world, 60, apart_seconds=HOUR_SECONDS)
    world.clock.now += 33 * DAY_SECONDS
    expire(world)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: archive_all(archiver_in(world)), range(4)))
    archive = Archive(bucket_of(world))
    days = {event.timestamp.date() for key in archive.keys("acme") for event in archive.read(key)}
    shown = [event.sequence for day in sorted(days) for event in archive.of_day("acme", day)]
    assert shown == list(range(1, 62))
    assert kinds(verify(world)) == []


def test_the_same_events_are_the_same_object_of_the_same_bytes(world: World) -> None:
    world.found("acme")
    write_events(world, 5)
    world.clock.now += 29 * DAY_SECONDS
    archive_all(archiver_in(world))
    archive = Archive(bucket_of(world))
    ((key, before),) = [(key, bucket_of(world).head(key)) for key in archive.keys("acme")]
    assert archive.write(reversed(archive.read(key))) == [key]
    assert bucket_of(world).head(key) == before


def test_what_somebody_deletes_is_counted_and_told(world: World) -> None:
    world.found("acme")
    write_events(world, 3)
    Tamperer(world.engine).delete(2)
    registry = CollectorRegistry()
    with structlog.testing.capture_logs() as logs:
        archive_all(archiver_in(world, registry))
    assert registry.get_sample_value("access_audit_deletions_total") == 1
    assert [entry["log_level"] for entry in logs if "deleted or altered" in entry["event"]] == ["error"]


@pytest.mark.parametrize(("hours", "levels"), [(1, []), (5, ["warning"]), (13, ["error"])])
def test_a_late_archive_is_measured_and_told_long_before_the_stream_forgets(
    world: World, hours: int, levels: list[str]
) -> None:
    world.found("acme")
    archive_all(archiver_in(world))
    write_events(world, 1)
    world.clock.now += hours * HOUR_SECONDS
    registry = CollectorRegistry()
    with structlog.testing.capture_logs() as logs:
        archiver_in(world, registry).step()
    lag_seconds = registry.get_sample_value("access_audit_archive_lag_seconds")
    assert lag_seconds == pytest.approx(hours * HOUR_SECONDS, abs=2)
    assert [entry["log_level"] for entry in logs if "late" in entry["event"]] == levels


def test_a_head_that_moves_is_signed_at_once_and_again_every_five_seconds(world: World) -> None:
    world.found("acme")
    archiver = archiver_in(world)
    archive_all(archiver)
    for written in (1, 2):
        write_events(world, written)
        archive_all(archiver)
    assert signed_heads(world) == [1]
    world.clock.now += SIGN_SECONDS
    archive_all(archiver)
    world.clock.now += HOUR_SECONDS
    archive_all(archiver)
    assert signed_heads(world) == [1, 4]


def test_a_tail_that_is_cut_seconds_later_contradicts_the_head_that_the_stream_told(world: World) -> None:
    archive_all(archiver := archiver_in(world))
    world.found("acme")
    write_events(world, 9)
    archive_all(archiver)
    tamperer = Tamperer(world.engine)
    tamperer.delete(8, 9, 10)
    tamperer.move_head_back(7)
    archive_all(archiver)
    assert signed_heads(world) == [10]
    assert kinds(verify(world)) == [("head-moved-back", 7), ("tail-cut", 8)]


def signed_heads(world: World) -> list[int]:
    """The numbers of the last events that copies are of."""
    keys = [found.key for found in below(bucket_of(world), "heads/organisation=acme/")]
    return [int(key.rpartition("/")[2].removesuffix(".json")) for key in keys]


def sharded(world: World) -> ShardedRemovals:
    described = world.engine.call("DescribeTable", {"TableName": TABLE})
    call: Callable[[str, Any], dict[str, Any]] = world.engine.call
    return ShardedRemovals(call, described["Table"]["LatestStreamArn"], bucket_of(world))


def test_the_stream_is_read_shard_by_shard_through_its_api_too(world: World) -> None:
    world.found("acme")
    write_events(world, 20, apart_seconds=HOUR_SECONDS)
    archive_all(archiver_with(world, sharded(world)))
    world.clock.now += 31 * DAY_SECONDS
    expire(world)
    removals = sharded(world)
    with pytest.raises(KeyboardInterrupt):
        archiver_with(world, Dying(removals)).step()
    archive_all(archiver_with(world, sharded(world)))
    assert archived_numbers(world) == list(range(1, 22))
    assert sharded(world).read().records == 0
    assert kinds(verify(world)) == []


def test_an_organisation_with_a_damaged_item_does_not_keep_the_others_from_the_archive(world: World) -> None:
    world.found("acme")
    world.found("zeta", owner="bob")
    Tamperer(world.engine).change(1, details={"S": "no map"})
    world.clock.now += 29 * DAY_SECONDS
    archive_all(archiver_in(world))
    assert archived_numbers(world, "zeta") == [1]


@pytest.mark.parametrize(("hot_days", "margin_days"), [(0, 0), (3, 3), (3, -1)])
def test_a_retention_that_makes_no_sense_is_refused(hot_days: int, margin_days: int) -> None:
    with pytest.raises(ValueError, match="a day or more"):
        Retention(hot_days=hot_days, margin_days=margin_days)


def test_events_stay_as_long_as_the_retention_says(world: World) -> None:

    world.found("acme")
    parts = replace(world.dependencies, retention=Retention(hot_days=90))
    parts.changes(directory_service).run("acme", Actor(id="ann"), lambda change: change.record("CONFIGURATION", "x"))
    assert Tamperer(world.engine).item(2)["ttl"] == {"N": str(int(world.clock.now) + 90 * DAY_SECONDS)}


def test_a_trail_that_is_cut_to_its_first_event_at_once_contradicts_the_head_that_the_stream_told(world: World) -> None:
    """The hourly round of the archiver is over when the organisation is founded, and comes too late."""
    archive_all(archiver := archiver_in(world))
    world.found("acme")
    tamperer = Tamperer(world.engine)
    for item in [*tamperer.items(), tamperer.head()]:
        tamperer.remove(item)
    archive_all(archiver)
    found = verify(world)
    assert (kinds(found), found.signed_sequence) == ([("head-moved-back", 0), ("deleted", 1)], 1)
