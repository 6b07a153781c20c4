"""What text is a statement, what it becomes, and what is said of text that is none."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tenantable.expressions.partiql.parser import parse_statement
from tenantable.expressions.partiql.statements import Delete, Insert, Ordering, Select, UpdateStatement
from tenantable.expressions.syntax import (
    AddAction,
    Arithmetic,
    Between,
    Call,
    Comparison,
    Conjunction,
    DeleteAction,
    Disjunction,
    Membership,
    Negation,
    Path,
    RemoveAction,
    SetAction,
    Value,
)
from tenantable.wire.errors import DynamoError

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "
MISSING_KEY = "Where clause does not contain a mandatory equality on all key attributes"
FRAGMENTS = (
    "SELECT INSERT UPDATE DELETE EXISTS( INTO FROM WHERE VALUE SET REMOVE RETURNING ALL MODIFIED OLD NEW * ORDER BY "
    "AND OR NOT BETWEEN IN IS MISSING NULL TRUE = <> != < <= + - ( ) [ ] << >> { } , . : ; ? 0 1.5 1e400 'x' 'it''s' "
    'ASC a b.c d[0] "e f" tbl begins_with( contains( size( set_add( list_append( foo( -- _ @ " '
    "'"
).split(" ")


def path(*elements: str | int) -> Path:
    return Path(elements=elements, has_placeholders=False)


def value(position: int) -> Value:
    return Value(placeholder=f":{position}")


def where(condition: str) -> Any:
    body = parse_statement(f"SELECT * FROM tbl WHERE {condition}").body
    assert isinstance(body, Select)
    return body.where


def literal(text: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    """The value that a literal stands for."""
    item = parse_statement(f"INSERT INTO tbl VALUE {{'a': {text}}}").bind(parameters).item
    assert item is not None
    return item["a"]


def refusal(text: str, *parameters: dict[str, Any]) -> str:
    with pytest.raises(DynamoError) as caught:
        parse_statement(text).bind(parameters)
    assert caught.value.code == "ValidationException"
    return caught.value.message


def test_a_select_names_table_index_columns_and_order() -> None:
    body = parse_statement('select a, "b c"."d""e"[2] from "my-table"."my.index" where a = 1 order by b desc, a;').body
    assert isinstance(body, Select)
    assert (body.table, body.index) == ("my-table", "my.index")
    assert body.columns is not None
    assert [name for name, _ in body.columns.readers] == ["a", 'd"e[2]']
    assert body.columns.top_level_names == {"a", "b c"}
    assert body.order == (Ordering(attribute="b", descending=True), Ordering(attribute="a", descending=False))


def test_conditions_bind_as_in_sql() -> None:
    a, b, c = (Comparison(operator="=", left=path(name), right=value(place)) for place, name in enumerate("abc"))
    assert where("a = 1 OR b = 2 AND NOT c = 3") == Disjunction(parts=(a, Conjunction(parts=(b, Negation(part=c)))))
    assert where("(a = 1 OR b = 2) AND c = 3") == Conjunction(parts=(Disjunction(parts=(a, b)), c))
    assert where("NOT NOT (a = 1)") == a


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a != 1", Comparison(operator="<>", left=path("a"), right=value(0))),
        ("1 < a.b[0]", Comparison(operator="<", left=value(0), right=path("a", "b", 0))),
        ("size(a) >= 1", Comparison(operator=">=", left=Call(function="size", operands=(path("a"),)), right=value(0))),
        ("a BETWEEN 1 AND ?", Between(operand=path("a"), lower=value(0), upper=value(1))),
        ("a IN [1, 2]", Membership(operand=path("a"), candidates=(value(0), value(1)))),
        ("a IN (1, b)", Membership(operand=path("a"), candidates=(value(0), path("b")))),
        ("BEGINS_WITH(a, 'x')", Call(function="begins_with", operands=(path("a"), value(0)))),
        ("contains(a, 'x')", Call(function="contains", operands=(path("a"), value(0)))),
        ("attribute_type(a, 'S')", Call(function="attribute_type", operands=(path("a"), value(0)))),
        ("a IS MISSING", Call(function="attribute_not_exists", operands=(path("a"),))),
        ("a IS NOT MISSING", Call(function="attribute_exists", operands=(path("a"),))),
        ("a IS NULL", Call(function="attribute_type", operands=(path("a"), value(0)))),
        ("a IS NOT NULL", Negation(part=Call(function="attribute_type", operands=(path("a"), value(0))))),
    ],
)
def test_each_predicate(text: str, node: Any) -> None:
    assert where(text) == node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'it''s'", {"S": "it's"}),
        ("''", {"S": ""}),
        ("-1.50", {"N": "-1.5"}),
        ("+2", {"N": "2"}),
        (".5e3", {"N": "500"}),
        ("true", {"BOOL": True}),
        ("FALSE", {"BOOL": False}),
        ("null", {"NULL": True}),
        ("[]", {"L": []}),
        ("[1, ['x']]", {"L": [{"N": "1"}, {"L": [{"S": "x"}]}]}),
        ("{}", {"M": {}}),
        ("{'k': {'l': 1}}", {"M": {"k": {"M": {"l": {"N": "1"}}}}}),
        ("<<'a', 'b'>>", {"SS": ["a", "b"]}),
        ("<<1.0, 2>>", {"NS": ["1", "2"]}),
    ],
)
def test_each_literal(text: str, expected: dict[str, Any]) -> None:
    assert literal(text) == expected


def test_parameters_fill_question_marks_in_order() -> None:
    given_ = [{"S": "a"}, {"N": "01"}, {"B": "QQ=="}]
    expected = {"L": [{"S": "a"}, {"M": {"k": {"N": "1"}}}, {"BS": ["QQ=="]}]}
    assert literal("[?, {'k': ?}, <<?>>]", *given_) == expected


def test_a_whole_item_may_be_a_parameter() -> None:
    bound = parse_statement("INSERT INTO tbl VALUE ?").bind([{"M": {"pk": {"S": "a"}}}])
    assert bound.item == {"pk": {"S": "a"}}


def test_an_update_becomes_the_actions_of_an_update_expression() -> None:
    body = parse_statement(
        "UPDATE tbl SET a = b + 1, c[0] = list_append(c, [2]) SET s = set_add(s, <<'x'>>) SET t = set_delete(t, ?) "
        "REMOVE d.e REMOVE f WHERE pk = 'p' RETURNING MODIFIED OLD *"
    ).body
    assert isinstance(body, UpdateStatement)
    assert body.returning == "UPDATED_OLD"
    assert body.changes.actions == (
        SetAction(path=path("a"), value=Arithmetic(operator="+", left=path("b"), right=value(0))),
        SetAction(path=path("c", 0), value=Call(function="list_append", operands=(path("c"), value(1)))),
        AddAction(path=path("s"), value=value(2)),
        DeleteAction(path=path("t"), value=value(3)),
        RemoveAction(path=path("d", "e")),
        RemoveAction(path=path("f")),
    )


@pytest.mark.parametrize(
    ("clause", "returned"),
    [("ALL OLD", "ALL_OLD"), ("ALL NEW", "ALL_NEW"), ("MODIFIED OLD", "UPDATED_OLD"), ("MODIFIED NEW", "UPDATED_NEW")],
)
def test_each_kind_of_returning(clause: str, returned: str) -> None:
    body = parse_statement(f"UPDATE tbl REMOVE a WHERE pk = 1 RETURNING {clause} *").body
    assert isinstance(body, UpdateStatement)
    assert body.returning == returned


def test_a_delete_returns_the_old_item_or_nothing() -> None:
    body = parse_statement("DELETE FROM tbl WHERE pk = 1 RETURNING ALL OLD *").body
    assert isinstance(body, Delete)
    assert body.returning == "ALL_OLD"
    assert "ALL OLD" in refusal("DELETE FROM tbl WHERE pk = 1 RETURNING ALL NEW *")


def test_words_of_returning_are_names_elsewhere() -> None:
    assert where("old = 1") == Comparison(operator="=", left=path("old"), right=value(0))


def test_the_names_of_a_statement_are_those_of_attributes() -> None:
    names = parse_statement("SELECT a.b FROM tbl WHERE size(c) > 1 AND d = 'e' ORDER BY f").names
    assert names == {"a", "c", "d", "f"}
    assert parse_statement("UPDATE tbl SET a = b REMOVE c.d WHERE e = 1").names == {"a", "b", "c", "e"}


def test_statements_are_remembered_by_text() -> None:
    assert parse_statement("SELECT * FROM tbl") is parse_statement("SELECT * FROM tbl")


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "Expected data manipulation"),
        ("DROP TABLE tbl", "Expected data manipulation"),
        ("UPDATE my-table SET a = 1 WHERE pk = 1", "Expected data manipulation"),
        ("SELECT FROM tbl", "Unexpected keyword"),
        ("INSERT INTO tbl (key) VALUES (1)", "Unexpected token"),
        ("SELECT * FROM tbl WHERE", "Unexpected term"),
        ("SELECT * FROM tbl WHERE a", "Unexpected term"),
        ("SELECT * FROM tbl WHERE a = 'open", "Unexpected term"),
        ("SELECT * FROM tbl WHERE a = 1 LIMIT 5", "Unsupported clause: LIMIT"),
        ("SELECT * FROM tbl WHERE foo(a)", "Unsupported function: foo"),
        ("SELECT * FROM tbl WHERE a = = 1", "Unexpected operator"),
        ("SELECT * FROM tbl WHERE a[1.5] = 1", "Unexpected path component"),
        ("SELECT * FROM tbl, other", "Unexpected token"),
        ("UPDATE tbl SET s = set_add(t, <<1>>) WHERE pk = 1",
         "The first operand of set_add must be the path that it is assigned to"),
        ("UPDATE tbl SET s = set_add(s, 1) WHERE pk = 1", "The second operand of set_add must be a set"),
        ("SELECT * FROM tbl WHERE size(a, b) = 1",
         "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2"),
    ],
)  # fmt: skip
def test_what_is_not_well_formed_is_told_so(text: str, detail: str) -> None:
    assert refusal(text) == NOT_WELL_FORMED + detail


@pytest.mark.parametrize("text", ["UPDATE tbl SET a = 1", "DELETE FROM tbl", "EXISTS(SELECT * FROM tbl)"])
def test_a_write_without_a_where_clause_has_no_key(text: str) -> None:
    assert refusal(text) == MISSING_KEY


def test_order_by_needs_a_where_clause() -> None:
    sentence = "Must have WHERE clause in the statement when using ORDER BY clause."
    assert refusal("SELECT * FROM tbl ORDER BY a") == sentence


@pytest.mark.parametrize("given_", [[], [{"S": "a"}], [{"S": "a"}] * 3])
def test_there_are_as_many_parameters_as_question_marks(given_: list[dict[str, Any]]) -> None:
    sentence = "Number of parameters in request and statement don't match."
    assert refusal("SELECT * FROM tbl WHERE a = ? AND b = ?", *given_) == sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<<>>", "may not be empty"),
        ("<<1, 'x'>>", "members of a set"),
        ("<<[1]>>", "members of a set"),
        ("<<1, 1.0>>", "contains duplicates"),
        ("1e999", "Number overflow"),
        ("[" * 40 + "]" * 40, "Nesting Levels"),
    ],
)
def test_a_literal_that_no_attribute_can_hold_is_refused(text: str, words: str) -> None:
    assert words in refusal(f"INSERT INTO tbl VALUE {{'a': {text}}}")


def test_an_in_list_has_at_most_a_hundred_values() -> None:
    assert len(where(f"a IN [{', '.join('1' * 100)}]").candidates) == 100
    assert "number of operands: 101" in refusal(f"SELECT * FROM tbl WHERE a IN [{', '.join('1' * 101)}]")


def test_a_condition_has_at_most_three_hundred_operators() -> None:
    assert where(" OR ".join(["a = 1"] * 150)) is not None
    text = "SELECT * FROM tbl WHERE " + " OR ".join(["a = 1"] * 151)
    assert refusal(text) == "The expression contains too many operators; operator count: 301"


def test_text_that_is_no_unicode_is_refused_before_it_is_kept() -> None:
    with pytest.raises(DynamoError, match="SerializationException"):
        parse_statement('SELECT "\ud800" FROM tbl')


def test_what_is_inserted_is_a_tuple() -> None:
    assert isinstance(parse_statement("INSERT INTO tbl VALUE ?").body, Insert)
    assert refusal("INSERT INTO tbl VALUE ?", {"S": "a"}) == "The item of an INSERT must be a tuple"


@pytest.mark.parametrize("opening", ["(", "size(", "NOT ", "[", "<<", "{'a':", "a.", "- ", "a = 1 AND "])
def test_hostile_nesting_is_refused(opening: str) -> None:
    for prefix in ("SELECT * FROM tbl WHERE ", "SELECT * FROM tbl WHERE a = ", "UPDATE tbl SET a = ", "SELECT "):
        with pytest.raises(DynamoError):
            parse_statement((prefix + opening * 8192)[:8192])


@given(st.text(max_size=60) | st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(" ".join))
@example("SELECT * FROM tbl WHERE " + "NOT " * 100 + "a = 1")
@example("SELECT * FROM tbl WHERE a IS NOT")
def test_any_text_is_a_statement_or_a_validation_exception(text: str) -> None:
    codes = set()
    try:
        statement = parse_statement(text)
        statement.bind([{"SS": ["a"]}] * statement.parameter_count)
    except DynamoError as error:
        codes.add(error.code)
    assert codes <= {"ValidationException"}
