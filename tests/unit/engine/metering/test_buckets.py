"""Token buckets: what they hold, what they let through, and what is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.metering.buckets import Buckets, Spending


def spending(units: float, bucket: str = "a", *, rate: float = 2.0, seconds_saved: float = 10.0) -> Spending:
    return Spending(bucket=bucket, units=units, rate=rate, seconds_saved=seconds_saved)


def test_a_new_bucket_is_full() -> None:
    buckets = Buckets()
    assert [buckets.spend([spending(10)], now=0) is None for _ in range(3)] == [True, True, False]


def test_a_bucket_refills_at_its_rate() -> None:
    buckets = Buckets()
    buckets.spend([spending(20)], now=0)
    assert buckets.spend([spending(1)], now=0) is not None
    assert buckets.spend([spending(1)], now=0.5) is None
    assert buckets.spend([spending(1)], now=0.5) is not None


def test_a_spending_may_overdraw_and_the_debt_is_paid_first() -> None:
    buckets = Buckets()
    assert buckets.spend([spending(30)], now=0) is None
    assert buckets.spend([spending(1)], now=5) is not None
    assert buckets.spend([spending(1)], now=5.5) is None


def test_nothing_is_spent_when_one_bucket_is_empty() -> None:
    buckets = Buckets()
    buckets.spend([spending(20, "empty")], now=0)
    refused = buckets.spend([spending(15), spending(1, "empty")], now=0)
    assert refused is not None
    assert refused.bucket == "empty"
    assert buckets.spend([spending(20)], now=0) is None


def test_time_that_goes_back_brings_nothing() -> None:
    buckets = Buckets()
    buckets.spend([spending(20)], now=10)
    assert buckets.spend([spending(1)], now=5) is not None
    assert buckets.spend([spending(1)], now=5) is not None


def test_a_rate_that_changes_counts_from_then_on() -> None:
    buckets = Buckets()
    buckets.spend([spending(20)], now=0)
    assert buckets.spend([spending(1, rate=100)], now=1) is None
    assert buckets.spend([spending(98, rate=100)], now=1) is None
    assert buckets.spend([spending(2, rate=100)], now=1) is None
    assert buckets.spend([spending(1, rate=100)], now=1) is not None


def test_full_buckets_are_forgotten_when_there_are_many() -> None:
    buckets = Buckets(forget_above=10)
    for number in range(100):
        buckets.spend([spending(1, str(number))], now=number)
    assert len(buckets) <= 21


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 40)), max_size=60))
def test_no_more_is_spent_than_was_saved_and_came(steps: list[tuple[float, float]]) -> None:
    """At any time: what the bucket held, what came since, and one overdraft."""
    buckets, now, spent = Buckets(), 0.0, 0.0
    for seconds, units in steps:
        now += seconds
        if buckets.spend([spending(units)], now=now) is None:
            assert spent < 20 + now * 2 + 1e-6
            spent += units
