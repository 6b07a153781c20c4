"""What an organisation and the platform define, and the rules that follow for whoever has a role."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tenantable.services.access.decisions.rules import Origin, Rule
from tenantable.services.access.declaration import (
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

Definition = OrganisationRole | PermissionSet | TeamRoleDefinition | Team | PlatformRole | PlatformPermissionSet


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """
    Roles, permission sets and team roles by id: those of one organisation, or the platform's.

    `inactive_teams` are those whose members have nothing from them. `above` are the platform's, whose sets and roles
    an organisation's roles may name; an id of the organisation's own comes first.
    """

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

    def rules_of_role(self, role_id: str) -> list[Rule]:
        """What whoever has the role may and may not do; nothing for a role that is unknown or switched off."""
        return [rule for path, role in self._with_parents(role_id) for rule in self._rules(role, role_id, path)]

    def rules_of_team_role(self, team_role_id: str, team_id: str) -> list[Rule]:
        """What a member of the team may and may not do in this role."""
        role = self.team_roles.get(team_role_id)
        if role is None or not role.active or team_id in self.inactive_teams:
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
            for permission_set_id, entry in self._entries(role.permission_set_ids)
        ]

    def _with_parents(self, role_id: str) -> Iterator[tuple[tuple[str, ...], OrganisationRole | PlatformRole]]:
        """The role and all above it, each once, with the ids on the way."""
        seen: set[str] = set()
        waiting: list[tuple[str, ...]] = [(role_id,)]
        while waiting:
            path = waiting.pop()
            role = self.role(path[-1])
            if role is None or not role.active or path[-1] in seen or len(path) > INHERITANCE_MAX:
                continue
            seen.add(path[-1])
            yield path[1:], role
            waiting += [(*path, parent) for parent in reversed(role.parent_role_ids)]

    def _rules(self, role: OrganisationRole | PlatformRole, role_id: str, path: tuple[str, ...]) -> Iterator[Rule]:
        own = isinstance(self.role(role_id), OrganisationRole)
        kind: Literal["organisation-role", "platform-role"] = "organisation-role" if own else "platform-role"
        for permission_set_id, entry in self._entries(role.permission_set_ids):
            origin = Origin(kind=kind, role_id=role_id, inherited=path, permission_set_id=permission_set_id)
            yield Rule(pattern=entry.key, effect=entry.effect, tests=tuple(entry.when), origin=origin)

    def _entries(self, set_ids: Iterable[str]) -> Iterator[tuple[str, PermissionEntry]]:
        for set_id in set_ids:
            found = self.permission_set(set_id)
            if found is not None and found.active:
                yield from ((set_id, entry) for entry in found.entries)


def definitions(found: Iterable[Definition], *, above: Definitions | None = None) -> Definitions:
    """The definitions among what a query found."""
    roles: dict[str, OrganisationRole | PlatformRole] = {}
    sets: dict[str, PermissionSet | PlatformPermissionSet] = {}
    team_roles: dict[str, TeamRoleDefinition] = {}
    inactive_teams: set[str] = set()
    for each in found:
        if isinstance(each, OrganisationRole | PlatformRole):
            roles[each.role_id] = each
        elif isinstance(each, TeamRoleDefinition):
            team_roles[each.team_role_id] = each
        elif isinstance(each, Team):
            if not each.active:
                inactive_teams.add(each.team_id)
        else:
            sets[each.permission_set_id] = each
    return Definitions(
        roles=roles,
        permission_sets=sets,
        team_roles=team_roles,
        inactive_teams=frozenset(inactive_teams),
        above=above,
    )
