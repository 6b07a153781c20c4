"""The routes of roles and of who has them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.declaration import PLATFORM
from tenantable.services.access.errors import AlreadyExists
from tenantable.services.access.http.answers import Answer, made_headers, show_revision, show_version
from tenantable.services.access.http.names import Name
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    ID_PATTERN,
    CallerHere,
    IdempotencyKey,
    IfMatch,
    RawBody,
    Request,
    actor_of,
    allowed,
    platform_only,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.subjects import USER_ID_PATTERN
from tenantable.services.access.roles.assignments import Assignments
from tenantable.services.access.roles.definitions import PlatformRoleDefinitions, RoleDefinitions
from tenantable.services.access.roles.remapping import Remapping
from tenantable.services.access.roles.schemas import (
    Assign,
    AssignmentShown,
    AssignmentsShown,
    ChangeRole,
    CreateRole,
    Remap,
    RemappedShown,
    RoleShown,
)
from tenantable.web.problems import problem_responses

RoleId = Annotated[str, Path(pattern=ID_PATTERN)]
UserId = Annotated[str, Path(pattern=USER_ID_PATTERN)]
Active = Annotated[bool, Query(description="Active roles, or inactive ones.")]
RoleName = Annotated[Name | None, Query(description="Only roles of this name.")]
ReadsRoles = Annotated[Request, Depends(allowed("access:role:read"))]
WritesRoles = Annotated[Request, Depends(allowed("access:role:write"))]
ReadsAssignments = Annotated[Request, Depends(allowed("access:assignment:read", or_own=True))]
WritesAssignments = Annotated[Request, Depends(allowed("access:assignment:write"))]
Administrator = Annotated[Caller, Depends(platform_only)]


def _roles(request: HttpRequest) -> RoleDefinitions:
    roles: RoleDefinitions = request.app.state.roles
    return roles


def _platform_roles(request: HttpRequest) -> PlatformRoleDefinitions:
    roles: PlatformRoleDefinitions = request.app.state.platform_roles
    return roles


def _assignments(request: HttpRequest) -> Assignments:
    assignments: Assignments = request.app.state.assignments
    return assignments


def _remapping(request: HttpRequest) -> Remapping:
    remapping: Remapping = request.app.state.remapping
    return remapping


RolesHere = Annotated[RoleDefinitions, Depends(_roles)]
PlatformRolesHere = Annotated[PlatformRoleDefinitions, Depends(_platform_roles)]
RemappingHere = Annotated[Remapping, Depends(_remapping)]
AssignmentsHere = Annotated[Assignments, Depends(_assignments)]

router = APIRouter(prefix="/v1", tags=["roles"], responses=problem_responses(401, 403, 413, 415, 422, 503))


@router.post(
    "/organisations/{organisation_id}/roles",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 404, 409),
)
def create_role(
    body: CreateRole,
    raw: RawBody,
    request: WritesRoles,
    roles: RolesHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
) -> RoleShown:
    """Create a role. It may not allow more than the caller holds."""
    at = f"{request.http.url.path}/{body.role_id}"
    answer = Answer(shown=RoleShown.of, status=201, headers=lambda made: made_headers(made.revision, at=at))
    actor = request.repeatable(key, raw, answer)
    changed = roles.create(actor, request.caller, request.organisation_id, body.role_id, content=body.content())
    return answer.show(response, request.organisation_id, changed)


@router.get("/organisations/{organisation_id}/roles", responses=problem_responses(400, 404))
def list_roles(
    request: ReadsRoles,
    roles: RolesHere,
    *,
    active: Active = True,
    name: RoleName = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[RoleShown]:
    """The organisation's own roles by name."""
    page = roles.by_name(request.organisation_id, active=active, name=name, limit=limit, cursor=cursor)
    return listing(page.items, RoleShown.of, following=page.next)


@router.get("/organisations/{organisation_id}/roles/{role_id}", responses=problem_responses(404))
def read_role(role_id: RoleId, request: ReadsRoles, roles: RolesHere, response: Response) -> RoleShown:
    """One of the organisation's own roles."""
    found = roles.role(request.organisation_id, role_id)
    show_revision(response, found.revision)
    return RoleShown.of(found)


@router.put("/organisations/{organisation_id}/roles/{role_id}", responses=problem_responses(400, 404, 412))
def change_role(
    role_id: RoleId,
    body: ChangeRole,
    request: WritesRoles,
    roles: RolesHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> RoleShown:
    """Give a role another content; whoever has it has that from now on."""
    changed = roles.change(
        request.actor(), request.caller, request.organisation_id, role_id, content=body.content(), if_match=if_match
    )
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.revision)
    return RoleShown.of(changed.result)


@router.delete(
    "/organisations/{organisation_id}/roles/{role_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(400, 404, 409, 412),
)
def delete_role(
    role_id: RoleId, request: WritesRoles, roles: RolesHere, *, response: Response, if_match: IfMatch = None
) -> None:
    """Delete a role that nobody has; `remap` gives everybody another one first."""
    changed = roles.delete(request.actor(), request.caller, request.organisation_id, role_id, if_match=if_match)
    show_version(response, request.organisation_id, changed.version)


@router.post("/organisations/{organisation_id}/roles/{role_id}/remap", responses=problem_responses(400, 404, 409))
def remap_role(
    role_id: RoleId,
    body: Remap,
    raw: RawBody,
    request: WritesAssignments,
    *,
    remapping: RemappingHere,
    response: Response,
    key: IdempotencyKey = None,
) -> RemappedShown:
    """Give everybody who has a role, and the roles below it, another one. Repeated, it goes on where it was left."""
    answer = Answer(shown=RemappedShown.of)
    actor, organisation_id = request.repeatable(key, raw, answer), request.organisation_id
    changed = remapping.remap(actor, request.caller, organisation_id, role_id=role_id, to_role_id=body.to_role_id)
    return answer.show(response, organisation_id, changed)


@router.get("/organisations/{organisation_id}/roles/{role_id}/users", responses=problem_responses(400, 404))
def list_users_of_role(
    role_id: RoleId,
    request: ReadsAssignments,
    assignments: AssignmentsHere,
    *,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[AssignmentShown]:
    """The users who have a role, by user id; those for whom it does not count now, too."""
    page = assignments.users_of_role(request.organisation_id, role_id, limit=limit, cursor=cursor)
    return listing(page.items, AssignmentShown.of, following=page.next)


@router.get("/organisations/{organisation_id}/users/{user_id}/roles", responses=problem_responses(404))
def list_roles_of_user(user_id: UserId, request: ReadsAssignments, assignments: AssignmentsHere) -> AssignmentsShown:
    """A user's roles, by role id; those that do not count now, too."""
    found = assignments.of_user(request.organisation_id, user_id)
    return AssignmentsShown(items=[AssignmentShown.of(each) for each in found])


@router.get("/organisations/{organisation_id}/users/{user_id}/roles/{role_id}", responses=problem_responses(404))
def read_assignment(
    user_id: UserId, role_id: RoleId, request: ReadsAssignments, assignments: AssignmentsHere, *, response: Response
) -> AssignmentShown:
    """That a user has a role; also one that does not count now."""
    found = assignments.assignment(request.organisation_id, user_id, role_id)
    show_revision(response, found.revision)
    return AssignmentShown.of(found)


@router.put(
    "/organisations/{organisation_id}/users/{user_id}/roles/{role_id}",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 404, 409, 412)
    | {200: {"model": AssignmentShown, "description": "The term was changed"}},
)
def assign_role(
    user_id: UserId,
    role_id: RoleId,
    body: Assign,
    request: WritesAssignments,
    *,
    assignments: AssignmentsHere,
    response: Response,
    if_match: IfMatch = None,
) -> AssignmentShown:
    """
    Give a user a role, perhaps for a time; or change for how long the user has it. It may not allow more than the
    caller holds, nor for longer.
    """
    place = request.actor(), request.caller, request.organisation_id
    try:
        changed = assignments.assign(*place, user_id=user_id, role_id=role_id, term=body.term(), if_match=if_match)
    except AlreadyExists:
        changed = assignments.change_term(*place, user_id=user_id, role_id=role_id, term=body.term(), if_match=if_match)
        response.status_code = status.HTTP_200_OK
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.revision)
    return AssignmentShown.of(changed.result)


@router.delete(
    "/organisations/{organisation_id}/users/{user_id}/roles/{role_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(400, 404, 409, 412),
)
def unassign_role(
    user_id: UserId,
    role_id: RoleId,
    request: WritesAssignments,
    assignments: AssignmentsHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> None:
    """Take a role away from a user. The last owner stays one."""
    changed = assignments.unassign(
        request.actor(),
        request.caller,
        request.organisation_id,
        user_id=user_id,
        role_id=role_id,
        if_match=if_match,
    )
    show_version(response, request.organisation_id, changed.version)


@router.get("/platform/roles", responses=problem_responses(400))
def list_platform_roles(
    _caller: CallerHere,
    roles: PlatformRolesHere,
    *,
    active: Active = True,
    name: RoleName = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[RoleShown]:
    """The platform's roles by name: every organisation can assign them."""
    page = roles.by_name(active=active, name=name, limit=limit, cursor=cursor)
    return listing(page.items, RoleShown.of, following=page.next)


@router.get("/platform/roles/{role_id}", responses=problem_responses(404))
def read_platform_role(role_id: RoleId, _caller: CallerHere, roles: PlatformRolesHere, response: Response) -> RoleShown:
    """One of the platform's roles."""
    found = roles.role(role_id)
    show_revision(response, found.revision)
    return RoleShown.of(found)


@router.put("/platform/roles/{role_id}", responses=problem_responses(400, 412))
def put_platform_role(
    role_id: RoleId,
    body: ChangeRole,
    caller: Administrator,
    roles: PlatformRolesHere,
    *,
    http: HttpRequest,
    response: Response,
    if_match: IfMatch = None,
) -> RoleShown:
    """
    Make a role for all organisations, or give it another content; for the platform's administrator.

    There is no way to delete one, because users of any organisation may have it: switch it off.
    """
    actor = actor_of(caller, http)
    changed = roles.put(actor, role_id, content=body.content(), if_match=if_match)
    show_version(response, PLATFORM, changed.version)
    show_revision(response, changed.result.revision)
    return RoleShown.of(changed.result)
