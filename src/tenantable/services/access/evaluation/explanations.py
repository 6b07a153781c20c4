"""Why a decision is as it is: every rule that concerns it, or what is missing."""

from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import ANY
from tenantable.services.access.decisions.rules import Facts, Rule, Rules, holds
from tenantable.services.access.decisions.snapshot import Snapshot, User
from tenantable.services.access.evaluation.deciding import facts_of, resource_of, user_of
from tenantable.services.access.evaluation.questions import Question, key_of
from tenantable.services.access.evaluation.schemas import (
    ConditionShown,
    Explanation,
    GrantShown,
    Missing,
    OriginShown,
    Reason,
    Waiting,
)

_WIDE = 1_000
"""For how many permissions a wildcard counts when roles are compared; `*` for that many wildcards."""


def explain(snapshot: Snapshot, question: Question, *, now: float) -> Explanation:
    """
    The decision and everything that it rests on.

    Args:
        snapshot: One that is read now and shared with nobody (`Snapshots.fresh`).
        now: Seconds since 1970.
    """
    key = key_of(question.resource.type, question.action.name)
    user = user_of(snapshot, question, now=now)
    if key is None or user is None:
        reason: Reason = "no-permission" if key is None else "no-subject"
        return Explanation(decision=False, reason=reason, permission=key, grants=[], waiting=[], missing=None)
    facts = facts_of(user, question, resource_of(snapshot, question))
    grants = [_grant(rule, facts, counts=False) for rule in user.rules.sparing(key)]
    grants += [_grant(rule, facts) for rule in user.rules.concerning(key)]
    decision = user.rules.allows(key, facts)
    reason = _reason(user, grants, decision=decision)
    lacks = reason in {"conditions", "no-grant"}
    return Explanation(
        decision=decision,
        reason=reason,
        permission=key,
        grants=grants,
        waiting=_waiting(snapshot, user, key, facts, now=now) if lacks else [],
        missing=Missing(permission=key, smallest_role=smallest_role(snapshot.definitions, key, facts, user.rules))
        if lacks
        else None,
    )


def smallest_role(definitions: Definitions, key: str, facts: Facts, has: Rules) -> str | None:
    """
    The role that would allow it and allows least beside; None when none would, not even with what the user has already.
    """
    found = []
    denying = has.denying
    role_ids = set(definitions.roles) | (set(definitions.above.roles) if definitions.above is not None else set())
    for role_id in role_ids:
        rules = definitions.rules_of_role(role_id)
        if Rules([*rules, *denying], undeniable=has.undeniable).allows(key, facts):
            found.append((sum(_width(rule) for rule in rules if rule.effect == "allow"), role_id))
    return min(found)[1] if found else None


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


def _grant(rule: Rule, facts: Facts, *, counts: bool = True) -> GrantShown:
    # The value of the condition is shown, which is policy; what the property is may be a secret.
    conditions = [
        ConditionShown(
            of=test.of, name=test.name, comparison=test.comparison, value=test.value, holds=holds(test, facts)
        )
        for test in rule.tests
    ]
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
        return _WIDE * _WIDE
    return _WIDE if rule.pattern.endswith(ANY) else 1
