"""
What a part is in between, while a document is brought about: no wider than it was, and no wider than it will be.

First everything is made narrow, then everything is made wide: so nobody is allowed, for a moment in between, what they
are allowed neither before nor afterwards. What allows is left out unless it is both before and afterwards; what denies
stays, and comes, as long as it brings nothing that allows.
"""

from collections.abc import Callable, Iterable

from tenantable.services.access.configuration.document import Document, RolePart, SetPart, TeamRolePart
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.permissions.schemas import Entry

Predicate = Callable[[str], bool]


class Denials:
    """Which permission sets deny something, before or afterwards."""

    def __init__(self, current: Document, target: Document, above: Definitions) -> None:
        self._effects: dict[str, set[str]] = {}
        for document in (current, target):
            for each in document.permission_sets or ():
                self._effects.setdefault(each.id, set()).update(entry.effect for entry in _entries(each))
        for set_id, found in above.permission_sets.items():
            self._effects.setdefault(set_id, set()).update(entry.effect for entry in found.entries)

    def some(self, set_id: str) -> bool:
        return "deny" in self._effects.get(set_id, ())

    def alone(self, set_id: str) -> bool:
        """Whether it denies and allows nothing."""
        return self._effects.get(set_id) == {"deny"}


def narrow_set(before: SetPart, after: SetPart) -> SetPart:
    old, new = _entries(before), _entries(after)
    kept = [entry for entry in old if entry.effect == "deny" or entry in new]
    kept += [entry for entry in new if entry.effect == "deny" and entry not in kept]
    return before.model_copy(update={"entries": kept or before.entries, "active": bool(kept)})


def narrow_role(before: RolePart, after: RolePart, denials: Denials, keeps_parent: Predicate) -> RolePart:
    """`keeps_parent` says of a role above that it denies something, and cannot come to stand below."""
    old = before if before.active else before.model_copy(update={"permission_sets": [], "parents": []})
    new = after if after.active else after.model_copy(update={"permission_sets": [], "parents": []})
    sets = _narrow_sets(old.permission_sets, new.permission_sets, denials)
    parents = [each for each in old.parents if each in new.parents or keeps_parent(each)]
    if not sets and not parents and not before.active:
        return before
    return before.model_copy(
        update={"permission_sets": sets, "parents": parents, "active": before.active or bool(sets)}
    )


def narrow_team_role(before: TeamRolePart, after: TeamRolePart, denials: Denials) -> TeamRolePart:
    """One whose reach changes has nothing in between."""
    if before.reach != after.reach:
        return before.model_copy(update={"permission_sets": []})
    old, new = (each.permission_sets if each.active else [] for each in (before, after))
    sets = _narrow_sets(old, new, denials)
    if not sets and not before.active:
        return before
    return before.model_copy(update={"permission_sets": sets, "active": before.active or bool(sets)})


def _narrow_sets(old: Iterable[str], new: Iterable[str], denials: Denials) -> list[str]:
    kept = [each for each in old if each in new or denials.some(each)]
    return kept + [each for each in new if each not in kept and denials.alone(each)]


def _entries(part: SetPart) -> list[Entry]:
    return part.entries if part.active else []
