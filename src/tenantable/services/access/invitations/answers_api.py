"""The routes of those who are invited. They come with the token of an invitation, and are asked not to guess."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.errors import Forbidden, WrongAddress
from tenantable.services.access.http.answers import Answer
from tenantable.services.access.http.limits import TokenBuckets
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    CallerHere,
    Credentials,
    DoorsHere,
    IdempotencyKey,
    OrganisationId,
    RawBody,
    repeatable_actor,
)
from tenantable.services.access.identity.callers import Caller, authenticate, credential_of
from tenantable.services.access.invitations.acceptance import Acceptance
from tenantable.services.access.invitations.api import InvitationsHere
from tenantable.services.access.invitations.schemas import AcceptedInvitation, OpenInvitation, OwnInvitation, TokenOf
from tenantable.web.problems import problem_responses

TRIES_AT_ONCE = 60
TRIES_PER_SECOND = 1.0


def answer_buckets(monotonic: Callable[[], float]) -> TokenBuckets:
    """How often one caller may come with a token."""
    return TokenBuckets(capacity=TRIES_AT_ONCE, per_second=TRIES_PER_SECOND, monotonic=monotonic)


def _acceptance(request: HttpRequest) -> Acceptance:
    acceptance: Acceptance = request.app.state.acceptance
    return acceptance


def _buckets(request: HttpRequest) -> TokenBuckets:
    buckets: TokenBuckets = request.app.state.answer_buckets
    return buckets


AcceptanceHere = Annotated[Acceptance, Depends(_acceptance)]
BucketsHere = Annotated[TokenBuckets, Depends(_buckets)]


def _limited_anybody(http: HttpRequest, doors: DoorsHere, _credentials: Credentials, buckets: BucketsHere) -> None:
    """Whoever was invited may have no account yet, and is then known by the network address."""
    authorization = http.headers.get("authorization")
    if authorization is None:
        buckets.take("from " + (http.client.host if http.client is not None else "nowhere"))
    else:
        buckets.take(authenticate(credential_of(authorization), doors.authenticators).id)


def _limited(caller: CallerHere, buckets: BucketsHere) -> Caller:
    buckets.take(caller.id)
    return caller


Limited = Annotated[Caller, Depends(_limited)]

router = APIRouter(prefix="/v1", tags=["invitations"], responses=problem_responses(401, 413, 415, 422, 503))


@router.post("/invitations/lookup", dependencies=[Depends(_limited_anybody)], responses=problem_responses(404, 429))
def look_up_invitation(body: TokenOf, acceptance: AcceptanceHere) -> OpenInvitation:
    """What an invitation leads to; needs its token alone."""
    return OpenInvitation.of(acceptance.lookup(body.token))


@router.post("/invitations/accept", responses=problem_responses(400, 403, 404, 409, 429))
def accept_invitation(
    body: TokenOf,
    raw: RawBody,
    caller: Limited,
    acceptance: AcceptanceHere,
    *,
    http: HttpRequest,
    response: Response,
    key: IdempotencyKey = None,
) -> AcceptedInvitation:
    """Become a member with what the invitation gives; a member keeps everything and gets what is missing. For users."""
    answer = Answer(shown=AcceptedInvitation.of)
    changed = acceptance.accept(repeatable_actor(caller, http, key, body=raw, answer=answer), caller, body.token)
    return answer.show(response, changed.result.invitation.organisation_id, changed)


@router.post(
    "/invitations/decline",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(400, 403, 404, 409, 429),
)
def decline_invitation(
    body: TokenOf,
    raw: RawBody,
    caller: Limited,
    acceptance: AcceptanceHere,
    *,
    http: HttpRequest,
    key: IdempotencyKey = None,
) -> None:
    """Close an invitation of the caller's address. For users."""
    answer: Answer[Any, None] = Answer(shown=lambda _declined: None, status=204)
    actor = repeatable_actor(caller, http, key, body=raw, answer=answer)
    acceptance.decline(actor, caller, body.token)


@router.get("/me/invitations", responses=problem_responses(400, 403))
def list_own_invitations(
    caller: CallerHere, invitations: InvitationsHere, *, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> Listing[OwnInvitation]:
    """The invitations of the caller's verified address into all organisations, by organisation; for users."""
    if caller.kind != "user":
        raise Forbidden("Only users are invited")
    if caller.email is None:
        raise WrongAddress("The token has no verified address")
    page = invitations.of_address(caller.email, limit=limit, cursor=cursor)
    names = invitations.organisation_names(page.items)
    return listing(page.items, lambda each: OwnInvitation.of(each, names), following=page.next)


@router.post("/me/invitations/{organisation_id}/accept", responses=problem_responses(400, 403, 404, 409, 429))
def accept_own_invitation(
    organisation_id: OrganisationId,
    raw: RawBody,
    caller: Limited,
    acceptance: AcceptanceHere,
    *,
    http: HttpRequest,
    response: Response,
    key: IdempotencyKey = None,
) -> AcceptedInvitation:
    """As `accept`, for the invitation of the caller's verified address into this organisation; needs no token."""
    answer = Answer(shown=AcceptedInvitation.of)
    actor = repeatable_actor(caller, http, key, body=raw, answer=answer)
    return answer.show(response, organisation_id, acceptance.accept_own(actor, caller, organisation_id))


@router.post(
    "/me/invitations/{organisation_id}/decline",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(400, 403, 404, 409, 429),
)
def decline_own_invitation(
    organisation_id: OrganisationId,
    raw: RawBody,
    caller: Limited,
    acceptance: AcceptanceHere,
    *,
    http: HttpRequest,
    key: IdempotencyKey = None,
) -> None:
    """As `decline`, for the invitation of the caller's verified address into this organisation; needs no token."""
    answer: Answer[Any, None] = Answer(shown=lambda _declined: None, status=204)
    acceptance.decline_own(repeatable_actor(caller, http, key, body=raw, answer=answer), caller, organisation_id)
