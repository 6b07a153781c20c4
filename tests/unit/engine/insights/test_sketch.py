"""The most frequent keys in bounded memory: never counted too low, and too high by no more than is said."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.insights.sketch import FrequentKeys

streams = st.lists(st.integers(0, 30), max_size=300).map(lambda numbers: [b"%d" % number for number in numbers])


def counted(keys: list[bytes], places: int) -> FrequentKeys:
    frequent = FrequentKeys(places)
    for key in keys:
        frequent.add(key)
    return frequent


@given(streams)
def test_counts_are_exact_while_there_are_places(keys: list[bytes]) -> None:
    found = counted(keys, places=31).top(31)
    assert {each.key: each.count for each in found} == Counter(keys)
    assert all(each.error == 0 for each in found)


@given(streams, st.integers(1, 10))
def test_a_count_is_wrong_by_its_error_at_most(keys: list[bytes], places: int) -> None:
    true = Counter(keys)
    found = counted(keys, places).top(places)
    assert len(found) <= places
    for each in found:
        assert each.count - each.error <= true[each.key] <= each.count
    assert [each.count for each in found] == sorted((each.count for each in found), reverse=True)


@given(streams, st.integers(1, 10))
def test_what_is_frequent_enough_is_always_there(keys: list[bytes], places: int) -> None:
    found = {each.key for each in counted(keys, places).top(places)}
    assert {key for key, count in Counter(keys).items() if count * places > len(keys)} <= found


def test_the_hottest_come_first_and_no_more_than_asked_for() -> None:
    found = counted([b"a"] * 3 + [b"b"] * 5 + [b"c"], places=10).top(2)
    assert [(each.key, each.count) for each in found] == [(b"b", 5), (b"a", 3)]
