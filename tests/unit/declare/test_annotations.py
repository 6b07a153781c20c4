from enum import Enum
from typing import Annotated, Any, Literal, NewType

import pytest

from tenantable.declare.annotations import is_optional, is_union, plain_type, value_types

UserId = NewType("UserId", str)


class Level(Enum):
    LOW = 1
    HIGH = 2


@pytest.mark.parametrize(
    ("annotation", "plain"),
    [
        (str, str),
        (str | None, str),
        (Annotated[str | None, 1], str),
        (UserId, str),
        (UserId | None, str),
        (int | str, int | str),
        (list[str] | None, list[str]),
    ],
)
def test_wrappers_are_taken_off(annotation: Any, plain: Any) -> None:
    assert plain_type(annotation) == plain


@pytest.mark.parametrize(
    ("annotation", "optional"), [(str, False), (str | None, True), (Annotated[str | None, 1], True), (Any, True)]
)
def test_an_optional_annotation_is_recognised(annotation: Any, optional: bool) -> None:
    assert is_optional(annotation) is optional


@pytest.mark.parametrize(
    ("annotation", "types"),
    [
        (Literal["a", "b"], {str}),
        (Literal["a", 1], {str, int}),
        (Level, {int}),
        (UserId | None, {str}),
        (list[str], set()),
    ],
)
def test_the_types_of_values_are_known(annotation: Any, types: set[type]) -> None:
    assert value_types(annotation) == types


def test_a_union_is_recognised() -> None:
    assert is_union(int | str)
    assert not is_union(int)
