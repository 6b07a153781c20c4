"""Users who go: removed, or leaving. Nobody is left with rights and half removed."""

from collections import Counter
from collections.abc import Sequence

from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import bounded
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    Member,
    Members,
    Team,
    TeamMembers,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    Teams,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.errors import NotFound
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.counts import count_assigned, counted_owners, run_counting_begun
from tenantable.services.access.rights.handing_out import denies, given_to
from tenantable.services.access.rights.held import refuse_more_than_held, snapshot_for
from tenantable.web.etags import check_if_match

GRANTS_AT_ONCE = 25
"""Roles and teams that are taken away in one transaction: three writes each, at most."""
STEPS_MAX = 1000


class Removal:
    """
    Takes users out of organisations, with all that they have there.

    Whoever has more than fits one transaction is switched off with the first one, and may do nothing from then on. The
    same call, repeated, goes on where it was left.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._assignments = changes.database.repository(UserRoleAssignments).consistent
        self._members = changes.database.repository(Members)

    def refuse_answered(self, actor: Actor) -> None:
        """As `Changes.refuse_answered`: whoever has left is no member any more, and may still ask again."""
        self._changes.refuse_answered(actor)

    def remove(
        self, actor: Actor, caller: Caller, organisation_id: str, user_id: str, *, if_match: str | None = None
    ) -> Changed[None]:
        """
        Raises:
            NotFound: The user is no member.
            PreconditionFailed: The member was changed since it was read.
            LastOwner: The organisation would have no owner.
            Forbidden: The user has more than the caller holds. Everybody may go.
        """
        begun = False
        for _ in range(STEPS_MAX):
            checked = None if begun else if_match
            changed = run_counting_begun(
                self._changes,
                organisation_id,
                actor,
                lambda change, checked=checked: self._step(change, caller, user_id, if_match=checked),  # type: ignore[misc]
            )
            begun = True
            if changed.result:
                return Changed(result=None, version=changed.version)
        raise AssertionError("nobody has so much")

    def _step(self, change: Change, caller: Caller, user_id: str, *, if_match: str | None) -> bool:
        """Whether the member is gone with this change."""
        place = {"organisation_id": change.organisation_id, "user_id": user_id}
        member = self._members.consistent.get(**place)
        if member is None:
            raise NotFound(f"{user_id} is no member")
        check_if_match(if_match, member.revision)
        snapshot, held = snapshot_for(change), self._assignments.of_user(**place).all()
        if caller.id != user_id:
            rules = given_to(snapshot, member, held)
            refuse_more_than_held(rules, caller, snapshot, now=change.now.timestamp())
        change.count_owners(-counted_owners(held, member))
        # Those that deny something go last, so that what is left is never more than there was.
        held.sort(key=lambda each: bool(denies(snapshot.definitions.rules_of_role(each.role_id))))
        taken, teams = held[:GRANTS_AT_ONCE], sorted(member.team_roles.items())
        left_teams = dict(teams[max(0, GRANTS_AT_ONCE - len(taken)) :])
        gone_teams = {team: role for team, role in teams if team not in left_teams}
        _take_roles(change, snapshot, taken)
        _leave_teams(change, user_id, gone_teams)
        left = len(held) - len(taken) + len(left_teams)
        change.is_last = not left
        if left:
            values = Member.active.set(False), Member.team_roles.set(left_teams)
            change.update(Members, member, *values)
        else:
            change.delete(Members, member)
            change.take_seats(-1)
        outcome = "begun" if left else "done"
        action = "member.leave" if caller.id == user_id else "member.remove"
        details = {"left": str(left)} | _taken(taken, gone_teams)
        change.record("USER_MANAGEMENT", action, target=user_id, outcome=outcome, details=details)
        return not left


def _taken(roles: Sequence[UserRoleAssignment], teams: dict[str, str]) -> dict[str, str]:
    """For the audit trail: which roles, and which teams with the role there."""
    told = {"roles": [each.role_id for each in roles], "teams": [f"{team} as {role}" for team, role in teams.items()]}
    return {name: bounded([f"- {each}" for each in gone]) for name, gone in told.items() if gone}


def _take_roles(change: Change, snapshot: Snapshot, taken: Sequence[UserRoleAssignment]) -> None:
    for assignment in taken:
        change.delete(UserRoleAssignments, assignment)
        count_assigned(change, snapshot, assignment.role_id, -1)


def _leave_teams(change: Change, user_id: str, roles: dict[str, str]) -> None:
    place = {"organisation_id": change.organisation_id}
    for team_id in roles:
        change.delete(TeamMembers, TeamMembers.get.key(**place, team_id=team_id, user_id=user_id))
        change.update(Teams, Teams.get.key(**place, team_id=team_id), Team.members.add(-1))
    for role_id, number in sorted(Counter(roles.values()).items()):
        key = TeamRoleDefinitions.get.key(**place, team_role_id=role_id)
        change.update(TeamRoleDefinitions, key, TeamRoleDefinition.assigned.add(-number))
