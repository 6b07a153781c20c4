"""Counts of what engines have done, cheap enough to be kept with every request: prometheus-client's own are not."""

import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from tenantable.engine.metering.observation import Observation, Observer
from tenantable.wire.arns import Home

SECONDS_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of the histogram's buckets; what takes longer is counted in one more."""

UNKNOWN = "unknown"
"""Stands for every operation that there is not."""


@dataclass(kw_only=True, slots=True)
class Successes:
    """The successes of one operation: how many took how long, by bucket, and how many seconds they took together."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(SECONDS_BOUNDS) + 1))
    seconds: float = 0.0


class Tallies:
    """Counts since the start, for all engines of a process. Threads may share them."""

    def __init__(self, operations: Iterable[str]) -> None:
        """
        Args:
            operations: The names that are counted by themselves. A caller may send any other, and must not make labels.
        """
        self._lock = threading.Lock()
        self._successes = {operation: Successes() for operation in operations}
        self._failures: Counter[tuple[str, str]] = Counter()
        self._consumed: dict[Home, defaultdict[tuple[str, str], float]] = {}
        self._refused: Counter[str] = Counter()

    def observer(self, home: Home) -> Observer:
        """What the engine of an account and region is to call."""
        lock, successes, failures = self._lock, self._successes, self._failures
        consumed_units = self._consumed.setdefault(home, defaultdict(float))

        def count(observation: Observation) -> None:
            operation, _, code, _, seconds, consumed, _, _ = observation  # faster than by name
            if code is not None:
                with lock:
                    failures[operation if operation in successes else UNKNOWN, code] += 1
                return
            found = successes[operation]
            bucket = bisect_left(SECONDS_BOUNDS, seconds)
            with lock:
                found.counts[bucket] += 1
                found.seconds += seconds
                for table, units in consumed:
                    consumed_units[operation, table] += units

        return count

    def refuse(self, code: str) -> None:
        """Count a request that came to no engine."""
        with self._lock:
            self._refused[code] += 1

    def successes(self) -> Mapping[str, Successes]:
        """By operation; only those that there were."""
        with self._lock:
            return {name: deepcopy(found) for name, found in self._successes.items() if any(found.counts)}

    def failures(self) -> Mapping[tuple[str, str], int]:
        """By operation and the name of the error."""
        with self._lock:
            return dict(self._failures)

    def consumed(self) -> Mapping[Home, Mapping[tuple[str, str], float]]:
        """Capacity units by home, then by operation and table."""
        with self._lock:
            return {home: dict(units) for home, units in self._consumed.items()}

    def refused(self) -> Mapping[str, int]:
        """By the name of the error."""
        with self._lock:
            return dict(self._refused)
