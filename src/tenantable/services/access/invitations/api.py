"""The routes of those who invite."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.declaration import InvitationStatus
from tenantable.services.access.http.answers import show_revision, show_version
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
from tenantable.services.access.identity.gifts import INVITE
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
    kept_answer,
)
from tenantable.services.access.invitations.service import DAYS_DEFAULT, InvitationService
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
    actor = request.repeatable(key, raw, status=201, render=kept_answer)
    changed = invitations.create(actor, request.caller, request.organisation_id, body.new())
    issued = changed.result
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, issued.invitation.revision)
    response.headers["location"] = f"{request.http.url.path}/{issued.invitation.invitation_id}"
    return IssuedInvitation.issued(issued)


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
        request.repeatable(key, raw, status=201, render=kept_answer),
        request.caller,
        request.organisation_id,
        wanted=body.wanted(),
        render=kept_answer,
    )
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
    changed = invitations.resend(
        request.repeatable(key, raw, status=200, render=kept_answer),
        request.caller,
        request.organisation_id,
        invitation_id,
        days=DAYS_DEFAULT if body is None else body.expires_in_days,
        if_match=if_match,
    )
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.invitation.revision)
    return IssuedInvitation.issued(changed.result)


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
    actor = request.repeatable(key, raw, status=200, render=lambda made: InvitationShown.of(made).model_dump_json())
    changed = invitations.revoke(actor, request.organisation_id, invitation_id, if_match=if_match)
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.revision)
    return InvitationShown.of(changed.result)


@router.post("/platform/invitations/expire")
def expire_invitations(_caller: Annotated[Caller, Depends(platform_only)], invitations: InvitationsHere) -> Expired:
    """Close the invitations of all organisations whose time is over; for the platform's administrator."""
    return Expired(expired=invitations.expiry.sweep())
