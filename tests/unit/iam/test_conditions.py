"""Condition operators: every family, set operators, IfExists, Null, variables, and what the documents leave open."""

import base64
from collections.abc import Sequence

import pytest

from tenantable.iam.conditions import compile_condition
from tenantable.iam.patterns import ContextValue


def holds(operator: str, values: str | Sequence[str], given: ContextValue | None, **context: ContextValue) -> bool:
    """Whether `operator` holds between policy values and what the request gives for `k:v`; None leaves it out."""
    wanted = (values,) if isinstance(values, str) else tuple(values)
    known = {f"var:{name}": value for name, value in context.items()}
    if given is not None:
        known["k:v"] = given
    return compile_condition(operator, "K:V", wanted, variables=True).holds(known)


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringNotEqualsIgnoreCase", "aB", "Ab", False),
        ("StringLike", "T#*", "T#1", True),
        ("StringLike", "T#?", "T#12", False),
        ("StringLike", "T#*", "t#1", False),
        ("StringNotLike", "T#*", "T#1", False),
        ("StringNotLike", ["T#*", "U#*"], "V#1", True),
        ("NumericEquals", "30", "30.0", True),
        ("NumericNotEquals", "30", "30.0", False),
        ("NumericLessThan", "30", "29", True),
        ("NumericLessThan", "30", "30", False),
        ("NumericLessThanEquals", "30", "30", True),
        ("NumericGreaterThan", "9", "10", True),
        ("NumericGreaterThanEquals", "9", "8.99", False),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", True),
        ("DateNotEquals", "2026-01-01", "2026-01-02", True),
        ("DateLessThan", "2026-01-02T00:00:00Z", "2026-01-01T23:59:59Z", True),
        ("DateLessThanEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("DateGreaterThan", "2026-01-01", "2025-12-31", False),
        ("DateGreaterThanEquals", "2026-01-01", "2026-01-01", True),
        ("Bool", "true", "TRUE", True),
        ("Bool", "false", "true", False),
        ("BinaryEquals", base64.b64encode(b"ab").decode(), "YWI=", True),
        ("BinaryEquals", "YWI=", "YWM=", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.9", "203.0.113.9", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.9", False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("IpAddress", "203.0.113.0/24", "::ffff:203.0.113.9", True),
        ("NotIpAddress", "203.0.113.0/24", "203.0.114.9", True),
        ("ArnEquals", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a", True),
        ("ArnLike", "arn:aws:iam:*:role/a", "arn:aws:iam::1:role/a", False),
        ("ArnNotEquals", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/a", False),
        ("ArnNotLike", "arn:aws:iam::1:role/*", "arn:aws:iam::2:role/a", True),
        ("Null", "false", "x", True),
        ("Null", "true", "x", False),
        ("Null", "True", None, True),
        ("Null", "true", (), True),
        ("Null", "false", None, False),
        ("Null", ["true", "false"], None, True),
    ],
)
def test_each_operator(operator: str, wanted: str | list[str], given: ContextValue | None, expected: bool) -> None:
    assert holds(operator, wanted, given) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "given"),
    [
        ("NumericEquals", "5", "five"),
        ("NumericNotEquals", "5", "five"),
        ("NumericNotEquals", "five", "5"),
        ("NumericLessThan", "5", "NaN"),
        ("NumericLessThan", "5", "-" + "9" * 100),
        ("DateLessThan", "2026-01-01", "yesterday"),
        ("DateNotEquals", "someday", "2026-01-01"),
        ("Bool", "true", "yes"),
        ("Bool", "yes", "true"),
        ("BinaryEquals", "YWI=", "not base64"),
        ("IpAddress", "203.0.113.0/24", "localhost"),
        ("NotIpAddress", "203.0.113.0/24", "localhost"),
        ("NotIpAddress", "203.0.113.0/99", "203.0.113.9"),
    ],
)
def test_what_cannot_be_compared_does_not_match_even_when_negated(operator: str, wanted: str, given: str) -> None:
    assert not holds(operator, wanted, given)


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("NumericLessThan", False),
        ("NumericNotEquals", True),
        ("NotIpAddress", True),
        ("ArnNotLike", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("BoolIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAllValues:StringNotEquals", True),
        ("ForAllValues:StringEqualsIfExists", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
    ],
)
@pytest.mark.parametrize("absent", [None, ()])
def test_an_absent_key(operator: str, expected: bool, absent: ContextValue | None) -> None:
    assert holds(operator, "1", absent) is expected


@pytest.mark.parametrize(
    ("operator", "given", "expected"),
    [
        ("ForAllValues:StringEquals", ("a", "b"), True),
        ("ForAllValues:StringEquals", ("a", "c"), False),
        ("ForAllValues:StringEquals", "a", True),
        ("ForAllValues:StringNotEquals", ("c", "d"), True),
        ("ForAllValues:StringNotEquals", ("a", "d"), False),
        ("ForAnyValue:StringEquals", ("c", "b"), True),
        ("ForAnyValue:StringEquals", ("c", "d"), False),
        ("ForAnyValue:StringNotEquals", ("a", "d"), True),
        ("ForAnyValue:StringNotEquals", ("a", "b"), False),
        ("ForAllValues:StringLike", ("ab", "ba"), False),
        ("ForAnyValue:StringEqualsIfExists", ("c",), False),
    ],
)
def test_set_operators(operator: str, given: ContextValue, expected: bool) -> None:
    assert holds(operator, ["a", "b"], given) is expected


def test_a_variable_stands_for_the_requests_value() -> None:
    assert holds("StringEquals", "T#${var:tenant}", "T#1", tenant="1")
    assert not holds("StringEquals", "T#${var:tenant}", "T#2", tenant="1")


def test_a_wildcard_in_a_variables_value_is_literal() -> None:
    assert not holds("StringLike", "T#${var:tenant}#*", "T#2#x", tenant="*")


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericEquals", "${var:n}"),
        ("DateEquals", "${var:n}"),
        ("BinaryEquals", "${var:n}"),
        ("IpAddress", "${var:n}"),
    ],
)
def test_other_families_know_no_variables(operator: str, value: str) -> None:
    assert not holds(operator, value, "1", n="1")


def test_bool_knows_variables() -> None:
    assert holds("Bool", "${var:flag}", "true", flag="True")


def test_the_keys_that_a_condition_reads_include_its_variables() -> None:
    test = compile_condition("StringLike", "dynamodb:LeadingKeys", ("${aws:PrincipalTag/Tenant}#*",), variables=True)
    assert test.reads == {"dynamodb:leadingkeys", "aws:principaltag/tenant"}


def test_open_case_1_an_epoch_number_is_a_date() -> None:
    """The documents allow it; the choice follows them."""
    assert holds("DateLessThan", "1767225600", "2025-12-31T23:59:59Z")
    assert holds("DateGreaterThan", "2025-12-31T23:59:59Z", "1767225600")


def test_open_case_2_an_escaped_wildcard_is_literal_in_string_equals_too() -> None:
    assert holds("StringEquals", "a${*}", "a*")
    assert not holds("StringEquals", "a${*}", "a${*}")


def test_open_case_3_a_negated_operator_holds_for_an_unresolved_variable() -> None:
    assert holds("StringNotEquals", "${var:absent}", "x")
    assert not holds("StringEquals", "${var:absent}", "x")


def test_open_case_7_variables_are_text_in_the_first_version() -> None:
    test = compile_condition("StringEquals", "k:v", ("${var:tenant}",), variables=False)
    assert test.holds({"k:v": "${var:tenant}", "var:tenant": "1"})
    assert not test.holds({"k:v": "1", "var:tenant": "1"})


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringEqualsIfExists"])
def test_open_case_8_a_multivalued_key_needs_a_set_operator(operator: str) -> None:
    """The documents say "must"; without one nothing matches, not even one value."""
    assert not holds(operator, "a", ("a",))
    assert not holds(operator, "a", ("b",))


def test_open_case_9_if_exists_holds_for_an_absent_key_after_for_any_value() -> None:
    assert holds("ForAnyValue:StringEqualsIfExists", "a", None)


def test_an_address_of_the_other_ip_version_lies_outside_a_network() -> None:
    """So NotIpAddress holds for it: a Deny of everything outside an IPv4 range denies callers over IPv6 too."""
    assert not holds("IpAddress", "203.0.113.0/24", "2001:db8::1")
    assert holds("NotIpAddress", "203.0.113.0/24", "2001:db8::1")
