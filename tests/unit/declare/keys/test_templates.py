from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.declare.keys.templates import BoundTemplate, anything, escape_value, overlap, parse_template
from tenantable.declare.keys.text import key_text

values = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
awkward = st.text(alphabet="#%23ab/", max_size=6)


def bound(text: str, **annotations: type) -> BoundTemplate:
    template = parse_template(text)
    return BoundTemplate(template, {name: key_text(annotations.get(name, str)) for name in template.names})


def rendered(template: BoundTemplate, values: Mapping[str, object]) -> str:
    text = template.render(values)
    assert text is not None
    return text


@pytest.mark.parametrize(
    ("text", "given_values", "key"),
    [
        ("ORG#{org}#TEAM#{team}", {"org": "acme", "team": "t1"}, "ORG#acme#TEAM#t1"),
        ("PLATFORM", {}, "PLATFORM"),
        ("{at}#{id}", {"at": "2026", "id": "e1"}, "2026#e1"),
        ("ORG#{org}", {"org": "a#b"}, "ORG#a%23b"),
        ("ORG#{org}", {"org": "100%"}, "ORG#100%25"),
        ("ORG#{org}", {"org": "Zoë Ünïcode 家"}, "ORG#Zoë Ünïcode 家"),
        ("{a}/{b}", {"a": "x/y", "b": "z"}, "x%2Fy/z"),
        ("FILE#{a}#END", {"a": ""}, "FILE##END"),
    ],
)
def test_values_appear_as_they_are_and_delimiters_in_them_are_encoded(
    text: str, given_values: dict[str, str], key: str
) -> None:
    template = bound(text)
    assert template.render(given_values) == key
    assert template.read(key) == given_values


@given(st.tuples(values, values), st.tuples(values, values))
def test_different_values_never_share_a_key(left: tuple[str, str], right: tuple[str, str]) -> None:
    template = bound("ORG#{a}#DIV#{b}")
    keys = [template.render({"a": a, "b": b}) for a, b in (left, right)]
    assert (keys[0] == keys[1]) == (left == right)


@given(st.tuples(awkward, awkward), st.tuples(awkward, awkward))
def test_not_even_awkward_values_share_a_key(left: tuple[str, str], right: tuple[str, str]) -> None:
    template = bound("{a}#{b}")
    keys = [template.render({"a": a, "b": b}) for a, b in (left, right)]
    assert (keys[0] == keys[1]) == (left == right)


@given(awkward | values, awkward | values, awkward | values)
def test_a_key_reads_back(a: str, b: str, c: str) -> None:
    template = bound("X/{a}#{b}-{c}.tail")
    given_values = {"a": a, "b": b, "c": c}
    assert template.read(rendered(template, given_values)) == given_values


@given(awkward | values)
def test_no_value_escapes_from_its_place(value: str) -> None:
    """What one tenant chooses never makes a key that begins with another tenant's prefix."""
    key = rendered(bound("TENANT#{tenant}#ITEM#{item}"), {"tenant": "a", "item": value})
    assert key.startswith("TENANT#a#ITEM#")
    assert key.count("#") == 3


def test_a_missing_value_leaves_no_key_at_all() -> None:
    assert bound("ORG#{org}#DIV#{division}").render({"org": "acme", "division": None}) is None


def test_a_prefix_ends_before_the_first_missing_value() -> None:
    assert bound("ORG#{org}#DIV#{division}").prefix({"org": "acme"}) == ("ORG#acme#DIV#", "division")


def test_a_wrong_value_names_its_place() -> None:
    with pytest.raises(TypeError, match=r"\{org\}: \['x'\] is not str"):
        bound("ORG#{org}").render({"org": ["x"]})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("{a}{b}", "need a delimiter"),
        ("{a}x{b}", "must begin with an ASCII delimiter"),
        ("{a}é{b}", "must begin with an ASCII delimiter"),
        ("{a}#{a}", "stands in it twice"),
        ("ORG#{a", "which keys and policies"),
        ("ORG#*#{a}", "which keys and policies"),
        ("ORG%{a}", "which keys and policies"),
    ],
)
def test_a_template_that_could_not_be_injective_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_template(text)


def test_a_key_of_another_form_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="does not have the form"):
        bound("ORG#{a}").read("TEAM#x")


def test_a_wildcard_stands_for_each_value() -> None:
    assert bound("ORG#{org}#TEAM#{team}").wildcard({"org": "${org}"}) == "ORG#${org}#TEAM#*"


@pytest.mark.parametrize(
    ("left", "right", "meet"),
    [
        ("TEAM#{a}", "TEAMROLE#{a}", False),
        ("TEAM#{a}", "TEAM#{b}", True),
        ("ORG#{a}", "ORG#{a}#TEAM#{b}", False),
        ("{a}#{b}", "ORG#{a}", True),
        ("{a}", "PLATFORM", True),
        ("{a}", "ORG#{a}", False),
        ("{a}-{b}", "{a}", True),
    ],
)
def test_templates_meet_where_a_key_could_be_of_both(left: str, right: str, meet: bool) -> None:
    assert overlap(bound(left).letters(), bound(right).letters()) is meet
    assert overlap(bound(right).letters(), bound(left).letters()) is meet


def test_types_keep_templates_apart() -> None:
    """A number can never be the word PLATFORM."""
    assert not overlap(bound("{n}", n=int).letters(), bound("PLATFORM").letters())


def test_anything_stands_for_every_ending() -> None:
    assert overlap([*"TEAM#", anything], bound("TEAM#{a}").letters())
    assert not overlap([*"TEAM#", anything], bound("TEAMROLE#{a}").letters())


@given(values, values)
def test_escaped_text_is_injective_and_has_no_delimiter(left: str, right: str) -> None:
    assert (escape_value(left) == escape_value(right)) == (left == right)
    assert "#" not in escape_value(left)
