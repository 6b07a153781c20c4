"""
Condition operators: one condition of a statement compiled to a test of the request's context.

An operator compares request values with policy values and reads `[ForAllValues:|ForAnyValue:]Name[IfExists]`.
Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued keys".
"""

import base64
import binascii
import ipaddress
import operator as relations
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple

from tenantable.errors import PolicyError
from tenantable.iam.patterns import (
    Context,
    Pattern,
    arn_test,
    has_variables,
    parse_pattern,
    resolve,
    text_test,
    variable_keys,
)


class ContextTest(NamedTuple):
    """A test of a request's context, and the keys, in lower case, that it reads."""

    holds: Callable[[Context], bool]
    reads: frozenset[str]


Comparison = Callable[[str], bool | None]
"""One request value against one or more policy values; None when they cannot be compared: then no operator matches."""

Quantifier = Literal["ForAllValues", "ForAnyValue"]

_Holds = Callable[[Context], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rule:
    """How one operator compares: a policy value, parsed and resolved, becomes a comparison."""

    comparison: Callable[[Pattern], Comparison]
    negated: bool = False
    wildcards: bool = False
    variables: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Operator:
    name: str
    quantifier: Quantifier | None
    if_exists: bool


FOR_ANY_VALUE_IF_EXISTS_HOLDS = True
"""
Whether `ForAnyValue:...IfExists` holds for a key that is absent. The documents say that IfExists does, and that
ForAnyValue does not, and nothing of both.
"""

_KEY = re.compile(r"[\w./-]+:\S.*")
_NUMBER_LENGTH_MAX = 64


def check_condition(operator: str, key: str, values: Sequence[str], *, variables: bool) -> None:
    """
    Raise what is wrong with a condition.

    Raises:
        PolicyError: An unknown operator, a key without its service, or a malformed variable.
    """
    parsed = _parse_operator(operator)
    if not _KEY.fullmatch(key):
        raise PolicyError(f"{key!r} is not a condition key", hint='write "service:Key", such as "dynamodb:LeadingKeys"')
    if parsed.name == "Null":
        wrong = [value for value in values if value.lower() not in {"true", "false"}]
        if wrong:
            raise PolicyError(f"Null compares with true or false, not {wrong[0]!r}")
    else:
        _patterns(_RULES[parsed.name], values, variables=variables)


def compile_condition(operator: str, key: str, values: Sequence[str], *, variables: bool) -> ContextTest:
    """
    The test of a checked condition.

    Without a set operator a multivalued key never matches, though IAM's documentation only says that a set operator
    "must" be used. A missing key satisfies ForAllValues, IfExists (also after ForAnyValue) and negated operators.
    """
    parsed = _parse_operator(operator)
    name = key.lower()
    if parsed.name == "Null":
        return ContextTest(_null_test(name, frozenset(value.lower() for value in values)), frozenset({name}))
    rule = _RULES[parsed.name]
    patterns = _patterns(rule, values, variables=variables)
    reads = variable_keys(patterns) | {name}
    accepts = _acceptance(rule, patterns)
    when_absent = _when_absent(parsed, rule)
    if parsed.quantifier is None:
        return ContextTest(_single_test(name, accepts, when_absent=when_absent), reads)
    every = parsed.quantifier == "ForAllValues"
    return ContextTest(_set_test(name, accepts, every=every, when_absent=when_absent), reads)


def _when_absent(operator: _Operator, rule: _Rule) -> bool:
    if operator.quantifier == "ForAnyValue":
        return operator.if_exists and FOR_ANY_VALUE_IF_EXISTS_HOLDS
    return operator.if_exists or operator.quantifier == "ForAllValues" or rule.negated


def _parse_operator(operator: str) -> _Operator:
    quantifier, colon, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    known = name in _RULES or (name == "Null" and operator == "Null")
    if not known or (colon and quantifier not in ("ForAllValues", "ForAnyValue")):
        raise PolicyError(
            f"{operator!r} is not a condition operator",
            hint="operators are written [ForAllValues:|ForAnyValue:]Name[IfExists]; Null stands alone",
        )
    found: Quantifier | None = None
    if colon:
        found = "ForAllValues" if quantifier == "ForAllValues" else "ForAnyValue"
    return _Operator(name=name, quantifier=found, if_exists=name != rest)


def _patterns(rule: _Rule, values: Sequence[str], *, variables: bool) -> tuple[Pattern, ...]:
    return tuple(
        parse_pattern(value, wildcards=rule.wildcards, variables=variables and rule.variables) for value in values
    )


def _acceptance(rule: _Rule, patterns: tuple[Pattern, ...]) -> Callable[[Context], Comparison]:
    """From a context to the test of one request value against all policy values: OR, or for a negated rule NOT any."""
    if not any(has_variables(pattern) for pattern in patterns):
        fixed = _accepts(rule, patterns)
        return lambda _context: fixed

    def bind(context: Context) -> Comparison:
        # An unresolved variable equals nothing: a positive operator fails on it, a negated one holds.
        resolved = [resolve(pattern, context) for pattern in patterns]
        return _accepts(rule, tuple(pattern for pattern in resolved if pattern is not None))

    return bind


def _accepts(rule: _Rule, patterns: tuple[Pattern, ...]) -> Comparison:
    if rule is _RULES["StringEquals"]:
        return frozenset(map(_text, patterns)).__contains__
    comparisons = [rule.comparison(pattern) for pattern in patterns]
    if rule.negated:
        return lambda value: all(comparison(value) is False for comparison in comparisons)
    if len(comparisons) == 1:
        return comparisons[0]

    def accepts(value: str) -> bool:
        for comparison in comparisons:  # noqa: SIM110 - a generator in `any` costs more than the loop
            if comparison(value):
                return True
        return False

    return accepts


def _single_test(key: str, accepts: Callable[[Context], Comparison], *, when_absent: bool) -> _Holds:
    def test(context: Context) -> bool:
        value = context.get(key)
        if isinstance(value, str):
            return bool(accepts(context)(value))
        return when_absent if not value else False

    return test


def _set_test(key: str, accepts: Callable[[Context], Comparison], *, every: bool, when_absent: bool) -> _Holds:
    quantify: Callable[[Any], bool] = all if every else any

    def test(context: Context) -> bool:
        values = context.get(key)
        if isinstance(values, str):
            values = (values,)
        if not values:
            return when_absent
        if len(values) == 1:
            return bool(accepts(context)(values[0]))
        return quantify(map(accepts(context), values))

    return test


def _null_test(key: str, wanted: frozenset[str]) -> _Holds:
    def test(context: Context) -> bool:
        # An empty text is a value; a multivalued key with no values is absent.
        return ("true" if context.get(key) in (None, ()) else "false") in wanted

    return test


def _text(pattern: Pattern) -> str:
    return "".join(part for part in pattern if isinstance(part, str))


def _without_case(pattern: Pattern) -> Comparison:
    wanted = _text(pattern).lower()
    return lambda value: value.lower() == wanted


def _ordered(read: Callable[[str], Any], relation: Callable[[Any, Any], bool]) -> Callable[[Pattern], Comparison]:
    def comparison(pattern: Pattern) -> Comparison:
        wanted = read(_text(pattern))

        def compare(value: str) -> bool | None:
            given = read(value)
            return None if given is None or wanted is None else relation(given, wanted)

        return compare

    return comparison


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text) if len(text) <= _NUMBER_LENGTH_MAX else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _seconds(text: str) -> float | None:
    """Seconds since the epoch of a date in ISO 8601 (UTC unless it says otherwise) or in epoch seconds."""
    number = _number(text)
    if number is not None:
        return float(number)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _in_network(pattern: Pattern) -> Comparison:
    network = _network(_text(pattern))

    def compare(value: str) -> bool | None:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return None
        if network is None:
            return None
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return (mapped or address) in network

    return compare


def _rules() -> dict[str, _Rule]:
    """Every operator by its name; each family has its negation as `Not`."""
    positive = {
        "StringEquals": _Rule(comparison=text_test, variables=True),
        "StringEqualsIgnoreCase": _Rule(comparison=_without_case, variables=True),
        "StringLike": _Rule(comparison=text_test, wildcards=True, variables=True),
        "NumericEquals": _Rule(comparison=_ordered(_number, relations.eq)),
        "DateEquals": _Rule(comparison=_ordered(_seconds, relations.eq)),
        "ArnEquals": _Rule(comparison=arn_test, wildcards=True, variables=True),
        "ArnLike": _Rule(comparison=arn_test, wildcards=True, variables=True),
        "IpAddress": _Rule(comparison=_in_network),
    }
    negations = {
        "StringEquals": "StringNotEquals",
        "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
        "StringLike": "StringNotLike",
        "NumericEquals": "NumericNotEquals",
        "DateEquals": "DateNotEquals",
        "ArnEquals": "ArnNotEquals",
        "ArnLike": "ArnNotLike",
        "IpAddress": "NotIpAddress",
    }
    orders = {
        "LessThan": relations.lt,
        "LessThanEquals": relations.le,
        "GreaterThan": relations.gt,
        "GreaterThanEquals": relations.ge,
    }
    rules = positive | {negations[name]: replace(rule, negated=True) for name, rule in positive.items()}
    for name, relation in orders.items():
        rules["Numeric" + name] = _Rule(comparison=_ordered(_number, relation))
        rules["Date" + name] = _Rule(comparison=_ordered(_seconds, relation))
    rules["Bool"] = _Rule(comparison=_ordered(_truth, relations.eq), variables=True)
    rules["BinaryEquals"] = _Rule(comparison=_ordered(_bytes, relations.eq))
    return rules


_RULES = _rules()
