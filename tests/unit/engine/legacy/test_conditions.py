"""A filter of comparisons says what the same expression says; whatever is sent, it is bound or refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.legacy.conditions import read_filter
from tenantable.expressions.conditions import parse_condition
from tenantable.expressions.placeholders import Placeholders
from tenantable.wire.errors import DynamoError

Value = dict[str, Any]

EXPRESSIONS = {
    "EQ": "#a = :0",
    "NE": "#a <> :0",
    "LT": "#a < :0",
    "LE": "#a <= :0",
    "GT": "#a > :0",
    "GE": "#a >= :0",
    "BETWEEN": "#a BETWEEN :0 AND :1",
    "IN": "#a IN (:0, :1)",
    "BEGINS_WITH": "begins_with(#a, :0)",
    "CONTAINS": "contains(#a, :0)",
    "NOT_CONTAINS": "attribute_exists(#a) AND NOT contains(#a, :0)",
    "NULL": "attribute_not_exists(#a)",
    "NOT_NULL": "attribute_exists(#a)",
}
COUNTS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2, "IN": 2}

scalars: st.SearchStrategy[Value] = st.one_of(
    st.sampled_from(["", "a", "ab", "b"]).map(lambda text: {"S": text}),
    st.integers(-2, 12).map(lambda number: {"N": str(number)}),
    st.sampled_from(["", "AQ==", "AQI="]).map(lambda content: {"B": content}),
    st.booleans().map(lambda truth: {"BOOL": truth}),
    st.just({"NULL": True}),
)
values: st.SearchStrategy[Value] = st.one_of(
    scalars,
    st.sampled_from([["a"], ["a", "b"], ["b", "a"]]).map(lambda elements: {"SS": elements}),
    st.lists(scalars, max_size=3).map(lambda elements: {"L": elements}),
    scalars.map(lambda member: {"M": {"x": member}}),
)


def bind(operator: str, operands: list[Value]) -> Any:
    return read_filter({"F": {"a": {"ComparisonOperator": operator, "AttributeValueList": operands}}}, "F")


@given(st.data(), st.sampled_from(list(EXPRESSIONS)), st.none() | values)
def test_a_comparison_agrees_with_its_expression(data: st.DataObject, operator: str, value: Value | None) -> None:
    count = COUNTS.get(operator, 1)
    operands = data.draw(st.lists(values, min_size=count, max_size=count))
    item = {} if value is None else {"a": value}
    try:
        holds = bind(operator, operands)(item)
    except DynamoError:
        return
    given_values = {f":{position}": operand for position, operand in enumerate(operands)}
    expression = parse_condition(EXPRESSIONS[operator], "FilterExpression")
    assert holds == expression.bind(Placeholders({"#a": "a"}, given_values or None))(item)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | values,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["S", "N", "L", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(
    st.dictionaries(
        st.text(max_size=2),
        st.fixed_dictionaries(
            {"ComparisonOperator": st.sampled_from(list(EXPRESSIONS))},
            optional={"AttributeValueList": st.none() | st.lists(anything, max_size=3)},
        ),
        max_size=3,
    ),
    st.sampled_from([None, "AND", "OR"]),
    st.dictionaries(st.text(max_size=2), values, max_size=3),
)
def test_whatever_is_sent_is_bound_or_refused(conditions: Any, operator: str | None, item: dict[str, Value]) -> None:
    try:
        predicate = read_filter({"F": conditions, "ConditionalOperator": operator}, "F")
    except DynamoError:
        return
    assert predicate is None or predicate(item) in {True, False}


@pytest.mark.parametrize("request_", [{}, {"F": None}, {"F": {}}])
def test_no_conditions_are_no_filter(request_: dict[str, Any]) -> None:
    assert read_filter(request_, "F") is None


@pytest.mark.parametrize("name", ["#a", ":a", "a.b", "a[0]", "size", ""])
def test_a_name_is_taken_as_it_is(name: str) -> None:
    predicate = read_filter({"F": {name: {"ComparisonOperator": "NOT_NULL"}}}, "F")
    assert predicate is not None
    assert predicate({name: {"S": "x"}})
    assert not predicate({"a": {"M": {"b": {"S": "x"}}}})


def test_the_values_of_several_comparisons_are_kept_apart() -> None:
    both = {
        "a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "1"}, {"N": "2"}]},
        "b": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "3"}]},
    }
    predicate = read_filter({"F": both}, "F")
    assert predicate is not None
    assert predicate({"a": {"N": "2"}, "b": {"N": "3"}})
    assert not predicate({"a": {"N": "2"}, "b": {"N": "1"}})
    assert not predicate({"a": {"N": "3"}, "b": {"N": "3"}})


@pytest.mark.parametrize("conditions", [1001, 10_000])
def test_a_page_is_compared_with_a_bounded_number_of_values(conditions: int) -> None:
    many = {str(position): {"ComparisonOperator": "NULL"} for position in range(conditions)}
    long = {"a": {"ComparisonOperator": "IN", "AttributeValueList": [{"N": str(n)} for n in range(conditions)]}}
    for filter_ in (many, long):
        with pytest.raises(DynamoError, match="compares with more than 1000 values"):
            read_filter({"F": filter_}, "F")
