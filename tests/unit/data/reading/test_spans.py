from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.data.reading.spans import Span, sort_span
from tenantable.declare import AccessPatterns, Attr, Condition, Entity, Table
from tenantable.declare.keys.layouts import KeyPart, layout_of
from tenantable.errors import DataError
from tenantable.wire.keys import KeyAttribute

T1, T2 = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
A, B = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
LAST = "\U0010ffff"


class Event(Entity, table=Table("events")):
    day: Attr[str]
    kind: Attr[str]
    at: Attr[datetime]
    event_id: Attr[str]


class Events(AccessPatterns[Event]):
    @Event.key(pk="DAY#{day}", sk="EVENT#{kind}#{at}#{event_id}")
    def get(self, *, day: str, kind: str, at: datetime, event_id: str) -> None:
        """One event."""


def part() -> KeyPart:
    sort = layout_of(Event.__entity__).table_key.sort
    assert sort is not None
    return sort


def span(asked: Condition[Any] | None, **values: Any) -> Span | None:
    return sort_span(part(), values, asked)


def texts(found: Span | None) -> tuple[str, ...]:
    assert found is not None
    return (found.operator, *(operand["S"] for operand in found.operands))


def test_without_values_only_the_entitys_own_keys_are_read() -> None:
    assert texts(span(None)) == ("begins_with", "EVENT#")


def test_given_values_narrow_the_prefix() -> None:
    assert texts(span(None, kind="a")) == ("begins_with", "EVENT#a#")


def test_a_complete_sort_key_is_found_by_equality() -> None:
    assert texts(span(None, kind="a", at=T1, event_id="1")) == ("=", f"EVENT#a#{A}#1")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Event.at == T1, ("begins_with", f"EVENT#k#{A}#")),
        (Event.at.between(T1, T2), ("BETWEEN", f"EVENT#k#{A}#", f"EVENT#k#{B}#{LAST}")),
        (Event.at >= T1, ("BETWEEN", f"EVENT#k#{A}#", f"EVENT#k#{LAST}")),
        (Event.at > T1, ("BETWEEN", f"EVENT#k#{A}#{LAST}\0", f"EVENT#k#{LAST}")),
        (Event.at <= T2, ("BETWEEN", "EVENT#k#", f"EVENT#k#{B}#{LAST}")),
        (Event.at < T2, ("BETWEEN", "EVENT#k#", f'EVENT#k#{B}"{LAST}')),
    ],
)
def test_a_range_stays_within_its_prefix(asked: Condition[Event], expected: tuple[str, ...]) -> None:
    assert texts(span(asked, kind="k")) == expected


def test_a_text_may_be_searched_by_its_beginning() -> None:
    assert texts(span(Event.kind.begins_with("a#"))) == ("begins_with", "EVENT#a%23")


@pytest.mark.parametrize(
    "asked",
    [Event.event_id == "1", (Event.kind == "a") & (Event.kind == "b"), Event.kind != "a", Event.kind.size > 1],
)
def test_a_range_is_one_comparison_of_the_first_open_field(asked: Condition[Event]) -> None:
    with pytest.raises(DataError, match=r"range\(\)"):
        span(asked)


def test_nothing_can_be_asked_of_a_complete_key() -> None:
    with pytest.raises(DataError, match="all of it is given"):
        span(Event.event_id == "1", kind="a", at=T1, event_id="1")


def test_without_a_sort_key_there_is_no_range() -> None:
    assert sort_span(None, {}, None) is None
    with pytest.raises(DataError, match="needs a sort key"):
        sort_span(None, {}, Event.at > T1)


class Slot(Entity, table=Table("slots", partition="coach", sort=KeyAttribute(name="minute", type="N"))):
    coach: Attr[str]
    minute: Attr[int]


class Slots(AccessPatterns[Slot]):
    @Slot.key()
    def get(self, *, coach: str, minute: int) -> None:
        """One slot."""


@pytest.mark.parametrize(
    ("asked", "operator", "operands"),
    [
        (Slot.minute > 5, ">", ["5"]),
        (Slot.minute.between(-5, 10), "BETWEEN", ["-5", "10"]),
        (Slot.minute == 5, "=", ["5"]),
    ],
)
def test_a_field_that_is_the_sort_key_is_compared_as_it_is(
    asked: Condition[Slot], operator: str, operands: list[str]
) -> None:
    found = sort_span(layout_of(Slot.__entity__).table_key.sort, {}, asked)
    assert found is not None
    assert (found.operator, [operand["N"] for operand in found.operands]) == (operator, operands)


def test_a_field_that_is_the_sort_key_may_be_given_or_left_open() -> None:
    sort = layout_of(Slot.__entity__).table_key.sort
    assert sort_span(sort, {}, None) is None
    assert sort_span(sort, {"minute": 5}, None) == Span(operator="=", operands=({"N": "5"},))
    with pytest.raises(DataError, match="all of it is given"):
        sort_span(sort, {"minute": 5}, Slot.minute > 5)
    with pytest.raises(DataError, match="cannot be <>"):
        sort_span(sort, {}, Slot.minute != 5)


def in_span(key: str, found: Span | None) -> bool:
    """What DynamoDB decides, by bytes."""
    operator, *operands = texts(found)
    encoded, bounds = key.encode(), [operand.encode() for operand in operands]
    if operator == "begins_with":
        return encoded.startswith(bounds[0])
    if operator == "BETWEEN":
        return bounds[0] <= encoded <= bounds[1]
    return encoded == bounds[0]


moments = st.integers(0, 4).map(lambda days: T1 + timedelta(days=days))


@given(st.sampled_from(["<", "<=", ">", ">=", "="]), moments, moments, st.text("ab#%~", max_size=3))
def test_a_range_finds_exactly_what_the_comparison_says(
    operator: str, bound: datetime, at: datetime, event_id: str
) -> None:
    conditions = {
        "<": Event.at < bound,
        "<=": Event.at <= bound,
        ">": Event.at > bound,
        ">=": Event.at >= bound,
        "=": Event.at == bound,
    }
    holds = {"<": at < bound, "<=": at <= bound, ">": at > bound, ">=": at >= bound, "=": at == bound}
    key = part().value({"kind": "k", "at": at, "event_id": event_id})
    assert key is not None
    assert in_span(key["S"], span(conditions[operator], kind="k")) is holds[operator]
