"""Paths bound to a request: reading an item, and refusing paths that cannot stand together."""

from typing import Any

import pytest

from tenantable.expressions.paths import path_reader, path_tree, show_path
from tenantable.expressions.placeholders import DocumentPath
from tenantable.wire.errors import DynamoError

ITEM: dict[str, Any] = {"a": {"M": {"b": {"L": [{"S": "x"}, {"M": {"c": {"N": "1"}}}]}}}, "s": {"S": "text"}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("s",), {"S": "text"}),
        (("a", "b", 0), {"S": "x"}),
        (("a", "b", 1, "c"), {"N": "1"}),
        (("z",), None),
        (("z", "b", 0), None),
        (("a", "z"), None),
        (("a", 0), None),
        (("a", "b", 2), None),
        (("a", "b", "c"), None),
        (("s", "b"), None),
    ],
)
def test_reading_a_path(path: DocumentPath, value: Any) -> None:
    assert path_reader(path)(ITEM) == value


@pytest.mark.parametrize(
    ("paths", "shown"),
    [
        ([("a",), ("a",)], "path one: [a], path two: [a]"),
        ([("a",), ("a", "b")], "path one: [a], path two: [a, b]"),
        ([("a", "b"), ("a",)], "path one: [a, b], path two: [a]"),
        ([("x",), ("a", 0, "b"), ("a", 0)], "path one: [a, [0], b], path two: [a, [0]]"),
    ],
)
def test_a_path_inside_another_overlaps(paths: list[DocumentPath], shown: str) -> None:
    with pytest.raises(DynamoError) as caught:
        path_tree(tuple(paths), "UpdateExpression")
    assert caught.value.message == (
        "Invalid UpdateExpression: Two document paths overlap with each other; "
        f"must remove or rewrite one of these paths; {shown}"
    )


def test_a_value_taken_for_a_map_and_a_list_conflicts() -> None:
    with pytest.raises(DynamoError) as caught:
        path_tree((("a", "b"), ("a", 0)), "ProjectionExpression")
    assert caught.value.message == (
        "Invalid ProjectionExpression: Two document paths conflict with each other; "
        "must remove or rewrite one of these paths; path one: [a, b], path two: [a, [0]]"
    )


def test_siblings_stand_together() -> None:
    tree = path_tree((("a", "b"), ("a", "c"), ("d", 0), ("d", 1, "e")), "UpdateExpression")
    assert list(tree.children) == ["a", "d"]
    assert tree.children["d"].children[1].children["e"].leaf == 3


def test_indexes_are_shown_in_brackets() -> None:
    assert show_path(("a", "b", 0, 12, "c")) == "[a, b, [0], [12], c]"
