"""The values of SET, and what ADD and DELETE do to numbers and sets."""

from typing import Any

import pytest

from tenantable.expressions.placeholders import Placeholders
from tenantable.expressions.updates import parse_update
from tenantable.wire.errors import DynamoError

Value = dict[str, Any]
Item = dict[str, Value]

MISSING = "The provided expression refers to an attribute that does not exist in the item"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
ONE: Value = {"N": "1"}
ITEM: Item = {
    "n": {"N": "41"},
    "s": {"S": "text"},
    "l": {"L": [{"S": "a"}]},
    "m": {"M": {"n": {"N": "7"}}},
    "ss": {"SS": ["a", "b"]},
}


def assigned(value: str, *values: Value) -> Value:
    """What `SET answer = <value>` stores; `:0`, `:1` ... stand for the values."""
    return changed(f"SET answer = {value}", *values)["answer"]


def changed(text: str, *values: Value, item: Item = ITEM) -> Item:
    placeholders = Placeholders(None, {f":{position}": value for position, value in enumerate(values)} or None)
    update = parse_update(text).bind(placeholders)
    placeholders.check_all_used()
    return update.apply(item)


def refusal(text: str, *values: Value) -> str:
    with pytest.raises(DynamoError) as caught:
        changed(text, *values)
    assert caught.value.code == "ValidationException"
    return caught.value.message.removeprefix("Invalid UpdateExpression: ")


@pytest.mark.parametrize(
    ("value", "values", "result"),
    [
        (":0", [{"SS": ["x"]}], {"SS": ["x"]}),
        ("s", [], {"S": "text"}),
        ("m.n", [], {"N": "7"}),
        ("n + :0", [ONE], {"N": "42"}),
        ("n - :0", [{"N": "41.5"}], {"N": "-0.5"}),
        (":0 - n", [ONE], {"N": "-40"}),
        (":0 + :1", [ONE, {"N": "0.1"}], {"N": "1.1"}),
        ("n + m.n", [], {"N": "48"}),
        ("(n + :0)", [ONE], {"N": "42"}),
        ("(n) + (:0)", [ONE], {"N": "42"}),
        ("((n) + :0)", [ONE], {"N": "42"}),
        ("if_not_exists(n, :0)", [ONE], {"N": "41"}),
        ("if_not_exists(nothing, :0)", [ONE], ONE),
        ("if_not_exists(nothing, n)", [], {"N": "41"}),
        ("if_not_exists(n, nothing)", [], {"N": "41"}),
        ("if_not_exists(nothing, :0) + :1", [{"N": "0"}, ONE], ONE),
        ("(if_not_exists(n, :0) + :1)", [{"N": "0"}, ONE], {"N": "42"}),
        ("if_not_exists(nothing, if_not_exists(nowhere, :0))", [ONE], ONE),
        ("list_append(l, :0)", [{"L": [ONE]}], {"L": [{"S": "a"}, ONE]}),
        ("list_append(:0, l)", [{"L": [ONE]}], {"L": [ONE, {"S": "a"}]}),
        ("list_append(if_not_exists(nothing, :0), :1)", [{"L": []}, {"L": [ONE]}], {"L": [ONE]}),
        ("list_append(list_append(l, l), :0)", [{"L": [ONE]}], {"L": [{"S": "a"}, {"S": "a"}, ONE]}),
        ("if_not_exists(nothing, list_append(l, :0))", [{"L": [ONE]}], {"L": [{"S": "a"}, ONE]}),
    ],
)
def test_values_of_set(value: str, values: list[Value], result: Value) -> None:
    assert assigned(value, *values) == result


def test_arithmetic_is_exact_to_38_digits() -> None:
    assert assigned(":0 + :1", {"N": "99999999999999999999999999999999999998"}, ONE) == {"N": "9" * 38}
    assert assigned(":0 - :1", {"N": "0.3"}, {"N": "0.1"}) == {"N": "0.2"}


def test_a_result_out_of_range_is_refused() -> None:
    assert refusal("SET a = :0 + :0", {"N": "9" + "0" * 125}).startswith("Number overflow")


@pytest.mark.parametrize(
    "value",
    ["nothing", "m.x", "nothing + n", "n - nothing", "list_append(l, nothing)", "if_not_exists(nothing, nowhere)"],
)
def test_a_missing_operand_is_refused(value: str) -> None:
    assert refusal(f"SET answer = {value}") == MISSING


@pytest.mark.parametrize("value", ["s + n", "n - l", "list_append(s, l)", "list_append(l, ss)"])
def test_an_operand_of_a_wrong_type_is_refused(value: str) -> None:
    assert refusal(f"SET answer = {value}") == WRONG_TYPE


@pytest.mark.parametrize(
    ("value", "constant", "operator", "tag"),
    [
        ("n + :0", {"S": "1"}, "+", "S"),
        (":0 - n", {"L": []}, "-", "L"),
        ("list_append(l, :0)", {"S": "x"}, "list_append", "S"),
        ("list_append(:0, l)", {"M": {}}, "list_append", "M"),
        ("n + list_append(l, :0)", {"L": []}, "+", "L"),
    ],
)
def test_constants_that_can_never_fit_are_refused(value: str, constant: Value, operator: str, tag: str) -> None:
    assert refusal(f"SET answer = {value}", constant) == (
        f"Incorrect operand type for operator or function; operator or function: {operator}, operand type: {tag}"
    )


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ("foo(a)", "Invalid function name; function: foo"),
        ("size(a)", "The function is not allowed in an update expression; function: size"),
        ("attribute_exists(a)", "The function is not allowed in an update expression; function: attribute_exists"),
        (
            "list_append(a)",
            "Incorrect number of operands for operator or function; operator or function: list_append, "
            "number of operands: 1",
        ),
        (
            "if_not_exists(:0, a)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        ("((a))", "The expression has redundant parentheses;"),
        ("((a + :0))", "The expression has redundant parentheses;"),
    ],
)
def test_faults_of_the_text_of_a_value(value: str, detail: str) -> None:
    assert refusal(f"SET answer = {value}", ONE) == detail


@pytest.mark.parametrize(
    ("text", "value", "name", "result"),
    [
        ("ADD n :0", {"N": "-1"}, "n", {"N": "40"}),
        ("ADD fresh :0", {"N": "5"}, "fresh", {"N": "5"}),
        ("ADD ss :0", {"SS": ["b", "c"]}, "ss", {"SS": ["a", "b", "c"]}),
        ("ADD fresh :0", {"BS": ["AQ=="]}, "fresh", {"BS": ["AQ=="]}),
        ("DELETE ss :0", {"SS": ["b", "z"]}, "ss", {"SS": ["a"]}),
        ("DELETE ss :0", {"SS": ["b", "a"]}, "ss", None),
        ("DELETE fresh :0", {"SS": ["b"]}, "fresh", None),
    ],
)
def test_add_and_delete(text: str, value: Value, name: str, result: Value | None) -> None:
    assert changed(text, value).get(name) == result


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ADD s :0", ONE),
        ("ADD n :0", {"SS": ["a"]}),
        ("ADD ss :0", ONE),
        ("ADD ss :0", {"NS": ["1"]}),
        ("DELETE ss :0", {"NS": ["1"]}),
        ("DELETE l :0", {"SS": ["a"]}),
    ],
)
def test_add_and_delete_need_what_is_stored_to_be_alike(text: str, value: Value) -> None:
    assert refusal(text, value) == WRONG_TYPE


@pytest.mark.parametrize(
    ("section", "value", "long_name"),
    [
        ("ADD", {"S": "x"}, "STRING"),
        ("ADD", {"L": []}, "LIST"),
        ("ADD", {"M": {}}, "MAP"),
        ("ADD", {"BOOL": True}, "BOOLEAN"),
        ("DELETE", {"N": "1"}, "NUMBER"),
        ("DELETE", {"B": ""}, "BINARY"),
        ("DELETE", {"NULL": True}, "NULL"),
    ],
)
def test_add_takes_numbers_and_sets_and_delete_only_sets(section: str, value: Value, long_name: str) -> None:
    assert refusal(f"{section} a :0", value) == (
        f"Incorrect operand type for operator or function; operator: {section}, operand type: {long_name}, "
        f"typeSet: ALLOWED_FOR_{section}_OPERAND"
    )
