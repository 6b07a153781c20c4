"""The routes of teams and team roles; those of their members stand in `members_api`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.errors import Unprocessable
from tenantable.services.access.http.answers import Answer, made_headers, show_revision, show_version
from tenantable.services.access.http.names import Name
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    ID_PATTERN,
    IdempotencyKey,
    IfMatch,
    RawBody,
    Request,
    allowed,
)
from tenantable.services.access.teams.definitions import TeamRoles
from tenantable.services.access.teams.schemas import (
    ChangeTeam,
    ChangeTeamRole,
    CreateTeam,
    CreateTeamRole,
    TeamRoleShown,
    TeamShown,
)
from tenantable.services.access.teams.service import TeamService
from tenantable.web.problems import problem_responses

TeamId = Annotated[str, Path(pattern=ID_PATTERN)]
TeamRoleId = Annotated[str, Path(pattern=ID_PATTERN)]
Active = Annotated[bool | None, Query(description="Active ones by name, or inactive ones; without it all, by id.")]
ActiveRoles = Annotated[bool, Query(description="Active team roles, or inactive ones.")]
NamedSo = Annotated[Name | None, Query(description="Only those of this name.")]
Division = Annotated[
    str | None, Query(alias="divisionId", pattern=ID_PATTERN, description="Only those of this division.")
]
ReadsTeams = Annotated[Request, Depends(allowed("access:team:read"))]
ReadsTeamsOrOwn = Annotated[Request, Depends(allowed("access:team:read", or_own=True))]
WritesTeams = Annotated[Request, Depends(allowed("access:team:write"))]
ReadsTeamRoles = Annotated[Request, Depends(allowed("access:team-role:read"))]
WritesTeamRoles = Annotated[Request, Depends(allowed("access:team-role:write"))]


def _teams(request: HttpRequest) -> TeamService:
    teams: TeamService = request.app.state.teams
    return teams


def _team_roles(request: HttpRequest) -> TeamRoles:
    team_roles: TeamRoles = request.app.state.team_roles
    return team_roles


TeamsHere = Annotated[TeamService, Depends(_teams)]
TeamRolesHere = Annotated[TeamRoles, Depends(_team_roles)]

router = APIRouter(
    prefix="/v1/organisations/{organisation_id}",
    tags=["teams"],
    responses=problem_responses(401, 403, 404, 413, 415, 422, 503),
)


@router.post("/teams", status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 409))
def create_team(
    body: CreateTeam,
    raw: RawBody,
    request: WritesTeams,
    teams: TeamsHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
) -> TeamShown:
    """Create a team."""
    at = f"{request.http.url.path}/{body.team_id}"
    answer = Answer(shown=TeamShown.of, status=201, headers=lambda made: made_headers(made.revision, at=at))
    actor = request.repeatable(key, raw, answer)
    changed = teams.create(actor, request.organisation_id, body.team_id, content=body.content())
    return answer.show(response, request.organisation_id, changed)


@router.get("/teams", responses=problem_responses(400))
def list_teams(
    request: ReadsTeams,
    teams: TeamsHere,
    *,
    active: Active = None,
    name: NamedSo = None,
    division_id: Division = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[TeamShown]:
    """The organisation's teams: all, the active or inactive ones, those of one name, or those of a division."""
    if division_id is not None and (active is not None or name is not None):
        raise Unprocessable("The teams of a division cannot be asked for by name or activity", hint="leave one out")
    organisation_id = request.organisation_id
    if division_id is not None:
        page = teams.of_division(organisation_id, division_id, limit=limit, cursor=cursor)
    elif active is not None or name is not None:
        page = teams.by_name(organisation_id, active=active is not False, name=name, limit=limit, cursor=cursor)
    else:
        page = teams.of_organisation(organisation_id, limit=limit, cursor=cursor)
    return listing(page.items, TeamShown.of, following=page.next)


@router.get("/teams/{team_id}")
def read_team(team_id: TeamId, request: ReadsTeams, teams: TeamsHere, response: Response) -> TeamShown:
    """One team."""
    found = teams.team(request.organisation_id, team_id)
    show_revision(response, found.revision)
    return TeamShown.of(found)


@router.put("/teams/{team_id}", responses=problem_responses(400, 412))
def change_team(
    team_id: TeamId,
    body: ChangeTeam,
    request: WritesTeams,
    teams: TeamsHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> TeamShown:
    """Give a team another name or division, or switch it on or off."""
    changed = teams.change(
        request.actor(), request.caller, request.organisation_id, team_id, content=body.content(), if_match=if_match
    )
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.revision)
    return TeamShown.of(changed.result)


@router.delete("/teams/{team_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(400, 409, 412))
def delete_team(
    team_id: TeamId, request: WritesTeams, teams: TeamsHere, *, response: Response, if_match: IfMatch = None
) -> None:
    """Delete a team that has no members."""
    changed = teams.delete(request.actor(), request.organisation_id, team_id, if_match=if_match)
    show_version(response, request.organisation_id, changed.version)


@router.post("/team-roles", status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 409))
def create_team_role(
    body: CreateTeamRole,
    raw: RawBody,
    request: WritesTeamRoles,
    team_roles: TeamRolesHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
) -> TeamRoleShown:
    """Create a team role. It may not allow more than the caller holds."""
    at = f"{request.http.url.path}/{body.team_role_id}"
    answer = Answer(shown=TeamRoleShown.of, status=201, headers=lambda made: made_headers(made.revision, at=at))
    actor = request.repeatable(key, raw, answer)
    changed = team_roles.create(
        actor, request.caller, request.organisation_id, body.team_role_id, content=body.content()
    )
    return answer.show(response, request.organisation_id, changed)


@router.get("/team-roles", responses=problem_responses(400))
def list_team_roles(
    request: ReadsTeamRoles,
    team_roles: TeamRolesHere,
    *,
    active: ActiveRoles = True,
    name: NamedSo = None,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[TeamRoleShown]:
    """The organisation's team roles by name."""
    page = team_roles.by_name(request.organisation_id, active=active, name=name, limit=limit, cursor=cursor)
    return listing(page.items, TeamRoleShown.of, following=page.next)


@router.get("/team-roles/{team_role_id}")
def read_team_role(
    team_role_id: TeamRoleId, request: ReadsTeamRoles, team_roles: TeamRolesHere, response: Response
) -> TeamRoleShown:
    """One team role."""
    found = team_roles.role(request.organisation_id, team_role_id)
    show_revision(response, found.revision)
    return TeamRoleShown.of(found)


@router.put("/team-roles/{team_role_id}", responses=problem_responses(400, 412))
def change_team_role(
    team_role_id: TeamRoleId,
    body: ChangeTeamRole,
    request: WritesTeamRoles,
    team_roles: TeamRolesHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> TeamRoleShown:
    """Give a team role another content; whoever has it has that from now on."""
    changed = team_roles.change(
        request.actor(),
        request.caller,
        request.organisation_id,
        team_role_id,
        content=body.content(),
        if_match=if_match,
    )
    show_version(response, request.organisation_id, changed.version)
    show_revision(response, changed.result.revision)
    return TeamRoleShown.of(changed.result)


@router.delete(
    "/team-roles/{team_role_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(400, 409, 412)
)
def delete_team_role(
    team_role_id: TeamRoleId,
    request: WritesTeamRoles,
    team_roles: TeamRolesHere,
    *,
    response: Response,
    if_match: IfMatch = None,
) -> None:
    """Delete a team role that nobody has."""
    changed = team_roles.delete(
        request.actor(), request.caller, request.organisation_id, team_role_id, if_match=if_match
    )
    show_version(response, request.organisation_id, changed.version)
