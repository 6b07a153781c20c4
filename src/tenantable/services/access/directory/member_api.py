"""The routes of members."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.changes.change import Actor
from tenantable.services.access.directory.api import email_of, members_here, removal_here
from tenantable.services.access.directory.members import MemberDirectory, NewMember
from tenantable.services.access.directory.removal import Removal
from tenantable.services.access.directory.schemas import AddMember, ChangeMember, MemberShown
from tenantable.services.access.errors import Forbidden
from tenantable.services.access.http.answers import Answer, made_headers, show_revision, show_version
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    CallerHere,
    IdempotencyKey,
    IfMatch,
    RawBody,
    Request,
    allowed,
    repeatable_actor,
)
from tenantable.services.access.identity.subjects import USER_ID_PATTERN
from tenantable.web.problems import problem_responses

UserId = Annotated[str, Path(pattern=USER_ID_PATTERN)]
Reads = Annotated[Request, Depends(allowed("access:member:read"))]
Writes = Annotated[Request, Depends(allowed("access:member:write"))]
MembersHere = Annotated[MemberDirectory, Depends(members_here)]
Prefix = Annotated[str | None, Query(pattern=USER_ID_PATTERN, description="Only those whose user id begins so.")]
OfEmail = Annotated[str | None, Query(min_length=3, max_length=320, description="Only those of this address.")]
RemovalHere = Annotated[Removal, Depends(removal_here)]

router = APIRouter(
    prefix="/v1/organisations/{organisation_id}",
    tags=["members"],
    responses=problem_responses(401, 403, 404, 413, 415, 422, 503),
)


@router.get("/members", responses=problem_responses(400))
def list_members(
    request: Reads,
    members: MembersHere,
    *,
    prefix: Prefix = None,
    email: OfEmail = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[MemberShown]:
    """
    An organisation's members, by user id.

    With `email` a page may have fewer members than its limit, or none, although `next` is given: all members are looked
    at, some thousands for a page.
    """
    wanted = None if email is None else email_of(email)
    page = members.of_organisation(request.organisation_id, prefix=prefix, email=wanted, limit=limit, cursor=cursor)
    return listing(page.items, MemberShown.of, following=page.next)


@router.post("/members", status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 409))
def add_member(
    body: AddMember,
    raw: RawBody,
    request: Writes,
    members: MembersHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
) -> MemberShown:
    """Make a user a member without an invitation; for the platform's administrator. Others invite."""
    if request.caller.kind != "platform":
        raise Forbidden("Members are invited; only the platform's administrator adds them")
    at = f"{request.http.url.path}/{body.user_id}"
    answer = Answer(shown=MemberShown.of, status=201, headers=lambda made: made_headers(made.revision, at=at))
    actor = request.repeatable(key, raw, answer)
    new = NewMember(user_id=body.user_id, email=email_of(body.email), name=body.name, properties=body.properties)
    changed = members.add(actor, request.organisation_id, new)
    return answer.show(response, request.organisation_id, changed)


@router.get("/members/{user_id}")
def read_member(user_id: UserId, request: Reads, members: MembersHere, response: Response) -> MemberShown:
    """One member."""
    found = members.member(request.organisation_id, user_id)
    show_revision(response, found.revision)
    return MemberShown.of(found)


@router.patch("/members/{user_id}", responses=problem_responses(400, 409, 412))
def change_member(
    user_id: UserId,
    body: ChangeMember,
    request: Writes,
    members: MembersHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> MemberShown:
    """
    Change a member, or switch one off or on. To switch somebody takes all that they have; to change properties takes
    what hangs on them. The last owner stays active.
    """
    changed = members.change(
        request.actor(), request.caller, request.organisation_id, user_id, values=body.values(), if_match=if_match
    )
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.revision)
    return MemberShown.of(changed.result)


@router.delete("/members/{user_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(400, 409, 412))
def remove_member(
    user_id: UserId, request: Writes, removal: RemovalHere, *, response: Response, if_match: IfMatch = None
) -> None:
    """Remove a member with all roles and teams. It takes all that the member has; the last owner stays."""
    changed = removal.remove(request.actor(), request.caller, request.organisation_id, user_id, if_match=if_match)
    show_version(response, request.organisation_id, changed.version)


LEFT: Answer[Any, None] = Answer(shown=lambda _left: None, status=204)


def _leaving(
    caller: CallerHere, raw: RawBody, removal: RemovalHere, *, http: HttpRequest, key: IdempotencyKey = None
) -> Actor:
    """Comes before the question who may: whoever has left is no member any more, and may ask again."""
    actor = repeatable_actor(caller, http, key, body=raw, answer=LEFT)
    removal.refuse_answered(actor)
    return actor


@router.post("/leave", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(400, 409))
def leave(
    actor: Annotated[Actor, Depends(_leaving)],
    request: Annotated[Request, Depends(allowed(None))],
    removal: RemovalHere,
    *,
    response: Response,
) -> None:
    """Leave an organisation, as its member. The last owner stays."""
    if request.caller.kind != "user":
        raise Forbidden("Only users are members, and can leave")
    changed = removal.remove(actor, request.caller, request.organisation_id, request.caller.id)
    LEFT.show(response, request.organisation_id, changed)
