"""AttributesToGet shows attributes by their names, however many there are."""

from typing import Any

import pytest

from tenantable.engine.legacy.projections import read_attributes_to_get
from tenantable.wire.errors import DynamoError

ITEM: dict[str, Any] = {"a": {"S": "x"}, "a.b": {"S": "y"}, "m": {"M": {"b": {"N": "1"}}}}


@pytest.mark.parametrize("others", [0, 5000])
def test_it_shows_what_it_names(others: int) -> None:
    projection = read_attributes_to_get({"AttributesToGet": ["m", "a.b", *map(str, range(others))]})
    assert projection is not None
    assert projection.apply(ITEM) == {"m": ITEM["m"], "a.b": ITEM["a.b"]}
    assert projection.top_level_names >= {"m", "a.b"}


def test_a_name_that_comes_twice_is_told() -> None:
    with pytest.raises(DynamoError, match="Duplicate value in attribute name: b"):
        read_attributes_to_get({"AttributesToGet": ["a", "b", "c", "b"]})


def test_without_it_whole_items_are_shown() -> None:
    assert read_attributes_to_get({"AttributesToGet": None}) is None
