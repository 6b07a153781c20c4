"""
Verifying an organisation's trail: everything in the table and in the archive, in the order of its numbers, against the
key of the chain, the head, and the signed copies of heads.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import get_args

from tenantable.data.database import Database
from tenantable.errors import CorruptItem
from tenantable.services.access.audit.archiving.archive import SUFFIX, Archive, ArchiveDamaged, day_of, object_of
from tenantable.services.access.audit.archiving.heads import HeadKeys, SignedHead, SignedHeads
from tenantable.services.access.audit.findings import Finding, Findings, Verification
from tenantable.services.access.audit.walk import Copy, Walk
from tenantable.services.access.declaration import (
    AuditEvent,
    AuditEvents,
    AuditType,
    OrganisationHead,
    OrganisationHeads,
)

PROGRESS_EVENTS = 5000
PAGE_EVENTS = 100
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)

Progress = Callable[[int, int], None]
"""Is told from time to time how many events were looked at, and about how many there are."""


def _silent(_done: int, _all: int) -> None:
    return


class Verifier:
    """
    Args:
        database: As the audit service sees the table, with a clock of 0: an event is there until it is deleted.
        chain_keys: The oldest first, the present one last.
        hot_since: The first day of which there may be events in the table.
        clock: Unix seconds.
    """

    def __init__(
        self,
        database: Database,
        archive: Archive,
        *,
        chain_keys: Sequence[bytes],
        keys: HeadKeys,
        hot_since: Callable[[], date],
        clock: Callable[[], float],
    ) -> None:
        self._events = database.repository(AuditEvents)
        self._heads = database.repository(OrganisationHeads)
        self._archive = archive
        self._signed = SignedHeads(archive.bucket)
        self._chain_keys = chain_keys
        self._keys = keys
        self._hot_since = hot_since
        self._clock = clock

    def verify(self, organisation_id: str, progress: Progress = _silent) -> Verification:
        """
        Look at everything. Changes may go on meanwhile.

        Raises:
            CloudError: The archive cannot be reached.
        """
        findings = Findings()
        signed = self._believed(organisation_id, findings)
        head = self._head(organisation_id)
        told, copied = 0 if head is None else head.sequence, 0 if signed is None else signed.sequence
        walk = Walk(
            keys=self._chain_keys, watched=frozenset({told, copied}), required=max(told, copied), findings=findings
        )
        for sequence, copies in self._in_sequence(organisation_id, findings):
            if sequence > walk.required and sequence > self._told(organisation_id):
                walk.beyond(sequence, copies)
            else:
                walk.take(sequence, copies)
            if walk.seen % PROGRESS_EVENTS == 0:
                progress(walk.seen, told)
        walk.finish()
        self._compare_heads(walk, head, signed, self._head(organisation_id))
        progress(walk.seen, walk.seen)
        return Verification(
            organisation_id=organisation_id,
            events=walk.seen,
            archived=walk.archived,
            erased=len(walk.incomplete.keys() & walk.erased),
            sequence=told,
            signed_sequence=None if signed is None else signed.sequence,
            signed_at=None if signed is None else signed.signed_at,
            findings=findings.ordered(),
            findings_count=findings.count,
        )

    def _head(self, organisation_id: str) -> OrganisationHead | None:
        return self._heads.consistent.get(organisation_id=organisation_id)

    def _told(self, organisation_id: str) -> int:
        head = self._head(organisation_id)
        return 0 if head is None else head.sequence

    def _believed(self, organisation_id: str, findings: Findings) -> SignedHead | None:
        """The newest copy with a good signature; it covers all that was before it."""
        found: SignedHead | None = None
        for key, head in self._signed.last(organisation_id):
            if head is None or head.organisation_id != organisation_id or not self._keys.believes(head):
                findings.add(Finding(kind="signature", text="a copy of a head is not what was signed", place=key))
            else:
                found = head
                break
        kept = self._archive.progress(organisation_id).signed_sequence
        if kept > (0 if found is None else found.sequence):
            text = "the last copy of the head is gone"
            findings.add(Finding(kind="signature", text=text, sequence=kept))
        return found

    def _compare_heads(
        self, walk: Walk, head: OrganisationHead | None, signed: SignedHead | None, later: OrganisationHead | None
    ) -> None:
        findings, last = walk.findings, walk.expected - 1
        told = 0 if head is None else head.sequence
        copied = 0 if signed is None else signed.sequence
        now = 0 if later is None else later.sequence
        whole = max(told, copied)
        if last < whole and walk.seen:
            text = "the last events are missing"
            findings.add(Finding(kind="tail-cut", text=text, sequence=last + 1, last_sequence=whole))
        elif last < whole:
            findings.add(Finding(kind="deleted", text="there is no event", sequence=1, last_sequence=whole))
        if now < max(copied, last):
            text = f"the head says {now}, although there were {max(copied, last)} events"
            findings.add(Finding(kind="head-moved-back", text=text, sequence=now))
        if head is not None and walk.digests.get(told, head.digest) != head.digest:
            findings.add(Finding(kind="head-altered", text="the head is of another event", sequence=told))
        if signed is not None and walk.digests.get(copied, signed.digest) != signed.digest:
            text = "the chain is another one than when its head was signed"
            findings.add(Finding(kind="rewritten", text=text, sequence=copied))

    def _in_sequence(self, organisation_id: str, findings: Findings) -> Iterator[tuple[int, list[Copy]]]:
        """
        All copies by number. Clocks of several processes differ, so a number may come a day later than a greater one;
        what is missing then is waited for until the end of the day after.
        """
        pending: dict[int, list[Copy]] = defaultdict(list)
        following = 1
        for day, copies in self._by_day(organisation_id, findings):
            for copy in copies:
                pending[copy.event.sequence].append(copy)
            for sequence in sorted(pending):
                if sequence > following and not _is_due(pending[sequence], day):
                    break
                yield sequence, pending.pop(sequence)
                following = max(following, sequence + 1)
        for sequence in sorted(pending):
            yield sequence, pending[sequence]

    def _by_day(self, organisation_id: str, findings: Findings) -> Iterator[tuple[date, list[Copy]]]:
        objects: dict[date, list[str]] = defaultdict(list)
        for key in self._archive.keys(organisation_id):
            try:
                objects[object_of(key).first.date()].append(key)
            except ArchiveDamaged as error:
                findings.add(Finding(kind="unreadable", text=str(error), place=key))
        since = self._hot_since()
        until = datetime.fromtimestamp(self._clock(), UTC).date() + timedelta(days=1)
        strays = defaultdict(list)
        for event in self._elsewhere(organisation_id, since, until):
            strays[day_of(event)].append(Copy(event=event, place="table", stray=True))
        hot_days = {since + timedelta(days=number) for number in range((until - since).days + 1)}
        for day in sorted({*objects, *hot_days, *strays}):
            copies = list(strays.get(day, ()))
            # The table first: what leaves it meanwhile is in the archive already.
            if day in hot_days:
                copies += self._hot(organisation_id, day, findings)
            keys = self._keys_again(organisation_id, day, objects)
            copies += self._archived(keys, organisation_id, findings)
            _refuse_misplaced(copies, day, findings)
            yield day, copies

    def _keys_again(self, organisation_id: str, day: date, objects: dict[date, list[str]]) -> list[str]:
        """Objects of a day; listed anew where the table may have lost events to them meanwhile."""
        if day < self._hot_since():
            return objects.get(day, [])
        return [key for key in self._archive.keys(organisation_id, day, day) if key.endswith(SUFFIX)]

    def _archived(self, keys: Sequence[str], organisation_id: str, findings: Findings) -> list[Copy]:
        copies = []
        for key in keys:
            try:
                events = self._archive.read(key)
            except ArchiveDamaged as error:
                findings.add(Finding(kind="unreadable", text=str(error), place=key))
                continue
            for event in events:
                if event.organisation_id == organisation_id:
                    copies.append(Copy(event=event, place=key))
                else:
                    text = "an event of another organisation"
                    findings.add(Finding(kind="inserted", text=text, event_id=event.event_id, place=key))
        return copies

    def _hot(self, organisation_id: str, day: date, findings: Findings) -> list[Copy]:
        query = self._events.consistent.of_day(organisation_id=organisation_id, timestamp=day)
        try:
            return [
                Copy(event=event, place="table", misplaced=misplaced)
                # Without a filter, and little of it in memory at a time: a trail may have millions.
                for page in query.including_deleted().comparing().pages(PAGE_EVENTS)
                for event, misplaced in page
            ]
        except CorruptItem:
            return list(self._one_by_one(organisation_id, day, findings))

    def _one_by_one(self, organisation_id: str, day: date, findings: Findings) -> Iterator[Copy]:
        """A day with an item that is no event: every other one, and that one named."""
        query = self._events.consistent.of_day(organisation_id=organisation_id, timestamp=day)
        for timestamp, event_id in query.only(AuditEvent.timestamp, AuditEvent.event_id):
            try:
                event = self._events.consistent.get(
                    organisation_id=organisation_id, timestamp=timestamp, event_id=event_id
                )
            except CorruptItem:
                text = f"the item of {timestamp.isoformat()} is no audit event"
                findings.add(Finding(kind="unreadable", text=text, event_id=event_id, place="table"))
                continue
            if event is not None:
                yield Copy(event=event, place="table")

    def _elsewhere(self, organisation_id: str, since: date, until: date) -> Iterator[AuditEvent]:
        """Events on days on which the table can have none: somebody put them there."""
        begin = datetime(since.year, since.month, since.day, tzinfo=UTC) - timedelta(microseconds=1)
        end = datetime(until.year, until.month, until.day, tzinfo=UTC) + timedelta(days=1)
        for event_type in get_args(AuditType):
            query = self._events.of_type(organisation_id=organisation_id, event_type=event_type)
            for first, last in ((_FIRST, begin), (end, _LAST)):
                yield from query.range(AuditEvent.timestamp.between(first, last))


def _refuse_misplaced(copies: Sequence[Copy], day: date, findings: Findings) -> None:
    """An event that stands on another day is whole, but whoever asks for its day does not see it."""
    for copy in copies:
        if day_of(copy.event) != day:
            text = f"the event of {copy.event.timestamp.isoformat()} stands on {day.isoformat()}"
            event = copy.event
            findings.add(
                Finding(kind="reordered", text=text, sequence=event.sequence, event_id=event.event_id, place=copy.place)
            )


def _is_due(copies: Sequence[Copy], day: date) -> bool:
    """Whether events may be taken although one before them did not come: it is late by a day."""
    return all(not copy.stray and day_of(copy.event) < day for copy in copies)
