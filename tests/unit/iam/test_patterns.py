"""Wildcards, policy variables and ARNs compared segment by segment."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.errors import PolicyError
from tenantable.iam.patterns import (
    Variable,
    Wildcard,
    arn_test,
    parse_arn_pattern,
    parse_pattern,
    resolve,
    split_arn,
    text_test,
)

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table"


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("T#1", "T#1", True),
        ("T#1", "t#1", False),
        ("T#*", "T#", True),
        ("T#*", "T#1#x", True),
        ("*#x", "T#1#x", True),
        ("T#?", "T#1", True),
        ("T#?", "T#12", False),
        ("a*b*c", "aXbYc", True),
        ("a*b*c", "acb", False),
        ("a*bc*bcd", "abcbcd", True),
        ("a*b", "ab", True),
        ("a*ab", "aab", True),
        ("a*ab", "ab", False),
        ("*", "", True),
        ("**", "anything\nat all", True),
        ("", "", True),
        ("", "x", False),
        ("a.c", "abc", False),
    ],
)
def test_wildcards(pattern: str, text: str, matches: bool) -> None:
    assert text_test(parse_pattern(pattern, wildcards=True, variables=False))(text) is matches


@given(st.text("ab*?", max_size=8), st.text("ab*?", max_size=12))
def test_wildcards_mean_what_a_plain_regular_expression_says(pattern: str, text: str) -> None:
    meaning = "".join({"*": ".*", "?": "."}.get(each) or re.escape(each) for each in pattern)
    expected = re.fullmatch(meaning, text, re.DOTALL) is not None
    assert text_test(parse_pattern(pattern, wildcards=True, variables=False))(text) is expected


def test_many_wildcards_cannot_be_made_slow() -> None:
    """A caller chooses the text: matching must not take time that is a power of its length."""
    hostile = text_test(parse_pattern("*a" * 30 + "*b", wildcards=True, variables=False))
    started = time.perf_counter()
    assert not hostile("a" * 2048)
    assert time.perf_counter() - started < 5


def test_a_pattern_is_split_into_literals_wildcards_and_variables() -> None:
    assert parse_pattern("T#${aws:PrincipalTag/Tenant, 'none'}#*", wildcards=True, variables=True) == (
        "T#",
        Variable(key="aws:principaltag/tenant", default="none"),
        "#",
        Wildcard.ANY,
    )


def test_without_variables_a_dollar_is_text() -> None:
    assert parse_pattern("T#${aws:userid}", wildcards=True, variables=False) == ("T#${aws:userid}",)


@pytest.mark.parametrize(("written", "meant"), [("${*}", "*"), ("${?}", "?"), ("${$}", "$"), ("a${*}b", "a*b")])
def test_escaped_characters_are_literal(written: str, meant: str) -> None:
    assert parse_pattern(written, wildcards=True, variables=True) == (meant,)


@pytest.mark.parametrize("written", ["${", "${}", "x${aws:userid", "${aws:userid, none}", "${a b}"])
def test_a_malformed_variable_is_refused(written: str) -> None:
    with pytest.raises(PolicyError, match="is not a policy variable"):
        parse_pattern(written, wildcards=True, variables=True)


def test_a_wildcard_inside_a_value_is_literal() -> None:
    pattern = resolve(parse_pattern("T#${k:v}#*", wildcards=True, variables=True), {"k:v": "*"})
    assert pattern is not None
    assert text_test(pattern)("T#*#x")
    assert not text_test(pattern)("T#other#x")


def test_a_default_stands_in_for_an_absent_key() -> None:
    assert resolve(parse_pattern("${k:v, 'none'}", wildcards=True, variables=True), {}) == ("none",)


@pytest.mark.parametrize("context", [{}, {"k:v": ("one",)}])
def test_an_absent_or_multivalued_key_resolves_to_nothing(context: dict[str, tuple[str, ...]]) -> None:
    assert resolve(parse_pattern("T#${k:v}", wildcards=True, variables=True), context) is None


@pytest.mark.parametrize(
    ("pattern", "arn", "matches"),
    [
        ("*", f"{TABLE}/A", True),
        (f"{TABLE}/A", f"{TABLE}/A", True),
        (f"{TABLE}/A", f"{TABLE}/A/index/g", False),
        (f"{TABLE}/A*", f"{TABLE}/A/index/g", True),
        (f"{TABLE}/A*", f"{TABLE}/AB", True),
        (f"{TABLE}/a", f"{TABLE}/A", False),
        ("arn:aws:dynamodb:*:*:table/A", f"{TABLE}/A", True),
        ("arn:aws:dynamodb:*:table/A", f"{TABLE}/A", False),
        ("arn:aws:dynamodb", f"{TABLE}/A", True),
        ("arn:aws:s3:*", f"{TABLE}/A", False),
        ("arn:aws:sns:r:a:x:*", "arn:aws:sns:r:a:x:y:z", True),
    ],
)
def test_a_resource_is_compared_segment_by_segment(pattern: str, arn: str, matches: bool) -> None:
    assert parse_arn_pattern(pattern, variables=True).matches(split_arn(arn), {}) is matches


def test_a_resource_with_an_unresolved_variable_covers_nothing() -> None:
    pattern = parse_arn_pattern(f"{TABLE}/${{aws:PrincipalTag/table}}", variables=True)
    assert not pattern.matches(split_arn(f"{TABLE}/"), {})
    assert pattern.matches(split_arn(f"{TABLE}/A"), {"aws:principaltag/table": "A"})


@pytest.mark.parametrize("written", ["table/A", "arn", "arn:aws:dynamodb:${aws:RequestedRegion}:1:table/A"])
def test_what_is_no_resource_is_refused(written: str) -> None:
    with pytest.raises(PolicyError):
        parse_arn_pattern(written, variables=True)


@pytest.mark.parametrize(
    ("pattern", "arn", "matches"),
    [
        ("arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a/b", True),
        ("arn:aws:iam:*:role/a", "arn:aws:iam::1:role/a", False),
        ("arn:aws:iam::${k:v}:role/a", "arn:aws:iam::1:role/a", True),
        ("*", "anything", True),
        ("arn:aws:iam", "arn:aws:iam::1:role/a", False),
        ("arn:aws:iam::1:role/*", "no-arn", False),
    ],
)
def test_an_arn_in_a_condition(pattern: str, arn: str, matches: bool) -> None:
    resolved = resolve(parse_pattern(pattern, wildcards=True, variables=True), {"k:v": "1"})
    assert resolved is not None
    assert arn_test(resolved)(arn) is matches
