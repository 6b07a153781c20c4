"""
Erasing a user everywhere: memberships with all rights, addresses, names and properties, in the table and the trail.

What leads to the rest is cleared after it: an invitation to its organisation, and last the invitations that the user
accepted and the memberships, which have the address. So after a crash the same call finds what is left. The user's id
stays, which alone says nothing of the person, unless the issuer's subjects are addresses.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tenantable.services.access.audit.erasure import Person
from tenantable.services.access.audit.service import Audit
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.declaration import PLATFORM, Invitation, Member, Members, Organisations
from tenantable.services.access.directory.removal import Removal
from tenantable.services.access.erasure.answers import AnswerErasure
from tenantable.services.access.erasure.invitations import InvitationErasure
from tenantable.services.access.errors import LastOwner, NotFound
from tenantable.services.access.identity.callers import ID_PATTERN, Caller


@dataclass(kw_only=True, slots=True)
class Erased:
    """
    What was found of a user and is erased now.

    `user_id` stays. `is_known`: something names the user, perhaps the id alone. `removed` are the organisations that
    the user was taken out of, and `last_owner_of` those that keep the user, because they would have no owner. `revoked`
    counts invitations that were open, `invitations` all that lost the address; `answers` kept answers, `events` those
    of the audit trail.
    """

    user_id: str
    is_known: bool = False
    removed: list[str] = field(default_factory=list)
    last_owner_of: list[str] = field(default_factory=list)
    revoked: int = 0
    invitations: int = 0
    answers: int = 0
    events: int = 0

    def counts(self) -> dict[str, int]:
        return {
            "memberships": len(self.removed),
            "openInvitations": self.revoked,
            "invitations": self.invitations,
            "keptAnswers": self.answers,
            "auditEvents": self.events,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What names a user: memberships, invitations that the user accepted, and those of the user's addresses."""

    memberships: list[Member]
    accepted: list[Invitation]
    others: list[Invitation]
    person: Person

    def organisations(self) -> list[str]:
        """Those that may know something of the person, and the platform."""
        found = {each.organisation_id for each in self.memberships}
        found |= {each.organisation_id for each in (*self.accepted, *self.others)}
        return sorted({PLATFORM, *found})


class UserErasure:
    """
    Args:
        changes: Of the directory.
    """

    def __init__(
        self,
        changes: Changes,
        *,
        removal: Removal,
        invitations: InvitationErasure,
        answers: AnswerErasure,
        audit: Audit,
    ) -> None:
        self._changes = changes
        self._members = changes.database.repository(Members)
        self._removal = removal
        self._invitations = invitations
        self._answers = answers
        self._audit = audit

    def erase(self, actor: Actor, caller: Caller, user_id: str, *, addresses: Iterable[str] = ()) -> Erased:
        """
        Erase a user; for the platform's administrator. Repeated, it goes on where it was left, and then finds nothing.

        Args:
            addresses: Normalised ones of the user, beside those that are found.
        Raises:
            CloudError: The archive cannot be reached. The user is still a member then; ask again.
            Answered, IdempotencyKeyReused: As `Changes.once`.
        """

        def carry_out(once: Actor) -> Changed[Erased]:
            return Changed(result=self._everywhere(once, caller, user_id, addresses), version=0)

        return self._changes.once(PLATFORM, actor, carry_out, is_done=lambda erased: not erased.last_owner_of).result

    def _everywhere(self, actor: Actor, caller: Caller, user_id: str, addresses: Iterable[str]) -> Erased:
        known = self._known(user_id, addresses)
        erased = Erased(user_id=user_id, is_known=bool(known.memberships or known.accepted or known.others))
        for each in known.others:
            erased.revoked += self._invitations.revoke(actor, each)
        for organisation_id in self._concerned(known):
            erased.events += self._audit.erase(actor, organisation_id, known.person)
            erased.answers += self._answers.erase(actor, organisation_id, known.person)
        for each in (*known.others, *known.accepted):
            erased.invitations += self._invitations.clear(actor, each, user_id)
        self._remove(actor, caller, known, erased)
        if any(erased.counts().values()):
            erased.is_known = True
            self._record(actor, user_id, erased)
        return erased

    def _concerned(self, known: _Known) -> Iterator[str]:
        """The organisations that know the person, and those that the person left, but where an answer is kept."""
        sure = known.organisations()
        yield from sure
        organisations = self._changes.database.repository(Organisations)
        for active in (True, False):
            for each in organisations.by_name(active=active):
                if each.organisation_id not in sure and self._answers.names(each.organisation_id, known.person):
                    yield each.organisation_id

    def _known(self, user_id: str, addresses: Iterable[str]) -> _Known:
        memberships = self._members.organisations_of_user(user_id=user_id).all()
        accepted = self._invitations.accepted(user_id)
        emails = {*addresses, *(each.email for each in memberships), *(each.email for each in accepted)} - {None, ""}
        own = frozenset(each for each in emails if each is not None)
        others = [each for each in self._invitations.of_addresses(own) if each.accepted_by != user_id]
        # A name of one word may be the id of anything in the trail.
        names = {each.name for each in memberships if each.name and not re.fullmatch(ID_PATTERN, each.name)}
        person = Person(user_id=user_id, values=frozenset(each.casefold() for each in {*own, *names}))
        return _Known(memberships=memberships, accepted=accepted, others=others, person=person)

    def _remove(self, actor: Actor, caller: Caller, known: _Known, erased: Erased) -> None:
        for each in known.memberships:
            try:
                self._removal.remove(actor, caller, each.organisation_id, each.user_id)
                erased.removed.append(each.organisation_id)
            except LastOwner:
                erased.last_owner_of.append(each.organisation_id)
            except NotFound:
                continue  # the index is behind

    def _record(self, actor: Actor, user_id: str, erased: Erased) -> None:
        outcome = "begun" if erased.last_owner_of else "done"
        details = {name: str(number) for name, number in erased.counts().items()}

        def build(change: Change) -> None:
            change.record("USER_MANAGEMENT", "user.erase", target=user_id, outcome=outcome, details=details)

        self._changes.run(PLATFORM, actor, build)
