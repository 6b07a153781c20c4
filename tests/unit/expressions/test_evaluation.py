"""What conditions mean: comparisons, functions, missing attributes, and operands that can never be right."""

from typing import Any

import pytest

from tenantable.expressions.conditions import parse_condition
from tenantable.expressions.placeholders import Placeholders
from tenantable.wire.errors import DynamoError

Value = dict[str, Any]

ITEM: dict[str, Value] = {
    "s": {"S": "banana"},
    "n": {"N": "5"},
    "b": {"B": "AQID"},
    "yes": {"BOOL": True},
    "nil": {"NULL": True},
    "ss": {"SS": ["x", "y"]},
    "ns": {"NS": ["1", "2.5"]},
    "bs": {"BS": ["AQ==", "Ag=="]},
    "l": {"L": [{"N": "1"}, {"M": {"deep": {"SS": ["p", "q"]}}}, {"S": "z"}]},
    "m": {"M": {"inside": {"M": {"n": {"N": "7"}}}, "many": {"L": [{"S": "first"}]}}},
    "part": {"S": "ana"},
    "five": {"N": "5"},
}
A, B, N1, N5, N9 = {"S": "a"}, {"B": "AQI="}, {"N": "1"}, {"N": "5"}, {"N": "9"}


def holds(text: str, *values: Value, names: dict[str, str] | None = None) -> bool:
    """Whether ITEM fulfils a text in which `:0`, `:1` ... stand for the values."""
    placeholders = Placeholders(names, {f":{position}": value for position, value in enumerate(values)} or None)
    condition = parse_condition(text, "ConditionExpression").bind(placeholders)
    placeholders.check_all_used()
    return condition(ITEM)


def refusal(text: str, *values: Value) -> str:
    with pytest.raises(DynamoError) as caught:
        holds(text, *values)
    assert caught.value.code == "ValidationException"
    head, _, detail = caught.value.message.partition(": ")
    assert head == "Invalid ConditionExpression"
    return detail


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("s = :0", {"S": "banana"}),
        ("n = :0", N5),
        ("yes = :0", {"BOOL": True}),
        ("ss = :0", {"SS": ["y", "x"]}),
        ("ns = :0", {"NS": ["2.5", "1"]}),
        ("m.inside.n = :0", {"N": "7"}),
        ("m.many[0] = :0", {"S": "first"}),
        ("l[1].deep = :0", {"SS": ["q", "p"]}),
        ("n <> :0", N1),
        ("n <> :0", {"S": "5"}),
        ("n < :0", {"N": "10"}),
        ("n <= :0", N5),
        ("n > :0", N1),
        ("n >= :0", N5),
        (":0 < n", N1),
        (":0 >= n", N9),
        ("s > :0", {"S": "apple"}),
        ("s > :0", {"S": "Zebra"}),
        ("b > :0", B),
        ("b < :0", {"B": "/w=="}),
        ("n = :0 AND n = five", N5),
        ("n IN (part, :0)", N5),
        ("ss IN (:0)", {"SS": ["y", "x"]}),
    ],
)
def test_comparisons_that_hold(text: str, value: Value) -> None:
    assert holds(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n = :0", {"S": "5"}),
        ("n < :0", {"S": "9"}),
        ("n >= :0", {"S": "1"}),
        ("yes = :0", {"BOOL": False}),
        ("s < :0", {"S": "banana"}),
        ("n <> :0", N5),
        ("ss <> :0", {"SS": ["y", "x"]}),
        ("yes < :0", N1),
        ("m > :0", N1),
        ("s[0] = :0", A),
        ("s.a = :0", A),
        ("l[9] = :0", N1),
        ("l.a = :0", N1),
        ("m[0] = :0", N1),
        ("n IN (:0, s, nothing)", N1),
    ],
)
def test_comparisons_that_do_not_hold(text: str, value: Value) -> None:
    assert not holds(text, value)


@pytest.mark.parametrize("operator", ["=", "<", "<=", ">", ">="])
def test_a_missing_attribute_compares_false(operator: str) -> None:
    assert not holds(f"nothing {operator} :0", N1)
    assert not holds(f":0 {operator} nothing", N1)
    assert not holds(f"nothing {operator} nowhere")


def test_a_missing_attribute_differs_from_everything() -> None:
    assert holds("nothing <> :0", N1)
    assert holds("nothing <> nowhere")
    assert holds("NOT nothing = :0", N1)


def test_a_missing_attribute_is_in_no_range_and_no_list() -> None:
    assert not holds("nothing BETWEEN :0 AND :1", N1, N9)
    assert not holds("n BETWEEN :0 AND nothing", N1)
    assert not holds("nothing IN (:0, nowhere)", N1)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [((N1, N9), True), ((N5, N5), True), ((N1, {"N": "4"}), False), (({"S": "1"}, {"S": "9"}), False)],
)
def test_between_includes_its_bounds(bounds: tuple[Value, Value], expected: bool) -> None:
    assert holds("n BETWEEN :0 AND :1", *bounds) is expected


def test_between_may_read_all_its_operands() -> None:
    assert holds("five BETWEEN n AND m.inside.n")
    assert holds(":0 BETWEEN n AND m.inside.n", {"N": "6"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("attribute_exists(s)", True),
        ("attribute_exists(nil)", True),
        ("attribute_exists(m.inside.n)", True),
        ("attribute_exists(m.inside.x)", False),
        ("attribute_exists(l[2])", True),
        ("attribute_exists(l[3])", False),
        ("attribute_not_exists(nothing)", True),
        ("attribute_not_exists(s)", False),
        ("attribute_not_exists(s.a.b[0])", True),
    ],
)
def test_existence(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize("name", ["s", "n", "b", "ss", "ns", "bs", "l", "m"])
def test_attribute_type_of_each_type(name: str) -> None:
    assert holds(f"attribute_type({name}, :0)", {"S": name.upper()})
    assert not holds(f"attribute_type({name}, :0)", {"S": "BOOL"})
    assert not holds("attribute_type(nothing, :0)", {"S": name.upper()})


def test_attribute_type_of_booleans_and_null() -> None:
    assert holds("attribute_type(yes, :0) AND attribute_type(nil, :1)", {"S": "BOOL"}, {"S": "NULL"})


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("begins_with(s, :0)", {"S": "ban"}, True),
        ("begins_with(s, :0)", {"S": ""}, True),
        ("begins_with(s, :0)", {"S": "ana"}, False),
        ("begins_with(b, :0)", {"B": "AQI="}, True),
        ("begins_with(b, :0)", {"B": "Ag=="}, False),
        ("begins_with(s, :0)", {"B": "YmFu"}, False),
        ("begins_with(n, :0)", {"S": "5"}, False),
        ("begins_with(nothing, :0)", {"S": ""}, False),
        ("begins_with(:0, s)", {"S": "banana split"}, True),
        ("contains(s, :0)", {"S": "nan"}, True),
        ("contains(s, :0)", {"N": "5"}, False),
        ("contains(b, :0)", {"B": "AgM="}, True),
        ("contains(b, :0)", {"B": "AwI="}, False),
        ("contains(ss, :0)", {"S": "x"}, True),
        ("contains(ss, :0)", {"S": "z"}, False),
        ("contains(ss, :0)", {"SS": ["x"]}, False),
        ("contains(ns, :0)", {"N": "2.5"}, True),
        ("contains(ns, :0)", {"S": "1"}, False),
        ("contains(bs, :0)", {"B": "Ag=="}, True),
        ("contains(l, :0)", {"N": "1"}, True),
        ("contains(l, :0)", {"M": {"deep": {"SS": ["q", "p"]}}}, True),
        ("contains(l, :0)", {"N": "2"}, False),
        ("contains(m, :0)", {"S": "inside"}, False),
        ("contains(n, :0)", {"N": "5"}, False),
        ("contains(nothing, :0)", {"S": "x"}, False),
        ("contains(:0, n)", {"L": [{"N": "5"}]}, True),
    ],
)
def test_begins_with_and_contains(text: str, value: Value, expected: bool) -> None:
    assert holds(text, value) is expected


def test_operands_of_functions_may_be_paths() -> None:
    assert holds("contains(s, part)")
    assert not holds("begins_with(s, part)")
    assert not holds("contains(s, nothing)")


@pytest.mark.parametrize(
    ("name", "size"), [("s", 6), ("b", 3), ("ss", 2), ("ns", 2), ("bs", 2), ("l", 3), ("m", 2), ("m.inside", 1)]
)
def test_size_of_each_type(name: str, size: int) -> None:
    assert holds(f"size({name}) = :0", {"N": str(size)})


@pytest.mark.parametrize("name", ["n", "yes", "nil", "nothing"])
def test_what_has_no_size_is_like_a_missing_attribute(name: str) -> None:
    assert not holds(f"size({name}) >= :0", {"N": "0"})
    assert holds(f"size({name}) <> :0", {"N": "0"})


@pytest.mark.parametrize(("text", "size"), [("é", 1), ("𝄞", 2), ("é𝄞", 3)])
def test_the_size_of_a_string_counts_utf16_code_units(text: str, size: int) -> None:
    assert holds("size(:0) = :1", {"S": text}, {"N": str(size)})


def test_size_may_stand_on_both_sides_and_in_ranges() -> None:
    assert holds("size(ss) = size(ns) AND size(s) BETWEEN :0 AND :1 AND size(l) IN (:1, :2)", N1, N9, {"N": "3"})


def test_size_never_equals_a_string() -> None:
    assert not holds("size(ss) = :0", {"S": "2"})


def test_names_are_resolved_in_every_part_of_a_path() -> None:
    assert holds("#m.#i.n = :0", {"N": "7"}, names={"#m": "m", "#i": "inside"})


def test_a_dot_inside_a_resolved_name_does_not_divide_it() -> None:
    assert not holds("attribute_exists(#p)", names={"#p": "m.inside"})


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize(("value", "tag"), [({"BOOL": True}, "BOOL"), ({"L": []}, "L"), ({"SS": ["x"]}, "SS")])
def test_ordering_refuses_constants_without_order(operator: str, value: Value, tag: str) -> None:
    detail = f"Incorrect operand type for operator or function; operator or function: {operator}, operand type: {tag}"
    assert refusal(f"n {operator} :0", value) == detail
    assert refusal(f":0 {operator} n", value) == detail


@pytest.mark.parametrize(
    ("text", "values", "function", "tag"),
    [
        ("begins_with(s, :0)", [N1], "begins_with", "N"),
        ("begins_with(:0, s)", [{"L": []}], "begins_with", "L"),
        ("begins_with(size(s), :0)", [A], "begins_with", "N"),
        ("size(:0) > :1", [N1, N1], "size", "N"),
        ("size(size(s)) > :0", [N1], "size", "N"),
        ("contains(:0, s)", [{"BOOL": True}], "contains", "BOOL"),
        ("attribute_type(s, :0)", [N1], "attribute_type", "N"),
        ("n BETWEEN :0 AND five", [{"M": {}}], "BETWEEN", "M"),
    ],
)
def test_operands_that_can_never_fit_are_refused(text: str, values: list[Value], function: str, tag: str) -> None:
    assert refusal(text, *values) == (
        f"Incorrect operand type for operator or function; operator or function: {function}, operand type: {tag}"
    )


def test_wrong_operands_are_refused_where_evaluation_would_not_come() -> None:
    assert refusal("attribute_exists(s) OR n < :0", {"BOOL": True}).startswith("Incorrect operand type")


def test_reversed_bounds_are_refused() -> None:
    assert refusal("n BETWEEN :0 AND :1", {"N": "2"}, {"N": "1"}) == (
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
        "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"
    )


def test_bounds_of_two_types_are_refused() -> None:
    assert refusal("n BETWEEN :0 AND :1", {"N": "2"}, {"S": "3"}) == (
        "The BETWEEN operator requires same data type for lower and upper bounds; "
        "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {S:3}"
    )


def test_an_unknown_type_name_is_refused() -> None:
    assert refusal("attribute_type(s, :0)", {"S": "STRING"}) == (
        "Invalid attribute type name found; type: STRING, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
    )


def test_the_type_must_come_from_a_value() -> None:
    assert refusal("attribute_type(s, part)").startswith("Operator or function requires an expression attribute value")


@pytest.mark.parametrize(
    ("text", "operator"),
    [("contains(#l[0].a, l[0].a)", "contains"), ("l[0].a = #l[0].a", "="), ("#l[0].a >= l[0].a", ">=")],
)
def test_an_attribute_is_not_compared_with_itself(text: str, operator: str) -> None:
    with pytest.raises(DynamoError) as caught:
        holds(text, names={"#l": "l"})
    assert caught.value.message == (
        "Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this "
        f"operator or function; operator: {operator}, first operand: [l, [0], a]"
    )


def test_values_may_be_compared_with_each_other() -> None:
    assert holds(":0 = :0 AND :0 < :1", N1, N5)


def test_a_condition_holds_of_no_item_as_of_an_empty_one() -> None:
    condition = parse_condition("attribute_not_exists(pk)", "ConditionExpression").bind(Placeholders())
    assert condition({})
