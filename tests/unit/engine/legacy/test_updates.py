"""AttributeUpdates become an update: what it changes, and that it leaves the item before it alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.legacy.updates import read_attribute_updates
from tenantable.wire.errors import DynamoError

ITEM: dict[str, Any] = {"n": {"N": "1"}, "l": {"L": [{"S": "a"}]}, "ss": {"SS": ["a"]}, "a.b": {"S": "x"}}

added: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        {"N": "2"},
        {"S": "x"},
        {"L": [{"S": "b"}]},
        {"SS": ["a", "b"]},
        {"NS": ["1"]},
        {"SS": []},
        {},
        "x",
        {"N": 1},
    ]
)
entries = st.fixed_dictionaries({}, optional={"Action": st.sampled_from(["PUT", "ADD", "DELETE"]), "Value": added})


@given(st.dictionaries(st.sampled_from([*ITEM, "new", "#n", ""]), entries, max_size=3))
def test_an_update_never_touches_what_it_does_not_name(updates: dict[str, Any]) -> None:
    before = {name: {**value} for name, value in ITEM.items()}
    try:
        update = read_attribute_updates({"AttributeUpdates": updates})
        after = ITEM if update is None else update.apply(ITEM)
    except DynamoError:
        after = ITEM
    assert before == ITEM
    assert {name: after.get(name) for name in ITEM if name not in updates} == {
        name: ITEM[name] for name in ITEM if name not in updates
    }


@pytest.mark.parametrize("request_", [{}, {"AttributeUpdates": None}, {"AttributeUpdates": {}}])
def test_no_updates_are_no_update(request_: dict[str, Any]) -> None:
    assert read_attribute_updates(request_) is None


@pytest.mark.parametrize(
    ("updates", "creates"),
    [
        ({"a": {"Value": {"N": "1"}}}, True),
        ({"a": {"Action": "DELETE"}}, False),
        ({"a": {"Action": "DELETE"}, "b": {"Action": "ADD", "Value": {"N": "1"}}}, True),
    ],
)
def test_only_deletions_create_no_item(updates: dict[str, Any], *, creates: bool) -> None:
    update = read_attribute_updates({"AttributeUpdates": updates})
    assert update is not None
    assert update.creates_item is creates


def test_the_changed_paths_are_the_names() -> None:
    update = read_attribute_updates({"AttributeUpdates": {"a.b": {"Action": "DELETE"}, "n": {"Value": {"S": "x"}}}})
    assert update is not None
    assert update.changed_paths == (("a.b",), ("n",))
    assert update.updated_old(ITEM) == {"a.b": {"S": "x"}, "n": {"N": "1"}}
    assert update.updated_new(ITEM) == {"n": {"S": "x"}}
