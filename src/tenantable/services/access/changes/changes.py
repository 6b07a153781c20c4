"""Carrying changes out: the head of the organisation moves with each, so that no two ever rest on the same state."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Generic, TypeVar

from tenantable.data.database import Database
from tenantable.errors import ConditionFailed, ItemNotFound, Unavailable
from tenantable.services.access.changes.chain import chained
from tenantable.services.access.changes.change import EVENTS_MAX, HOT_DAYS, Actor, Answered, Change, kept_answer
from tenantable.services.access.declaration import AuditEvents, KeptAnswers, OrganisationHead, OrganisationHeads
from tenantable.services.access.errors import Busy, no_such_organisation
from tenantable.web.idempotency import check_same_request

ATTEMPTS_MAX = 200
"""Of one change, while others change the same organisation: each time at least one of them gets through."""
_PAUSE_SECONDS_MAX = 0.05

ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)
Build = Callable[[Change], ResultT]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed(Generic[ResultT_co]):
    """What a change came to, and the version of the organisation that decisions can be asked for to see it."""

    result: ResultT_co
    version: int


class Changes:
    """
    The way in which one component changes organisations.

    Args:
        database: The table as this component may see it.
        chain_key: Keys the digests of the audit trail; the same in every process.
        clock: Seconds since 1970.
        new_id: A new id at each call; unique, and sortable by time where lists should be.
        random: Makes waiting times differ.
        hot_days: How long the table keeps the audit events.
        sleep: Waits between attempts.
    """

    def __init__(
        self,
        database: Database,
        *,
        chain_key: bytes,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        random: Random,
        hot_days: int = HOT_DAYS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.database = database
        self._chain_key = chain_key
        self._clock = clock
        self._new_id = new_id
        self._random = random
        self._hot_days = hot_days
        self._sleep = sleep

    def run(self, organisation_id: str, actor: Actor, build: Build[ResultT]) -> Changed[ResultT]:
        """
        Build a change and carry it out, again from the start as long as others come first.

        Args:
            build: Puts the change together from what it reads, and gives the result. It may raise whatever refuses the
                change; then nothing is written. It may be called several times.
        Raises:
            NotFound: There is no such organisation.
            Answered: The request was carried out before.
            IdempotencyKeyReused: Another request was, with its Idempotency-Key.
            Busy: Others came first, every time.
            ConditionFailed, ItemNotFound: A write failed although nobody changed the organisation meanwhile.
        """
        head = self._head(organisation_id)
        for attempt in range(ATTEMPTS_MAX):
            change = self._change(organisation_id, actor, head)
            self.refuse_answered(actor)
            try:
                return self._built(change, build)
            except (ConditionFailed, ItemNotFound, Unavailable):
                before, head = head, self._head(organisation_id)
                if head.revision == before.revision:
                    raise
            self._sleep(self._random.uniform(0, min(_PAUSE_SECONDS_MAX, 0.001 * 2**attempt)))
        raise Busy

    def found(self, organisation_id: str, actor: Actor, build: Build[ResultT]) -> Changed[ResultT]:
        """
        As `run`, for an organisation that there is not yet: its head is created with the change.

        Raises:
            ConditionFailed: There is one.
        """
        change = self._change(organisation_id, actor, OrganisationHead(organisation_id=organisation_id))
        self.refuse_answered(actor)
        return self._built(change, build)

    def _built(self, change: Change, build: Build[ResultT]) -> Changed[ResultT]:
        result = build(change)
        if change.actor.repeatable is not None and change.is_last:
            change.keep_answer(change.actor.repeatable, result)
        return Changed(result=result, version=self._carry_out(change))

    def refuse_answered(self, actor: Actor) -> None:
        """
        For requests that are to be answered again although what they ask for is done.

        Raises:
            Answered: The request was carried out before.
            IdempotencyKeyReused: Another request was, with its Idempotency-Key.
        """
        if actor.repeatable is None:
            return
        kept = self.database.repository(KeptAnswers).consistent.get(key_digest=actor.repeatable.key_digest)
        if kept is not None:
            check_same_request(kept.request_digest, actor.repeatable.request_digest)
            raise Answered(kept)

    def once(
        self,
        organisation_id: str,
        actor: Actor,
        carry_out: Callable[[Actor], Changed[ResultT]],
        *,
        is_done: Callable[[ResultT], bool] = lambda _result: True,
    ) -> Changed[ResultT]:
        """
        Carry out what takes several changes, and goes on where it was left when the same request comes again.

        So its answer is kept when all is done, and not with one of the changes.

        Args:
            carry_out: Makes the changes, as the actor that it is given.
            is_done: Whether nothing is left; else the answer is not kept, and the same request goes on.
        Raises:
            Answered, IdempotencyKeyReused: As `run`; before any change.
        """
        self.refuse_answered(actor)
        changed = carry_out(replace(actor, repeatable=None))
        if actor.repeatable is not None and is_done(changed.result):
            now = datetime.fromtimestamp(self._clock(), UTC)
            kept = kept_answer(
                actor.repeatable, changed.result, organisation_id=organisation_id, version=changed.version, now=now
            )
            with suppress(ConditionFailed), self.database.transaction() as transaction:  # two at once did the same
                transaction.create(self.database.repository(KeptAnswers), kept)
        return changed

    def _change(self, organisation_id: str, actor: Actor, head: OrganisationHead) -> Change:
        return Change(
            organisation_id=organisation_id,
            actor=actor,
            head=head,
            database=self.database,
            now=datetime.fromtimestamp(self._clock(), UTC),
            new_id=self._new_id,
            hot_days=self._hot_days,
        )

    def _head(self, organisation_id: str) -> OrganisationHead:
        head = self.database.repository(OrganisationHeads).consistent.get(organisation_id=organisation_id)
        if head is None:
            raise no_such_organisation(organisation_id)
        return head

    def _carry_out(self, change: Change) -> int:
        assert 0 < len(change.events) <= EVENTS_MAX, "every change says what it is"
        head = change.head
        sequence, digest = head.sequence, head.digest
        heads = self.database.repository(OrganisationHeads)
        events = self.database.repository(AuditEvents)
        with self.database.transaction() as transaction:
            for event in change.events:
                placed = chained(event, sequence=sequence + 1, before=digest, key=self._chain_key)
                sequence, digest = placed.sequence, placed.digest
                transaction.create(events, placed)
            if head.revision == 0:
                first = head.model_copy(
                    update={
                        "owners": change.owners,
                        "seats_taken": change.seats,
                        "seat_limit": change.seat_limit,
                        "sequence": sequence,
                        "digest": digest,
                    }
                )
                transaction.create(heads, first)
            else:
                transaction.update(
                    heads,
                    head,
                    OrganisationHead.owners.set(head.owners + change.owners),
                    OrganisationHead.seats_taken.set(max(0, head.seats_taken + change.seats)),
                    OrganisationHead.seat_limit.set(change.seat_limit),
                    OrganisationHead.sequence.set(sequence),
                    OrganisationHead.digest.set(digest),
                )
            for write in change.writes:
                write(transaction)
        return change.version
