"""The use cases of teams."""

from dataclasses import dataclass, replace

from tenantable.declare.queries import Page
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import changed
from tenantable.services.access.declaration import Team, TeamMembers, Teams
from tenantable.services.access.errors import AlreadyExists, InUse, NotFound
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.handing_out import Given, of_team_role, refuse_changing
from tenantable.services.access.rights.held import snapshot_for
from tenantable.web.etags import check_if_match

TOLD = ("name", "active", "division_id")
"""Of a team, in the audit trail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamContent:
    """What a team is to be. `division_id` None: it belongs to no division."""

    name: str
    active: bool
    division_id: str | None


class TeamService:
    """Teams of organisations."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._teams = changes.database.repository(Teams)
        self._members = changes.database.repository(TeamMembers)

    def team(self, organisation_id: str, team_id: str) -> Team:
        """
        Raises:
            NotFound: The organisation has none of this id.
        """
        found = self._teams.consistent.get(organisation_id=organisation_id, team_id=team_id)
        if found is None:
            raise NotFound(f"There is no team {team_id}")
        return found

    def of_organisation(self, organisation_id: str, *, limit: int, cursor: str | None) -> Page[Team]:
        """An organisation's teams, active or not, by id."""
        return self._teams.of_organisation(organisation_id=organisation_id).page(limit, cursor)

    def by_name(
        self, organisation_id: str, *, active: bool, name: str | None, limit: int, cursor: str | None
    ) -> Page[Team]:
        """An organisation's active (or inactive) teams by name, or those of one name."""
        return self._teams.by_name(organisation_id=organisation_id, active=active, name=name).page(limit, cursor)

    def of_division(self, organisation_id: str, division_id: str, *, limit: int, cursor: str | None) -> Page[Team]:
        """The teams of a division, active or not, by id."""
        return self._teams.of_division(organisation_id=organisation_id, division_id=division_id).page(limit, cursor)

    def create(self, actor: Actor, organisation_id: str, team_id: str, *, content: TeamContent) -> Changed[Team]:
        """
        Raises:
            AlreadyExists: There is a team of this id.
        """

        def build(change: Change) -> Team:
            if self._teams.consistent.get(organisation_id=organisation_id, team_id=team_id) is not None:
                raise AlreadyExists(f"There is a team {team_id} already")
            made = Team(
                organisation_id=organisation_id,
                team_id=team_id,
                name=content.name,
                active=content.active,
                division_id=content.division_id,
                date_created=change.now,
            )
            change.create(Teams, made)
            change.record("TEAM_MEMBERSHIP", "team.create", target=team_id, details=changed(None, made, *TOLD))
            return made.model_copy(update={"revision": 1})

        return self._changes.run(organisation_id, actor, build)

    def change(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        team_id: str,
        *,
        content: TeamContent,
        if_match: str | None,
    ) -> Changed[Team]:
        """
        Give a team another name or division, or switch it on or off.

        Raises:
            NotFound: The organisation has none of this id.
            PreconditionFailed: It was changed since it was read.
            Forbidden: Switching it gives or takes what the caller does not hold, or gives it for longer.
        """

        def build(change: Change) -> Team:
            stored = self.team(organisation_id, team_id)
            check_if_match(if_match, stored.revision)
            if stored.active != content.active:
                self._refuse_switching(change, caller, stored)
            changes = {"name": content.name, "active": content.active, "division_id": content.division_id}
            made = stored.model_copy(update=changes)
            change.put(Teams, made)
            change.record("TEAM_MEMBERSHIP", "team.change", target=team_id, details=changed(stored, made, *TOLD))
            return made.model_copy(update={"revision": stored.revision + 1})

        return self._changes.run(organisation_id, actor, build)

    def delete(self, actor: Actor, organisation_id: str, team_id: str, *, if_match: str | None) -> Changed[None]:
        """
        Delete an empty team.

        Raises:
            NotFound: The organisation has none of this id.
            PreconditionFailed: It was changed since it was read.
            InUse: It has members, or open invitations lead into it.
        """

        def build(change: Change) -> None:
            stored = self.team(organisation_id, team_id)
            check_if_match(if_match, stored.revision)
            if stored.members:
                raise InUse(f"The team {team_id} has {stored.members} members", hint="remove them first")
            if stored.invited:
                raise InUse(f"{stored.invited} open invitations lead into the team {team_id}", hint="revoke them first")
            change.delete(Teams, stored)
            change.record("TEAM_MEMBERSHIP", "team.delete", target=team_id, details=changed(stored, None, *TOLD))

        return self._changes.run(organisation_id, actor, build)

    def _refuse_switching(self, change: Change, caller: Caller, team: Team) -> None:
        """The members get what their roles in the team allow and deny, or lose it, all at once."""
        members = self._members.of_team(organisation_id=team.organisation_id, team_id=team.team_id)
        snapshot, now = snapshot_for(change), change.now.timestamp()
        awake = replace(snapshot.definitions, inactive_teams=snapshot.definitions.inactive_teams - {team.team_id})
        for team_role_id in sorted({member.team_role_id for member in members.consistent()}):
            on = of_team_role(awake, team_role_id, team.team_id)
            off = Given(every=on.every, actual=[])
            before, after = (on, off) if team.active else (off, on)
            refuse_changing(before, after, caller, snapshot, now=now)
