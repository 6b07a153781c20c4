"""The routes of members of teams, and of teams of members."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.errors import Forbidden
from tenantable.services.access.http.answers import Answer, made_headers, show_revision, show_version
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    ID_PATTERN,
    CallerHere,
    IdempotencyKey,
    IfMatch,
    RawBody,
)
from tenantable.services.access.identity.subjects import USER_ID_PATTERN
from tenantable.services.access.teams.api import ReadsTeams, ReadsTeamsOrOwn, TeamId, WritesTeams
from tenantable.services.access.teams.members import Memberships
from tenantable.services.access.teams.schemas import AddTeamMember, ChangeTeamMember, TeamMemberShown
from tenantable.web.problems import problem_responses

UserId = Annotated[str, Path(pattern=USER_ID_PATTERN)]
OfTeamRole = Annotated[
    str | None, Query(alias="teamRoleId", pattern=ID_PATTERN, description="Only those in this team role.")
]
OfOrganisation = Annotated[
    str | None, Query(alias="organisationId", pattern=ID_PATTERN, description="Only teams of this organisation.")
]
_TEAM = "/organisations/{organisation_id}/teams/{team_id}"


def _memberships(request: HttpRequest) -> Memberships:
    memberships: Memberships = request.app.state.memberships
    return memberships


MembershipsHere = Annotated[Memberships, Depends(_memberships)]

router = APIRouter(prefix="/v1", tags=["teams"], responses=problem_responses(401, 403, 413, 415, 422, 503))


@router.post(f"{_TEAM}/members", status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 404, 409))
def add_team_member(
    team_id: TeamId,
    body: AddTeamMember,
    raw: RawBody,
    request: WritesTeams,
    *,
    memberships: MembershipsHere,
    response: Response,
    key: IdempotencyKey = None,
) -> TeamMemberShown:
    """Add a member of the organisation to a team. The team role may not allow more than the caller holds."""
    at = f"{request.http.url.path}/{body.user_id}"
    answer = Answer(shown=TeamMemberShown.of, status=201, headers=lambda made: made_headers(made.revision, at=at))
    actor = request.repeatable(key, raw, answer)
    changed = memberships.add(
        actor,
        request.caller,
        request.organisation_id,
        team_id,
        user_id=body.user_id,
        team_role_id=body.team_role_id,
    )
    return answer.show(response, request.organisation_id, changed)


@router.get(f"{_TEAM}/members", responses=problem_responses(400, 404))
def list_team_members(
    team_id: TeamId,
    request: ReadsTeams,
    memberships: MembershipsHere,
    *,
    team_role_id: OfTeamRole = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[TeamMemberShown]:
    """The members of a team by user id, or those in one team role."""
    page = memberships.of_team(request.organisation_id, team_id, team_role_id=team_role_id, limit=limit, cursor=cursor)
    return listing(page.items, TeamMemberShown.of, following=page.next)


@router.get(f"{_TEAM}/members/{{user_id}}", responses=problem_responses(404))
def read_team_member(
    team_id: TeamId, user_id: UserId, request: ReadsTeams, memberships: MembershipsHere, *, response: Response
) -> TeamMemberShown:
    """One member of a team."""
    found = memberships.membership(request.organisation_id, team_id, user_id)
    show_revision(response, found.revision)
    return TeamMemberShown.of(found)


@router.put(f"{_TEAM}/members/{{user_id}}", responses=problem_responses(400, 404, 409, 412))
def change_team_member(
    team_id: TeamId,
    user_id: UserId,
    body: ChangeTeamMember,
    request: WritesTeams,
    *,
    memberships: MembershipsHere,
    response: Response,
    if_match: IfMatch = None,
) -> TeamMemberShown:
    """Give a member of a team another role there."""
    changed = memberships.change_role(
        request.actor(),
        request.caller,
        request.organisation_id,
        team_id,
        user_id=user_id,
        team_role_id=body.team_role_id,
        if_match=if_match,
    )
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.revision)
    return TeamMemberShown.of(changed.result)


@router.delete(
    f"{_TEAM}/members/{{user_id}}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(400, 404, 412),
)
def remove_team_member(
    team_id: TeamId,
    user_id: UserId,
    request: WritesTeams,
    memberships: MembershipsHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> None:
    """Take a member out of a team; the user stays in the organisation."""
    changed = memberships.remove(
        request.actor(), request.caller, request.organisation_id, team_id, user_id=user_id, if_match=if_match
    )
    show_version(response, request.organisation_id, changed.version)


@router.get("/organisations/{organisation_id}/users/{user_id}/teams", responses=problem_responses(400, 404))
def list_teams_of_member(
    user_id: UserId,
    request: ReadsTeamsOrOwn,
    memberships: MembershipsHere,
    *,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[TeamMemberShown]:
    """The teams of a member of the organisation, by team id. Their own for every member."""
    page = memberships.of_member(request.organisation_id, user_id, limit=limit, cursor=cursor)
    return listing(page.items, TeamMemberShown.of, following=page.next)


@router.get("/me/teams", responses=problem_responses(400))
def list_own_teams(
    caller: CallerHere,
    memberships: MembershipsHere,
    *,
    organisation_id: OfOrganisation = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[TeamMemberShown]:
    """The caller's own teams in all organisations, or in one, by organisation and team; for users."""
    if caller.kind != "user":
        raise Forbidden("Only users are in teams")
    page = memberships.everywhere(caller.id, organisation_id=organisation_id, limit=limit, cursor=cursor)
    return listing(page.items, TeamMemberShown.of, following=page.next)
