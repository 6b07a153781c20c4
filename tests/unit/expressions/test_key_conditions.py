"""Key conditions: one `=` on the partition key, at most one condition on the sort key, nothing else."""

from typing import Any

import pytest

from tenantable.expressions.key_conditions import KeyCondition, SortCondition, match_key, parse_key_condition
from tenantable.expressions.placeholders import Placeholders
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames

Value = dict[str, Any]

TABLE = KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk"))
NUMBERED = KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk", type="N"))
PARTITION_ONLY = KeyNames(partition=KeyAttribute(name="pk"))
VALUES: dict[str, Value] = {
    ":p": {"S": "p"},
    ":a": {"S": "a"},
    ":b": {"S": "b"},
    ":n": {"N": "1"},
    ":m": {"N": "2"},
    ":yes": {"BOOL": True},
}


def bound(text: str, keys: KeyNames = TABLE) -> KeyCondition:
    return match_key(parse_key_condition(text).conditions(Placeholders({"#p": "pk", "#s": "sk"}, VALUES)), keys)


def refusal(text: str, keys: KeyNames = TABLE) -> str:
    with pytest.raises(DynamoError) as caught:
        bound(text, keys)
    assert caught.value.code == "ValidationException"
    return caught.value.message


@pytest.mark.parametrize("text", ["pk = :p", "(pk = :p)", ":p = pk", "#p = :p"])
def test_a_partition_alone(text: str) -> None:
    assert bound(text) == KeyCondition(partition={"S": "p"})


@pytest.mark.parametrize("operator", ["=", "<", "<=", ">", ">="])
def test_each_comparison_of_the_sort_key(operator: str) -> None:
    sort = SortCondition(operator=operator, operands=({"S": "a"},))
    assert bound(f"pk = :p AND sk {operator} :a") == KeyCondition(partition={"S": "p"}, sort=sort)


@pytest.mark.parametrize(("written", "meant"), [("=", "="), ("<", ">"), ("<=", ">="), (">", "<"), (">=", "<=")])
def test_a_comparison_is_turned_so_that_the_key_stands_first(written: str, meant: str) -> None:
    condition = bound(f":a {written} sk AND pk = :p")
    assert condition.sort == SortCondition(operator=meant, operands=({"S": "a"},))


def test_between_has_two_operands() -> None:
    condition = bound("pk = :p AND (sk BETWEEN :a AND :b)")
    assert condition.sort == SortCondition(operator="BETWEEN", operands=({"S": "a"}, {"S": "b"}))


def test_begins_with() -> None:
    condition = bound("begins_with(#s, :a) AND #p = :p")
    assert condition.sort == SortCondition(operator="begins_with", operands=({"S": "a"},))


def test_the_sort_key_may_be_a_number() -> None:
    condition = bound("pk = :p AND sk BETWEEN :n AND :m", NUMBERED)
    assert condition.sort == SortCondition(operator="BETWEEN", operands=({"N": "1"}, {"N": "2"}))


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ("pk = :p OR sk = :a", "OR"),
        ("pk = :p AND (sk = :a OR sk = :b)", "OR"),
        ("NOT pk = :p", "NOT"),
        ("pk = :p AND NOT sk = :a", "NOT"),
        ("pk = :p AND sk <> :a", "<>"),
        ("pk IN (:p)", "IN"),
        ("pk = :p AND contains(sk, :a)", "contains"),
        ("attribute_exists(pk)", "attribute_exists"),
    ],
)
def test_operators_of_conditions_are_refused(text: str, operator: str) -> None:
    assert refusal(text) == f"Invalid operator used in KeyConditionExpression: {operator}"


@pytest.mark.parametrize("text", ["pk < :p", "begins_with(pk, :p)", "pk BETWEEN :a AND :b AND sk = :a"])
def test_the_partition_key_takes_only_equality(text: str) -> None:
    assert refusal(text) == "Query key condition not supported"


@pytest.mark.parametrize(
    ("text", "missed"), [("sk = :a", "pk"), ("pk = :p AND other_ = :a", "sk"), ("a = :a AND b = :b", "pk")]
)
def test_a_key_without_condition_is_named(text: str, missed: str) -> None:
    assert refusal(text) == f"Query condition missed key schema element: {missed}"


def test_a_second_condition_needs_a_sort_key() -> None:
    assert refusal("pk = :p AND sk = :a", PARTITION_ONLY) == "Query key condition not supported"


@pytest.mark.parametrize("text", ["pk = :p AND pk = :p", "pk = :p AND sk > :a AND #s < :b"])
def test_one_condition_per_key(text: str) -> None:
    assert refusal(text) == "KeyConditionExpressions must only contain one condition per key"


def test_at_most_two_conditions() -> None:
    assert refusal("pk = :p AND sk = :a AND tk = :b") == "Conditions can be of length 1 or 2 only"


@pytest.mark.parametrize(
    "text", ["pk = :n", "pk = :yes", "pk = :p AND sk = :n", "pk = :p AND sk BETWEEN :n AND :m", "pk = :p AND sk < :n"]
)
def test_values_must_have_the_types_of_the_keys(text: str) -> None:
    assert (
        refusal(text)
        == "One or more parameter values were invalid: Condition parameter type does not match schema type"
    )


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("pk = :p AND begins_with(sk, :n)", "operator or function: begins_with, operand type: N"),
        ("pk = :p AND sk > :yes", "operator or function: >, operand type: BOOL"),
        ("pk = :p AND sk BETWEEN :yes AND :a", "operator or function: BETWEEN, operand type: BOOL"),
    ],
)
def test_values_that_the_operator_cannot_take(text: str, detail: str) -> None:
    assert refusal(text) == f"Invalid KeyConditionExpression: Incorrect operand type for operator or function; {detail}"


def test_reversed_bounds_are_refused() -> None:
    assert refusal("pk = :p AND sk BETWEEN :b AND :a").startswith(
        "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal"
    )


@pytest.mark.parametrize("text", ["pk.a = :p", "pk[0] = :p", "pk = :p AND begins_with(sk.a, :a)"])
def test_nested_attributes_are_no_keys(text: str) -> None:
    assert refusal(text) == (
        "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes"
    )


def test_functions_inside_conditions_are_refused() -> None:
    assert refusal("pk = :p AND size(sk) = :n") == (
        "Invalid KeyConditionExpression: KeyConditionExpressions cannot contain nested operations"
    )


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("pk = sk", "Multiple attribute names used in one condition"),
        ("pk = :p AND begins_with(sk, lk)", "Multiple attribute names used in one condition"),
        (":a = :a", "No key attribute specified"),
        ("pk = :p AND :a BETWEEN sk AND :b", "BETWEEN operator must have the key attribute as its first operand"),
        ("pk = :p AND begins_with(:a, sk)", "begins_with operator must have the key attribute as its first operand"),
    ],
)
def test_each_condition_has_one_key_in_its_place(text: str, detail: str) -> None:
    assert refusal(text) == f"Invalid condition in KeyConditionExpression: {detail}"


def test_syntax_errors_name_the_key_condition() -> None:
    assert refusal("pk == :p") == 'Invalid KeyConditionExpression: Syntax error; token: "=", near: "== :p"'


def test_an_undefined_value_is_named() -> None:
    assert refusal("pk = :x") == (
        "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; "
        "attribute value: :x"
    )


def test_every_placeholder_counts_as_used() -> None:
    placeholders = Placeholders({"#p": "pk"}, {":p": {"S": "x"}, ":a": {"S": "a"}})
    parse_key_condition("#p = :p AND sk > :a").conditions(placeholders)
    placeholders.check_all_used()


def test_attribute_names() -> None:
    names = parse_key_condition("#p = :p AND sk > :a").attribute_names(Placeholders({"#p": "pk"}))
    assert names == {"pk", "sk"}
