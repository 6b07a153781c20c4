"""What is counted of decisions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class DecisionMetrics:
    """
    Decisions by outcome, single ones that had to read the table first, and how long answers took;
    one per registry. `monotonic` gives seconds that only grow.
    """

    def __init__(self, registry: CollectorRegistry, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        decisions = Counter("access_decisions_total", "Decisions made.", ["outcome"], registry=registry)
        self._allowed = decisions.labels("allow")
        self._denied = decisions.labels("deny")
        self._failed = decisions.labels("error")
        self.cold = Counter(
            "access_cold_decisions_total", "Single decisions that had to read the table first.", registry=registry
        )
        self._durations = Histogram(
            "access_decision_duration_seconds",
            "Time from a decision request to its answer.",
            ["endpoint"],
            registry=registry,
            buckets=_BUCKETS,
        )

    def count(self, decision: bool) -> None:
        (self._allowed if decision else self._denied).inc()

    def count_error(self) -> None:
        """An evaluation among several that could not be made."""
        self._failed.inc()

    @contextmanager
    def timed(self, endpoint: str) -> Iterator[None]:
        """Measure what is done within."""
        started = self._monotonic()
        try:
            yield
        finally:
            self._durations.labels(endpoint).observe(self._monotonic() - started)
