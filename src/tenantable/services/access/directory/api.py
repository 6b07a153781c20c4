"""The routes of organisations, and of a user's own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.directory.members import MemberDirectory
from tenantable.services.access.directory.removal import Removal
from tenantable.services.access.directory.schemas import (
    ChangeOrganisation,
    CreatedOrganisation,
    CreateOrganisation,
    MembershipShown,
    OrganisationChanged,
    OrganisationListed,
    OrganisationShown,
)
from tenantable.services.access.directory.service import Directory, NewOrganisation
from tenantable.services.access.errors import Forbidden, Unprocessable
from tenantable.services.access.http.answers import Answer, show_revision, show_version
from tenantable.services.access.http.names import Name
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    CallerHere,
    IdempotencyKey,
    IfMatch,
    RawBody,
    Request,
    allowed,
    platform_only,
    repeatable_actor,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.emails import normalised_email
from tenantable.web.problems import problem_responses


def _directory(request: HttpRequest) -> Directory:
    directory: Directory = request.app.state.directory
    return directory


def members_here(request: HttpRequest) -> MemberDirectory:
    """The members' use cases, for routes."""
    members: MemberDirectory = request.app.state.members
    return members


def removal_here(request: HttpRequest) -> Removal:
    """The use cases of users who go, for routes."""
    removal: Removal = request.app.state.removal
    return removal


DirectoryHere = Annotated[Directory, Depends(_directory)]
Administrator = Annotated[Caller, Depends(platform_only)]

router = APIRouter(prefix="/v1", tags=["directory"], responses=problem_responses(401, 403, 413, 415, 422, 503))


@router.post("/organisations", status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 409))
def create_organisation(
    body: CreateOrganisation,
    raw: RawBody,
    caller: Administrator,
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
        owner_email=email_of(body.owner.email),
        seat_limit=body.seat_limit,
        allowed_domains=body.allowed_domains,
    )
    location = {"location": f"/v1/organisations/{new.organisation_id}"}
    answer = Answer(shown=CreatedOrganisation.of, status=201, headers=lambda _made: location)
    changed = directory.create(repeatable_actor(caller, http, key, body=raw, answer=answer), new)
    return answer.show(response, new.organisation_id, changed)


@router.get("/organisations", responses=problem_responses(400))
def list_organisations(
    _caller: Administrator,
    directory: DirectoryHere,
    *,
    active: Annotated[bool, Query(description="Active organisations, or inactive ones.")] = True,
    name: Annotated[Name | None, Query(description="Only those of this name.")] = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[OrganisationListed]:
    """Organisations by name; for the platform's administrator."""
    page = directory.organisations(active=active, name=name, limit=limit, cursor=cursor)
    return listing(page.items, OrganisationListed.of, following=page.next)


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


@router.patch("/organisations/{organisation_id}", responses=problem_responses(400, 404, 409, 412))
def change_organisation(
    body: ChangeOrganisation,
    request: Annotated[Request, Depends(allowed("access:organisation:write"))],
    directory: DirectoryHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> OrganisationChanged:
    """Change an organisation. Its seats, and whether it is active, are for the platform's administrator to change."""
    changed = directory.change(
        request.actor(), request.caller, request.organisation_id, values=body.values(), if_match=if_match
    )
    organisation, seat_limit = changed.result
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, organisation.revision)
    return OrganisationChanged(**OrganisationListed.of(organisation).model_dump(by_alias=False), seat_limit=seat_limit)


@router.get("/me/organisations", responses=problem_responses(400))
def list_own_organisations(
    caller: CallerHere,
    members: Annotated[MemberDirectory, Depends(members_here)],
    *,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[MembershipShown]:
    """The organisations in which the caller, a user, is a member, by id."""
    if caller.kind != "user":
        raise Forbidden("Only users are members of organisations")
    found, following = members.organisations_of(caller.id, limit=limit, cursor=cursor)
    return listing(found, MembershipShown.of, following=following)


def email_of(address: str) -> str:
    """
    The address, normalised.

    Raises:
        Unprocessable: It is none.
    """
    try:
        return normalised_email(address)
    except ValueError as error:
        raise Unprocessable(str(error)) from error
