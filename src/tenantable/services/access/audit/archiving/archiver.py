"""
The archiver: takes events that leave the table into the archive, and keeps signed copies of heads.

Two ways lead into the archive. The stream tells what expired and was deleted; it forgets after 24 hours. So the
archiver also goes through the table's days shortly before they expire: an outage of the margin between the two, three
days by default, and then 24 hours loses nothing. What was archived one way is passed over on the other.

A step that is killed anywhere is repeated: objects first, then how far it is, then the place in the stream.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from tenantable.data.database import Database
from tenantable.errors import TenantableError
from tenantable.services.access.audit.archiving.archive import OBJECT_EVENTS_MAX, Archive, Progress
from tenantable.services.access.audit.archiving.heads import HeadKeys, SignedHeads
from tenantable.services.access.audit.archiving.removals import Batch, Removals
from tenantable.services.access.changes.change import HOT_DAYS
from tenantable.services.access.declaration import (
    PLATFORM,
    AuditEvent,
    AuditEvents,
    OrganisationHead,
    OrganisationHeads,
    Organisations,
)

MARGIN_DAYS = 3
LATE_DAYS = 14
"""How long after its expiry an event may still be in the table; Amazon DynamoDB deletes within a few days."""
ROUND_SECONDS = 3600.0
SIGN_SECONDS = 5.0
"""An organisation that goes on changing has its head signed this often, one that begins to change at once."""
ORGANISATIONS_AT_ONCE = 50
LAG_WARNING_SECONDS = 4 * 3600.0
LAG_ALARM_SECONDS = 12 * 3600.0
"""Half of the time after which the stream forgets."""

_log = structlog.get_logger("tenantable.access.audit")


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """
    How long events stay where.

    Args:
        hot_days: In the table, 1 or more.
        margin_days: How long before their expiry events are archived, less than `hot_days`; 0: only when they expire.

    What is archived stays forever; nothing here may delete it.
    """

    hot_days: int = HOT_DAYS
    margin_days: int = MARGIN_DAYS

    def __post_init__(self) -> None:
        if not 0 <= self.margin_days < max(self.hot_days, 1) or self.hot_days < 1:
            raise ValueError("events stay a day or more in the table, and are archived within that time")


class ArchiverMetrics:
    """What the archiver did, and how late it is; one per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lag = Gauge(
            "access_audit_archive_lag_seconds",
            "Age of the oldest record of the table's stream that was not dealt with; it must stay far below 86400.",
            registry=registry,
        )
        self.archived = Counter("access_audit_archived_events_total", "Events archived.", ["way"], registry=registry)
        self.lost = Counter(
            "access_audit_stream_trimmed_total",
            "Times that the stream had forgotten what was not read.",
            registry=registry,
        )
        self.others = Counter(
            "access_audit_deletions_total", "Events deleted by somebody before they expired.", registry=registry
        )
        self.conflicts = Counter(
            "access_audit_head_conflicts_total", "Heads that contradict an earlier signed copy.", registry=registry
        )


class Archiver:
    """
    One worker for all organisations. Should two run at once, events may be archived twice, and are shown once.

    Args:
        database: As the archiver sees the table, with a clock of 0: an event is there until it is deleted.
        clock: Unix seconds.
        wait: Waits so many seconds when there is nothing to do.
    """

    def __init__(
        self,
        *,
        database: Database,
        removals: Removals,
        archive: Archive,
        keys: HeadKeys,
        clock: Callable[[], float],
        metrics: ArchiverMetrics,
        retention: Retention = Retention(),
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._database = database
        self._removals = removals
        self._archive = archive
        self._heads = SignedHeads(archive.bucket)
        self._keys = keys
        self._clock = clock
        self._metrics = metrics
        self._retention = retention
        self._wait = wait
        self._round: Iterator[str] | None = None
        self._round_due = 0.0
        self._trimmed = False
        self._moved: dict[str, OrganisationHead] = {}
        self._signed_at: dict[str, float] = {}

    def step(self, wait_seconds: float = 0.0) -> int:
        """
        Deal with one batch of the stream, heads that moved, and some organisations of the hourly round.

        Returns:
            How many records and organisations it dealt with; after nothing it waited `wait_seconds`.
        """
        done = self._take(self._removals.read()) + self._sign_moved() + self._go_round()
        if done == 0 and wait_seconds > 0:
            self._wait(wait_seconds)
        return done

    def sign(self, organisation_id: str) -> bool:
        """Keep a signed copy of an organisation's head, if it moved since the last one; gives whether it did."""
        progress = self._archive.progress(organisation_id)
        signed = self._sign(organisation_id, progress)
        if signed:
            self._archive.keep_progress(organisation_id, progress)
        return signed

    def sweep(self, organisation_id: str) -> int:
        """Archive what will expire soon and is not archived; gives how many events that were."""
        progress, today = self._archive.progress(organisation_id), self._today()
        last = today - timedelta(days=self._retention.hot_days - self._retention.margin_days + 1)
        day = today - timedelta(days=self._retention.hot_days + LATE_DAYS)
        if progress.swept_through is not None:
            day = max(day, progress.swept_through + timedelta(days=1))
        count = 0
        while day <= last:
            count += self._sweep_day(organisation_id, progress, day)
            progress.swept_through = day
            day += timedelta(days=1)
            if count or day > last:
                self._archive.keep_progress(organisation_id, progress)
        return count

    def _sweep_day(self, organisation_id: str, progress: Progress, day: date) -> int:
        events = self._database.repository(AuditEvents).consistent.of_day(
            organisation_id=organisation_id, timestamp=day
        )
        count, part = 0, []
        for event in events:
            if not progress.has(event.sequence):
                part.append(event)
            if len(part) == OBJECT_EVENTS_MAX:
                count += self._keep(progress, part, way="table")
                part = []
        return count + self._keep(progress, part, way="table")

    def _take(self, batch: Batch) -> int:
        self._tell(batch)
        for head in batch.heads:
            noted = self._moved.get(head.organisation_id)
            if noted is None or noted.sequence < head.sequence:
                self._moved[head.organisation_id] = head
        removed = sorted(batch.removed, key=lambda event: event.organisation_id)
        for organisation_id, events in groupby(removed, key=lambda event: event.organisation_id):
            progress = self._archive.progress(organisation_id)
            self._keep(progress, [event for event in events if not progress.has(event.sequence)], way="stream")
            self._sign(organisation_id, progress)
            self._archive.keep_progress(organisation_id, progress)
        if batch.records:
            self._removals.advance(batch)
        return batch.records

    def _keep(self, progress: Progress, events: Iterable[AuditEvent], *, way: str) -> int:
        kept = list(events)
        if kept:
            self._archive.write(kept)
            progress.add(event.sequence for event in kept)
            self._metrics.archived.labels(way).inc(len(kept))
        return len(kept)

    def _tell(self, batch: Batch) -> None:
        lag_seconds = 0.0 if batch.oldest_at is None else max(0.0, self._clock() - batch.oldest_at)
        self._metrics.lag.set(lag_seconds)
        if lag_seconds >= LAG_ALARM_SECONDS:
            _log.error("the audit archive is late; the stream forgets after 24 hours", lag_seconds=int(lag_seconds))
        elif lag_seconds >= LAG_WARNING_SECONDS:
            _log.warning("the audit archive is late", lag_seconds=int(lag_seconds))
        told, self._trimmed = self._trimmed, batch.trimmed
        if batch.trimmed and not told:  # it stays so until there is a record to go on from
            self._metrics.lost.inc()
            self._round = None
            self._round_due = 0.0  # whatever will expire next is archived at once
            _log.error("the stream has forgotten what was not read; the audit trail should be verified")
        if batch.others_removed or batch.unreadable:
            self._metrics.others.inc(batch.others_removed)
            _log.error(
                "somebody deleted or altered audit events",
                deleted=batch.others_removed,
                unreadable=batch.unreadable,
            )

    def _go_round(self) -> int:
        if self._round is None:
            if self._clock() < self._round_due:
                return 0
            self._round = self._organisations()
        for number in range(ORGANISATIONS_AT_ONCE):
            organisation_id = next(self._round, None)
            if organisation_id is None:
                self._round, self._round_due = None, self._clock() + ROUND_SECONDS
                return number
            self._look_after(organisation_id)
        return ORGANISATIONS_AT_ONCE

    def _look_after(self, organisation_id: str) -> None:
        """One organisation whose items are damaged must not keep the others from the archive."""
        try:
            self.sign(organisation_id)
            self.sweep(organisation_id)
        except TenantableError as error:
            _log.error("an organisation was not archived", organisation_id=organisation_id, cause=str(error))

    def _organisations(self) -> Iterator[str]:
        yield PLATFORM
        organisations = self._database.repository(Organisations)
        for active in (True, False):
            for organisation in organisations.by_name(active=active):
                yield organisation.organisation_id

    def _sign_moved(self) -> int:
        """What the stream tells of a head is signed, whatever has become of the head since."""
        now = self._clock()
        self._signed_at = {each: at for each, at in self._signed_at.items() if now - at < SIGN_SECONDS}
        due = [head for each, head in self._moved.items() if each not in self._signed_at]
        for head in due:
            progress = self._archive.progress(head.organisation_id)
            if head.sequence > progress.signed_sequence:
                self._keep_signed(head, progress)
                self._archive.keep_progress(head.organisation_id, progress)
            self._signed_at[head.organisation_id] = now
            del self._moved[head.organisation_id]
        return len(due)

    def _keep_signed(self, head: OrganisationHead, progress: Progress) -> None:
        self._heads.keep(self._keys.sign(head, self._clock()))
        progress.signed_sequence, progress.signed_digest = head.sequence, head.digest

    def _sign(self, organisation_id: str, progress: Progress) -> bool:
        head = self._database.repository(OrganisationHeads).consistent.get(organisation_id=organisation_id)
        place = (0, "") if head is None else (head.sequence, head.digest)
        if place == (progress.signed_sequence, progress.signed_digest):
            return False
        if head is None or head.sequence <= progress.signed_sequence:
            self._metrics.conflicts.inc()
            _log.error("a head of an audit trail was moved back", organisation_id=organisation_id)
            return False
        self._keep_signed(head, progress)
        return True

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock(), UTC).date()
