"""
Erasing personal details from the trail: the chain holds without them, and the trail says that they were erased.

The event of an erasure names the numbers of those that lost details. So a verification tells an erased detail from one
that somebody removed. A bucket with versions keeps what an object was before it was rewritten; erasing deletes it too.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tenantable.data.database import Database
from tenantable.errors import ItemNotFound
from tenantable.services.access.audit.archiving.archive import Archive
from tenantable.services.access.audit.findings import ranges_text
from tenantable.services.access.audit.walk import ERASE, ERASED_EVENTS, erased_numbers
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.declaration import AuditEvent, AuditEvents, AuditType
from tenantable.services.access.identity.callers import ID_PATTERN

PERSONAL = frozenset({"email", "name", "ownerEmail", "address", "ip"})
"""Details that are about whom the event was done to."""
ABOUT_USERS = ("member.", "team-member.", "token.", "user.")
"""How actions begin whose target is a user: ids of other things may be the same."""
ERASURE_TYPE: AuditType = "CONFIGURATION"
EVENTS_AT_ONCE = 50
ROUNDS_MAX = 3
"""An event may expire while it is erased; then it is looked for in the archive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """
    Whose details are to be erased: those named for the user, and every one that is one of these values, or has one
    within it that is not a single word. Values are in lower case.
    """

    user_id: str
    values: frozenset[str]

    def kept(self, event: AuditEvent) -> dict[str, str]:
        """The details of an event that are not the person's. What an erasure says of itself never is."""
        if event.action == ERASE:
            return event.details
        return {name: value for name, value in event.details.items() if not self._is_personal(event, name, value)}

    def _is_personal(self, event: AuditEvent, name: str, value: str) -> bool:
        if name in PERSONAL and event.target == self.user_id and event.action.startswith(ABOUT_USERS):
            return True
        return self.is_named_in(value)

    def is_named_in(self, text: str) -> bool:
        """Whether it is one of the values or has one within it. A single word must be all of it: it might be an id."""
        folded = text.casefold()
        return folded in self.values or any(value in folded and _stands_in(folded, value) for value in self.values)


def _stands_in(text: str, value: str) -> bool:
    if re.fullmatch(ID_PATTERN, value):
        return False
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


class Eraser:
    """
    Args:
        changes: Of the eraser, on a database with a clock of 0: an event is there until it is deleted.
        hot_since: The first day of which there may be events in the table.
        clock: Unix seconds.
    """

    def __init__(
        self,
        changes: Changes,
        archive: Archive,
        *,
        hot_since: Callable[[], date],
        clock: Callable[[], float],
    ) -> None:
        self._changes = changes
        self._database: Database = changes.database
        self._archive = archive
        self._hot_since = hot_since
        self._clock = clock

    def erase(self, actor: Actor, organisation_id: str, person: Person) -> int:
        """
        Erase a person's details from an organisation's events, in the table and in the archive.

        Returns:
            How many events lost details. Asked again, none do; what a crash left undone is done then.
        Raises:
            CloudError: A former version of an object could not be deleted, or the archive cannot be reached.
            Answered, IdempotencyKeyReused: As `Changes.once`.
        """
        return self._changes.once(
            organisation_id, actor, lambda each: Changed(result=self._erase(each, organisation_id, person), version=0)
        ).result

    def _erase(self, actor: Actor, organisation_id: str, person: Person) -> int:
        count = 0
        for round_number in range(1, ROUNDS_MAX + 1):
            try:
                count += self._erase_hot(actor, organisation_id, person)
                break
            except ItemNotFound:
                if round_number == ROUNDS_MAX:
                    raise
        return count + self._erase_archived(actor, organisation_id, person)

    def _erase_hot(self, actor: Actor, organisation_id: str, person: Person) -> int:
        count = 0
        for part in _parts(event for event in self._hot(organisation_id) if _loses(event, person)):

            def build(change: Change, part: Sequence[AuditEvent] = part) -> None:
                _record(change, person, part)
                for event in part:
                    kept = _without(event, person)
                    key = AuditEvents.get.key(
                        organisation_id=organisation_id, timestamp=event.timestamp, event_id=event.event_id
                    )
                    details = AuditEvent.details.set(kept.details)
                    change.update(AuditEvents, key, details, AuditEvent.details_salts.set(kept.details_salts))

            self._changes.run(organisation_id, actor, build)
            count += len(part)
        return count

    def _erase_archived(self, actor: Actor, organisation_id: str, person: Person) -> int:
        count = 0
        settings = self._database.repository(AuditEvents).of_type(
            organisation_id=organisation_id, event_type=ERASURE_TYPE
        )
        said = _said(settings, person)
        # From the newest on, so that an archived erasure comes before the objects that it is about.
        for key in sorted(self._archive.keys(organisation_id), reverse=True):
            events = self._archive.read(key)
            said |= _said(events, person)
            losing = [event for event in events if _loses(event, person)]
            if losing:

                def build(change: Change, losing: Sequence[AuditEvent] = losing) -> None:
                    _record(change, person, losing)

                # Said before it is done: were it the other way round, a crash would leave what looks like tampering.
                self._changes.run(organisation_id, actor, build)
                self._archive.rewrite(key, [_without(event, person) for event in events])
                count += len(losing)
            if losing or any(event.sequence in said for event in events):
                self._archive.forget_former(key)
        return count

    def _hot(self, organisation_id: str) -> Iterator[AuditEvent]:
        events = self._database.repository(AuditEvents).consistent
        day, until = self._hot_since(), datetime.fromtimestamp(self._clock(), UTC).date() + timedelta(days=1)
        while day <= until:
            yield from events.of_day(organisation_id=organisation_id, timestamp=day)
            day += timedelta(days=1)


def _loses(event: AuditEvent, person: Person) -> bool:
    return len(person.kept(event)) < len(event.details)


def _without(event: AuditEvent, person: Person) -> AuditEvent:
    kept = person.kept(event)
    salts = {name: salt for name, salt in event.details_salts.items() if name in kept}
    return event.model_copy(update={"details": kept, "details_salts": salts})


def _record(change: Change, person: Person, events: Iterable[AuditEvent]) -> None:
    numbers = ranges_text(event.sequence for event in events)
    change.record(ERASURE_TYPE, ERASE, target=person.user_id, details={ERASED_EVENTS: numbers})


def _said(events: Iterable[AuditEvent], person: Person) -> set[int]:
    """The numbers of the events that lost details of this person, as the trail says."""
    erasures = (event for event in events if event.action == ERASE and event.target == person.user_id)
    return set[int]().union(*map(erased_numbers, erasures))


def _parts(events: Iterable[AuditEvent]) -> Iterator[list[AuditEvent]]:
    part: list[AuditEvent] = []
    for event in events:
        part.append(event)
        if len(part) == EVENTS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part
