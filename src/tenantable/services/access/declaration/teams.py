"""Teams of organisations, the roles within them, and their members."""

from datetime import datetime
from typing import Literal

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.services.access.declaration.table import Ids, Switched, gsi1, gsi2, gsi3, table

TEAMS_OF_USER_MAX = 100
"""Teams of one user in one organisation."""


class Team(Switched, table=table, stored_names=camel_case):
    """
    A team of an organisation, perhaps within a division; `members` counts them, `invited` the open invitations into it.
    While it is not `active`, its members have nothing from it.
    """

    organisation_id: Attr[str]
    team_id: Attr[str]
    division_id: Attr[str | None] = attr(default=None)
    members: Attr[int] = attr(default=0)
    invited: Attr[int] = attr(default=0)


class TeamRoleDefinition(Switched, table=table, stored_names=camel_case):
    """
    What the members of an organisation's teams can be, and what they may do then: everywhere in the organisation, or
    with what belongs to the team alone. `assigned` counts who has it: members and open invitations.
    """

    organisation_id: Attr[str]
    team_role_id: Attr[str]
    permission_set_ids: Attr[Ids] = attr(default_factory=list)
    reach: Attr[Literal["organisation", "team"]] = attr(default="organisation")
    assigned: Attr[int] = attr(default=0)


class TeamMember(Entity, table=table, stored_names=camel_case):
    """A user in a team, in one role."""

    organisation_id: Attr[str]
    team_id: Attr[str]
    user_id: Attr[str]
    team_role_id: Attr[str]
    date_joined: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class Teams(Repository[Team]):
    """Teams of organisations."""

    @Team.key(pk="ORG#{organisation_id}", sk="TEAM#{team_id}")
    def get(self, *, organisation_id: str, team_id: str) -> None:
        """One team of an organisation."""

    @Team.query()
    def of_organisation(self, *, organisation_id: str) -> None:
        """An organisation's teams, by id."""

    @Team.query(gsi1, pk="ORG#{organisation_id}#ACTIVE#{active}", sk="TEAM#{name}")
    def by_name(self, *, organisation_id: str, active: bool, name: str | None = None) -> None:
        """An organisation's active (or inactive) teams by name, or those of one name."""

    @Team.query(gsi2, pk="ORG#{organisation_id}#DIV#{division_id}", sk="TEAM#{team_id}")
    def of_division(self, *, organisation_id: str, division_id: str) -> None:
        """The teams of a division, by id."""


class TeamRoleDefinitions(Repository[TeamRoleDefinition]):
    """Roles within the teams of organisations."""

    @TeamRoleDefinition.key(pk="ORG#{organisation_id}", sk="TEAMROLE#{team_role_id}")
    def get(self, *, organisation_id: str, team_role_id: str) -> None:
        """One team role of an organisation."""

    @TeamRoleDefinition.query(gsi1, pk="ORG#{organisation_id}#ACTIVE#{active}", sk="TEAMROLE#{name}")
    def by_name(self, *, organisation_id: str, active: bool, name: str | None = None) -> None:
        """An organisation's active (or inactive) team roles by name, or those of one name."""


class TeamMembers(Repository[TeamMember]):
    """Memberships in teams."""

    @TeamMember.key(pk="ORG#{organisation_id}#TEAM#{team_id}", sk="MEMBER#{user_id}")
    def get(self, *, organisation_id: str, team_id: str, user_id: str) -> None:
        """One user's membership in a team."""

    @TeamMember.query()
    def of_team(self, *, organisation_id: str, team_id: str) -> None:
        """The members of a team, by user id."""

    @TeamMember.query(gsi1, pk="USER#{user_id}", sk="ORG#{organisation_id}#TEAM#{team_id}")
    def teams_of_user(self, *, user_id: str) -> None:
        """Every team of a user, by organisation and team."""

    @TeamMember.query(gsi2, pk="ORG#{organisation_id}#TEAM#{team_id}#ROLE#{team_role_id}", sk="MEMBER#{user_id}")
    def by_role(self, *, organisation_id: str, team_id: str, team_role_id: str) -> None:
        """The members of a team who have one role, by user id."""

    @TeamMember.query(gsi3, pk="USER#{user_id}", sk="ORG#{organisation_id}#TEAM#{team_id}")
    def memberships(self, *, user_id: str, organisation_id: str | None = None) -> None:
        """A user's memberships everywhere, or in one organisation, by organisation and team."""
