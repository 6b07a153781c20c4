"""
The doors through which rights could be handed out, and what each demands of the caller.

What is switched off counts as given, because somebody may switch it on later; what is denied counts only while it is
denied. To lift a deny is to hand out what it denies.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import covers, meet
from tenantable.services.access.decisions.rules import Origin, Rule
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import Member, PermissionEntry, UserRoleAssignment
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.held import refuse_longer_than_held, refuse_more_than_held, rules_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What a definition gives: `every` rule that counts as handed out with it, and those that are `actual` now."""

    every: list[Rule]
    actual: list[Rule]


def of_role(definitions: Definitions, role_id: str) -> Given:
    """What whoever has the role is given."""
    return Given(every=given_by_role(definitions, role_id), actual=definitions.rules_of_role(role_id))


def of_team_role(definitions: Definitions, team_role_id: str, team_id: str) -> Given:
    """What whoever has the role in the team is given."""
    actual = definitions.rules_of_team_role(team_role_id, team_id)
    return Given(every=given_by_team_role(definitions, team_role_id, team_id), actual=actual)


def given_by_entries(set_id: str, entries: Iterable[PermissionEntry], *, active: bool) -> Given:
    """What whoever has a permission set of these entries is given."""
    origin = Origin(kind="organisation-role", role_id="", permission_set_id=set_id)
    rules = [Rule(pattern=entry.key, effect=entry.effect, tests=tuple(entry.when), origin=origin) for entry in entries]
    return Given(every=rules, actual=rules if active else [])


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


def refuse_making(made: Given, caller: Caller, snapshot: Snapshot, *, now: float) -> None:
    """
    For definitions that are new: nobody has them, but a service key may name a set that was deleted.

    Raises:
        Forbidden: They give what the caller does not hold, or not without an end.
        NotFound: The caller has no part in the organisation.
    """
    refuse_longer_than_held(made.every, caller, snapshot, until=None, now=now)


def refuse_changing(before: Given, after: Given, caller: Caller, snapshot: Snapshot, *, now: float) -> None:
    """
    For definitions, which many users may have, and without an end.

    Raises:
        Forbidden: They give what the caller does not hold, before or afterwards; what they come to give the caller does
            not hold without an end; or denies come or go that are not the caller's, see `refuse_other_denies`.
        NotFound: The caller has no part in the organisation.
    """
    for each in (before, after):
        refuse_more_than_held(each.every, caller, snapshot, now=now)
    for old, new in ((before.every, after.every), (before.actual, after.actual)):
        refuse_longer_than_held(_added(old, new), caller, snapshot, until=None, now=now)
    refuse_other_denies(before.actual, after.actual, caller, snapshot, now=now)


def refuse_other_denies(
    before: Iterable[Rule], after: Iterable[Rule], caller: Caller, snapshot: Snapshot, *, now: float
) -> None:
    """
    For definitions, which many users may have: refuse denies that come or go, unless the caller holds what they deny;
    where they go, without an end.

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
    refuse_more_than_held(_allowing(come), caller, snapshot, now=now)
    refuse_longer_than_held(_allowing(gone), caller, snapshot, until=None, now=now)


def refuse_other_denies_of(
    changed: Iterable[Rule],
    others: Iterable[Rule],
    caller: Caller,
    snapshot: Snapshot,
    *,
    now: float,
    until: datetime | None = None,
) -> None:
    """
    For one user, who is given denies or loses them: refuse it, unless the caller holds what of `others`, the user's
    other rules, they concern.

    Args:
        until: When denies that are given end; None: never, and for those that are lost.
    Raises:
        Forbidden, NotFound: As for `refuse_other_denies`.
    """
    concerned, rest = denies(changed), list(others)
    allowed = [
        rule for rule in rest if rule.effect == "allow" and any(meet(rule.pattern, each.pattern) for each in concerned)
    ]
    if allowed:
        refuse_longer_than_held(allowed + denies(rest), caller, snapshot, until=until, now=now)


def frees_themselves(changed: Iterable[Rule], caller: Caller, snapshot: Snapshot, *, user_id: str, now: float) -> bool:
    """
    Whether the caller is an owner without an end who lays down what denies them something. They may, or else nobody
    could help the last owner; but not what the platform denies by a role of its own.
    """
    if caller.kind != "user" or caller.id != user_id:
        return False
    owns = snapshot.user(user_id, now=now).rules.undeniable is not None
    return owns and all(rule.origin.kind != "platform-role" for rule in denies(changed))


def _added(before: Iterable[Rule], after: Iterable[Rule]) -> list[Rule]:
    """What is allowed afterwards alone, with the denies that limit it."""
    known, rules = {_content(rule) for rule in before if rule.effect == "allow"}, list(after)
    come = [rule for rule in rules if rule.effect == "allow" and _content(rule) not in known]
    return come + denies(rules) if come else []


def _allowing(rules: Iterable[Rule]) -> list[Rule]:
    return [replace(rule, effect="allow") for rule in rules]


def _content(rule: Rule) -> tuple[object, ...]:
    # In JSON true is no number, and Python holds it to be 1: so the values' text.
    tests = ((test.of, test.name, test.comparison, repr(test.value)) for test in rule.tests)
    return (rule.pattern, *sorted(tests))
