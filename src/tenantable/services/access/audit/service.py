"""
The use cases of the audit trail. Whoever reads an organisation's trail leaves an event in it, before anything is shown.

A page that reads on, or a page that is asked for every few seconds, would fill the trail with itself. So one reader
leaves one event a minute for each kind of question; another question is another event.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from tenantable.declare.queries import Page
from tenantable.services.access.audit.archiving.heads import HeadKeys, SignedHead, SignedHeads
from tenantable.services.access.audit.erasure import Eraser, Person
from tenantable.services.access.audit.exports import ExportFormat, exported
from tenantable.services.access.audit.findings import Verification
from tenantable.services.access.audit.trail import Trail, Wanted
from tenantable.services.access.audit.verification import Verifier
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.declaration import AuditEvent, Members
from tenantable.services.access.errors import Busy, Forbidden
from tenantable.services.access.identity.callers import Caller

MINUTE_SECONDS = 60
REMEMBERED_MAX = 10_000
VERIFICATIONS_AT_ONCE = 2
"""In one process: each reads a whole trail."""

_Question = tuple[str, ...]


class Audit:
    """
    The audit trail of all organisations.

    Args:
        changes: Of the audit service; records that the trail was read.
        clock: Unix seconds.
    """

    def __init__(
        self,
        changes: Changes,
        *,
        trail: Trail,
        verifier: Verifier,
        eraser: Eraser,
        heads: SignedHeads,
        keys: HeadKeys,
        clock: Callable[[], float],
    ) -> None:
        self._changes = changes
        self._trail = trail
        self._verifier = verifier
        self._eraser = eraser
        self._heads = heads
        self.keys = keys
        self._clock = clock
        self._members = changes.database.repository(Members)
        self._asked = _Asked()
        self._verifying = threading.BoundedSemaphore(VERIFICATIONS_AT_ONCE)

    def events(self, actor: Actor, wanted: Wanted, *, limit: int, cursor: str | None) -> Page[AuditEvent]:
        """
        A page of an organisation's events, from the table and from the archive.

        Raises:
            InvalidCursor: The cursor was altered or belongs to another listing.
        """
        self._record(actor, wanted.organisation_id, "audit.read", wanted)
        return self._trail.page(wanted, limit=limit, cursor=cursor)

    def own_events(
        self, caller: Caller, *, since: datetime, until: datetime, limit: int, cursor: str | None
    ) -> Page[AuditEvent]:
        """
        What the caller did lately, wherever the caller is an active member now. Nothing of others, so not recorded.

        Raises:
            Forbidden: The caller is no user.
        """
        if caller.kind != "user":
            raise Forbidden("This is for users", hint="ask for the events of an organisation")
        memberships = self._members.organisations_of_user(user_id=caller.id)
        organisations = {member.organisation_id for member in memberships if member.active}
        return self._trail.own(caller.id, organisations, since=since, until=until, limit=limit, cursor=cursor)

    def export(self, actor: Actor, wanted: Wanted, form: ExportFormat) -> Iterator[bytes]:
        """All events that are wanted, as a gzip file, part by part; recorded before the first part."""
        self._record(actor, wanted.organisation_id, "audit.export", wanted, format=form)
        return exported(self._trail.every(wanted), form)

    def verify(self, actor: Actor, organisation_id: str) -> Verification:
        """
        Raises:
            Busy: Others are verifying.
        """
        if not self._verifying.acquire(blocking=False):
            raise Busy("Other trails are being verified", hint="try again in a while")
        try:
            self._record(actor, organisation_id, "audit.verify")
            return self._verifier.verify(organisation_id)
        finally:
            self._verifying.release()

    def signed_heads(self, actor: Actor, organisation_id: str) -> list[SignedHead]:
        """The last signed copies of an organisation's head, the newest first, for others to keep."""
        self._record(actor, organisation_id, "audit.heads")
        return [head for _, head in self._heads.last(organisation_id) if head is not None]

    def erase(self, actor: Actor, organisation_id: str, person: Person) -> int:
        """Erase a person's details; see `Eraser.erase`."""
        return self._eraser.erase(actor, organisation_id, person)

    def _record(
        self, actor: Actor, organisation_id: str, action: str, wanted: Wanted | None = None, **more: str
    ) -> None:
        filters = {} if wanted is None else {name: value for name, value in wanted.filters().items() if value}
        question = (organisation_id, actor.id, action, *map(str, sorted({**filters, **more}.items())))
        with self._asked.first(question, int(self._clock()) // MINUTE_SECONDS) as is_first:
            if not is_first:
                return
            span = {} if wanted is None else {"from": wanted.since.isoformat(), "to": wanted.until.isoformat()}

            def build(change: Change) -> None:
                change.record("AUTHORIZATION", action, details={**filters, **span, **more})

            self._changes.run(organisation_id, actor, build)


class _Asked:
    """Which questions were asked in the present minute, by this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minutes: dict[_Question, int] = {}

    @contextmanager
    def first(self, question: _Question, minute: int) -> Iterator[bool]:
        """Whether it is the first time in this minute; counts only when the block comes to its end."""
        with self._lock:
            known = self._minutes.get(question) == minute
        yield not known
        if not known:
            with self._lock:
                if len(self._minutes) >= REMEMBERED_MAX:
                    self._minutes = {each: at for each, at in self._minutes.items() if at == minute}
                if len(self._minutes) < REMEMBERED_MAX:
                    self._minutes[question] = minute
