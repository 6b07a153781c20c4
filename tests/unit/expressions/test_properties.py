"""What holds of every expression and every item: no crash, consistent comparisons, updates that can be read back."""

import base64
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tenantable.expressions.conditions import parse_condition
from tenantable.expressions.key_conditions import match_key, parse_key_condition
from tenantable.expressions.paths import path_reader
from tenantable.expressions.placeholders import DocumentPath, Placeholders
from tenantable.expressions.projections import parse_projection
from tenantable.expressions.updates import parse_update
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames
from tenantable.wire.values import check_item, check_value

Value = dict[str, Any]
Item = dict[str, Value]

KEY = KeyNames(partition=KeyAttribute(name="a"), sort=KeyAttribute(name="b", type="N"))
FRAGMENTS = (
    "SET REMOVE ADD DELETE AND OR NOT BETWEEN IN = <> < <= > >= + - ( ) [ ] . , 0 1 9 a b c m.b l[0] l[1].a #n #x "
    ":n :s :b :l :ss :yes :x name attribute_exists( attribute_not_exists( attribute_type( begins_with( contains( size( "
    "if_not_exists( list_append( foo( _ @ '"
).split()

names = st.sampled_from(["a", "b", "c", "l", "m", "key.dot"])
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=3).map(str)
scalars: st.SearchStrategy[Value] = st.one_of(
    st.fixed_dictionaries({"S": st.text(max_size=5)}),
    st.fixed_dictionaries({"N": numbers}),
    st.fixed_dictionaries({"B": st.binary(max_size=4).map(lambda content: base64.b64encode(content).decode())}),
    st.fixed_dictionaries({"BOOL": st.booleans()}),
    st.just({"NULL": True}),
    st.fixed_dictionaries({"SS": st.lists(st.text(max_size=3), min_size=1, max_size=3, unique=True)}),
    st.fixed_dictionaries(
        {"NS": st.lists(st.integers(-(10**30), 10**30).map(str), min_size=1, max_size=3, unique=True)}
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"L": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"M": st.dictionaries(names, inner, max_size=3)}),
    ),
    max_leaves=6,
).map(lambda value: check_value(value)[0])
items: st.SearchStrategy[Item] = st.dictionaries(names, values, max_size=6)
fragments = st.lists(st.sampled_from(FRAGMENTS), max_size=14).map(" ".join)
operands = st.sampled_from(["a", "b", "m.b", "l[0]", ":n", ":s", "size(a)", "#n"])
comparisons = st.builds(
    lambda left, operator, right: f"{left} {operator} {right}",
    operands,
    st.sampled_from(["=", "<>", "<", "<=", ">", ">="]),
    operands,
)
conditions = st.recursive(
    st.one_of(
        comparisons,
        st.sampled_from(["attribute_exists(a)", "contains(a, b)", "begins_with(a, :s)", "a IN (b, :n)", "NOT a = b"]),
    ),
    lambda inner: st.builds(
        lambda left, operator, right: f"(NOT {left}) {operator} ({right})",
        inner,
        st.sampled_from(["AND", "OR"]),
        inner,
    ),
    max_leaves=5,
)


def placeholders() -> Placeholders:
    given_values: Item = {
        ":n": {"N": "1"},
        ":s": {"S": "a"},
        ":b": {"B": "AQ=="},
        ":l": {"L": [{"S": "a"}]},
        ":ss": {"SS": ["a", "b"]},
        ":yes": {"BOOL": True},
    }
    return Placeholders({"#n": "name"}, given_values)


def outcome(action: Callable[[], Any]) -> Any:
    """What the action gives, or the error DynamoDB would answer with; any other error escapes."""
    try:
        return action()
    except DynamoError as error:
        if error.code != "ValidationException":
            raise
        return error.message


def holds(text: str, item: Item) -> bool:
    return parse_condition(text, "FilterExpression").bind(placeholders())(item)


def leaf_paths(value: Value, path: DocumentPath) -> list[DocumentPath]:
    """Every path in a value, its own included."""
    ((tag, content),) = value.items()
    steps: list[tuple[str | int, Value]] = []
    if tag == "M":
        steps = list(content.items())
    elif tag == "L":
        steps = list(enumerate(content))
    return [path] + [found for element, member in steps for found in leaf_paths(member, (*path, element))]


def written(path: DocumentPath) -> tuple[str, dict[str, str]]:
    """The path as text with a placeholder for each name, and the names."""
    text, names_used = "", {}
    for position, element in enumerate(path):
        if isinstance(element, int):
            text += f"[{element}]"
        else:
            names_used[f"#p{position}"] = element
            text += f".#p{position}" if position else f"#p{position}"
    return text, names_used


@given(st.one_of(fragments, st.text(max_size=30)), items)
@example("((((", {})
@example("a = ", {})
def test_any_text_as_a_condition_gives_a_verdict_or_a_validation_error(text: str, item: Item) -> None:
    assert isinstance(outcome(lambda: holds(text, item)), bool | str)


@given(st.one_of(fragments, fragments.map("SET a = {}".format), st.text(max_size=30)), items)
def test_any_text_as_an_update_gives_a_canonical_item_or_a_validation_error(text: str, item: Item) -> None:
    after = outcome(lambda: parse_update(text).bind(placeholders()).apply(item))
    assert isinstance(after, str) or check_item(after)[0] == after


@given(st.one_of(fragments, st.text(max_size=30)), items)
def test_any_text_as_a_projection_gives_an_item_or_a_validation_error(text: str, item: Item) -> None:
    projected = outcome(lambda: parse_projection(text).bind(placeholders()).apply(item))
    assert isinstance(projected, str) or check_item(projected)[0] == projected


@given(st.one_of(fragments, st.builds("a = :n AND {}".format, comparisons)))
def test_any_text_as_a_key_condition_gives_one_or_a_validation_error(text: str) -> None:
    outcome(lambda: match_key(parse_key_condition(text).conditions(placeholders()), KEY))


@given(conditions, items)
def test_negation_turns_the_verdict(text: str, item: Item) -> None:
    verdict = outcome(lambda: holds(text, item))
    assert isinstance(verdict, str) or holds(f"NOT ({text})", item) is not verdict


@given(conditions, conditions, items)
def test_de_morgan(left: str, right: str, item: Item) -> None:
    verdict = outcome(lambda: holds(f"NOT (({left}) AND ({right}))", item))
    assert isinstance(verdict, str) or holds(f"(NOT ({left})) OR (NOT ({right}))", item) is verdict


@given(values, values)
def test_equality_is_symmetric_and_unequal_is_its_negation(left: Value, right: Value) -> None:
    item = {"a": left, "b": right}
    assert holds("a = b", item) == holds("b = a", item) == (not holds("a <> b", item))
    assert holds("a = c", {"a": left, "c": left})


@given(values, values, values)
def test_between_is_two_comparisons(value: Value, lower: Value, upper: Value) -> None:
    item = {"a": value, "b": lower, "c": upper}
    assert holds("a BETWEEN b AND c", item) == holds("a >= b AND a <= c", item)


@given(numbers, numbers)
def test_numbers_compare_by_value_against_paths_and_constants(left: str, right: str) -> None:
    item, constant = check_item({"a": {"N": left}, "b": {"N": right}})[0], check_value({"N": right})[0]
    for operator, expected in (
        ("=", Decimal(left) == Decimal(right)),
        ("<", Decimal(left) < Decimal(right)),
        (">=", Decimal(left) >= Decimal(right)),
    ):
        assert holds(f"a {operator} b", item) is expected
        bound = parse_condition(f"a {operator} :v", "FilterExpression").bind(Placeholders(None, {":v": constant}))
        assert bound(item) is expected


@given(items.filter(bool), values, st.data())
def test_what_is_set_can_be_read_and_nothing_else_changes(item: Item, value: Value, data: st.DataObject) -> None:
    paths = [path for name, member in item.items() for path in leaf_paths(member, (name,))]
    path = data.draw(st.sampled_from(paths))
    text, names_used = written(path)
    before = str(item)
    after = parse_update(f"SET {text} = :v").bind(Placeholders(names_used, {":v": value})).apply(item)
    assert path_reader(path)(after) == value
    assert str(item) == before
    untouched = [other for other in paths if other[: len(path)] != path and path[: len(other)] != other]
    assert all(path_reader(other)(after) == path_reader(other)(item) for other in untouched)


@given(items.filter(bool), st.data())
def test_a_projected_path_holds_what_the_item_holds_there(item: Item, data: st.DataObject) -> None:
    paths = [path for name, member in item.items() for path in leaf_paths(member, (name,))]
    path = data.draw(st.sampled_from(paths))
    text, names_used = written(path)
    projected = parse_projection(text).bind(Placeholders(names_used)).apply(item)
    compact: DocumentPath = tuple(0 if isinstance(element, int) else element for element in path)
    assert path_reader(compact)(projected) == path_reader(path)(item)


@given(st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=8), st.integers(0, 20))
def test_removed_elements_leave_the_others_in_order(indexes: list[int], length: int) -> None:
    item: Item = {"l": {"L": [{"N": str(number)} for number in range(length)]}}
    update = parse_update("REMOVE " + ", ".join(f"l[{index}]" for index in indexes)).bind(Placeholders())
    kept = [{"N": str(number)} for number in range(length) if number not in indexes]
    assert update.apply(item) == {"l": {"L": kept}}


@given(st.sets(st.text(max_size=3), min_size=1), st.sets(st.text(max_size=3), min_size=1))
def test_add_and_delete_are_union_and_difference(stored: set[str], named: set[str]) -> None:
    item: Item = {"a": {"SS": sorted(stored)}}
    bound = Placeholders(None, {":v": {"SS": sorted(named)}})
    assert set(parse_update("ADD a :v").bind(bound).apply(item)["a"]["SS"]) == stored | named
    remaining = parse_update("DELETE a :v").bind(bound).apply(item).get("a")
    assert set(remaining["SS"] if remaining else []) == stored - named
