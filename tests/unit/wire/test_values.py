"""Attribute values: what is accepted, its canonical form, its size."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.wire.errors import DynamoError
from tenantable.wire.values import check_item, check_value

_texts = st.one_of(
    st.sampled_from(["", "0", "00", "7", "-0", "120", "1.50", "1e3", "٣", "9" * 39, "AB==", "S"]), st.text()
)
_contents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), _texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.sampled_from(["S", "N", "B", "L", "M", "SS", "NS", "BS"]), _texts), inner, max_size=2
        ),
        st.builds(
            lambda tag, content: {tag: content}, st.sampled_from(["S", "N", "BOOL", "NULL", "L", "M", "SS"]), inner
        ),
    ),
    max_leaves=8,
)


def outcome_of(check: Any, checked: Any) -> Any:
    try:
        return check(checked)
    except DynamoError as error:
        return error.code, error.message


def nested_list(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(levels):
        value = {"L": [value]}
    return value


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": ""}, 0),
        ({"S": "é"}, 2),
        ({"N": "123"}, 3),
        ({"B": "AAEC"}, 3),
        ({"B": "AA=="}, 1),
        ({"B": ""}, 0),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"BS": ["AA==", "AAE="]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "a"}]}, 5),
        ({"M": {}}, 3),
        ({"M": {"k": {"S": "a"}}}, 6),
    ],
)
def test_sizes_by_type(value: dict[str, Any], size: int) -> None:
    assert check_value(value) == (value, size)


def test_item_size_counts_names() -> None:
    assert check_item({"pk": {"S": "abc"}, "é": {"N": "1"}})[1] == 2 + 3 + 2 + 2


@given(_contents)
def test_an_item_is_checked_as_its_values_are(value: Any) -> None:
    """The short cut for plain items takes nothing that a close look refuses, changes or measures in another way."""
    expected = outcome_of(check_value, value)
    if isinstance(expected[1], int):
        expected = {"a": expected[0]}, expected[1] + 1
    assert outcome_of(check_item, {"a": value}) == expected


def test_numbers_become_canonical_wherever_they_stand() -> None:
    sent = {"M": {"a": {"L": [{"N": "1.0"}]}, "b": {"NS": ["2e1"]}}}
    assert check_value(sent)[0] == {"M": {"a": {"L": [{"N": "1"}]}, "b": {"NS": ["20"]}}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AAA", "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
        ("AB==", "Invalid last non-pad Base64 character dectected"),
        ("AA%=", "Invalid Base64 character in a binary value"),
    ],
)
def test_equal_bytes_have_equal_text_because_any_other_is_refused(text: str, message: str) -> None:
    for value in ({"B": text}, {"BS": [text]}):
        with pytest.raises(DynamoError) as refused:
            check_value(value)
        assert (refused.value.code, refused.value.message) == ("SerializationException", message)


def test_the_value_handed_in_is_not_changed() -> None:
    sent = {"a": {"L": [{"N": "1.0"}]}}
    check_item(sent)
    assert sent == {"a": {"L": [{"N": "1.0"}]}}


def test_thirty_two_levels_are_accepted_and_thirty_three_refused() -> None:
    """What is in the innermost list is a level."""
    check_value(nested_list(31))
    with pytest.raises(DynamoError, match="Nesting Levels have exceeded supported limits: Attributes in the item"):
        check_value(nested_list(32))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        ({"X": "a"}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            {"S": "a", "N": "1"},
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes",
        ),
        ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
        ({"SS": ["a", "a"]}, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."),
        (
            {"NS": ["1", "1.0"]},
            "Input collection contains duplicates",
        ),
        (
            {"NULL": False},
            "One or more parameter values were invalid: Null attribute value types must have the value of true",
        ),
    ],
)
def test_wrong_values_are_refused(value: dict[str, Any], message: str) -> None:
    with pytest.raises(DynamoError) as refused:
        check_value(value)
    assert (refused.value.code, refused.value.message) == ("ValidationException", message)


@pytest.mark.parametrize(
    "value",
    [
        "text",
        {"S": 1},
        {"S": {}},
        {"N": 1},
        {"B": "not base64!"},
        {"BOOL": "true"},
        {"L": {}},
        {"M": []},
        {"SS": "a"},
        {"NS": [1]},
    ],
)
def test_wrong_json_types_are_serialization_errors(value: Any) -> None:
    with pytest.raises(DynamoError) as refused:
        check_value(value)
    assert refused.value.code == "SerializationException"
