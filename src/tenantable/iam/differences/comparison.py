"""
Which permissions appear and which vanish between two sets of policies.

Nothing that is newly allowed goes unnoticed. Where it cannot be shown that a permission was there before, it is said to
appear: that may name one that was there under conditions written in another way.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenantable.iam.differences.permissions import Permission, permissions_of
from tenantable.iam.differences.sentences import sentences
from tenantable.iam.lint.reading import LintedPolicy


@dataclass(frozen=True, kw_only=True)
class Difference:
    """
    What changes for one party.

    `party` is a component or a file, empty where there is but one. `appeared` and `vanished` are sentences.
    """

    party: str
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]

    @property
    def widens(self) -> bool:
        """Whether something is allowed that was not."""
        return bool(self.appeared)

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {"party": self.party, "appeared": list(self.appeared), "vanished": list(self.vanished)}


def compare(
    old: Mapping[str, Sequence[LintedPolicy]], new: Mapping[str, Sequence[LintedPolicy]]
) -> tuple[Difference, ...]:
    """
    The differences between the policies of some parties.

    Args:
        old, new: All policies of each party, by its name; who is missing has none.
    Returns:
        Of each party that gains or loses something, in the order of their names.
    """
    found = []
    for party in sorted(old.keys() | new.keys()):
        before, after = _Effective(old.get(party, ())), _Effective(new.get(party, ()))
        difference = Difference(
            party=party,
            appeared=(*sentences(_gained(before, after), "may now"), *_freed(before, after, "is no longer denied")),
            vanished=(*sentences(_gained(after, before), "may no longer"), *_freed(after, before, "is now denied")),
        )
        if difference.appeared or difference.vanished:
            found.append(difference)
    return tuple(found)


class _Effective:
    """What policies allow and deny, to be looked through by action and by words."""

    def __init__(self, policies: Sequence[LintedPolicy]) -> None:
        self.allowed = permissions_of(policies, "Allow")
        self.denied = permissions_of(policies, "Deny")
        self._by_words: dict[tuple[int, object], list[Permission]] = {}
        for kind, permissions in enumerate((self.allowed, self.denied)):
            for each in permissions:
                self._by_words.setdefault((kind, each.words), []).append(each)

    def may_allow(self, permission: Permission) -> list[Permission]:
        """Permissions with the same words, of whatever action."""
        return self._by_words.get((0, permission.words), [])

    def may_deny(self, permission: Permission) -> list[Permission]:
        return self._by_words.get((1, permission.words), [])


def _gained(before: _Effective, after: _Effective) -> Iterator[Permission]:
    """What is allowed after and no permission of before covers; what a deny takes back whole is not allowed."""
    for permission in after.allowed:
        if any(each.covers(permission) for each in after.may_deny(permission)):
            continue
        was_allowed = any(each.covers(permission) for each in before.may_allow(permission))
        was_denied = any(each.covers(permission) for each in before.may_deny(permission))
        if not was_allowed or was_denied:
            yield permission


def _freed(before: _Effective, after: _Effective, verb: str) -> Iterator[str]:
    """Denies of before that no deny of after covers, as far as something is allowed that they denied a part of."""
    kept: dict[Permission, None] = {}
    for permission in after.allowed:
        if any(each.covers(permission) for each in after.may_deny(permission)):
            continue
        for deny in before.may_deny(permission):
            if deny.covers(permission) or deny.is_disjoint(permission):
                continue  # the first is told as a permission that appears
            if not any(each.covers(deny) for each in after.may_deny(permission)):
                kept[deny] = None
    yield from sentences(kept, verb)
