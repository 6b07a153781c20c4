"""
What a part is in between, while a document is brought about: no wider than it was, and no wider than it will be.

First everything is made narrow, then members change, then everything is made wide: so nobody is allowed, for a moment
in between, what they are allowed neither before nor afterwards. What allows is left out unless it is both before and
afterwards; what denies stays, and comes, as long as it brings nothing that allows.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from tenantable.services.access.configuration.document import Document, MemberPart, RolePart, SetPart, TeamRolePart
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import meet
from tenantable.services.access.declaration import PermissionEntry
from tenantable.services.access.permissions.schemas import Entry

Effect = Literal["allow", "deny"]
_NONE: dict[Effect, set[str]] = {"allow": set(), "deny": set()}


class Narrowed:
    """
    What there is in between of two documents.

    Args:
        above: What the platform defines, which no document changes.
    """

    def __init__(self, current: Document, target: Document, above: Definitions) -> None:
        self._above = above
        before, after = ({each.id: each for each in every.permission_sets or ()} for every in (current, target))
        self._patterns: dict[str, dict[Effect, set[str]]] = {
            set_id: _patterns(found.entries if found.active else ()) for set_id, found in above.permission_sets.items()
        }
        for set_id in before.keys() | after.keys():
            old, new = before.get(set_id), after.get(set_id)
            between = narrow_set(old, new) if old is not None and new is not None else old or new
            assert between is not None
            self._patterns[set_id] = _patterns(_entries(between))
        self._roles = [{each.id: each for each in every.roles or ()} for every in (current, target)]
        self._team_roles = [{each.id: each for each in every.team_roles or ()} for every in (current, target)]

    def allows(self, set_id: str) -> bool:
        return bool(self._patterns.get(set_id, _NONE)["allow"])

    def denies(self, set_id: str) -> bool:
        return bool(self._patterns.get(set_id, _NONE)["deny"])

    def meet(self, allowing: Iterable[str], denying: Iterable[str]) -> bool:
        """Whether some of the sets deny what others allow."""
        denied = {pattern for each in denying for pattern in self._patterns.get(each, _NONE)["deny"]}
        allowed = {pattern for each in allowing for pattern in self._patterns.get(each, _NONE)["allow"]}
        return any(meet(pattern, other) for pattern in denied for other in allowed)

    def sets_of_role(self, role_id: str) -> list[str]:
        """The permission sets that a role has before or afterwards, those of the roles above it too, by id."""
        found = {set_id for roles in self._roles for set_id in _sets_of(role_id, roles, self._above)}
        return sorted(found)

    def sets_of_team_role(self, team_role_id: str) -> list[str]:
        """The permission sets that a team role has before or afterwards, by id."""
        found = (roles[team_role_id] for roles in self._team_roles if team_role_id in roles)
        return sorted({set_id for each in found if each.active for set_id in each.permission_sets})

    def denied(self, *members: MemberPart) -> list[str]:
        """The permission sets that deny something to one who has what the members have."""
        every = {set_id for each in members for given in each.roles for set_id in self.sets_of_role(given.role)}
        every |= {set_id for each in members for role in each.teams.values() for set_id in self.sets_of_team_role(role)}
        return sorted(each for each in every if self.denies(each))

    def role(self, before: RolePart, after: RolePart) -> RolePart:
        """It has of itself what roles above it deny, so that it can lose them; and never a parent that it loses."""
        old, new = (each if each.active else _emptied(each) for each in (before, after))
        parents = [each for each in old.parents if each in new.parents]
        sets = self._sets(old.permission_sets, new.permission_sets, self.sets_of_role(before.id))
        if not sets and not parents and not before.active:
            return before.model_copy(update={"parents": [each for each in before.parents if each in after.parents]})
        values = {"permission_sets": sets, "parents": parents, "active": before.active or bool(sets)}
        return before.model_copy(update=values)

    def team_role(self, before: TeamRolePart, after: TeamRolePart) -> TeamRolePart:
        """One whose reach changes allows nothing in between, and denies everywhere."""
        old, new = (each.permission_sets if each.active else [] for each in (before, after))
        if before.reach != after.reach:
            old = [each for each in old if not self.allows(each)]
        sets = self._sets(old, new, self.sets_of_team_role(before.id))
        if not sets and not before.active:
            return before
        reach = before.reach if before.reach == after.reach else "organisation"
        return before.model_copy(
            update={"permission_sets": sets, "active": before.active or bool(sets), "reach": reach}
        )

    def _sets(self, old: Iterable[str], new: Iterable[str], every: Iterable[str]) -> list[str]:
        """Of the `old`, what is also `new` or denies; and of `every` one what only denies."""
        kept = [each for each in old if each in new or self.denies(each)]
        return kept + [each for each in every if each not in kept and self.denies(each) and not self.allows(each)]


def narrow_set(before: SetPart, after: SetPart) -> SetPart:
    old, new = _entries(before), _entries(after)
    kept = [entry for entry in old if entry.effect == "deny" or entry in new]
    kept += [entry for entry in new if entry.effect == "deny" and entry not in kept]
    return before.model_copy(update={"entries": kept or before.entries, "active": bool(kept)})


def _emptied(role: RolePart) -> RolePart:
    return role.model_copy(update={"permission_sets": [], "parents": []})


def _entries(part: SetPart) -> list[Entry]:
    return part.entries if part.active else []


def _patterns(entries: Iterable[Entry | PermissionEntry]) -> dict[Effect, set[str]]:
    found: dict[Effect, set[str]] = {"allow": set(), "deny": set()}
    for entry in entries:
        found[entry.effect].add(entry.key)
    return found


def _sets_of(role_id: str, roles: Mapping[str, RolePart], above: Definitions) -> Iterator[str]:
    """Of a role and of all above it that are active."""
    seen: set[str] = set()
    waiting = [role_id]
    while waiting:
        found = waiting.pop()
        if found in seen:
            continue
        seen.add(found)
        if (role := roles.get(found)) is not None:
            sets, parents, active = role.permission_sets, role.parents, role.active
        elif (known := above.roles.get(found)) is not None:
            sets, parents, active = known.permission_set_ids, known.parent_role_ids, known.active
        else:
            continue
        if active:
            yield from sets
            waiting += parents
