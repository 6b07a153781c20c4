"""Rules on condition of a property: whoever changes properties decides what such rules come to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import ANY, SEPARATOR, covers, meet
from tenantable.services.access.decisions.rules import Facts, Properties, Rule, holds
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import PropertyTest
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.held import refuse_longer_than_held

TEAM = "teamId"
"""The property of a resource by which roles that reach one team find theirs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """What the directory says of a resource, and will say; nothing of one that it does not know."""

    resource_type: str
    before: Properties
    after: Properties

    def alters(self, rule: Rule) -> bool:
        """Whether the rule's conditions come to something else by what changes."""
        if not meet(rule.pattern, self._keys):
            return False
        tests = [test for test in rule.tests if self._concerns(test)]
        holding = {all(holds(test, Facts(resource=facts)) for test in tests) for facts in (self.before, self.after)}
        return len(holding) == 2

    def granted(self, rule: Rule) -> Rule:
        """What is handed out where the rule is altered: for this type alone, on the conditions that do not change."""
        pattern = self._keys if covers(rule.pattern, self._keys) else rule.pattern
        rest = tuple(test for test in rule.tests if not self._concerns(test))
        return replace(rule, pattern=pattern, tests=rest, effect="allow")

    def settled(self, rules: Iterable[Rule]) -> list[Rule]:
        """The rules that somebody has with the resource as it was."""
        found = []
        for rule in rules:
            tests = [test for test in rule.tests if self._concerns(test)]
            if all(holds(test, Facts(resource=self.before)) for test in tests):
                found.append(replace(rule, tests=tuple(test for test in rule.tests if test not in tests)))
        return found

    @property
    def _keys(self) -> str:
        return f"{self.resource_type}{SEPARATOR}{ANY}"

    def _concerns(self, test: PropertyTest) -> bool:
        return test.of == "resource" and test.name in altered_names(self.before, self.after)


def altered_names(before: Properties, after: Properties) -> set[str]:
    """The properties that come, go or get another value."""
    # In JSON true is no number, and Python holds it to be 1: so the values' text.
    return {name for name in {**before, **after} if repr(before.get(name)) != repr(after.get(name))}


def refuse_other_properties(
    names: Iterable[str], rules: Iterable[Rule], caller: Caller, snapshot: Snapshot, *, now: float
) -> None:
    """
    For one user, whose properties change: refuse it, unless the caller holds what depends on them, whatever they are,
    and without an end.

    Raises:
        Forbidden: It would give or take away what the caller does not hold.
        NotFound: The caller has no part in the organisation.
    """
    changed = set(names)
    dependent = []
    for rule in rules:
        rest = tuple(test for test in rule.tests if not (test.of == "subject" and test.name in changed))
        if len(rest) < len(rule.tests):
            dependent.append(replace(rule, tests=rest, effect="allow"))
    refuse_longer_than_held(dependent, caller, snapshot, until=None, now=now)


def refuse_other_descriptions(
    described: Sequence[Described], caller: Caller, snapshot: Snapshot, *, now: float
) -> None:
    """
    For resources, whose properties change: refuse it, unless the caller may do with each, as it was, what somebody
    could do or could do no longer with it afterwards; and without an end.

    Raises:
        Forbidden, NotFound: As for `refuse_other_properties`.
    """
    if caller.kind == "platform":
        return
    testing = list(_testing(snapshot.definitions))
    for each in described:
        altered = [rule for rule in (*testing, *_of_teams(snapshot.definitions, each)) if each.alters(rule)]
        if altered:
            granted = [each.granted(rule) for rule in altered]
            refuse_longer_than_held(granted, caller, snapshot, until=None, now=now, settle=each.settled)


def _testing(definitions: Definitions) -> Iterator[Rule]:
    """What roles give on condition of a resource: those of the organisation and of the platform, on or off."""
    home: Definitions | None = definitions
    while home is not None:
        for role_id in home.roles:
            yield from _conditional(home.rules_of_role(role_id, also_inactive=True))
        home = home.above
    for team_role_id, role in definitions.team_roles.items():
        if role.reach == "organisation":
            yield from _conditional(definitions.rules_of_team_role(team_role_id, "", also_inactive=True))


def _of_teams(definitions: Definitions, described: Described) -> Iterator[Rule]:
    """What roles that reach one team give in the team that the resource was of, and in the one that it will be of."""
    found = [described.before.get(TEAM), described.after.get(TEAM)]
    team_ids = {each for each in found if isinstance(each, str)} or {""}
    for team_role_id, role in definitions.team_roles.items():
        if role.reach == "team":
            for team_id in team_ids:
                yield from definitions.rules_of_team_role(team_role_id, team_id, also_inactive=True)


def _conditional(rules: Iterable[Rule]) -> Iterator[Rule]:
    return (rule for rule in rules if any(test.of == "resource" for test in rule.tests))
