"""What all grammars share: syntax errors where they stand, document paths, function calls, limits."""

import pytest

from tenantable.expressions.conditions import parse_condition
from tenantable.expressions.parsing import Cursor, Grammar, parse_path
from tenantable.expressions.syntax import Path
from tenantable.wire.errors import DynamoError


def refusal(text: str) -> str:
    with pytest.raises(DynamoError) as caught:
        parse_condition(text, "ConditionExpression")
    assert caught.value.code == "ValidationException"
    head, _, detail = caught.value.message.partition(": ")
    assert head == "Invalid ConditionExpression"
    return detail


def path_of(text: str) -> Path:
    cursor = Cursor(text, "ProjectionExpression", Grammar(title="a test"))
    path = parse_path(cursor)
    cursor.finish()
    return path


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        ("_id = :v", "_", "_id"),
        ("__typename <> :v", "_", "__"),
        ("a = :v AND _b = :w", "_", "AND _b"),
        ("a-b", "-", "a-b"),
        ("hits : incr", ":", "hits : incr"),
        ("last:name = :v", ":name", "last:name ="),
        ("a  ==  :v", "=", "==  :v"),
        ("a != :v", "!", "a !="),
        ("a = 'x'", "'", "= 'x"),
        ("a = 5", "5", "= 5"),
        ("2a = :v", "2", "2a"),
        ("a = :v b", "b", ":v b"),
        ("a = :v )", ")", ":v )"),
        ("a =   ", "<EOF>", "="),
        ("#flag", "<EOF>", "#flag"),
        ("a[x] = :v", "x", "[x]"),
        ("a[-1] = :v", "-", "[-1"),
        ("a[0 = :v", "=", "0 = :v"),
        ("a. = :v", "=", ". = :v"),
        ("a..b = :v", ".", "..b"),
        (".a = :v", ".", ".a"),
        ("size() > :v", ")", "() >"),
        ("contains(a, )", ")", ", )"),
        ("contains(a :v)", ":v", "a :v)"),
        ("and = :v", "and", "and ="),
        ("a\n=\n\n=", "=", "=\n\n="),
    ],
)
def test_a_syntax_error_quotes_its_token_and_the_text_around(text: str, token: str, near: str) -> None:
    assert refusal(text) == f'Syntax error; token: "{token}", near: "{near}"'


@pytest.mark.parametrize("text", ["", "  \t\n"])
def test_an_empty_expression_is_refused(text: str) -> None:
    assert refusal(text) == "The expression can not be empty;"


def test_a_path_of_names_placeholders_and_indexes() -> None:
    assert path_of("a.#b[3][0].c").elements == ("a", "#b", 3, 0, "c")


def test_white_space_may_stand_inside_a_path() -> None:
    assert path_of("a . b [ 0 ]").elements == ("a", "b", 0)


@pytest.mark.parametrize("word", ["name", "NAME", "Status", "size", "year"])
def test_a_bare_reserved_word_is_refused_as_written(word: str) -> None:
    assert refusal(f"{word} = :v") == f"Attribute name is a reserved keyword; reserved keyword: {word}"


def test_a_reserved_word_inside_a_path_is_refused() -> None:
    assert refusal("a.name = :v") == "Attribute name is a reserved keyword; reserved keyword: name"


def test_a_reserved_word_behind_a_placeholder_is_accepted() -> None:
    parse_condition("#name = :v", "ConditionExpression")


def test_a_syntax_error_goes_before_any_other_fault() -> None:
    assert refusal("name = :v AND").startswith("Syntax error")


def test_of_several_faults_the_first_is_reported() -> None:
    assert refusal("foo(a) AND name = :v") == "Invalid function name; function: foo"


def test_a_list_index_has_a_limit() -> None:
    path_of("a[4294967294]")
    assert refusal("a[4294967295] = :v") == "List index is not within the allowable range; index: [4294967295]"


def test_a_path_has_at_most_32_elements() -> None:
    path_of(".".join(["a"] * 32))
    path = ".".join(["a"] * 33)
    assert refusal(f"{path} = :v") == "The document path has too many nesting elements; nesting levels: 33"


@pytest.mark.parametrize("function", ["foo", "SIZE", "Begins_with"])
def test_function_names_are_case_sensitive(function: str) -> None:
    assert refusal(f"{function}(a) = :v") == f"Invalid function name; function: {function}"


@pytest.mark.parametrize("function", ["if_not_exists", "list_append"])
def test_functions_of_updates_are_not_for_conditions(function: str) -> None:
    assert (
        refusal(f"{function}(a, :v) = :v")
        == f"The function is not allowed in a condition expression; function: {function}"
    )


@pytest.mark.parametrize(
    ("call", "function", "count"),
    [
        ("attribute_exists(a, b)", "attribute_exists", 2),
        ("attribute_not_exists(a, b)", "attribute_not_exists", 2),
        ("attribute_type(a)", "attribute_type", 1),
        ("begins_with(a)", "begins_with", 1),
        ("contains(a, :b, :c)", "contains", 3),
        ("size(a, b) = :v", "size", 2),
    ],
)
def test_functions_take_a_fixed_number_of_operands(call: str, function: str, count: int) -> None:
    assert refusal(call) == (
        f"Incorrect number of operands for operator or function; operator or function: {function}, "
        f"number of operands: {count}"
    )


@pytest.mark.parametrize("function", ["attribute_exists", "attribute_not_exists"])
def test_existence_is_asked_of_a_path(function: str) -> None:
    assert (
        refusal(f"{function}(:v)") == f"Operator or function requires a document path; operator or function: {function}"
    )


def test_an_expression_has_at_most_4096_bytes() -> None:
    longest = "attribute_exists(a)" + " " * (4096 - 19)
    parse_condition(longest, "ConditionExpression")
    assert refusal(longest + " ") == "Expression size has exceeded the maximum allowed size; expression size: 4097"


def test_the_size_counts_bytes_not_characters() -> None:
    assert refusal("é" * 2049) == "Expression size has exceeded the maximum allowed size; expression size: 4098"


@pytest.mark.parametrize(
    "text",
    ["size(" * 600, "(" * 4000, "NOT (" * 800, "a = " + "(" * 4000, "((" * 1000 + "a" + "))" * 1000, "a[" * 2000],
)
def test_no_nesting_can_exhaust_the_stack(text: str) -> None:
    refusal(text)


def test_the_kind_of_expression_is_named() -> None:
    with pytest.raises(DynamoError, match="Invalid FilterExpression: The expression can not be empty;"):
        parse_condition("", "FilterExpression")


def test_a_text_is_parsed_once() -> None:
    first = parse_condition("cached = :v", "ConditionExpression")
    assert parse_condition("cached = :v", "ConditionExpression") is first
