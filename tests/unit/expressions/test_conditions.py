"""The grammar of conditions: precedence, parentheses, what may stand where."""

import pytest

from tenantable.expressions.conditions import parse_condition
from tenantable.expressions.placeholders import Placeholders
from tenantable.expressions.syntax import Call, Conjunction, Disjunction, Negation
from tenantable.wire.errors import DynamoError


def refusal(text: str) -> str:
    with pytest.raises(DynamoError) as caught:
        parse_condition(text, "ConditionExpression")
    head, _, detail = caught.value.message.partition(": ")
    assert head == "Invalid ConditionExpression"
    return detail


def truth(text: str, present: str) -> bool:
    """Evaluate a text in which `A`, `B`, `C` and `D` stand for the existence of the attributes a to d."""
    for name in "ABCD":
        text = text.replace(name, f"attribute_exists({name.lower()})")
    text = text.replace("&", "AND").replace("|", "OR").replace("!", "NOT")
    condition = parse_condition(text, "ConditionExpression").bind(Placeholders())
    return condition({name: {"S": "x"} for name in present})


@pytest.mark.parametrize(
    ("text", "present", "expected"),
    [
        ("A | B & C", "a", True),
        ("A & B | C", "c", True),
        ("(A | B) & C", "a", False),
        ("A & (B | C)", "c", False),
        ("! A & B", "b", True),
        ("! A & B", "", False),
        ("! (A & B)", "a", True),
        ("! ! A", "a", True),
        ("! ! ! A", "a", False),
        ("A & B & C & D", "abcd", True),
        ("A & B & C & D", "abc", False),
        ("A | B | C | D", "d", True),
        ("A | B | C | D", "", False),
        ("(A & B) | (C & D)", "cd", True),
        ("A & (B | ! C) & D", "ad", True),
    ],
)
def test_not_binds_before_and_and_before_or(text: str, present: str, expected: bool) -> None:
    assert truth(text, present) is expected


def test_keywords_may_be_written_in_any_case() -> None:
    condition = parse_condition("not a in (:v) Or b BetWeen :v aNd :v", "ConditionExpression")
    assert condition.bind(Placeholders(None, {":v": {"N": "1"}}))({"b": {"N": "1"}})


def test_chains_of_one_operator_become_flat() -> None:
    """So that a long chain, which client libraries nest by pairs, costs no depth."""
    root = parse_condition(
        "((attribute_exists(a) AND attribute_exists(b)) AND attribute_exists(c)) AND attribute_exists(d)",
        "ConditionExpression",
    ).root
    assert isinstance(root, Conjunction)
    assert len(root.parts) == 4


def test_an_even_number_of_nots_vanishes() -> None:
    root = parse_condition("NOT NOT attribute_exists(a)", "ConditionExpression").root
    assert isinstance(root, Call)


def test_a_disjunction_keeps_its_conjunctions() -> None:
    root = parse_condition(
        "attribute_exists(a) AND attribute_exists(b) OR NOT attribute_exists(c)", "ConditionExpression"
    ).root
    assert isinstance(root, Disjunction)
    assert [type(part) for part in root.parts] == [Conjunction, Negation]


@pytest.mark.parametrize(
    "text",
    [
        "(a = :v)",
        "((a = :v) AND b = :v)",
        "(a = :v) AND (b = :v)",
        "(a) = (:v)",
        "((a) = :v)",
        "( ( size ( a )) < b )",
        "NOT (a = :v)",
        "(NOT (a = :v))",
        "((a = :v OR b = :v) AND (c = :v OR d = :v))",
        "a IN ((:v), b)",
    ],
)
def test_parentheses_that_are_accepted(text: str) -> None:
    parse_condition(text, "ConditionExpression")


@pytest.mark.parametrize(
    "text", ["((a = :v))", "a = ((:v))", "((a)) = :v", "b = :v AND ((a = :v))", "NOT ((a = :v))", "((a = :v) )"]
)
def test_redundant_parentheses_are_refused(text: str) -> None:
    assert refusal(text) == "The expression has redundant parentheses;"


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("a AND b = :v", "AND"),
        ("a = :v OR :v", "<EOF>"),
        ("(a)", "<EOF>"),
        ("NOT a", "<EOF>"),
        ("(a AND b = :v)", "AND"),
        ("a = :v = :w", "="),
        ("(a = :v) = :w", "="),
        ("a BETWEEN :v", "<EOF>"),
        ("a BETWEEN :v OR :w", "OR"),
        ("a IN :v", ":v"),
        ("a IN ()", ")"),
        ("a IN (:v", "<EOF>"),
        ("(a = :v", "<EOF>"),
        ("AND a = :v", "AND"),
        ("a = :v AND AND b = :v", "AND"),
    ],
)
def test_what_cannot_stand_there_is_a_syntax_error(text: str, token: str) -> None:
    assert refusal(text).startswith(f'Syntax error; token: "{token}"')


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("size(a)", "size"),
        ("size(a) AND a = :v", "size"),
        ("NOT size(a)", "size"),
        ("attribute_exists(a) = :v", "attribute_exists"),
        ("a = attribute_exists(b)", "attribute_exists"),
        ("contains(a, begins_with(b, :v))", "begins_with"),
        ("a BETWEEN contains(a, :v) AND :w", "contains"),
        ("a IN (attribute_type(b, :v))", "attribute_type"),
        ("size(attribute_exists(a)) = :v", "attribute_exists"),
    ],
)
def test_predicates_are_no_operands_and_size_no_condition(text: str, function: str) -> None:
    assert refusal(text) == f"The function is not allowed to be used this way in an expression; function: {function}"


def test_in_takes_a_hundred_candidates() -> None:
    candidates = ", ".join(f":v{number}" for number in range(100))
    parse_condition(f"a IN ({candidates})", "ConditionExpression")
    assert refusal(f"a IN ({candidates}, :x)") == (
        "The IN operator is provided with too many operands; number of operands: 101"
    )


def test_an_expression_has_at_most_300_operators() -> None:
    """Comparisons, functions, AND, OR and NOT count alike."""
    accepted = " OR ".join(["a=:v"] * 150)
    parse_condition(accepted, "ConditionExpression")
    assert refusal(f"{accepted} OR a=:v") == "The expression contains too many operators; operator count: 301"


def test_parentheses_nest_as_deep_as_operators_last() -> None:
    deepest = "NOT (" * 299 + "attribute_exists(a)" + ")" * 299
    condition = parse_condition(deepest, "ConditionExpression").bind(Placeholders())
    assert condition({})


def test_alternating_operators_nest_as_deep_as_operators_last() -> None:
    text = "a=:v"
    for level in range(149):
        text = f"a=:v {'OR' if level % 2 else 'AND'} ({text})"
    condition = parse_condition(text, "ConditionExpression").bind(Placeholders(None, {":v": {"N": "1"}}))
    assert condition({"a": {"N": "1"}})


def test_attribute_names_are_the_top_level_ones_with_placeholders_resolved() -> None:
    condition = parse_condition("a.b = :v AND #n[0] > size(c) AND contains(d, e)", "ConditionExpression")
    assert condition.attribute_names(Placeholders({"#n": "name"})) == {"a", "name", "c", "d", "e"}


def test_attribute_names_need_their_placeholders() -> None:
    with pytest.raises(DynamoError, match="attribute name: #n"):
        parse_condition("#n = :v", "ConditionExpression").attribute_names(Placeholders())
