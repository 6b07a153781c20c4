"""The routes about decisions that go beyond AuthZEN: what a user may do, who may do something, and why."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi import Request as HttpRequest

from tenantable.services.access.decisions.keys import is_key
from tenantable.services.access.errors import Forbidden, Unprocessable
from tenantable.services.access.evaluation.explanations import explain
from tenantable.services.access.evaluation.holders import Held, Holder, Holders
from tenantable.services.access.evaluation.questions import USER, Question
from tenantable.services.access.evaluation.schemas import (
    Explanation,
    OriginShown,
    PermissionHeld,
    UserWithPermission,
    conditions_of,
)
from tenantable.services.access.http.answers import show_version
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import DoorsHere, Request, allowed
from tenantable.services.access.identity.subjects import USER_ID_PATTERN
from tenantable.web.problems import problem_responses

PREFIX = "/organisations/{organisation_id}"
ASKS = "access:decision:read"
_READS = {"subject": "access:member:read", "resource": "access:resource:read"}
Asking = Annotated[Request, Depends(allowed(ASKS))]
AskingOrOwn = Annotated[Request, Depends(allowed(ASKS, or_own=True))]
AskingAsMember = Annotated[Request, Depends(allowed(None))]
UserId = Annotated[str, Path(pattern=USER_ID_PATTERN)]
PermissionKey = Annotated[str, Path(min_length=1, max_length=400, description="Such as `billing:invoice:read`.")]

router = APIRouter(
    prefix="/v1", tags=["decisions"], responses=problem_responses(400, 401, 403, 404, 412, 413, 415, 422, 503)
)


def _holders(http: HttpRequest) -> Holders:
    holders: Holders = http.app.state.holders
    return holders


HoldersHere = Annotated[Holders, Depends(_holders)]


@router.get(PREFIX + "/users/{user_id}/permissions")
def list_permissions_of_user(
    user_id: UserId,
    request: AskingOrOwn,
    holders: HoldersHere,
    response: Response,
    *,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[PermissionHeld]:
    """Everything that a user may do and is denied at this time, by key, and from where. Of oneself for every member."""
    page = holders.permissions_of(request.snapshot, user_id, limit=limit, cursor=cursor)
    show_version(response, request.organisation_id, request.snapshot.version)
    return listing(page.items, _permission_held, following=page.next)


@router.get(PREFIX + "/permissions/{key}/users")
def list_users_with_permission(
    key: PermissionKey,
    request: Asking,
    holders: HoldersHere,
    response: Response,
    *,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[UserWithPermission]:
    """
    Everybody who has a permission at this time, through whatever roles, teams and wildcards, by user id.

    A page may have fewer than asked for, and even none: it ends when `next` is null.
    """
    if not is_key(key):
        raise Unprocessable(f"{key!r} is no permission key", hint="write segments with colons between them")
    page = holders.holders_of(request.snapshot, key, limit=limit, cursor=cursor)
    show_version(response, request.organisation_id, request.snapshot.version)
    return listing(page.items, _user_with_permission, following=page.next)


@router.post(PREFIX + "/explain")
def explain_decision(body: Question, request: AskingAsMember, doors: DoorsHere, response: Response) -> Explanation:
    """
    Why a decision is as it is: every rule that concerns it, or what is missing. Read anew, never from a cache.

    Members are told why they themselves may do something or not; about others it takes a permission. Values that the
    directory keeps are shown to whoever may read them (`access:member:read`, `access:resource:read`).
    """
    own = body.subject.type == USER and request.is_about_caller(body.subject.id)
    if not own and not request.allows(ASKS):
        raise Forbidden(f"This takes the permission {ASKS}")
    snapshot = doors.snapshots.fresh(request.organisation_id)
    show_version(response, request.organisation_id, snapshot.version)
    readable = {of for of, key in _READS.items() if request.allows(key)}
    return explain(snapshot, body, now=doors.clock(), readable=readable)


def _permission_held(found: Held) -> PermissionHeld:
    return PermissionHeld(
        key=found.pattern,
        effect=found.effect,
        when=conditions_of(found.tests),
        effective=found.effective,
        origins=[OriginShown.of(origin) for origin in found.origins],
    )


def _user_with_permission(found: Holder) -> UserWithPermission:
    return UserWithPermission(
        user_id=found.member.user_id,
        name=found.member.name,
        email=found.member.email,
        conditional=found.conditional,
        origins=[OriginShown.of(origin) for origin in found.origins],
    )
