"""What is tried again, and after how long."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.data.transport.retries import RetryPolicy, is_throttled, is_transient_status
from tenantable.wire.errors import DynamoError


@given(attempts=st.integers(1, 10_000), seed=st.integers())
def test_waits_stay_under_a_doubling_bound(attempts: int, seed: int) -> None:
    policy = RetryPolicy(first_delay_seconds=0.05, delay_seconds_max=5.0)
    delay = policy.delay_seconds(attempts, random.Random(seed))  # noqa: S311  # a seed makes the test repeatable
    assert 0 <= delay <= min(5.0, 0.05 * 2 ** min(attempts - 1, 20))


def test_waits_are_spread_over_the_whole_range() -> None:
    draw = random.Random(1)  # noqa: S311  # a seed makes the test repeatable
    delays = [RetryPolicy(first_delay_seconds=1.0).delay_seconds(1, draw) for _ in range(200)]
    assert min(delays) < 0.1
    assert max(delays) > 0.9


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ProvisionedThroughputExceededException", True),
        ("ThrottlingException", True),
        ("TransactionInProgressException", True),
        ("ConditionalCheckFailedException", False),
        ("TransactionCanceledException", False),
        ("ValidationException", False),
    ],
)
def test_only_refusals_for_now_count_as_throttling(code: str, expected: bool) -> None:
    assert is_throttled(DynamoError(code, "")) is expected


@pytest.mark.parametrize(("status", "expected"), [(500, True), (503, True), (501, False), (400, False), (200, False)])
def test_only_failures_of_the_service_are_transient(status: int, expected: bool) -> None:
    assert is_transient_status(status) is expected
