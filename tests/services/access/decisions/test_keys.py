"""Permission keys and the patterns that stand for them."""

import pytest
from tests.services.access.decisions.strategies import KEYS, PATTERNS

from tenantable.services.access.decisions.keys import check_pattern, covers, is_key, meet, patterns_of
from tenantable.services.access.errors import Unprocessable


def stands_for(pattern: str) -> set[str]:
    return {key for key in [*KEYS, "a:a:a:a", "b:b:b:b"] if pattern in patterns_of(key)}


def test_a_key_is_covered_by_itself_and_every_wildcard_above_it() -> None:
    assert patterns_of("billing:invoice:read") == ("billing:invoice:read", "billing:invoice:*", "billing:*", "*")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_covering_is_standing_for_all_that_the_other_stands_for(pattern: str) -> None:
    for other in PATTERNS:
        assert covers(pattern, other) == (stands_for(other) <= stands_for(pattern)), other
        assert meet(pattern, other) == bool(stands_for(other) & stands_for(pattern)), other


@pytest.mark.parametrize("pattern", ["*", "a", "a:*", "billing:invoice:read", "a.b-c_d:*", ":".join("abcdef")])
def test_a_pattern_is_taken(pattern: str) -> None:
    check_pattern(pattern)


NO_PATTERNS = ["", ":", "a:", ":a", "a::b", "*:a", "a:*:b", "a*", "a:b*", "**", "a b", "a#b", "a\n", "é"]


@pytest.mark.parametrize("pattern", [*NO_PATTERNS, ":".join("abcdefg"), "a" * 65])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(Unprocessable):
        check_pattern(pattern)


def test_a_wildcard_is_no_key() -> None:
    assert is_key("a:b")
    assert not is_key("a:*")
