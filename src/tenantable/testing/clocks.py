"""A clock for tests."""

from dataclasses import dataclass


@dataclass(kw_only=True)
class ManualClock:
    """Seconds since 1970 that pass when a test says so: `clock.now += 60`. Goes wherever `time.time` goes."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
