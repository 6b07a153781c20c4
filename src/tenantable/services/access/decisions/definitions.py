"""What an organisation and the platform define, and the rules that follow for whoever has a role."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tenantable.services.access.decisions.rules import Origin, Rule
from tenantable.services.access.declaration import (
    Organisation,
    OrganisationRole,
    PermissionEntry,
    PermissionSet,
    PlatformPermissionSet,
    PlatformRole,
    PropertyTest,
    Team,
    TeamRoleDefinition,
)

INHERITANCE_MAX = 20
"""Roles above one another; a longer chain is cut, and cannot be declared."""

Definition = (
    Organisation | OrganisationRole | PermissionSet | TeamRoleDefinition | Team | PlatformRole | PlatformPermissionSet
)


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """
    Roles, permission sets and team roles by id: those of one organisation, or the platform's.

    `inactive_teams` are those whose members have nothing from them. `above` are the platform's, whose sets and roles
    an organisation's roles may name; an id of the organisation's own comes first there. The platform's roles name the
    platform's alone: no organisation changes what they give. While the organisation is not `active`, nobody may do
    anything in it.

    What is switched off gives nothing. With `also_inactive` it counts: what somebody will have once it is switched on.
    """

    active: bool = True

    roles: Mapping[str, OrganisationRole | PlatformRole] = field(default_factory=dict)
    permission_sets: Mapping[str, PermissionSet | PlatformPermissionSet] = field(default_factory=dict)
    team_roles: Mapping[str, TeamRoleDefinition] = field(default_factory=dict)
    inactive_teams: frozenset[str] = frozenset()
    above: "Definitions | None" = None

    def role(self, role_id: str) -> OrganisationRole | PlatformRole | None:
        return self.roles.get(role_id) or (self.above.role(role_id) if self.above is not None else None)

    def permission_set(self, set_id: str) -> PermissionSet | PlatformPermissionSet | None:
        found = self.permission_sets.get(set_id)
        return found or (self.above.permission_set(set_id) if self.above is not None else None)

    def rules_of_role(self, role_id: str, *, also_inactive: bool = False) -> list[Rule]:
        """What whoever has the role may and may not do; nothing for a role that is unknown or switched off."""
        own = role_id in self.roles and self.above is not None
        kind: Literal["organisation-role", "platform-role"] = "organisation-role" if own else "platform-role"
        rules = []
        for path, role, home in self._with_parents(role_id, also_inactive=also_inactive):
            for permission_set_id, entry in home.entries(role.permission_set_ids, also_inactive=also_inactive):
                origin = Origin(kind=kind, role_id=role_id, inherited=path, permission_set_id=permission_set_id)
                rules.append(Rule(pattern=entry.key, effect=entry.effect, tests=tuple(entry.when), origin=origin))
        return rules

    def rules_of_team_role(self, team_role_id: str, team_id: str, *, also_inactive: bool = False) -> list[Rule]:
        """What a member of the team may and may not do in this role."""
        role = self.team_roles.get(team_role_id)
        if role is None or not (also_inactive or (role.active and team_id not in self.inactive_teams)):
            return []
        within: tuple[PropertyTest, ...] = ()
        if role.reach == "team":
            within = (PropertyTest(of="resource", name="teamId", value=team_id),)
        return [
            Rule(
                pattern=entry.key,
                effect=entry.effect,
                tests=(*entry.when, *within),
                origin=Origin(
                    kind="team-role", role_id=team_role_id, permission_set_id=permission_set_id, team_id=team_id
                ),
            )
            for permission_set_id, entry in self.entries(role.permission_set_ids, also_inactive=also_inactive)
        ]

    def entries(self, set_ids: Iterable[str], *, also_inactive: bool = False) -> Iterator[tuple[str, PermissionEntry]]:
        """The entries of permission sets, with the id of the set of each; nothing for sets that are unknown."""
        for set_id in set_ids:
            found = self.permission_set(set_id)
            if found is not None and (found.active or also_inactive):
                yield from ((set_id, entry) for entry in found.entries)

    def _with_parents(
        self, role_id: str, *, also_inactive: bool
    ) -> Iterator[tuple[tuple[str, ...], OrganisationRole | PlatformRole, "Definitions"]]:
        """The role and all above it, each once, with the ids on the way and the definitions that it rests on."""
        seen: set[tuple[bool, str]] = set()
        waiting: list[tuple[tuple[str, ...], Definitions]] = [((role_id,), self)]
        while waiting:
            path, below = waiting.pop()
            home = below if path[-1] in below.roles or below.above is None else below.above
            role = home.roles.get(path[-1])
            mark = (home is self, path[-1])
            if role is None or not (role.active or also_inactive) or mark in seen or len(path) > INHERITANCE_MAX:
                continue
            seen.add(mark)
            yield path[1:], role, home
            waiting += [((*path, parent), home) for parent in reversed(role.parent_role_ids)]


def definitions(found: Iterable[Definition], *, above: Definitions | None = None) -> Definitions:
    """The definitions among what a query found."""
    roles: dict[str, OrganisationRole | PlatformRole] = {}
    sets: dict[str, PermissionSet | PlatformPermissionSet] = {}
    team_roles: dict[str, TeamRoleDefinition] = {}
    inactive_teams: set[str] = set()
    active = True
    for each in found:
        if isinstance(each, Organisation):
            active = each.active
        elif isinstance(each, OrganisationRole | PlatformRole):
            roles[each.role_id] = each
        elif isinstance(each, TeamRoleDefinition):
            team_roles[each.team_role_id] = each
        elif isinstance(each, Team):
            if not each.active:
                inactive_teams.add(each.team_id)
        else:
            sets[each.permission_set_id] = each
    return Definitions(
        active=active,
        roles=roles,
        permission_sets=sets,
        team_roles=team_roles,
        inactive_teams=frozenset(inactive_teams),
        above=above,
    )
