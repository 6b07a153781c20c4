"""Walking along a chain of audit events, each against the one before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenantable.services.access.audit.findings import Finding, FindingKind, Findings, numbers_in
from tenantable.services.access.changes.chain import detail_digests, digest_of, key_id_of
from tenantable.services.access.declaration import AuditEvent, table

ERASE = "audit.erase"
ERASED_EVENTS = "events"
"""The detail of an erasure that has the numbers of the events."""
SUSPECTS_MAX = 40
"""Events out of place among which displaced ones are looked for; with more, all count as edited."""


def erased_numbers(erasure: AuditEvent) -> set[int]:
    """The numbers of the events that lost details, as their erasure says."""
    try:
        return numbers_in(erasure.details.get(ERASED_EVENTS, ""))
    except ValueError:  # somebody altered it, which the digest of the detail tells too
        return set()


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """
    An event as one place has it: `table`, or the key of an object. A stray is of a day of which the table should have
    nothing. `misplaced` are the key attributes of the item that are not what the event says.
    """

    event: AuditEvent
    place: str
    stray: bool = False
    misplaced: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Suspect:
    copy: Copy
    before: str


@dataclass(kw_only=True)
class Walk:
    """
    Takes events in the order of their numbers, and notes what does not fit.

    Args:
        keys: Of the chain, the oldest first: once a newer one is used, no older one may be.
        watched: Numbers whose digests are noted in `digests`.
        required: Up to this number none may be missing; those behind were written meanwhile.
    """

    keys: Sequence[bytes]
    watched: frozenset[int]
    required: int
    findings: Findings
    expected: int = 1
    before: str | None = ""
    seen: int = 0
    archived: int = 0
    digests: dict[int, str] = field(default_factory=dict)
    incomplete: dict[int, Copy] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    _suspects: list[_Suspect] = field(default_factory=list)
    _newest_key: int = 0

    def __post_init__(self) -> None:
        self._by_id: Mapping[str, int] = {key_id_of(key): number for number, key in enumerate(self.keys)}

    def take(self, sequence: int, copies: Sequence[Copy]) -> None:
        """Everything that has this number; numbers come in order, but some may be missing."""
        if sequence < self.expected:
            for copy in copies:
                self._note("inserted", copy, "its number is that of another event")
            return
        if sequence > self.expected:
            self._miss(self.expected, sequence - 1)
            self.before = None
        self.seen += 1
        self.archived += all(copy.place != "table" for copy in copies)
        fitting = [copy for copy in copies if self._fits(copy.event)]
        chosen = (fitting or copies)[0]
        for copy in copies:
            self._judge(copy, chosen, fits=copy in fitting)
        self._move_on(chosen.event, trusted=bool(fitting))

    def beyond(self, sequence: int, copies: Sequence[Copy]) -> None:
        """As `take`, for a number that no head knows: such events are ours only if they continue the chain."""
        if sequence == self.expected and any(self._fits(copy.event) for copy in copies):
            self.take(sequence, copies)
            return
        for copy in copies:
            self._note("inserted", copy, "there were never so many events")

    def _miss(self, first: int, last: int) -> None:
        if first > self.required:
            return
        count = last - first + 1
        text = f"{count} event(s) are missing; the one behind them cannot be compared"
        self.findings.add(Finding(kind="gap", text=text, sequence=first, last_sequence=last))

    def finish(self) -> None:
        """Judge what could not be judged before all was seen."""
        for suspect in self._suspects:
            self._judge_suspect(suspect)
        for sequence, copy in self.incomplete.items():
            if sequence not in self.erased:
                self._note("edited", copy, "details are missing, and no erasure says so")

    def _fits(self, event: AuditEvent) -> bool:
        number = self._by_id.get(event.key_id)
        if number is None or number < self._newest_key:
            return False
        if self.before is None:  # what it must follow is missing
            return True
        return event.digest == digest_of(event, before=self.before, key=self.keys[number])

    def _judge(self, copy: Copy, chosen: Copy, *, fits: bool) -> None:
        if not fits:
            if self._by_id.get(copy.event.key_id, self._newest_key) < self._newest_key:
                self._note("edited", copy, "its digest has a key that had been replaced")
                return
            other_place = copy.event.event_id == chosen.event.event_id and copy.place != chosen.place
            if copy is chosen or other_place:
                self._suspects.append(_Suspect(copy=copy, before=self.before or ""))
            else:
                self._note("inserted", copy, "its number is that of another event")
            return
        if copy.event.event_id != chosen.event.event_id:
            self._note("inserted", copy, "its number is that of another event")
        self._check_details(copy)
        hidden = [name for name in copy.misplaced if name != table.partition.name]  # of which the day tells
        if hidden:
            self._note("unlisted", copy, f"listings miss it, for other keys were written: {', '.join(hidden)}")

    def _check_details(self, copy: Copy) -> None:
        event = copy.event
        found = detail_digests(event.details, event.details_salts)
        if any(name not in found or event.details_digests.get(name) != found[name] for name in event.details):
            self._note("edited", copy, "a detail is not what was written")
        elif event.details_digests.keys() - event.details.keys():
            self.incomplete[event.sequence] = copy

    def _move_on(self, event: AuditEvent, *, trusted: bool) -> None:
        self.expected, self.before = event.sequence + 1, event.digest
        if event.sequence in self.watched:
            self.digests[event.sequence] = event.digest
        if trusted:
            self._newest_key = max(self._newest_key, self._by_id[event.key_id])
        if trusted and event.action == ERASE:
            self.erased |= erased_numbers(event)

    def _judge_suspect(self, suspect: _Suspect) -> None:
        event = suspect.copy.event
        if event.key_id not in self._by_id and not self._is_renamed(suspect):
            text = f"its digest has the key {event.key_id!r}, which is not known here, so nobody can tell"
            self._note("unknown-key", suspect.copy, text)
            return
        if len(self._suspects) > SUSPECTS_MAX or event.key_id not in self._by_id:
            self._note("edited", suspect.copy, "it is not what was written")
            return
        was = self._placed(event)
        if was is None:
            self._note("edited", suspect.copy, "it is not what was written, or not the digest of the one before it")
        elif was != event.sequence:
            self._note("reordered", suspect.copy, f"it was written as number {was}")

    def _is_renamed(self, suspect: _Suspect) -> bool:
        """Whether the event is what was written with a key that is known, and only says another one."""
        event = suspect.copy.event
        return any(
            digest_of(event.model_copy(update={"key_id": name}), before=suspect.before, key=self.keys[number])
            == event.digest
            for name, number in self._by_id.items()
        )

    def _placed(self, event: AuditEvent) -> int | None:
        """The number under which the event is what was written: its own when only those before it were moved."""
        key = self.keys[self._by_id[event.key_id]]
        digests = {each.before for each in self._suspects} | {each.copy.event.digest for each in self._suspects}
        numbers = dict.fromkeys([event.sequence, *(each.copy.event.sequence for each in self._suspects)])
        for number in numbers:
            placed = event.model_copy(update={"sequence": number})
            if any(digest_of(placed, before=before, key=key) == event.digest for before in digests):
                return number
        return None

    def _note(self, kind: FindingKind, copy: Copy, text: str) -> None:
        event = copy.event
        self.findings.add(
            Finding(
                kind=kind,
                text=f"event {event.sequence} of {event.timestamp.isoformat()}: {text}",
                sequence=event.sequence,
                event_id=event.event_id,
                place=copy.place,
            )
        )
