"""
The doors through which rights could be handed out, and what each demands of the caller.

What is switched off counts as given, because somebody may switch it on later; what is denied counts only while it is
denied. To lift a deny is to hand out what it denies.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import covers, meet
from tenantable.services.access.decisions.rules import Rule, Rules
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import Member, UserRoleAssignment
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.rights import refuse_more_than_held, refuse_not_held, rules_of

_NEVER = 253_402_000_000.0
"""Seconds since 1970, in the year 9999."""
_MOMENT = 0.001
"""Seconds before its end, when an assignment surely counts."""


def given_by_role(definitions: Definitions, role_id: str) -> list[Rule]:
    """What is handed out with a role."""
    return _given(definitions.rules_of_role(role_id, also_inactive=True), definitions.rules_of_role(role_id))


def given_by_team_role(definitions: Definitions, team_role_id: str, team_id: str) -> list[Rule]:
    """What is handed out with a role in a team."""
    awake = definitions.rules_of_team_role(team_role_id, team_id, also_inactive=True)
    return _given(awake, definitions.rules_of_team_role(team_role_id, team_id))


def given_to(snapshot: Snapshot, member: Member, assignments: Iterable[UserRoleAssignment]) -> list[Rule]:
    """What a member has, or will have: assignments that have not begun, and what is switched off, count too."""
    found, role_ids = snapshot.definitions, [each.role_id for each in assignments]
    every = [rule for role_id in role_ids for rule in given_by_role(found, role_id)]
    for team_id, role_id in sorted(member.team_roles.items()):
        every += given_by_team_role(found, role_id, team_id)
    return every


def _given(awake: Iterable[Rule], actual: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in awake if rule.effect == "allow"] + denies(actual)


def denies(rules: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in rules if rule.effect == "deny"]


def refuse_longer_than_held(
    granted: Iterable[Rule], caller: Caller, snapshot: Snapshot, *, until: datetime | None, now: float
) -> None:
    """
    Args:
        until: When what is handed out ends; None: never.
    Raises:
        Forbidden: The caller does not hold all of it now, or not so long.
        NotFound: The caller has no part in the organisation.
    """
    rules = list(granted)
    refuse_more_than_held(rules, caller, snapshot, now=now)
    if caller.kind == "user":
        user = snapshot.user(caller.id, now=now)
        assert user.member is not None, "strangers were refused"
        end = _NEVER if until is None else until.timestamp() - _MOMENT
        refuse_not_held(rules, Rules(snapshot.rules_of(user.member, user.assignments, now=end)))


def refuse_other_denies(
    before: Iterable[Rule], after: Iterable[Rule], caller: Caller, snapshot: Snapshot, *, now: float
) -> None:
    """
    For definitions, which many users may have: refuse denies that come or go, unless the caller holds what they deny.

    A deny that comes may be one that the caller has, too.

    Raises:
        Forbidden: It would let others do what the caller may not, or stop others from what the caller may not do.
        NotFound: The caller has no part in the organisation.
    """
    old, new = ({_content(rule): rule for rule in denies(rules)} for rules in (before, after))
    holder = rules_of(caller, snapshot, now=now)
    own = [] if holder is None else [rule for rule in holder.denying if not rule.tests]
    come = [
        rule
        for content, rule in new.items()
        if content not in old and not any(covers(each.pattern, rule.pattern) for each in own)
    ]
    gone = [rule for content, rule in old.items() if content not in new]
    refuse_more_than_held([replace(rule, effect="allow") for rule in gone + come], caller, snapshot, now=now)


def refuse_other_denies_of(
    changed: Iterable[Rule], others: Iterable[Rule], caller: Caller, snapshot: Snapshot, *, now: float
) -> None:
    """
    For one user, who is given denies or loses them: refuse it, unless the caller holds what of `others`, the user's
    other rules, they concern.

    Raises:
        Forbidden, NotFound: As for `refuse_other_denies`.
    """
    concerned, rest = denies(changed), list(others)
    allowed = [
        rule for rule in rest if rule.effect == "allow" and any(meet(rule.pattern, each.pattern) for each in concerned)
    ]
    if allowed:
        refuse_more_than_held(allowed + denies(rest), caller, snapshot, now=now)


def refuse_other_properties(
    names: Iterable[str], rules: Iterable[Rule], caller: Caller, snapshot: Snapshot, *, now: float
) -> None:
    """
    For one user, whose properties change: refuse it, unless the caller holds what depends on them, whatever they are.

    Raises:
        Forbidden, NotFound: As for `refuse_other_denies`.
    """
    changed = set(names)
    dependent = []
    for rule in rules:
        rest = tuple(test for test in rule.tests if not (test.of == "subject" and test.name in changed))
        if len(rest) < len(rule.tests):
            dependent.append(replace(rule, tests=rest, effect="allow"))
    refuse_more_than_held(dependent, caller, snapshot, now=now)


def _content(rule: Rule) -> tuple[object, ...]:
    # In JSON true is no number, and Python holds it to be 1: so the values' text.
    tests = ((test.of, test.name, test.comparison, repr(test.value)) for test in rule.tests)
    return (rule.pattern, *sorted(tests))
