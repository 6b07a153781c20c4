"""The routes of those who invite."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.declaration import InvitationStatus
from tenantable.services.access.http.answers import REPLAYED, Answer, Headers, made_headers, show_revision, show_version
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    ID_PATTERN,
    IdempotencyKey,
    IfMatch,
    RawBody,
    Request,
    allowed,
    platform_only,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.invitations.bulk import create_many
from tenantable.services.access.invitations.schemas import (
    BulkResult,
    BulkResults,
    CreateInvitation,
    CreateInvitations,
    Expired,
    InvitationShown,
    IssuedInvitation,
    Resend,
    address,
    without_token,
)
from tenantable.services.access.invitations.service import DAYS_DEFAULT, InvitationService
from tenantable.services.access.invitations.tokens import Issued
from tenantable.services.access.rights.gifts import INVITE
from tenantable.web.problems import problem_responses

InvitationId = Annotated[str, Path(pattern=ID_PATTERN)]
Status = Annotated[InvitationStatus, Query(alias="status", description="Invitations in this state, by expiry.")]
OfEmail = Annotated[
    str | None,
    Query(min_length=3, max_length=320, description="Only those of this address, in any state, oldest first."),
]
ReadsInvitations = Annotated[Request, Depends(allowed("access:invitation:read"))]
WritesInvitations = Annotated[Request, Depends(allowed(INVITE))]


def _invitations(request: HttpRequest) -> InvitationService:
    invitations: InvitationService = request.app.state.invitations
    return invitations


InvitationsHere = Annotated[InvitationService, Depends(_invitations)]
_ORGANISATION = "/organisations/{organisation_id}/invitations"

router = APIRouter(prefix="/v1", tags=["invitations"], responses=problem_responses(401, 403, 413, 415, 422, 503))


def _issued(*, status: int, below: str | None = None) -> Answer[Issued, IssuedInvitation]:
    """How an invitation with its token is answered; `below` is where new ones are."""

    def headers(issued: Issued) -> Headers:
        made = issued.invitation
        return made_headers(made.revision, at=None if below is None else f"{below}/{made.invitation_id}")

    return Answer(shown=IssuedInvitation.issued, status=status, kept=without_token, headers=headers)


@router.post(_ORGANISATION, status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 404, 409))
def create_invitation(
    body: CreateInvitation,
    raw: RawBody,
    request: WritesInvitations,
    invitations: InvitationsHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
) -> IssuedInvitation:
    """Invite an address, or make a link. It may not give more than the caller holds. The token is shown once."""
    answer = _issued(status=201, below=request.http.url.path)
    actor = request.repeatable(key, raw, answer)
    changed = invitations.create(actor, request.caller, request.organisation_id, body.new())
    return answer.show(response, request.organisation_id, changed)


@router.post(f"{_ORGANISATION}/bulk", responses=problem_responses(400, 404))
def create_invitations(
    body: CreateInvitations,
    raw: RawBody,
    request: WritesInvitations,
    invitations: InvitationsHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
) -> BulkResults:
    """Make up to 100 invitations, each for itself. Repeated with its Idempotency-Key, it makes what is missing."""
    outcomes = create_many(
        invitations,
        request.repeatable(key, raw, _issued(status=201)),
        request.caller,
        request.organisation_id,
        wanted=body.wanted(),
    )
    if any(outcome.kept for outcome in outcomes) and not any(outcome.issued for outcome in outcomes):
        response.headers[REPLAYED] = "true"
    version = max(outcome.version for outcome in outcomes)
    if version:
        show_version(response, request.organisation_id, version)
    return BulkResults(results=[BulkResult.of(outcome) for outcome in outcomes])


@router.get(_ORGANISATION, responses=problem_responses(400, 404))
def list_invitations(
    request: ReadsInvitations,
    invitations: InvitationsHere,
    *,
    of_status: Status = "pending",
    email: OfEmail = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[InvitationShown]:
    """The organisation's invitations in one state, the first to expire first; or all those of an address."""
    organisation_id = request.organisation_id
    if email is None:
        page = invitations.by_status(organisation_id, of_status, limit=limit, cursor=cursor)
    else:
        page = invitations.by_email(organisation_id, address(email), limit=limit, cursor=cursor)
    return listing(page.items, InvitationShown.of, following=page.next)


@router.get(f"{_ORGANISATION}/{{invitation_id}}", responses=problem_responses(404))
def read_invitation(
    invitation_id: InvitationId, request: ReadsInvitations, invitations: InvitationsHere, response: Response
) -> InvitationShown:
    """One invitation."""
    found = invitations.invitation(request.organisation_id, invitation_id)
    show_revision(response, found.revision)
    return InvitationShown.of(found)


@router.post(f"{_ORGANISATION}/{{invitation_id}}/resend", responses=problem_responses(400, 404, 409, 412))
def resend_invitation(
    invitation_id: InvitationId,
    raw: RawBody,
    request: WritesInvitations,
    invitations: InvitationsHere,
    *,
    response: Response,
    body: Resend | None = None,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> IssuedInvitation:
    """Give an open invitation a new token and a new time. The old token is dead, and the caller counts as inviter."""
    answer = _issued(status=200)
    changed = invitations.resend(
        request.repeatable(key, raw, answer),
        request.caller,
        request.organisation_id,
        invitation_id,
        days=DAYS_DEFAULT if body is None else body.expires_in_days,
        if_match=if_match,
    )
    return answer.show(response, request.organisation_id, changed)


@router.post(f"{_ORGANISATION}/{{invitation_id}}/revoke", responses=problem_responses(400, 404, 409, 412))
def revoke_invitation(
    invitation_id: InvitationId,
    raw: RawBody,
    request: WritesInvitations,
    invitations: InvitationsHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> InvitationShown:
    """Take an open invitation back; its seat is free again."""
    answer = Answer(shown=InvitationShown.of, headers=lambda revoked: made_headers(revoked.revision))
    actor = request.repeatable(key, raw, answer)
    changed = invitations.revoke(actor, request.organisation_id, invitation_id, if_match=if_match)
    return answer.show(response, request.organisation_id, changed)


@router.post("/platform/invitations/expire")
def expire_invitations(_caller: Annotated[Caller, Depends(platform_only)], invitations: InvitationsHere) -> Expired:
    """Close the invitations of all organisations whose time is over; for the platform's administrator."""
    return Expired(expired=invitations.expiry.sweep())
