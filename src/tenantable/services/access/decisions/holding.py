"""Nobody hands out more than they hold: what of some rules a user does not have."""

from collections.abc import Iterable

from tenantable.services.access.decisions.keys import covers, meet
from tenantable.services.access.decisions.rules import Rule, Rules
from tenantable.services.access.declaration import PropertyTest


def not_held(granted: Iterable[Rule], holder: Rules) -> list[Rule]:
    """
    The rules among those to be granted that allow something which the holder may not do.

    A rule is held when one of the holder's covers it and asks for no more, and when whatever the holder is denied of it
    is denied by what is granted, too. Where that cannot be told, the rule counts as not held.
    """
    rules = list(granted)
    denied = [rule for rule in rules if rule.effect == "deny"]
    return [rule for rule in rules if rule.effect == "allow" and not _is_held(rule, denied, holder)]


def _is_held(rule: Rule, denied: list[Rule], holder: Rules) -> bool:
    if not any(covers(own.pattern, rule.pattern) and _asks_no_more(own, rule) for own in holder.allowing):
        return False
    return all(
        any(covers(each.pattern, deny.pattern) and _asks_no_more(each, deny) for each in denied)
        for deny in holder.denying
        if meet(deny.pattern, rule.pattern) and not holder.is_undeniable(rule.pattern)
    )


def _asks_no_more(wide: Rule, narrow: Rule) -> bool:
    """Whether every test of the one is a test of the other."""
    return all(_is_among(test, narrow.tests) for test in wide.tests)


def _is_among(test: PropertyTest, tests: Iterable[PropertyTest]) -> bool:
    # In JSON true is no number, and Python holds it to be 1.
    return any(test == each and type(test.value) is type(each.value) for each in tests)
