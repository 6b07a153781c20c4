"""Counting from many threads."""

import threading

from tenantable.engine.metering.observation import Observation
from tenantable.local.observation.tallies import SECONDS_BOUNDS, Tallies
from tenantable.wire.arns import Home


def observation(seconds: float, code: str | None = None) -> Observation:
    return Observation(
        operation="PutItem",
        table="notes",
        code=code,
        status=200,
        seconds=seconds,
        consumed=(("notes", 1.0),),
        principal=None,
        request_id="",
    )


def test_no_count_is_lost_among_threads() -> None:
    tallies = Tallies(["PutItem"])
    count = tallies.observer(Home())

    def work() -> None:
        for number in range(2000):
            count(observation(0.001, code="ValidationException" if number % 2 else None))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tallies.successes()["PutItem"].counts) == 4000
    assert tallies.failures() == {("PutItem", "ValidationException"): 4000}
    assert tallies.consumed() == {Home(): {("PutItem", "notes"): 4000.0}}


def test_a_bucket_includes_its_upper_bound() -> None:
    tallies = Tallies(["PutItem"])
    count = tallies.observer(Home())
    for seconds in (0.0, SECONDS_BOUNDS[0], SECONDS_BOUNDS[0] * 1.01, SECONDS_BOUNDS[-1], 1000.0):
        count(observation(seconds))
    counts = tallies.successes()["PutItem"].counts
    assert (counts[0], counts[1], counts[-2], counts[-1]) == (2, 1, 1, 1)


def test_homes_are_counted_apart() -> None:
    tallies = Tallies(["PutItem"])
    other = Home(account_id="111122223333")
    for home in (Home(), other):
        tallies.observer(home)(observation(0.0))
    assert tallies.consumed().keys() == {Home(), other}


def test_what_was_given_out_does_not_change_any_more() -> None:
    tallies = Tallies(["PutItem"])
    count = tallies.observer(Home())
    count(observation(0.0))
    before = tallies.successes()
    count(observation(0.0))
    assert sum(before["PutItem"].counts) == 1
