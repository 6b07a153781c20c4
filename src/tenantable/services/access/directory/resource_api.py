"""The routes of protected resources."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.directory.resources import NewResource, ResourceDirectory
from tenantable.services.access.directory.schemas import (
    RESOURCE_ID_PATTERN,
    TYPE_PATTERN,
    PutResource,
    PutResources,
    ResourceShown,
    ResourcesShown,
)
from tenantable.services.access.http.answers import Answer, show_revision, show_version
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import IdempotencyKey, IfMatch, RawBody, Request, allowed
from tenantable.web.problems import problem_responses

ResourceType = Annotated[str, Path(pattern=TYPE_PATTERN)]
ResourceId = Annotated[str, Path(pattern=RESOURCE_ID_PATTERN)]
Reads = Annotated[Request, Depends(allowed("access:resource:read"))]
Writes = Annotated[Request, Depends(allowed("access:resource:write"))]


def _resources(request: HttpRequest) -> ResourceDirectory:
    resources: ResourceDirectory = request.app.state.resources
    return resources


ResourcesHere = Annotated[ResourceDirectory, Depends(_resources)]

router = APIRouter(
    prefix="/v1/organisations/{organisation_id}/resources",
    tags=["resources"],
    responses=problem_responses(401, 403, 404, 413, 415, 422, 503),
)


@router.get("", responses=problem_responses(400))
def list_resources(
    request: Reads,
    resources: ResourcesHere,
    *,
    resource_type: Annotated[str, Query(alias="type", pattern=TYPE_PATTERN)],
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[ResourceShown]:
    """An organisation's resources of one type, by id."""
    page = resources.of_type(request.organisation_id, resource_type, limit=limit, cursor=cursor)
    return listing(page.items, ResourceShown.of, following=page.next)


@router.post("", responses=problem_responses(400))
def put_resources(
    body: PutResources,
    raw: RawBody,
    request: Writes,
    resources: ResourcesHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
) -> ResourcesShown:
    """Say what up to 100 resources are, new ones or not; after an error, the same again does the rest."""
    answer = Answer(shown=ResourcesShown.of)
    actor = request.repeatable(key, raw, answer)
    changed = resources.put_many(actor, request.caller, request.organisation_id, [each.new() for each in body.items])
    return answer.show(response, request.organisation_id, changed)


@router.get("/{resource_type}/{resource_id}")
def read_resource(
    resource_type: ResourceType,
    resource_id: ResourceId,
    request: Reads,
    resources: ResourcesHere,
    *,
    response: Response,
) -> ResourceShown:
    """One resource."""
    found = resources.resource(request.organisation_id, resource_type, resource_id)
    show_revision(response, found.revision)
    return ResourceShown.of(found)


@router.put("/{resource_type}/{resource_id}", responses=problem_responses(400, 412))
def put_resource(
    resource_type: ResourceType,
    resource_id: ResourceId,
    body: PutResource,
    request: Writes,
    *,
    resources: ResourcesHere,
    response: Response,
    if_match: IfMatch = None,
) -> ResourceShown:
    """
    Say what a resource is, whether it was there or not. Its properties take part in decisions about it: what hangs on
    those that change the caller must hold.
    """
    new = NewResource(resource_type=resource_type, resource_id=resource_id, properties=body.properties)
    changed = resources.put(request.actor(), request.caller, request.organisation_id, new, if_match=if_match)
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.revision)
    return ResourceShown.of(changed.result)


@router.delete(
    "/{resource_type}/{resource_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(400, 412),
)
def delete_resource(
    resource_type: ResourceType,
    resource_id: ResourceId,
    request: Writes,
    resources: ResourcesHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> None:
    """Forget a resource."""
    changed = resources.delete(
        request.actor(),
        request.caller,
        request.organisation_id,
        resource_type=resource_type,
        resource_id=resource_id,
        if_match=if_match,
    )
    show_version(response, request.organisation_id, changed.version)
