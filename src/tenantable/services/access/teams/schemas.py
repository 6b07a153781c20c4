"""What goes over HTTP about teams, in and out."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from tenantable.services.access.declaration import Team, TeamMember, TeamRoleDefinition
from tenantable.services.access.http.names import Name
from tenantable.services.access.http.pages import RequestBody, ResponseBody
from tenantable.services.access.http.requests import ID_PATTERN
from tenantable.services.access.identity.subjects import USER_ID_PATTERN
from tenantable.services.access.teams.definitions import Reach, TeamRoleContent
from tenantable.services.access.teams.service import TeamContent

Id = Annotated[str, Field(pattern=ID_PATTERN)]
UserId = Annotated[str, Field(pattern=USER_ID_PATTERN)]
SETS_MAX = 100


class ChangeTeam(RequestBody):
    """What a team is to be. While it is not active, its members have nothing from it."""

    name: Name
    active: bool = True
    division_id: Id | None = None

    def content(self) -> TeamContent:
        return TeamContent(name=self.name, active=self.active, division_id=self.division_id)


class CreateTeam(ChangeTeam):
    """A team to create."""

    team_id: Id


class TeamShown(ResponseBody):
    """A team. Its revision is the ETag, which members move too."""

    team_id: str
    organisation_id: str
    name: str
    active: bool
    division_id: str | None
    members: int
    invited: int = Field(description="How many open invitations lead into it.")
    date_created: datetime

    @classmethod
    def of(cls, team: Team) -> Self:
        return cls(
            team_id=team.team_id,
            organisation_id=team.organisation_id,
            name=team.name,
            active=team.active,
            division_id=team.division_id,
            members=team.members,
            invited=team.invited,
            date_created=team.date_created,
        )


class ChangeTeamRole(RequestBody):
    """What a team role is to be: its permission sets, and whether they count everywhere or with the team's own."""

    name: Name
    active: bool = True
    permission_set_ids: list[Id] = Field(default=[], max_length=SETS_MAX)
    reach: Reach = Field(
        default="organisation", description="`team`: only with resources whose property `teamId` is the team's id."
    )

    def content(self) -> TeamRoleContent:
        return TeamRoleContent(
            name=self.name, active=self.active, permission_set_ids=self.permission_set_ids, reach=self.reach
        )


class CreateTeamRole(ChangeTeamRole):
    """A team role to create."""

    team_role_id: Id


class TeamRoleShown(ResponseBody):
    """A team role. Its revision is the ETag, which who has it moves too."""

    team_role_id: str
    organisation_id: str
    name: str
    active: bool
    permission_set_ids: list[str]
    reach: Reach
    assigned: int = Field(description="How many members of teams and open invitations have it.")
    date_created: datetime

    @classmethod
    def of(cls, role: TeamRoleDefinition) -> Self:
        return cls(
            team_role_id=role.team_role_id,
            organisation_id=role.organisation_id,
            name=role.name,
            active=role.active,
            permission_set_ids=role.permission_set_ids,
            reach=role.reach,
            assigned=role.assigned,
            date_created=role.date_created,
        )


class ChangeTeamMember(RequestBody):
    """The role that a member of a team is to have there."""

    team_role_id: Id


class AddTeamMember(ChangeTeamMember):
    """A member of the organisation to add to a team."""

    user_id: UserId


class TeamMemberShown(ResponseBody):
    """A user in a team. Its revision is the ETag."""

    organisation_id: str
    team_id: str
    user_id: str
    team_role_id: str
    date_joined: datetime

    @classmethod
    def of(cls, found: TeamMember) -> Self:
        return cls(
            organisation_id=found.organisation_id,
            team_id=found.team_id,
            user_id=found.user_id,
            team_role_id=found.team_role_id,
            date_joined=found.date_joined,
        )
