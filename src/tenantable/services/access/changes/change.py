"""One change while it is put together: what is to be written, and what of the head moves with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tenantable.data.database import Database
from tenantable.data.repositories import Repository
from tenantable.data.transactions import Transaction
from tenantable.declare.keys.layouts import Key
from tenantable.declare.references import Change as AttributeChange
from tenantable.declare.references import Condition, EntityT
from tenantable.services.access.changes.chain import detail_digests
from tenantable.services.access.declaration import AuditEvent, AuditType, KeptAnswer, KeptAnswers, OrganisationHead
from tenantable.services.access.errors import LastOwner, SeatsTaken

HOT_DAYS = 30
"""How long an audit event stays in the table, unless told otherwise."""
ANSWERS_KEPT = timedelta(hours=48)
"""How long an answer to a request with an Idempotency-Key is kept; promised are 24 hours."""
EVENTS_MAX = 20
"""Audit events of one change; with the writes they must fit a transaction's 100 items."""
_SEQUENCE_DIGITS = 10

Write = Callable[[Transaction], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeatable:
    """
    A request with an Idempotency-Key: its answer is kept with the change. See `KeptAnswer` for the digests.

    `render` makes the answer's body, without secrets, of what the change came to, and `headers` its headers.
    """

    key_digest: str
    request_digest: str
    status: int
    render: Callable[[Any], str]
    headers: Callable[[Any], Mapping[str, str]] = lambda _result: {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """
    Who changes something: a user's id, a service key's as `key:ID`, or `platform`; and what the request was.

    `repeatable` is None for a request without an Idempotency-Key.
    """

    id: str
    request_id: str = ""
    repeatable: Repeatable | None = None


class Answered(Exception):
    """The request was carried out before; this is what was answered."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__("answered before")
        self.answer = answer


@dataclass(kw_only=True, slots=True)
class Change:
    """
    A change of one organisation. Reads see what was acknowledged before; nothing is written before the end.

    `head` is the head that the change starts from. Whoever builds a change must do so from what it reads through
    `database` now, because the change is built anew when another one comes first. `is_last` is False where further
    changes are to follow before the request is answered.
    """

    organisation_id: str
    actor: Actor
    head: OrganisationHead
    database: Database
    now: datetime
    new_id: Callable[[], str]
    hot_days: int = HOT_DAYS
    owners: int = 0
    seats: int = 0
    seat_limit: int | None = None
    is_last: bool = True
    writes: list[Write] = field(default_factory=list)
    events: list[AuditEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seat_limit = self.head.seat_limit

    @property
    def version(self) -> int:
        """What the organisation has with this change."""
        return self.head.revision + 1

    def create(self, repository: type[Repository[EntityT]], entity: EntityT) -> None:
        """Write an entity that must not exist yet."""
        found = self.database.repository(repository)
        self.writes.append(lambda transaction: transaction.create(found, entity))

    def update(
        self,
        repository: type[Repository[EntityT]],
        target: EntityT | Key[EntityT],
        *changes: AttributeChange[EntityT],
        when: Condition[EntityT] | None = None,
    ) -> None:
        """Change an entity that exists; given as it was read, nobody may have changed it since."""
        found = self.database.repository(repository)
        self.writes.append(lambda transaction: transaction.update(found, target, *changes, when=when))

    def put(self, repository: type[Repository[EntityT]], entity: EntityT) -> None:
        """Write an entity, whether it exists or not."""
        found = self.database.repository(repository)
        self.writes.append(lambda transaction: transaction.put(found, entity))

    def delete(
        self,
        repository: type[Repository[EntityT]],
        target: EntityT | Key[EntityT],
        *,
        when: Condition[EntityT] | None = None,
    ) -> None:
        """Delete an entity."""
        found = self.database.repository(repository)
        self.writes.append(lambda transaction: transaction.delete(found, target, when=when))

    def check(
        self,
        repository: type[Repository[EntityT]],
        target: EntityT | Key[EntityT],
        *,
        when: Condition[EntityT] | None = None,
    ) -> None:
        """Demand that an entity exists, and that `when` holds."""
        found = self.database.repository(repository)
        self.writes.append(lambda transaction: transaction.check(found, target, when=when))

    def count_owners(self, number: int) -> None:
        """
        There are so many more owners (fewer, when negative): active members who are owners without an end.

        Raises:
            LastOwner: None would be left.
        """
        self.owners += number
        if self.owners < 0 and self.head.owners + self.owners < 1:
            raise LastOwner(hint="make somebody else an owner first")

    def take_seats(self, number: int) -> None:
        """
        So many more seats are taken (fewer, when negative).

        Raises:
            SeatsTaken: There are not so many.
        """
        self.seats += number
        limit = self.seat_limit
        if number > 0 and limit is not None and self.head.seats_taken + self.seats > limit:
            raise SeatsTaken(f"All {limit} seats are taken, by members and open invitations")

    def record(
        self,
        event_type: AuditType,
        action: str,
        *,
        target: str | None = None,
        outcome: str = "done",
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Say in the audit trail what is done: `role.assign`, to whom or what, and no secret. Details can be erased."""
        said = dict(details or {})
        salts = {name: self.new_id() for name in said}
        event = AuditEvent(
            organisation_id=self.organisation_id,
            event_id=self._next_event_id(),
            event_type=event_type,
            user_id=self.actor.id,
            timestamp=self.now,
            action=action,
            target=target,
            outcome=outcome,
            details=said,
            details_salts=salts,
            details_digests=detail_digests(said, salts),
            ttl=self.now + timedelta(days=self.hot_days),
        )
        self.events.append(event)

    def _next_event_id(self) -> str:
        """Starts with the place in the chain, so that events of the same moment are listed in their order."""
        return f"{self.head.sequence + len(self.events) + 1:0{_SEQUENCE_DIGITS}}{self.new_id()}"

    def keep_answer(self, repeatable: Repeatable, result: Any) -> None:
        """Keep what the request is answered with; a second one that comes at once fails, and then finds it."""
        kept = kept_answer(repeatable, result, organisation_id=self.organisation_id, version=self.version, now=self.now)
        self.create(KeptAnswers, kept)


def kept_answer(
    repeatable: Repeatable, result: Any, *, organisation_id: str, version: int, now: datetime
) -> KeptAnswer:
    """What is kept of the answer to a request that may come again."""
    return KeptAnswer(
        key_digest=repeatable.key_digest,
        request_digest=repeatable.request_digest,
        status=repeatable.status,
        body=repeatable.render(result),
        headers=dict(repeatable.headers(result)),
        organisation_id=organisation_id,
        version=version,
        ttl=now + ANSWERS_KEPT,
    )
