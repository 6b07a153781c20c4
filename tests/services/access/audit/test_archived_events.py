"""One listing over the table and the archive, its exports, and how little of the archive a search reads."""

import csv
import gzip
import io
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from tests.services.access.audit.test_events import EVENTS, actions, listed
from tests.services.access.audit.trails import (
    DAY_SECONDS,
    Tamperer,
    archive_all,
    archiver_in,
    bucket_of,
    write_events,
)
from tests.services.access.conftest import World

from tenantable.cloud.objects.bucket import Content, Range, StoredObject
from tenantable.cloud.objects.embedded import EmbeddedBucket
from tenantable.services.access.audit.archiving.archive import Archive, event_of
from tenantable.services.access.audit.exports import COLUMNS, exported
from tenantable.services.access.declaration import AuditEvent

EXPORT = "/v1/organisations/acme/audit/export"


@pytest.fixture
def aged(world: World) -> World:
    """
    An event every other day: the oldest are in the archive alone, some in both places, the newest in the table alone.
    """
    world.found("acme")
    archiver = archiver_in(world)
    for number in (20, 4):
        write_events(world, number, apart_seconds=2 * DAY_SECONDS)
        archive_all(archiver)
        world.engine.expire(world.clock.now, 1000)
    archive_all(archiver)
    world.clock.now += 1
    return world


def since(world: World, days: float) -> str:
    return datetime.fromtimestamp(world.clock.now - days * DAY_SECONDS, UTC).isoformat()


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("limit", [7, 200])
def test_archived_and_hot_events_are_one_listing(aged: World, order: str, limit: int) -> None:
    in_table = {int(item["sequence"]["N"]) for item in Tamperer(aged.engine).items()}
    assert 12 < len(in_table) < 20
    params: dict[str, Any] = {"from": since(aged, 100), "limit": limit, "order": order}
    found = listed(aged.as_user("ann"), **params)
    numbers = [event["sequence"] for event in found]
    assert numbers == sorted(numbers, key=int, reverse=order == "newest")
    assert set(numbers) >= set(range(1, 26))
    assert len(numbers) == len(set(numbers))


def test_the_archive_is_searched_by_user_target_action_type_and_time(aged: World) -> None:
    ann = aged.as_user("ann")
    everything = {"from": since(aged, 100)}
    assert len(listed(ann, **everything, user="ann", action="member.add")) == 24
    assert len(listed(ann, **everything, target="bob", limit=11)) == 24
    assert len(listed(ann, **everything, type="USER_MANAGEMENT", limit=11)) == 24
    assert actions(listed(ann, **everything, user="platform")) == ["organisation.create"]
    assert listed(ann, **everything, user="nobody") == []
    early = listed(ann, **{"from": since(aged, 49), "to": since(aged, 37.5)})
    assert [event["sequence"] for event in early] == [6, 5, 4, 3, 2, 1]


class CountingBucket(EmbeddedBucket):
    """Counts the objects that are read."""

    def __init__(self, bucket: EmbeddedBucket) -> None:
        self.__dict__.update(vars(bucket))
        self.read: list[str] = []

    def get(self, key: str, wanted: Range | None = None) -> StoredObject:
        self.read.append(key)
        return super().get(key, wanted)


def test_a_search_reads_the_objects_of_its_time_alone(aged: World) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from tenantable.services.access.audit.assembly import audit_of  # noqa: PLC0415
    from tenantable.services.access.audit.trail import Wanted  # noqa: PLC0415
    from tenantable.services.access.changes.change import Actor  # noqa: PLC0415

    counting = CountingBucket(bucket_of(aged))
    audit = audit_of(replace(aged.dependencies, bucket=lambda _component: counting))
    now = datetime.fromtimestamp(aged.clock.now, UTC)
    wanted = Wanted(organisation_id="acme", since=now.replace(year=2026), until=now, order="oldest", target="bob")
    page = audit.events(Actor(id="ann"), wanted, limit=2, cursor=None)
    assert [event.sequence for event in page.items] == [2, 3]
    assert len(counting.read) <= 4
    counting.read.clear()
    page = audit.events(Actor(id="ann"), wanted, limit=2, cursor=page.next)
    assert [event.sequence for event in page.items] == [4, 5]
    assert len(counting.read) <= 4


def test_a_search_for_what_is_not_there_ends_a_page_before_it_has_read_everything(
    aged: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenantable.services.access.audit.trail.OBJECTS_READ_MAX", 3)
    ann = aged.as_user("ann")
    page = ann.get(EVENTS, params={"from": since(aged, 100), "user": "nobody", "order": "oldest"}).json()
    assert page["items"] == []
    assert page["next"] is not None
    few: dict[str, Any] = {"from": since(aged, 100), "limit": 2, "action": "member.add"}
    assert len(listed(ann, **few)) == 24
    assert len(listed(ann, **{"from": since(aged, 100), "order": "oldest", "action": "member.add"})) == 24


def test_an_export_has_the_same_events_as_the_listing(aged: World) -> None:
    ann = aged.as_user("ann")
    answer = ann.get(EXPORT, params={"from": since(aged, 100), "order": "oldest"})
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-acme-')
    events = [event_of(line) for line in gzip.decompress(answer.content).splitlines()]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert len(events) >= 25


def test_an_export_is_recorded_and_takes_the_filters(aged: World) -> None:
    ann = aged.as_user("ann")
    answer = ann.get(EXPORT, params={"format": "csv", "action": "member.add", "order": "oldest"})
    rows = list(csv.reader(io.StringIO(gzip.decompress(answer.content).decode())))
    assert tuple(rows[0]) == COLUMNS
    assert {row[5] for row in rows[1:]} == {"member.add"}
    assert orjson.loads(rows[1][8]) == {"by": "ann", "email": "bob@example.com"}
    (recorded,) = listed(ann, action="audit.export")
    assert recorded["eventType"] == "AUTHORIZATION"


def test_an_export_of_nothing_is_a_whole_file(aged: World) -> None:
    ann = aged.as_user("ann")
    nothing = {"day": "2020-01-01"}
    assert gzip.decompress(ann.get(EXPORT, params=nothing).content) == b""
    text = gzip.decompress(ann.get(EXPORT, params=nothing | {"format": "csv"}).content).decode()
    assert text.strip() == ",".join(COLUMNS)


def test_no_cell_of_a_spreadsheet_is_a_formula() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    event = AuditEvent(
        organisation_id="acme",
        event_id="e1",
        event_type="CONFIGURATION",
        user_id="=HYPERLINK()",
        timestamp=now,
        action="@x",
        target='a,"b"\nc',
        outcome="done",
        ttl=now,
    )
    _, row = csv.reader(io.StringIO(gzip.decompress(b"".join(exported([event], "csv"))).decode()))
    assert (row[4], row[5], row[6]) == ("'=HYPERLINK()", "'@x", 'a,"b"\nc')


def test_strangers_export_nothing(aged: World) -> None:
    assert aged.as_user("eve").get(EXPORT).status_code == 404


def test_a_damaged_archive_is_told_and_not_passed_over(aged: World) -> None:
    bucket = bucket_of(aged)
    key = next(iter(Archive(bucket).keys("acme")))
    bucket.put(key, Content(body=b"x"))
    answer = aged.as_user("ann").get(EVENTS, params={"from": since(aged, 100), "order": "oldest"})
    assert (answer.status_code, answer.json()["code"]) == (503, "archive-damaged")
    assert key in answer.json()["detail"]
