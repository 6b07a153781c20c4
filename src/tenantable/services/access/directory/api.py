"""The routes of the directory."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.directory.schemas import CreatedOrganisation, CreateOrganisation, OrganisationShown
from tenantable.services.access.directory.service import Directory, NewOrganisation
from tenantable.services.access.errors import Unprocessable
from tenantable.services.access.http.answers import show_revision, show_version
from tenantable.services.access.http.requests import (
    IdempotencyKey,
    RawBody,
    Request,
    allowed,
    platform_only,
    repeatable_actor,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.tokens import normalised_email
from tenantable.web.problems import problem_responses


def _directory(request: HttpRequest) -> Directory:
    directory: Directory = request.app.state.directory
    return directory


DirectoryHere = Annotated[Directory, Depends(_directory)]

router = APIRouter(prefix="/v1", tags=["directory"], responses=problem_responses(401, 403, 413, 415, 422, 503))


@router.post("/organisations", status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 409))
def create_organisation(
    body: CreateOrganisation,
    raw: RawBody,
    caller: Annotated[Caller, Depends(platform_only)],
    directory: DirectoryHere,
    *,
    http: HttpRequest,
    response: Response,
    key: IdempotencyKey = None,
) -> CreatedOrganisation:
    """Create an organisation with its first owner; for the platform's administrator."""
    new = NewOrganisation(
        organisation_id=body.organisation_id,
        name=body.name,
        owner_id=body.owner.user_id,
        owner_email=_email(body.owner.email),
        seat_limit=body.seat_limit,
        allowed_domains=body.allowed_domains,
    )
    actor = repeatable_actor(
        caller,
        http,
        key,
        body=raw,
        status=status.HTTP_201_CREATED,
        render=lambda organisation: CreatedOrganisation.of(organisation).model_dump_json(),
    )
    changed = directory.create(actor, new)
    show_version(response, new.organisation_id, changed.version)
    response.headers["location"] = f"/v1/organisations/{new.organisation_id}"
    return CreatedOrganisation.of(changed.result)


@router.get("/organisations/{organisation_id}", responses=problem_responses(404))
def read_organisation(
    request: Annotated[Request, Depends(allowed("access:organisation:read"))],
    directory: DirectoryHere,
    response: Response,
) -> OrganisationShown:
    """An organisation, with its owners and seats counted."""
    organisation, head = directory.organisation(request.organisation_id)
    show_revision(response, organisation.revision)
    return OrganisationShown.of(organisation, head)


def _email(address: str) -> str:
    try:
        return normalised_email(address)
    except ValueError as error:
        raise Unprocessable(str(error)) from error
