"""Reading the trail: events from the table and archived ones from the bucket, as one listing in the order of time."""

import heapq
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Literal

from tenantable.data.database import Database
from tenantable.declare.queries import Page, Query
from tenantable.services.access.audit.archiving.archive import Archive, ArchivedObject, distinct, order_of
from tenantable.services.access.audit.cursors import CursorSeal, Place
from tenantable.services.access.declaration import AuditEvent, AuditEvents, AuditType

OBJECTS_READ_MAX = 8
HOT_READ_MAX = 2000
"""How much one page looks at; with a filter that lets little through, the page is short and another one follows."""
HOT_PAGE = 200
LAST_CHARACTER = "\uffff"

Order = Literal["newest", "oldest"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """
    Which events of an organisation, `since` and `until` included; None lets every one through.

    `user_id` is who acted, `target` whom or what it was done to. `asked` is the range as the caller gave it: where it
    was left to us, the pages that follow keep to that of the first.
    """

    organisation_id: str
    since: datetime
    until: datetime
    user_id: str | None = None
    event_type: AuditType | None = None
    action: str | None = None
    target: str | None = None
    order: Order = "newest"
    asked: str = ""

    def takes(self, event: AuditEvent) -> bool:
        return (
            event.organisation_id == self.organisation_id
            and self.since <= event.timestamp <= self.until
            and self.user_id in (None, event.user_id)
            and self.event_type in (None, event.event_type)
            and self.action in (None, event.action)
            and self.target in (None, event.target)
        )

    def context(self) -> dict[str, str | None]:
        """What a cursor is bound to."""
        return {"organisation": self.organisation_id, "order": self.order, "range": self.asked, **self.filters()}

    def filters(self) -> dict[str, str | None]:
        """What is asked for beside the time."""
        return {"user": self.user_id, "type": self.event_type, "action": self.action, "target": self.target}

    def behind(self, place: Place | None) -> "Wanted":
        """The part of the range that is left behind a place."""
        if place is None:
            return self
        at = datetime.fromisoformat(place[0])
        if self.order == "newest":
            return replace(self, until=min(self.until, at))
        return replace(self, since=max(self.since, at))

    def is_behind(self, event: AuditEvent, place: Place | None) -> bool:
        if place is None:
            return True
        return order_of(event) < place if self.order == "newest" else order_of(event) > place


@dataclass(frozen=True, slots=True)
class _Stop:
    """In a stream of events: it was looked at no further than to this place."""

    place: Place


class Trail:
    """
    Args:
        database: As one component sees the table, with a clock of 0: an event is there until it is deleted.
        cursor_key: Signs cursors.
        hot_since: The first day of which there may be events in the table.
    """

    def __init__(
        self, database: Database, archive: Archive, *, cursor_key: bytes, hot_since: Callable[[], date]
    ) -> None:
        self._events = database.repository(AuditEvents)
        self._archive = archive
        self._seal = CursorSeal(cursor_key)
        self._hot_since = hot_since

    def page(self, wanted: Wanted, *, limit: int, cursor: str | None) -> Page[AuditEvent]:
        """
        A page of the events that are wanted. It may be short, even empty, although there are more.

        Raises:
            InvalidCursor: The cursor was altered or belongs to another listing.
        """
        context = wanted.context()
        place = None
        if cursor is not None:
            since, until, *at = self._seal.read(context, cursor)
            wanted = replace(wanted, since=datetime.fromisoformat(since), until=datetime.fromisoformat(until))
            place = (at[0], at[1])
        found: list[AuditEvent] = []
        for each in self._merged(wanted, place):
            if isinstance(each, AuditEvent):
                found.append(each)
            if isinstance(each, _Stop) or len(found) == limit:
                sealed = (wanted.since.isoformat(), wanted.until.isoformat(), *_place_of(each))
                return Page(items=tuple(found), next=self._seal.write(context, sealed))
        return Page(items=tuple(found), next=None)

    def every(self, wanted: Wanted) -> Iterator[AuditEvent]:
        """All of them, however many there are; few are in memory at a time."""
        place: Place | None = None
        while True:
            for each in self._merged(wanted, place):
                if isinstance(each, _Stop):
                    place = each.place
                    break
                yield each
            else:
                return

    def own(
        self, user_id: str, organisations: Set[str], *, since: datetime, until: datetime, limit: int, cursor: str | None
    ) -> Page[AuditEvent]:
        """What a user did in these organisations, newest first, of what is still in the table."""
        query = self._events.of_user(user_id=user_id).range(AuditEvent.timestamp.between(since, until)).newest_first()
        found: list[AuditEvent] = []
        for _ in range(HOT_READ_MAX // HOT_PAGE):
            page = query.page(limit - len(found), cursor)
            found += [event for event in page.items if event.organisation_id in organisations]
            cursor = page.next
            if cursor is None or len(found) == limit:
                break
        return Page(items=tuple(found), next=cursor)

    def _merged(self, wanted: Wanted, place: Place | None) -> Iterator[AuditEvent | _Stop]:
        """Both sources in one order, each event once, from behind a place on; ends with a `_Stop` if there is more."""
        sources = (self._hot(wanted, place), self._archived(wanted, place))
        merged = heapq.merge(*sources, key=_place_of, reverse=wanted.order == "newest")
        for _place, same in groupby(merged, key=_place_of):
            events: list[AuditEvent] = []
            for each in same:
                if isinstance(each, _Stop):
                    yield from distinct(events)
                    yield each
                    return
                events.append(each)
            yield from distinct(events)

    def _hot(self, wanted: Wanted, place: Place | None) -> Iterator[AuditEvent | _Stop]:
        for read, event in enumerate(self._hot_events(wanted.behind(place)), start=1):
            if wanted.takes(event) and wanted.is_behind(event, place):
                yield event
            if read >= HOT_READ_MAX:
                yield _Stop(order_of(event))
                return

    def _hot_events(self, left: Wanted) -> Iterator[AuditEvent]:
        if left.since > left.until:
            return
        query: Query[AuditEvent, AuditEvent]
        if left.user_id is not None:
            query = self._events.of_user(user_id=left.user_id)
        elif left.event_type is not None:
            query = self._events.of_type(organisation_id=left.organisation_id, event_type=left.event_type)
        else:
            yield from self._hot_days(left)
            return
        yield from _in_order(query.range(AuditEvent.timestamp.between(left.since, left.until)), left.order)

    def _hot_days(self, left: Wanted) -> Iterator[AuditEvent]:
        for day in _days(max(left.since.date(), self._hot_since()), left.until.date(), left.order):
            query = self._events.consistent.of_day(organisation_id=left.organisation_id, timestamp=day)
            begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
            first, last = max(left.since, begin), min(left.until, begin + _DAY)
            yield from _in_order(query.range(AuditEvent.timestamp.between(first, last)), left.order)

    def _archived(self, wanted: Wanted, place: Place | None) -> Iterator[AuditEvent | _Stop]:
        """Objects are read one by one, each when what comes next may be in it."""
        left, newest = wanted.behind(place), wanted.order == "newest"
        buffer: list[AuditEvent] = []
        for read, each in enumerate(self._objects(left)):
            at, buffer = _split(buffer, each, newest=newest)
            yield from at
            if read == OBJECTS_READ_MAX:
                yield _Stop(_before(each, newest=newest))
                return
            found = (event for event in self._archive.read(each.key) if wanted.takes(event))
            buffer = distinct([*buffer, *(event for event in found if wanted.is_behind(event, place))])
        yield from reversed(buffer) if newest else buffer

    def _objects(self, left: Wanted) -> list[ArchivedObject]:
        """Those that may have something of the range, in the order of reading."""
        if left.since > left.until:
            return []
        objects = self._archive.objects(left.organisation_id, left.since.date(), left.until.date())
        found = [each for each in objects if each.last >= left.since and each.first <= left.until]
        if left.order == "newest":
            return sorted(found, key=lambda each: each.last, reverse=True)
        return sorted(found, key=lambda each: each.first)


_DAY = timedelta(days=1) - timedelta(microseconds=1)


def _place_of(each: AuditEvent | _Stop) -> Place:
    return each.place if isinstance(each, _Stop) else order_of(each)


def _before(each: ArchivedObject, *, newest: bool) -> Place:
    """The place that comes right before whatever an object has, in the order of reading."""
    if newest:
        return each.last.isoformat(timespec="microseconds"), LAST_CHARACTER
    return each.first.isoformat(timespec="microseconds"), ""


def _split(
    buffer: list[AuditEvent], following: ArchivedObject, *, newest: bool
) -> tuple[list[AuditEvent], list[AuditEvent]]:
    """What comes before anything that the following object has, in the order of reading; and the rest, by time."""
    place = _before(following, newest=newest)
    if newest:
        return [e for e in reversed(buffer) if order_of(e) > place], [e for e in buffer if order_of(e) < place]
    return [e for e in buffer if order_of(e) < place], [e for e in buffer if order_of(e) > place]


def _days(since: date, until: date, order: Order) -> Iterator[date]:
    for number in range((until - since).days + 1):
        yield (until - timedelta(days=number)) if order == "newest" else (since + timedelta(days=number))


def _in_order(query: Query[AuditEvent, AuditEvent], order: Order) -> Iterator[AuditEvent]:
    for page in (query.newest_first() if order == "newest" else query).pages(HOT_PAGE):
        yield from page.items
