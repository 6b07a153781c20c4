"""Token buckets: units that come back at a rate, are saved up to a bound and may be spent while any are left."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_FORGET_ABOVE = 10_000


class Spending(NamedTuple):
    """
    What is to be spent of one bucket.

    `rate` is in units per second and may change between two spendings; `seconds_saved` says how many seconds' worth the
    bucket holds. A new bucket is full.
    """

    bucket: Hashable
    units: float
    rate: float
    seconds_saved: float


class Buckets:
    """
    Buckets by any key. Not to be shared by threads without a lock.

    A spending is let through while its bucket holds anything at all, and may overdraw it: what a read costs is known
    after it was read, and an item may cost more than a second's units. The debt is paid before the next is let through,
    so the rate holds on average.
    """

    def __init__(self, *, forget_above: int = _FORGET_ABOVE) -> None:
        """
        Args:
            forget_above: With more buckets than this, those that are full are forgotten from time to time: a new one is
                full too, so nothing is lost.
        """
        self._levels: dict[Hashable, _Level] = {}
        self._forget_above = self._forget_next = forget_above

    def spend(self, spendings: Sequence[Spending], *, now: float) -> Spending | None:
        """
        Spend all, or nothing.

        Args:
            now: In seconds; time that goes back brings nothing.
        Returns:
            The first whose bucket is empty, so that nothing was spent; None when all was.
        """
        for spending in spendings:
            if self._refilled(spending, now=now).units <= 0:
                return spending
        for spending in spendings:
            self._levels[spending.bucket].units -= spending.units
        if len(self._levels) > self._forget_next:
            self._levels = {key: level for key, level in self._levels.items() if not level.is_full(now)}
            self._forget_next = max(self._forget_above, 2 * len(self._levels))
        return None

    def __len__(self) -> int:
        return len(self._levels)

    def _refilled(self, spending: Spending, *, now: float) -> "_Level":
        level = self._levels.get(spending.bucket)
        units_max = spending.rate * spending.seconds_saved
        if level is None:
            level = self._levels[spending.bucket] = _Level(units_max, now, spending.rate, units_max)
        level.rate, level.units_max = spending.rate, units_max
        level.refill(now)
        return level


@dataclass(slots=True)
class _Level:
    """What a bucket holds at a time."""

    units: float
    at: float
    rate: float
    units_max: float

    def refill(self, now: float) -> None:
        self.units = min(self.units_max, self.units + max(0.0, now - self.at) * self.rate)
        self.at = now

    def is_full(self, now: float) -> bool:
        self.refill(now)
        return self.units >= self.units_max
