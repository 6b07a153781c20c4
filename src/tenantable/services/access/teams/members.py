"""Who is in which team, in which role; a member of the organisation knows it too, in the same transaction."""

from collections.abc import Sequence

from tenantable.declare.queries import Page
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    TEAMS_OF_USER_MAX,
    Member,
    Members,
    Team,
    TeamMember,
    TeamMembers,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    Teams,
)
from tenantable.services.access.errors import AlreadyExists, Inactive, NotFound, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.handing_out import (
    frees_themselves,
    given_by_team_role,
    given_to,
    refuse_other_denies_of,
)
from tenantable.services.access.rights.held import refuse_longer_than_held, refuse_more_than_held, snapshot_for
from tenantable.web.etags import check_if_match


class Memberships:
    """Members of teams, and teams of members."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._memberships = changes.database.repository(TeamMembers)
        self._members = changes.database.repository(Members).consistent
        self._teams = changes.database.repository(Teams).consistent

    def membership(self, organisation_id: str, team_id: str, user_id: str) -> TeamMember:
        """
        Raises:
            NotFound: There is no such team, or the user is not in it.
        """
        key = {"organisation_id": organisation_id, "team_id": team_id, "user_id": user_id}
        found = self._memberships.consistent.get(**key)
        if found is None:
            self._team(organisation_id, team_id)
            raise NotFound(f"{user_id} is not in the team {team_id}")
        return found

    def of_team(
        self, organisation_id: str, team_id: str, *, team_role_id: str | None, limit: int, cursor: str | None
    ) -> Page[TeamMember]:
        """
        The members of a team by user id, or those in one role.

        Raises:
            NotFound: The organisation has no such team.
        """
        self._team(organisation_id, team_id)
        key = {"organisation_id": organisation_id, "team_id": team_id}
        if team_role_id is None:
            return self._memberships.of_team(**key).page(limit, cursor)
        return self._memberships.by_role(**key, team_role_id=team_role_id).page(limit, cursor)

    def of_member(self, organisation_id: str, user_id: str, *, limit: int, cursor: str | None) -> Page[TeamMember]:
        """
        The teams of a member in an organisation, by team id.

        Raises:
            NotFound: The user is no member of the organisation.
        """
        self._member(organisation_id, user_id)
        return self._memberships.memberships(user_id=user_id, organisation_id=organisation_id).page(limit, cursor)

    def everywhere(
        self, user_id: str, *, organisation_id: str | None, limit: int, cursor: str | None
    ) -> Page[TeamMember]:
        """A user's teams in all organisations or in one, by organisation and team; for the user."""
        if organisation_id is None:
            return self._memberships.teams_of_user(user_id=user_id).page(limit, cursor)
        return self._memberships.memberships(user_id=user_id, organisation_id=organisation_id).page(limit, cursor)

    def add(
        self, actor: Actor, caller: Caller, organisation_id: str, team_id: str, *, user_id: str, team_role_id: str
    ) -> Changed[TeamMember]:
        """
        Add a member of the organisation to a team.

        Raises:
            NotFound: There is no such team or team role, or the user is no member of the organisation.
            Inactive: The member, the team or the team role is switched off.
            AlreadyExists: The user is in the team.
            Unprocessable: The user is in as many teams as one can be.
            Forbidden: The team role allows more than the caller holds, or longer; or it denies the user what the caller
                does not hold.
        """

        def build(change: Change) -> TeamMember:
            team, member = self._team(organisation_id, team_id), self._member(organisation_id, user_id)
            if not (team.active and member.active):
                raise Inactive(f"The team {team_id} or the member {user_id} is switched off")
            if team_id in member.team_roles:
                raise AlreadyExists(f"{user_id} is in the team {team_id} already", hint="change the team role")
            if len(member.team_roles) >= TEAMS_OF_USER_MAX:
                raise Unprocessable(f"{user_id} is in {TEAMS_OF_USER_MAX} teams; nobody can be in more")
            snapshot = snapshot_for(change)
            self._refuse_inactive(snapshot, team_role_id)
            _refuse_to_give(change, caller, snapshot, team_role_id, team_id=team_id)
            _refuse_denies(change, caller, snapshot, member, team_id=team_id, team_role_ids=[team_role_id])
            made = TeamMember(
                organisation_id=organisation_id,
                team_id=team_id,
                user_id=user_id,
                team_role_id=team_role_id,
                date_joined=change.now,
            )
            change.create(TeamMembers, made)
            change.update(Members, member, Member.team_roles.set(member.team_roles | {team_id: team_role_id}))
            _count_member(change, team_id, 1)
            _count_role(change, team_role_id, 1)
            change.record("TEAM_MEMBERSHIP", "team-member.add", target=user_id, details=_shown(team_id, team_role_id))
            return made.model_copy(update={"revision": 1})

        return self._changes.run(organisation_id, actor, build)

    def change_role(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        team_id: str,
        *,
        user_id: str,
        team_role_id: str,
        if_match: str | None,
    ) -> Changed[TeamMember]:
        """
        Give a member of a team another role there.

        Raises:
            NotFound: There is no such team or team role, or the user is not in the team.
            PreconditionFailed: The membership was changed since it was read.
            Inactive: The team role is switched off.
            Forbidden: As for `add` and `remove`.
        """

        def build(change: Change) -> TeamMember:
            stored = self.membership(organisation_id, team_id, user_id)
            check_if_match(if_match, stored.revision)
            member, snapshot = self._member(organisation_id, user_id), snapshot_for(change)
            self._refuse_inactive(snapshot, team_role_id)
            both = [stored.team_role_id, team_role_id]
            _refuse_to_take(change, caller, snapshot, stored)
            _refuse_to_give(change, caller, snapshot, team_role_id, team_id=team_id)
            _refuse_denies(change, caller, snapshot, member, team_id=team_id, team_role_ids=both)
            change.update(TeamMembers, stored, TeamMember.team_role_id.set(team_role_id))
            change.update(Members, member, Member.team_roles.set(member.team_roles | {team_id: team_role_id}))
            if team_role_id != stored.team_role_id:
                _count_role(change, stored.team_role_id, -1)
                _count_role(change, team_role_id, 1)
            details = _shown(team_id, team_role_id) | {"before": stored.team_role_id}
            change.record("TEAM_MEMBERSHIP", "team-member.change", target=user_id, details=details)
            return stored.model_copy(update={"team_role_id": team_role_id, "revision": stored.revision + 1})

        return self._changes.run(organisation_id, actor, build)

    def remove(
        self, actor: Actor, caller: Caller, organisation_id: str, team_id: str, *, user_id: str, if_match: str | None
    ) -> Changed[None]:
        """
        Take a member out of a team.

        Raises:
            NotFound: There is no such team, or the user is not in it.
            PreconditionFailed: The membership was changed since it was read.
            Forbidden: The team role allows more than the caller holds, or what it denies the user would be free for.
        """

        def build(change: Change) -> None:
            stored = self.membership(organisation_id, team_id, user_id)
            check_if_match(if_match, stored.revision)
            member, snapshot = self._member(organisation_id, user_id), snapshot_for(change)
            _refuse_to_take(change, caller, snapshot, stored)
            rules = snapshot.definitions.rules_of_team_role(stored.team_role_id, team_id)
            if not frees_themselves(rules, caller, snapshot, user_id=user_id, now=change.now.timestamp()):
                _refuse_denies(change, caller, snapshot, member, team_id=team_id, team_role_ids=[stored.team_role_id])
            left = {each: role for each, role in member.team_roles.items() if each != team_id}
            change.delete(TeamMembers, stored)
            change.update(Members, member, Member.team_roles.set(left))
            _count_member(change, team_id, -1)
            _count_role(change, stored.team_role_id, -1)
            details = _shown(team_id, stored.team_role_id)
            change.record("TEAM_MEMBERSHIP", "team-member.remove", target=user_id, details=details)

        return self._changes.run(organisation_id, actor, build)

    def _team(self, organisation_id: str, team_id: str) -> Team:
        found = self._teams.get(organisation_id=organisation_id, team_id=team_id)
        if found is None:
            raise NotFound(f"There is no team {team_id}")
        return found

    def _member(self, organisation_id: str, user_id: str) -> Member:
        found = self._members.get(organisation_id=organisation_id, user_id=user_id)
        if found is None:
            raise NotFound(f"{user_id} is no member")
        return found

    def _refuse_inactive(self, snapshot: Snapshot, team_role_id: str) -> None:
        role = snapshot.definitions.team_roles.get(team_role_id)
        if role is None:
            raise NotFound(f"There is no team role {team_role_id}")
        if not role.active:
            raise Inactive(f"The team role {team_role_id} is switched off")


# What is given and what is taken is each looked at for itself: what one denies excuses no other.


def _refuse_to_give(change: Change, caller: Caller, snapshot: Snapshot, team_role_id: str, *, team_id: str) -> None:
    """A membership has no end."""
    rules = given_by_team_role(snapshot.definitions, team_role_id, team_id)
    refuse_longer_than_held(rules, caller, snapshot, until=None, now=change.now.timestamp())


def _refuse_to_take(change: Change, caller: Caller, snapshot: Snapshot, stored: TeamMember) -> None:
    rules = given_by_team_role(snapshot.definitions, stored.team_role_id, stored.team_id)
    refuse_more_than_held(rules, caller, snapshot, now=change.now.timestamp())


def _refuse_denies(
    change: Change,
    caller: Caller,
    snapshot: Snapshot,
    member: Member,
    *,
    team_id: str,
    team_role_ids: Sequence[str],
) -> None:
    found, now = snapshot.definitions, change.now.timestamp()
    rules = [rule for each in team_role_ids for rule in found.rules_of_team_role(each, team_id, also_inactive=True)]
    elsewhere = {team: role for team, role in member.team_roles.items() if team != team_id}
    assignments = snapshot.user(member.user_id, now=now).assignments
    others = given_to(snapshot, member.model_copy(update={"team_roles": elsewhere}), assignments)
    refuse_other_denies_of(rules, others, caller, snapshot, now=now)


def _count_member(change: Change, team_id: str, number: int) -> None:
    key = Teams.get.key(organisation_id=change.organisation_id, team_id=team_id)
    change.update(Teams, key, Team.members.add(number))


def _count_role(change: Change, team_role_id: str, number: int) -> None:
    key = TeamRoleDefinitions.get.key(organisation_id=change.organisation_id, team_role_id=team_role_id)
    change.update(TeamRoleDefinitions, key, TeamRoleDefinition.assigned.add(number))


def _shown(team_id: str, team_role_id: str) -> dict[str, str]:
    return {"team": team_id, "teamRole": team_role_id}
