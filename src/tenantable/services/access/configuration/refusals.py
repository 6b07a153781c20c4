"""What the caller may not bring about, found out before anything is changed; each step is refused for the same."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from tenantable.services.access.configuration.checks import definitions_of
from tenantable.services.access.configuration.differences import ORGANISATION, Difference
from tenantable.services.access.configuration.document import (
    Document,
    GivenRole,
    MemberPart,
    RolePart,
    SetPart,
    TeamPart,
    TeamRolePart,
)
from tenantable.services.access.configuration.state import State
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.rules import Rule
from tenantable.services.access.errors import Forbidden
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.handing_out import (
    Given,
    frees_themselves,
    given_by_entries,
    given_by_role,
    given_by_team_role,
    of_role,
    of_team_role,
    refuse_changing,
    refuse_making,
    refuse_other_denies_of,
)
from tenantable.services.access.rights.held import refuse_longer_than_held, refuse_more_than_held, rules_of
from tenantable.services.access.teams.definitions import given_everywhere, refuse_changing_team_role

CHANGE = "access:organisation:write"
RolesInTeam = Callable[[str], Iterable[str]]
"""The ids of the roles that somebody has in a team."""


def refuse_more_than_callers(
    state: State,
    target: Document,
    found: Iterable[Difference],
    caller: Caller,
    *,
    now: float,
    roles_in_team: RolesInTeam,
) -> None:
    """
    Raises:
        Forbidden: Something that the caller does not hold, or not as long, would be given or taken away.
    """
    if caller.kind == "platform":
        return
    check = _Check(state, state.snapshot.definitions, definitions_of(state, target), caller, now)
    for each in found:
        if each.kind == ORGANISATION:
            rules = rules_of(caller, state.snapshot, now=now)
            if rules is not None and not rules.allows(CHANGE):
                raise Forbidden(f"{each.sentence()}; that takes {CHANGE}", hint="leave the section out")
        elif isinstance(each.before, MemberPart) and isinstance(each.after, MemberPart):
            check.member(each.before, each.after)
        elif isinstance(each.after, TeamPart) and isinstance(each.before, TeamPart):
            check.team(each.before, each.after, roles_in_team)
        elif isinstance(each.before, TeamRolePart) and isinstance(each.after, TeamRolePart):
            check.team_role(each.before, each.after)
        else:
            check.definition(each)


@dataclass(frozen=True, slots=True)
class _Check:
    state: State
    before: Definitions
    after: Definitions
    caller: Caller
    now: float

    def definition(self, each: Difference) -> None:
        old, new = _given(each.before, self.before), _given(each.after, self.after)
        if old is None and new is not None:
            refuse_making(new, self.caller, self.state.snapshot, now=self.now)
        elif old is not None and new is not None:
            refuse_changing(old, new, self.caller, self.state.snapshot, now=self.now)
        elif old is not None:
            refuse_more_than_held(old.every, self.caller, self.state.snapshot, now=self.now)

    def team_role(self, before: TeamRolePart, after: TeamRolePart) -> None:
        old, new = self.before.team_roles[before.id], self.after.team_roles[after.id]
        snapshot = self.state.snapshot
        refuse_changing_team_role(old, new, self.caller, snapshot, now=self.now, definitions=(self.before, self.after))

    def team(self, before: TeamPart, after: TeamPart, roles_in_team: RolesInTeam) -> None:
        if before.active == after.active:
            return
        known = replace(self.before, inactive_teams=self.before.inactive_teams - {before.id})
        for team_role_id in sorted(roles_in_team(before.id)):
            on = of_team_role(known, team_role_id, before.id)
            off = Given(every=on.every, actual=[])
            old, new = (on, off) if before.active else (off, on)
            refuse_changing(old, new, self.caller, self.state.snapshot, now=self.now)

    def member(self, before: MemberPart, after: MemberPart) -> None:
        old, new = ({given.role: given for given in part.roles} for part in (before, after))
        for role_id in sorted(old.keys() | new.keys()):
            if old.get(role_id) != new.get(role_id):
                self._role(before, after, role_id, given=new.get(role_id))
        for team_id in sorted(before.teams.keys() | after.teams.keys()):
            if before.teams.get(team_id) != after.teams.get(team_id):
                self._place(before, after, team_id)

    def _role(self, before: MemberPart, after: MemberPart, role_id: str, *, given: GivenRole | None) -> None:
        snapshot, lasting = self.state.snapshot, None if given is None else given.not_after
        if given is None:
            refuse_more_than_held(given_by_role(self.before, role_id), self.caller, snapshot, now=self.now)
        else:
            rules = given_by_role(self.after, role_id)
            refuse_longer_than_held(rules, self.caller, snapshot, until=lasting, now=self.now)
        rules = (self.before if given is None else self.after).rules_of_role(role_id, also_inactive=True)
        is_new = role_id not in {each.role for each in before.roles}
        if given is None and frees_themselves(rules, self.caller, snapshot, user_id=before.id, now=self.now):
            return
        others = [rule for part in (before, after) for rule in self._rest(part, role_id=role_id)]
        until = lasting if is_new else None
        refuse_other_denies_of(rules, others, self.caller, snapshot, now=self.now, until=until)

    def _place(self, before: MemberPart, after: MemberPart, team_id: str) -> None:
        snapshot, concerned = self.state.snapshot, []
        if team_id in before.teams:
            rules = given_by_team_role(self.before, before.teams[team_id], team_id)
            refuse_more_than_held(rules, self.caller, snapshot, now=self.now)
            concerned += self.before.rules_of_team_role(before.teams[team_id], team_id, also_inactive=True)
        if team_id in after.teams:
            rules = given_by_team_role(self.after, after.teams[team_id], team_id)
            refuse_longer_than_held(rules, self.caller, snapshot, until=None, now=self.now)
            concerned += self.after.rules_of_team_role(after.teams[team_id], team_id, also_inactive=True)
        elif frees_themselves(concerned, self.caller, snapshot, user_id=before.id, now=self.now):
            return
        others = [rule for part in (before, after) for rule in self._rest(part, team_id=team_id)]
        refuse_other_denies_of(concerned, others, self.caller, snapshot, now=self.now)

    def _rest(self, part: MemberPart, *, role_id: str = "", team_id: str = "") -> Iterator[Rule]:
        """What the member has beside a role, or beside a team."""
        for given in part.roles:
            if given.role != role_id:
                yield from given_by_role(self.after, given.role)
        for team, team_role_id in part.teams.items():
            if team != team_id:
                yield from given_by_team_role(self.after, team_role_id, team)


def _given(part: object, known: Definitions) -> Given | None:
    if isinstance(part, SetPart):
        return given_by_entries(part.id, [entry.declared() for entry in part.entries], active=part.active)
    if isinstance(part, RolePart):
        return of_role(known, part.id)
    if isinstance(part, TeamRolePart):
        return given_everywhere(known, known.team_roles[part.id])
    return None
