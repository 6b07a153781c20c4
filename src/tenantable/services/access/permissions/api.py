"""The routes of permission sets of organisations."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.http.answers import Answer, made_headers, show_revision, show_version
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    ID_PATTERN,
    IdempotencyKey,
    IfMatch,
    RawBody,
    Request,
    allowed,
)
from tenantable.services.access.permissions.schemas import (
    ChangePermissionSet,
    CreatePermissionSet,
    PermissionSetShown,
)
from tenantable.services.access.permissions.service import PermissionSetService
from tenantable.web.problems import problem_responses

SetId = Annotated[str, Path(pattern=ID_PATTERN)]
Reads = Annotated[Request, Depends(allowed("access:permission-set:read"))]
Writes = Annotated[Request, Depends(allowed("access:permission-set:write"))]


def sets_here(request: HttpRequest) -> PermissionSetService:
    """The permission sets' use cases, for routes."""
    sets: PermissionSetService = request.app.state.permission_sets
    return sets


SetsHere = Annotated[PermissionSetService, Depends(sets_here)]

Active = Annotated[bool | None, Query(description="Only active, or only inactive ones.")]

router = APIRouter(prefix="/v1", tags=["permissions"], responses=problem_responses(401, 403, 413, 415, 422, 503))


@router.post(
    "/organisations/{organisation_id}/permission-sets",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 404, 409),
)
def create_permission_set(
    body: CreatePermissionSet,
    raw: RawBody,
    request: Writes,
    sets: SetsHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
) -> PermissionSetShown:
    """Create a permission set. It may not allow more than the caller holds."""
    at = f"{request.http.url.path}/{body.permission_set_id}"
    answer = Answer(shown=PermissionSetShown.of, status=201, headers=lambda made: made_headers(made.revision, at=at))
    actor = request.repeatable(key, raw, answer)
    changed = sets.create(
        actor, request.caller, request.organisation_id, body.permission_set_id, content=body.content()
    )
    return answer.show(response, request.organisation_id, changed)


@router.get("/organisations/{organisation_id}/permission-sets", responses=problem_responses(400, 404))
def list_permission_sets(
    request: Reads,
    sets: SetsHere,
    *,
    active: Active = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[PermissionSetShown]:
    """The organisation's permission sets, oldest first."""
    organisation_id = request.organisation_id
    page = (
        sets.by_date(organisation_id, limit=limit, cursor=cursor)
        if active is None
        else sets.by_activity(organisation_id, active=active, limit=limit, cursor=cursor)
    )
    return listing(page.items, PermissionSetShown.of, following=page.next)


@router.get("/organisations/{organisation_id}/permission-sets/{set_id}", responses=problem_responses(404))
def read_permission_set(set_id: SetId, request: Reads, sets: SetsHere, response: Response) -> PermissionSetShown:
    """One permission set."""
    found = sets.permission_set(request.organisation_id, set_id)
    show_revision(response, found.revision)
    return PermissionSetShown.of(found)


@router.put("/organisations/{organisation_id}/permission-sets/{set_id}", responses=problem_responses(400, 404, 412))
def change_permission_set(
    set_id: SetId,
    body: ChangePermissionSet,
    request: Writes,
    sets: SetsHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> PermissionSetShown:
    """Give a permission set another content; whoever has a role with it has that from now on."""
    changed = sets.change(
        request.actor(), request.caller, request.organisation_id, set_id, content=body.content(), if_match=if_match
    )
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.revision)
    return PermissionSetShown.of(changed.result)


@router.delete(
    "/organisations/{organisation_id}/permission-sets/{set_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(400, 404, 409, 412),
)
def delete_permission_set(
    set_id: SetId, request: Writes, sets: SetsHere, *, response: Response, if_match: IfMatch = None
) -> None:
    """Delete a permission set that no role has."""
    changed = sets.delete(request.actor(), request.caller, request.organisation_id, set_id, if_match=if_match)
    show_version(response, request.organisation_id, changed.version)
