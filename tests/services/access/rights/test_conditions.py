"""Whoever describes a resource hands out nothing by it that they could not do with the resource as it was."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.services.access.decisions.strategies import rule_lists

from tenantable.services.access.decisions.holding import not_held
from tenantable.services.access.decisions.rules import Facts, Rule, Rules
from tenantable.services.access.rights.conditions import Described, altered_names

PROPERTIES: list[dict[str, Any]] = [{}, {"p": 1}, {"p": "x"}, {"p": True}]


@given(rule_lists, rule_lists, st.sampled_from(PROPERTIES), st.sampled_from(PROPERTIES))
def test_what_somebody_can_do_afterwards_they_could_before_or_the_describer_could(
    rules: list[Rule], held: list[Rule], before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Requirement: nobody hands out more than they hold."""
    described = Described(resource_type="a", before=before, after=after)
    granted = [described.granted(rule) for rule in rules if described.alters(rule)]
    if not_held(granted, Rules(described.settled(held))):
        return
    somebody, describer = Rules(rules), Rules(held)
    for key in ("a:a", "a:b"):
        for subject in PROPERTIES:
            was, will_be = (Facts(subject=subject, resource=each) for each in (before, after))
            if somebody.allows(key, will_be) and not somebody.allows(key, was):
                assert describer.allows(key, was), (key, subject)


@given(rule_lists, st.sampled_from(PROPERTIES))
def test_nothing_hangs_on_what_stays(rules: list[Rule], properties: dict[str, Any]) -> None:
    described = Described(resource_type="a", before=properties, after=dict(properties))
    assert not any(described.alters(rule) for rule in rules)


def test_truth_is_no_number() -> None:
    assert altered_names({"p": 1, "q": 2}, {"p": True, "q": 2}) == {"p"}
