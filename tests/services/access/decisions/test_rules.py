"""Compiled rules decide as the plainest reading of them does."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.access.decisions.strategies import EVERY_FACTS, KEYS, PATTERNS, rule_lists

from tenantable.services.access.decisions.keys import patterns_of
from tenantable.services.access.decisions.rules import NO_FACTS, Facts, Rule, Rules, holds
from tenantable.services.access.declaration import PropertyTest


def applies(rule: Rule, key: str, facts: Facts) -> bool:
    return rule.pattern in patterns_of(key) and all(holds(test, facts) for test in rule.tests)


@given(rule_lists)
def test_a_deny_outweighs_every_allow_and_nothing_is_allowed_by_itself(rules: list[Rule]) -> None:
    compiled = Rules(rules)
    for key in KEYS:
        for facts in EVERY_FACTS:
            effects = {rule.effect for rule in rules if applies(rule, key, facts)}
            assert compiled.allows(key, facts) == (effects == {"allow"})


@given(rule_lists)
def test_the_rules_concerning_a_key_are_those_whose_pattern_covers_it(rules: list[Rule]) -> None:
    compiled = Rules(rules)
    for key in KEYS:
        found = compiled.concerning(key)
        assert len(found) == sum(rule.pattern in patterns_of(key) for rule in rules)


@given(rule_lists, st.sampled_from(PATTERNS))
def test_what_is_undeniable_is_as_if_nothing_denied_it_and_the_rest_is_as_ever(
    rules: list[Rule], undeniable: str
) -> None:
    compiled, plain = Rules(rules, undeniable=undeniable), Rules(rules)
    allowing = Rules([rule for rule in rules if rule.effect == "allow"])
    for key in KEYS:
        expected = allowing if undeniable in patterns_of(key) else plain
        shown = [*compiled.sparing(key), *compiled.concerning(key)]
        assert Counter(map(id, shown)) == Counter(map(id, plain.concerning(key)))
        for facts in EVERY_FACTS:
            assert compiled.allows(key, facts) == expected.allows(key, facts)


@pytest.mark.parametrize(
    ("comparison", "value", "found", "expected"),
    [
        ("equals", "x", "x", True),
        ("equals", 1, True, False),
        ("equals", True, 1, False),
        ("equals", 1, "1", False),
        ("equals", 1, 1.0, True),
        ("equals", Decimal("0.1"), 0.1, True),
        ("equals", Decimal("0.1"), 0.2, False),
        ("equals", True, 1.0, False),
        ("in", [Decimal("2.5"), 1], 2.5, True),
        ("in", "abc", "a", False),
        ("in", 5, 5, True),
        ("not-equals", "x", "y", True),
        ("in", ["x", 1], 1, True),
        ("in", ["x", 1], True, False),
        ("not-in", ["x"], "y", True),
    ],
)
def test_values_are_compared_with_their_types(comparison: str, value: object, found: object, *, expected: bool) -> None:
    test = PropertyTest.model_validate({"of": "resource", "name": "p", "comparison": comparison, "value": value})
    assert holds(test, Facts(resource={"p": found})) == expected


@pytest.mark.parametrize(
    ("comparison", "expected"), [("equals", False), ("not-equals", True), ("in", False), ("not-in", True)]
)
def test_what_is_absent_differs_from_every_value(comparison: str, *, expected: bool) -> None:
    value = ["x"] if comparison.endswith("in") else "x"
    test = PropertyTest.model_validate({"of": "context", "name": "p", "comparison": comparison, "value": value})
    assert holds(test, NO_FACTS) == expected
