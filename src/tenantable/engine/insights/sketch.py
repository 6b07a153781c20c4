"""
The most frequent of a stream of keys, in bounded memory.

Source: Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and top-k elements in data streams"
(Space-Saving). A key that is new when all places are taken replaces the one with the lowest count and begins with that
count, so that no count is too low, and none too high by more than the lowest one.
"""

from dataclasses import dataclass
from heapq import heappush, heapreplace

PLACES = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Frequency:
    """How often a key was seen: `count` times, or up to `error` times fewer."""

    key: bytes
    count: int
    error: int


class FrequentKeys:
    """Not safe to share between threads."""

    __slots__ = ("_counts", "_errors", "_lowest", "_places")

    def __init__(self, places: int = PLACES) -> None:
        """
        Args:
            places: How many keys are remembered. One that makes up more than 1/places of all is always among them.
        """
        self._places = places
        self._counts: dict[bytes, int] = {}
        self._errors: dict[bytes, int] = {}
        self._lowest: list[tuple[int, bytes]] = []  # a heap: each key with a count that it once had

    def add(self, key: bytes) -> None:
        counts = self._counts
        if key in counts:
            counts[key] += 1
            return
        if len(counts) < self._places:
            error = 0
            heappush(self._lowest, (1, key))
        else:
            error, forgotten = self._find_lowest()
            del counts[forgotten], self._errors[forgotten]
            heapreplace(self._lowest, (error + 1, key))
        counts[key] = error + 1
        self._errors[key] = error

    def top(self, limit: int) -> list[Frequency]:
        """The most frequent keys, the most frequent first."""
        ranked = sorted(self._counts.items(), key=lambda pair: (-pair[1], pair[0]))
        return [Frequency(key=key, count=count, error=self._errors[key]) for key, count in ranked[:limit]]

    def _find_lowest(self) -> tuple[int, bytes]:
        """The lowest count and its key, which lies at the top of the heap then."""
        while True:
            noted, key = self._lowest[0]
            count = self._counts[key]
            if count == noted:
                return count, key
            heapreplace(self._lowest, (count, key))
