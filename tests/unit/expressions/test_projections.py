"""Projections: the parts asked for, in their nesting."""

from typing import Any

import pytest

from tenantable.expressions.placeholders import Placeholders
from tenantable.expressions.projections import Projection, parse_projection
from tenantable.wire.errors import DynamoError

Item = dict[str, dict[str, Any]]

ITEM: Item = {
    "pk": {"S": "p"},
    "n": {"N": "1"},
    "m": {"M": {"a": {"S": "A"}, "b": {"M": {"c": {"S": "C"}, "d": {"S": "D"}}}}},
    "l": {
        "L": [{"S": "zero"}, {"M": {"x": {"S": "X"}, "y": {"S": "Y"}}}, {"L": [{"N": "20"}, {"N": "21"}]}, {"S": "3"}]
    },
}


def bound(text: str, names: dict[str, str] | None = None) -> Projection:
    placeholders = Placeholders(names)
    projection = parse_projection(text).bind(placeholders)
    placeholders.check_all_used()
    return projection


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pk", {"pk": ITEM["pk"]}),
        ("pk, n", {"pk": ITEM["pk"], "n": ITEM["n"]}),
        ("m", {"m": ITEM["m"]}),
        ("nothing", {}),
        ("nothing.deep[3], n", {"n": ITEM["n"]}),
        ("m.a", {"m": {"M": {"a": {"S": "A"}}}}),
        ("m.b.c, m.a", {"m": {"M": {"b": {"M": {"c": {"S": "C"}}}, "a": {"S": "A"}}}}),
        ("m.z", {}),
        ("m[0]", {}),
        ("n.a", {}),
        ("l.a", {}),
        ("l[0]", {"l": {"L": [{"S": "zero"}]}}),
        ("l[3], l[0]", {"l": {"L": [{"S": "zero"}, {"S": "3"}]}}),
        ("l[1].y, l[0]", {"l": {"L": [{"S": "zero"}, {"M": {"y": {"S": "Y"}}}]}}),
        ("l[2][1]", {"l": {"L": [{"L": [{"N": "21"}]}]}}),
        ("l[9], l[0].x, l[3]", {"l": {"L": [{"S": "3"}]}}),
        ("l[9]", {}),
    ],
)
def test_the_parts_of_an_item(text: str, expected: Item) -> None:
    assert bound(text).apply(ITEM) == expected


def test_names_are_resolved() -> None:
    assert bound("#m.#b.c", {"#m": "m", "#b": "b"}).apply(ITEM) == {"m": {"M": {"b": {"M": {"c": {"S": "C"}}}}}}


def test_the_item_is_not_changed() -> None:
    before = str(ITEM)
    bound("m.a, l[1].x").apply(ITEM)
    assert str(ITEM) == before


def test_top_level_names() -> None:
    assert bound("#m.b, l[0], pk", {"#m": "m"}).top_level_names == {"m", "l", "pk"}


def test_attribute_names_before_binding() -> None:
    assert parse_projection("#m.b, l[0]").attribute_names(Placeholders({"#m": "m"})) == {"m", "l"}


@pytest.mark.parametrize(("text", "verb"), [("m, m.a", "overlap"), ("pk, pk", "overlap"), ("m.a, m[0]", "conflict")])
def test_paths_that_cannot_stand_together_are_refused(text: str, verb: str) -> None:
    with pytest.raises(DynamoError, match=f"^ValidationException: .*Two document paths {verb} with each other"):
        bound(text)


def test_overlaps_behind_names_are_found() -> None:
    with pytest.raises(DynamoError, match="overlap"):
        bound("#one, pk", {"#one": "pk"})


@pytest.mark.parametrize(
    ("text", "token"), [("a b", "b"), ("a,", "<EOF>"), (",a", ","), (":v", ":v"), ("size(a)", "("), ("(a)", "(")]
)
def test_anything_but_paths_is_a_syntax_error(text: str, token: str) -> None:
    with pytest.raises(DynamoError) as caught:
        parse_projection(text)
    message = caught.value.message
    assert message.startswith(f'Invalid ProjectionExpression: Syntax error; token: "{token}"')


def test_words_of_other_grammars_are_reserved_here_too() -> None:
    with pytest.raises(DynamoError, match="Attribute name is a reserved keyword; reserved keyword: set"):
        parse_projection("a, set")
