import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.data.reading.cursors import read_cursor, write_cursor
from tenantable.errors import InvalidCursor

KEY = b"k" * 32
CONTEXT: dict[str, Any] = {"pattern": "Orders.all", "partition": {"S": "a"}, "tenant": "t1"}
POSITION = {"PK": {"S": "a"}, "SK": {"S": "b"}}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_cursor_gives_back_its_position(text: str) -> None:
    position = {"PK": {"S": text}}
    assert read_cursor(KEY, CONTEXT, write_cursor(KEY, CONTEXT, position)) == position


def test_a_cursor_is_safe_in_a_url() -> None:
    cursor = write_cursor(KEY, CONTEXT, {"PK": {"S": "????>>>>"}})
    assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "other",
    [{"pattern": "Orders.some"}, {"partition": {"S": "b"}}, {"tenant": "t2"}, {"tenant": None}, {"descending": True}],
)
def test_a_cursor_is_good_for_its_own_query_alone(other: dict[str, Any]) -> None:
    cursor = write_cursor(KEY, CONTEXT, POSITION)
    with pytest.raises(InvalidCursor):
        read_cursor(KEY, CONTEXT | other, cursor)


def test_a_cursor_of_another_key_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(b"x" * 32, CONTEXT, write_cursor(KEY, CONTEXT, POSITION))


def test_no_byte_of_a_cursor_can_be_altered() -> None:
    raw = base64.urlsafe_b64decode(write_cursor(KEY, CONTEXT, POSITION) + "==")
    for position in range(len(raw)):
        altered = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        with pytest.raises(InvalidCursor):
            read_cursor(KEY, CONTEXT, base64.urlsafe_b64encode(altered).decode().rstrip("="))


@pytest.mark.parametrize("text", ["", "x", "é", "!!!!", "A" * 20_000, "AAAA AAAA", "null"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(KEY, CONTEXT, text)
