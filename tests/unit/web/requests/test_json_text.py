"""What a sender wrote is cut out of a body character for character."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.web.requests.json_text import member_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "value",
    [
        "0.10",
        "1e308",
        "1E-400",
        "1e400",
        "-0.0",
        "1.0",
        "123456789012345678.5",
        "9" * 5000,
        '{"b":1,"a":2,"b":3}',
        r'"\u00e9\/\ud83d\ude00 \"} ,"',
        '"é☃😀"',
        "[]",
        "{}",
        "null",
    ],
)
def test_a_value_keeps_its_senders_text(value: str) -> None:
    body = f' {{ "type" : "a" , "data" : {value} , "more" : [1, {{}}] }} '
    assert member_text(body.encode(), "data") == value


@given(value=VALUES, indent=st.none() | st.integers(0, 3), ascii_only=st.booleans())
def test_only_the_white_space_between_parts_goes(value: object, indent: int | None, ascii_only: bool) -> None:
    body = json.dumps({"x": [], "data": value, "": {}}, indent=indent, ensure_ascii=ascii_only)
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only)
    assert member_text(body.encode(), "data") == compact


def test_the_last_of_several_members_counts_as_it_does_for_parsers() -> None:
    body = rb'{"data":1.0,"\u0064ata":{"data":3}, "a": {"data": 4}}'
    assert member_text(body, "data") == '{"data":3}'
    assert json.loads(body)["data"] == {"data": 3}


def test_a_byte_order_mark_is_skipped() -> None:
    assert member_text(b'\xef\xbb\xbf{"data":1}', "data") == "1"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Expecting value"),
        (b'{"data":1} x', "Extra data"),
        (b'{"data":01}', "Expecting"),
        (b"{data:1}", "Expecting property name"),
        (b'[["data",1]]', "not a JSON object"),
        (b'"data"', "not a JSON object"),
        (b"{}", "no member data"),
        (b'{"date":{"data":1}}', "no member data"),
        (b'{"data":NaN}', "JSON has no NaN"),
        (b'{"data":[-Infinity]}', "JSON has no -Infinity"),
        (b'{"data":{"a":"\\ud800","a":1}}', "surrogate"),
        (b'{"data":{"\\udc00":1}}', "surrogate"),
        (b'{"data":"\xff"}', "utf-8"),
        ('{"data":1}'.encode("utf-16"), "utf-8"),
        (b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"data":"\n"}', "control character"),
    ],
)
def test_what_receivers_could_not_read_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        member_text(body, "data")


def test_hostile_strings_take_no_longer_than_others() -> None:
    """Quotes and backslashes as many as fit a body, read in one pass."""
    value = json.dumps('"\\' * 60_000)
    assert member_text(b'{"data": ' + value.encode() + b"}", "data") == value
