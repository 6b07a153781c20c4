"""Why a decision is as it is: every rule that concerns it, or what is missing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import ANY
from tenantable.services.access.decisions.rules import Facts, Rule, Rules, holds
from tenantable.services.access.decisions.snapshot import Snapshot, User
from tenantable.services.access.declaration import PropertyTest
from tenantable.services.access.evaluation.deciding import facts_of, resource_of, user_of
from tenantable.services.access.evaluation.questions import Question, key_of
from tenantable.services.access.evaluation.schemas import (
    ConditionMet,
    Explanation,
    GrantShown,
    Missing,
    OriginShown,
    Reason,
    Waiting,
)
from tenantable.services.access.http.properties import shown

_WIDE = 1_000
"""For how many permissions a wildcard counts when roles are compared."""
_EVERYTHING = _WIDE * 100_000
"""For how many `*` does: more than all wildcards of a role."""


def explain(snapshot: Snapshot, question: Question, *, now: float, readable: Collection[str] = ()) -> Explanation:
    """
    The decision and everything that it rests on.

    Args:
        snapshot: One that is read now and shared with nobody (`Snapshots.fresh`).
        now: Seconds since 1970.
        readable: `subject` and `resource` for whoever may read what the directory knows of them. Of other kept
            properties the values are not shown.
    """
    key = key_of(question.resource.type, question.action.name)
    user = user_of(snapshot, question, now=now)
    if key is None or user is None:
        reason: Reason = "no-permission" if key is None else "no-subject"
        return Explanation(decision=False, reason=reason, permission=key, grants=[], waiting=[], missing=None)
    looking = _Looking(
        facts=facts_of(user, question, resource_of(snapshot, question)), question=question, readable=readable
    )
    grants = [_grant(rule, looking, counts=False) for rule in user.rules.sparing(key)]
    grants += [_grant(rule, looking) for rule in user.rules.concerning(key)]
    decision = user.rules.allows(key, looking.facts)
    reason = _reason(user, grants, decision=decision)
    missing = None
    if reason == "conditions":
        missing = Missing(permission=key, conditions=_nearest(grants))
    elif reason == "no-grant":
        missing = _smallest_role(snapshot.definitions, key, looking, user.rules)
    return Explanation(
        decision=decision,
        reason=reason,
        permission=key,
        grants=grants,
        waiting=_waiting(snapshot, user, key, looking.facts, now=now) if missing is not None else [],
        missing=missing,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Looking:
    """What the rules are tested with, and what of it the caller may see."""

    facts: Facts
    question: Question
    readable: Collection[str]

    def condition(self, test: PropertyTest) -> ConditionMet:
        given = {
            "subject": self.question.subject.properties,
            "resource": self.question.resource.properties,
            "action": self.question.action.properties,
            "context": self.question.context,
        }[test.of]
        kept = getattr(self.facts, test.of)
        source: Literal["request", "directory"] | None = None
        if test.name in given:
            source = "request"
        elif test.name in kept:
            source = "directory"
        shows = source == "request" or (source == "directory" and test.of in self.readable)
        return ConditionMet(
            of=test.of,
            name=test.name,
            comparison=test.comparison,
            value=test.value,
            holds=holds(test, self.facts),
            source=source,
            found=shown(kept[test.name]) if shows else None,
        )


def _smallest_role(definitions: Definitions, key: str, looking: _Looking, has: Rules) -> Missing:
    """
    The role that would allow it and allows least beside; none when none would, not even with what the user has already.
    One whose conditions fail goes before one that allows everything.
    """
    found: list[tuple[bool, bool, int, str]] = []
    unmet: dict[str, list[ConditionMet]] = {}
    role_ids = set(definitions.roles) | (set(definitions.above.roles) if definitions.above is not None else set())
    for role_id in role_ids:
        rules = definitions.rules_of_role(role_id)
        both = Rules([*rules, *has.denying], undeniable=has.undeniable)
        grants = [_grant(rule, looking) for rule in both.concerning(key)]
        allowing = [grant for grant in grants if grant.effect == "allow"]
        if allowing and not any(grant.effect == "deny" and grant.holds for grant in grants):
            unmet[role_id] = _nearest(allowing)
            width = sum(_width(rule) for rule in rules if rule.effect == "allow")
            found.append((width >= _EVERYTHING, bool(unmet[role_id]), width, role_id))
    if not found:
        return Missing(permission=key)
    allows_everything, _, _, role_id = min(found)
    return Missing(
        permission=key, smallest_role=role_id, allows_everything=allows_everything, conditions=unmet[role_id]
    )


def _nearest(grants: Iterable[GrantShown]) -> list[ConditionMet]:
    """The conditions that fail of the rule that allows it but for the fewest; empty where all of one hold."""
    failing = ([each for each in grant.conditions if not each.holds] for grant in grants if grant.effect == "allow")
    return min(failing, key=len)


def _reason(user: User, grants: list[GrantShown], *, decision: bool) -> Reason:
    if user.member is None:
        return "no-member"
    if not user.member.active:
        return "inactive"
    if decision:
        return "allowed"
    if any(grant.effect == "deny" and grant.holds and grant.counts for grant in grants):
        return "denied"
    return "conditions" if any(grant.effect == "allow" for grant in grants) else "no-grant"


def _grant(rule: Rule, looking: _Looking, *, counts: bool = True) -> GrantShown:
    conditions = [looking.condition(test) for test in rule.tests]
    return GrantShown(
        key=rule.pattern,
        effect=rule.effect,
        wildcard=rule.pattern.endswith(ANY),
        holds=all(condition.holds for condition in conditions),
        counts=counts,
        conditions=conditions,
        origin=OriginShown.of(rule.origin),
    )


def _waiting(snapshot: Snapshot, user: User, key: str, facts: Facts, *, now: float) -> list[Waiting]:
    """The user's roles that are over or have not begun, and would allow it."""
    found = []
    for each in user.assignments:
        begun = each.not_before is None or each.not_before.timestamp() <= now
        over = each.not_after is not None and each.not_after.timestamp() <= now
        if (not begun or over) and Rules(snapshot.definitions.rules_of_role(each.role_id)).allows(key, facts):
            found.append(Waiting(role_id=each.role_id, not_before=each.not_before, not_after=each.not_after))
    return found


def _width(rule: Rule) -> int:
    if rule.pattern == ANY:
        return _EVERYTHING
    return _WIDE if rule.pattern.endswith(ANY) else 1
