"""Updates: the grammar, list indexes, nested paths, and what ReturnValues shows."""

from typing import Any

import pytest

from tenantable.expressions.placeholders import Placeholders
from tenantable.expressions.updates import Update, parse_update
from tenantable.wire.errors import DynamoError

Item = dict[str, dict[str, Any]]

V, W, X = {"S": "v"}, {"S": "w"}, {"S": "x"}
INVALID_PATH = "The document path provided in the update expression is invalid for update"


def bound(text: str, names: dict[str, str] | None = None) -> Update:
    return parse_update(text).bind(
        Placeholders(names, {":v": V, ":w": W, ":x": X, ":one": {"N": "1"}, ":s": {"SS": ["q"]}})
    )


def letters(text: str) -> dict[str, Any]:
    """A list of one-letter strings."""
    return {"L": [{"S": letter} for letter in text]}


def refusal(text: str) -> str:
    with pytest.raises(DynamoError) as caught:
        bound(text)
    head, _, detail = caught.value.message.partition(": ")
    assert (caught.value.code, head) == ("ValidationException", "Invalid UpdateExpression")
    return detail


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("SET a = :v", {}, {"a": V}),
        ("SET a = :v", {"a": X, "b": X}, {"a": V, "b": X}),
        ("set a = :v, b = :w", {}, {"a": V, "b": W}),
        ("REMOVE a, b", {"a": X, "c": X}, {"c": X}),
        (
            "SET a = :v REMOVE b ADD n :one DELETE s :s",
            {"b": X, "s": {"SS": ["q", "r"]}},
            {"a": V, "n": {"N": "1"}, "s": {"SS": ["r"]}},
        ),
        ("REMOVE b SET a = :v", {"b": X}, {"a": V}),
        ("SET m.a = :v", {"m": {"M": {"b": X}}}, {"m": {"M": {"b": X, "a": V}}}),
        ("SET m.a = :v REMOVE m.b", {"m": {"M": {"b": X}}}, {"m": {"M": {"a": V}}}),
        ("REMOVE m.b", {"m": {"M": {"b": X}}}, {"m": {"M": {}}}),
        ("REMOVE m.z", {"m": {"M": {"b": X}}}, {"m": {"M": {"b": X}}}),
        ("SET m.l[0].a = :v", {"m": {"M": {"l": {"L": [{"M": {}}]}}}}, {"m": {"M": {"l": {"L": [{"M": {"a": V}}]}}}}),
        ("ADD m.n :one", {"m": {"M": {"n": {"N": "4"}}}}, {"m": {"M": {"n": {"N": "5"}}}}),
        ("DELETE m.s :s", {"m": {"M": {"s": {"SS": ["q"]}}}}, {"m": {"M": {}}}),
    ],
)
def test_sections_and_nested_paths(text: str, before: Item, after: Item) -> None:
    assert bound(text).apply(before) == after


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("SET l[1] = :v", "abc", "avc"),
        ("SET l[3] = :v", "abc", "abcv"),
        ("SET l[9] = :v", "abc", "abcv"),
        ("SET l[0] = :v", "", "v"),
        ("SET l[9] = :w, l[7] = :v, l[8] = :x", "ab", "abvxw"),
        ("SET l[2000000000] = :v", "a", "av"),
        ("REMOVE l[0]", "abc", "bc"),
        ("REMOVE l[0], l[2]", "abcd", "bd"),
        ("REMOVE l[2], l[0], l[1]", "abcd", "d"),
        ("REMOVE l[0]", "a", ""),
        ("REMOVE l[7]", "ab", "ab"),
        ("SET l[1] = :v REMOVE l[0]", "abc", "vc"),
        ("SET l[9] = :v REMOVE l[0]", "ab", "bv"),
        ("SET l[0] = l[1], l[1] = l[0]", "ab", "ba"),
    ],
)
def test_list_indexes_are_those_before_the_update(text: str, before: str, after: str) -> None:
    assert bound(text).apply({"l": letters(before)}) == {"l": letters(after)}


def test_every_operand_reads_the_item_as_it_was() -> None:
    update = bound("SET a = b, b = a, c = n + :one, n = n + :one REMOVE d ADD m :one")
    before: Item = {"a": V, "b": W, "n": {"N": "1"}, "d": X, "m": {"N": "5"}}
    after = {"a": W, "b": V, "c": {"N": "2"}, "n": {"N": "2"}, "m": {"N": "6"}}
    assert update.apply(before) == after


def test_the_item_handed_in_is_not_changed() -> None:
    before: Item = {"m": {"M": {"a": X}}, "l": letters("ab"), "n": {"N": "1"}}
    copy = str(before)
    bound("SET m.a = :v, l[0] = :w ADD n :one").apply(before)
    assert str(before) == copy


def test_no_item_is_like_an_empty_one() -> None:
    assert bound("SET a = :v").apply(None) == {"a": V}


@pytest.mark.parametrize(
    "text",
    [
        "SET z.a = :v",
        "SET s.a = :v",
        "SET m[0] = :v",
        "SET l.a = :v",
        "SET l[5].a = :v",
        "SET m.z.a = :v",
        "REMOVE z.a",
        "REMOVE z[0]",
        "ADD z.n :one",
        "DELETE z.s :s",
    ],
)
def test_a_path_must_lead_through_maps_and_lists_that_exist(text: str) -> None:
    before: Item = {"s": X, "m": {"M": {"a": X}}, "l": letters("ab")}
    with pytest.raises(DynamoError) as caught:
        bound(text).apply(before)
    assert (caught.value.code, caught.value.message) == ("ValidationException", INVALID_PATH)


def test_names_are_resolved() -> None:
    update = bound("SET #a.#b = :v", {"#a": "a.dot", "#b": "name"})
    assert update.apply({"a.dot": {"M": {}}}) == {"a.dot": {"M": {"name": V}}}


@pytest.mark.parametrize("section", ["SET", "REMOVE", "ADD", "DELETE"])
def test_each_section_stands_once(section: str) -> None:
    action = {"SET": "{} = :v", "REMOVE": "{}", "ADD": "{} :one", "DELETE": "{} :s"}[section]
    text = f"{section} {action.format('a')} {section.lower()} {action.format('b')}"
    assert refusal(text) == f'The "{section}" section can only be used once in an update expression;'


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("SET a = :v, a = :w", "path one: [a], path two: [a]"),
        ("SET a = :v REMOVE a.b", "path one: [a], path two: [a, b]"),
        ("SET a[0] = :v REMOVE a[0]", "path one: [a, [0]], path two: [a, [0]]"),
    ],
)
def test_overlapping_paths_are_refused(text: str, detail: str) -> None:
    assert refusal(text) == (
        f"Two document paths overlap with each other; must remove or rewrite one of these paths; {detail}"
    )


def test_conflicting_paths_are_refused() -> None:
    assert refusal("SET a.b = :v, a[0] = :w") == (
        "Two document paths conflict with each other; must remove or rewrite one of these paths; "
        "path one: [a, b], path two: [a, [0]]"
    )


@pytest.mark.parametrize(
    ("text", "token", "near"),
    [
        ("INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"),
        ("SET", "<EOF>", "SET"),
        ("SET  REMOVE #Options", "REMOVE", "SET  REMOVE #Options"),
        ("SET a", "<EOF>", "a"),
        ("SET a = :v,", "<EOF>", ","),
        ("SET a = :v b = :w", "b", ":v b ="),
        ("SET a = :v + :w + :x", "+", ":w + :x"),
        ("SET a = (b + :one) + :one", "+", ") + :one"),
        ("SET a = (b + :one", "<EOF>", ":one"),
        ("SET a = b * :one", "*", "b * :one"),
        ("SET a = list_append(b + :one, c)", "+", "b + :one"),
        ("REMOVE a = :v", "=", "a = :v"),
        ("ADD hits : incr", ":", "hits : incr"),
        ("ADD a b", "b", "a b"),
        ("DELETE a", "<EOF>", "a"),
        ("set _a = :v", "_", "set _a"),
        ("SET :v = a", ":v", "SET :v ="),
    ],
)
def test_syntax_errors(text: str, token: str, near: str) -> None:
    assert refusal(text) == f'Syntax error; token: "{token}", near: "{near}"'


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_update_is_refused(text: str) -> None:
    assert refusal(text) == "The expression can not be empty;"


def test_undefined_placeholders_are_named() -> None:
    assert refusal("SET a = :undefined").endswith("attribute value: :undefined")
    assert refusal("SET #undefined = :v").endswith("attribute name: #undefined")


def test_operators_and_functions_are_limited_to_300() -> None:
    accepted = ",".join(f"a{number}=a+:x" for number in range(300))
    parse_update(f"SET {accepted}")
    assert refusal(f"SET {accepted},b=a-:x") == "The expression contains too many operators; operator count: 301"


def test_calls_nest_32_deep() -> None:
    def nested(depth: int) -> str:
        return "SET a = " + "if_not_exists(b," * depth + ":v" + ")" * depth

    assert bound(nested(32)).apply({}) == {"a": V}
    assert refusal(nested(33)) == "Functions are nested too deeply; nesting levels: 33"


def test_attribute_names_are_those_read_and_those_changed() -> None:
    names = parse_update("SET a.b = c + :one REMOVE #d[0] ADD e :one DELETE f :s").attribute_names(
        Placeholders({"#d": "d"})
    )
    assert names == {"a", "c", "d", "e", "f"}


def test_changed_paths_are_those_of_the_actions() -> None:
    assert bound("SET a.b = c REMOVE d[0] ADD e :one").changed_paths == (("a", "b"), ("d", 0), ("e",))


@pytest.mark.parametrize(
    ("text", "before", "old", "new"),
    [
        ("SET a = :v", {"a": X, "b": X}, {"a": X}, {"a": V}),
        ("SET a = :v", None, {}, {"a": V}),
        ("SET m.a = :v", {"m": {"M": {"a": X, "b": X}}}, {"m": {"M": {"a": X}}}, {"m": {"M": {"a": V}}}),
        ("SET l[1] = :v", {"l": letters("abc")}, {"l": letters("b")}, {"l": letters("v")}),
        ("SET l[9] = :v", {"l": letters("ab")}, {}, {}),
        ("REMOVE a", {"a": X}, {"a": X}, {}),
        ("REMOVE l[0]", {"l": letters("ab")}, {"l": letters("a")}, {}),
        ("SET l[1] = :v REMOVE l[0]", {"l": letters("abc")}, {"l": letters("ab")}, {"l": letters("v")}),
        ("ADD n :one", {"n": {"N": "1"}}, {"n": {"N": "1"}}, {"n": {"N": "2"}}),
        ("DELETE s :s", {"s": {"SS": ["q"]}}, {"s": {"SS": ["q"]}}, {}),
        ("REMOVE m.a SET b = :v", {"m": {"M": {"a": X}}}, {"m": {"M": {"a": X}}}, {"b": V}),
    ],
)
def test_what_was_and_what_is_at_the_changed_paths(text: str, before: Item | None, old: Item, new: Item) -> None:
    update = bound(text)
    assert update.updated_old(before) == old
    assert update.updated_new(before) == new
