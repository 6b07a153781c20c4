"""Many invitations by one request: each for itself, so that a bad one stops no other."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from tenantable.errors import ServiceError, Unavailable
from tenantable.services.access.changes.change import Actor, Answered
from tenantable.services.access.declaration import KeptAnswer
from tenantable.services.access.errors import Busy
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.invitations.service import InvitationService, NewInvitation
from tenantable.services.access.invitations.tokens import Issued

BULK_MAX = 100
"""Invitations of one request."""

Render = Callable[[Issued], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """
    What became of one invitation: it was issued, or refused, or (`kept`) made by the same request before.

    `version` is the organisation's, where it was issued, now or before.
    """

    issued: Issued | None = None
    kept: KeptAnswer | None = None
    error: ServiceError | None = None
    version: int = 0


def create_many(
    invitations: InvitationService,
    actor: Actor,
    caller: Caller,
    organisation_id: str,
    *,
    wanted: Sequence[NewInvitation | ServiceError],
) -> list[Outcome]:
    """
    Make them one after the other, in their order; each has its place among the outcomes.

    Args:
        actor: With how one invitation is answered, if the request may come again.
        wanted: What each is to be, or why it cannot be.
    Raises:
        IdempotencyKeyReused: Another request had this Idempotency-Key; nothing was made.
    """
    actors = [_of_item(actor, place) for place in range(len(wanted))]
    _refuse_reused(invitations, actors)
    return [
        _outcome(invitations, each, caller, organisation_id, new=new) for each, new in zip(actors, wanted, strict=True)
    ]


def _outcome(
    invitations: InvitationService,
    actor: Actor,
    caller: Caller,
    organisation_id: str,
    *,
    new: NewInvitation | ServiceError,
) -> Outcome:
    if isinstance(new, ServiceError):
        return Outcome(error=new)
    try:
        changed = invitations.create(actor, caller, organisation_id, new)
    except Answered as answered:
        return Outcome(kept=answered.answer, version=answered.answer.version)
    except Unavailable:
        return Outcome(error=Busy(hint="send it again"))
    except ServiceError as error:
        return Outcome(error=error)
    return Outcome(issued=changed.result, version=changed.version)


def _of_item(actor: Actor, place: int) -> Actor:
    """A repeated request finds what was made at each place, also where it broke off."""
    if actor.repeatable is None:
        return actor
    digest = hashlib.sha256(f"{actor.repeatable.key_digest}\n{place}".encode()).hexdigest()
    return replace(actor, repeatable=replace(actor.repeatable, key_digest=digest))


def _refuse_reused(invitations: InvitationService, actors: Iterable[Actor]) -> None:
    for actor in actors:
        if actor.repeatable is not None:
            try:
                invitations.refuse_answered(actor)
            except Answered:
                continue
