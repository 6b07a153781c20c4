"""The routes of the platform's permissions and permission sets."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.declaration import PLATFORM
from tenantable.services.access.http.answers import Answer, made_headers, show_revision, show_version
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    CallerHere,
    IdempotencyKey,
    IfMatch,
    RawBody,
    actor_of,
    platform_only,
    repeatable_actor,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.permissions.api import Active, SetId, SetsHere
from tenantable.services.access.permissions.catalogue import PermissionCatalogue
from tenantable.services.access.permissions.schemas import (
    ChangePermission,
    ChangePermissionSet,
    CreatePermission,
    CreatePermissionSet,
    PermissionSetShown,
    PermissionShown,
)
from tenantable.web.problems import problem_responses

PermissionKey = Annotated[str, Path(min_length=1, max_length=400)]
Administrator = Annotated[Caller, Depends(platform_only)]


def _catalogue(request: HttpRequest) -> PermissionCatalogue:
    catalogue: PermissionCatalogue = request.app.state.permission_catalogue
    return catalogue


CatalogueHere = Annotated[PermissionCatalogue, Depends(_catalogue)]

router = APIRouter(prefix="/v1", tags=["permissions"], responses=problem_responses(401, 403, 413, 415, 422, 503))


@router.get("/platform/permissions", responses=problem_responses(400))
def list_permissions(
    _caller: CallerHere,
    catalogue: CatalogueHere,
    *,
    category: Annotated[str, Query(min_length=1, max_length=128)],
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[PermissionShown]:
    """The platform's permissions of a category, by key."""
    page = catalogue.by_category(category, limit=limit, cursor=cursor)
    return listing(page.items, PermissionShown.of, following=page.next)


@router.post("/platform/permissions", status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 409))
def create_permission(
    body: CreatePermission,
    raw: RawBody,
    caller: Administrator,
    catalogue: CatalogueHere,
    *,
    http: HttpRequest,
    response: Response,
    key: IdempotencyKey = None,
) -> PermissionShown:
    """Add a permission to the catalogue; for the platform's administrator."""
    answer = Answer(shown=PermissionShown.of, status=201, headers=lambda made: made_headers(made.revision))
    actor = repeatable_actor(caller, http, key, body=raw, answer=answer)
    changed = catalogue.create(actor, key=body.permission_id, category=body.category, description=body.description)
    return answer.show(response, PLATFORM, changed)


@router.get("/platform/permissions/{permission_id}", responses=problem_responses(404))
def read_permission(
    permission_id: PermissionKey, _caller: CallerHere, catalogue: CatalogueHere, response: Response
) -> PermissionShown:
    """One permission of the catalogue."""
    found = catalogue.permission(permission_id)
    show_revision(response, found.revision)
    return PermissionShown.of(found)


@router.put("/platform/permissions/{permission_id}", responses=problem_responses(400, 404, 412))
def change_permission(
    permission_id: PermissionKey,
    body: ChangePermission,
    caller: Administrator,
    catalogue: CatalogueHere,
    *,
    http: HttpRequest,
    response: Response,
    if_match: IfMatch = None,
) -> PermissionShown:
    """Say something else of a permission; for the platform's administrator."""
    actor = actor_of(caller, http)
    changed = catalogue.change(
        actor,
        permission_id,
        category=body.category,
        description=body.description,
        active=body.active,
        if_match=if_match,
    )
    show_version(response, PLATFORM, changed.version)
    show_revision(response, changed.result.revision)
    return PermissionShown.of(changed.result)


@router.delete(
    "/platform/permissions/{permission_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(400, 404, 412),
)
def delete_permission(
    permission_id: PermissionKey,
    caller: Administrator,
    catalogue: CatalogueHere,
    *,
    http: HttpRequest,
    response: Response,
    if_match: IfMatch = None,
) -> None:
    """Take a permission out of the catalogue; sets that name its key keep it. For the platform's administrator."""
    actor = actor_of(caller, http)
    changed = catalogue.delete(actor, permission_id, if_match=if_match)
    show_version(response, PLATFORM, changed.version)


@router.get("/platform/permission-sets", responses=problem_responses(400))
def list_platform_permission_sets(
    _caller: CallerHere, sets: SetsHere, *, active: Active = None, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> Listing[PermissionSetShown]:
    """The platform's permission sets, oldest first: what every organisation's roles may name."""
    page = sets.of_platform(active=active, limit=limit, cursor=cursor)
    return listing(page.items, PermissionSetShown.of, following=page.next)


@router.get("/platform/permission-sets/of-organisations", responses=problem_responses(400))
def list_permission_sets_everywhere(
    _caller: Administrator,
    sets: SetsHere,
    *,
    active: bool = True,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[PermissionSetShown]:
    """Active (or inactive) permission sets of all organisations; for the platform's administrator."""
    page = sets.active_everywhere(active=active, limit=limit, cursor=cursor)
    return listing(page.items, PermissionSetShown.of, following=page.next)


@router.post("/platform/permission-sets", status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 409))
def create_platform_permission_set(
    body: CreatePermissionSet,
    raw: RawBody,
    caller: Administrator,
    sets: SetsHere,
    *,
    http: HttpRequest,
    response: Response,
    key: IdempotencyKey = None,
) -> PermissionSetShown:
    """Create a permission set that every organisation's roles may name; for the platform's administrator."""
    answer = Answer(shown=PermissionSetShown.of, status=201, headers=lambda made: made_headers(made.revision))
    actor = repeatable_actor(caller, http, key, body=raw, answer=answer)
    changed = sets.create(actor, caller, PLATFORM, body.permission_set_id, content=body.content())
    return answer.show(response, PLATFORM, changed)


@router.get("/platform/permission-sets/{set_id}", responses=problem_responses(404))
def read_platform_permission_set(
    set_id: SetId, _caller: CallerHere, sets: SetsHere, response: Response
) -> PermissionSetShown:
    """One permission set of the platform."""
    found = sets.permission_set(PLATFORM, set_id)
    show_revision(response, found.revision)
    return PermissionSetShown.of(found)


@router.put("/platform/permission-sets/{set_id}", responses=problem_responses(400, 404, 412))
def change_platform_permission_set(
    set_id: SetId,
    body: ChangePermissionSet,
    caller: Administrator,
    sets: SetsHere,
    *,
    http: HttpRequest,
    response: Response,
    if_match: IfMatch = None,
) -> PermissionSetShown:
    """
    Give a permission set of the platform another content; for the platform's administrator.

    There is no way to delete one, because roles of any organisation may name it: switch it off.
    """
    actor = actor_of(caller, http)
    changed = sets.change(actor, caller, PLATFORM, set_id, content=body.content(), if_match=if_match)
    show_version(response, PLATFORM, changed.version)
    show_revision(response, changed.result.revision)
    return PermissionSetShown.of(changed.result)
