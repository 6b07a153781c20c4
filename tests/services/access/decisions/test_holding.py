"""Nobody hands out more than they hold."""

from hypothesis import given
from hypothesis import strategies as st
from tests.services.access.decisions.strategies import EVERY_FACTS, KEYS, PATTERNS, rule_lists

from tenantable.services.access.decisions.holding import not_held
from tenantable.services.access.decisions.rules import Rule, Rules


@given(rule_lists, rule_lists)
def test_whoever_is_given_what_is_held_can_do_nothing_that_the_holder_cannot(
    granted: list[Rule], held: list[Rule]
) -> None:
    holder = Rules(held)
    if not_held(granted, holder):
        return
    receiver = Rules(granted)
    for key in KEYS:
        for facts in EVERY_FACTS:
            assert not receiver.allows(key, facts) or holder.allows(key, facts), (key, facts)


@given(rule_lists, rule_lists, st.sampled_from(PATTERNS))
def test_nor_when_the_holder_cannot_be_denied_something(granted: list[Rule], held: list[Rule], undeniable: str) -> None:
    holder = Rules(held, undeniable=undeniable)
    if not_held(granted, holder):
        return
    receiver = Rules(granted)
    for key in KEYS:
        for facts in EVERY_FACTS:
            assert not receiver.allows(key, facts) or holder.allows(key, facts), (key, facts)


@given(rule_lists)
def test_everybody_holds_what_they_have(rules: list[Rule]) -> None:
    assert not_held(rules, Rules(rules)) == []
