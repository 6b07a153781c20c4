"""What a check found, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

_PER_PLACE_MAX = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is wrong, and where."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class Report(Protocol):
    """Told how far a long task has come: what it deals with, how much of it is done, and how much there is."""

    def __call__(self, task: str, done: int, total: int, /) -> None: ...


class Findings:
    """Findings in the order they were made; of each place the first twenty, and how many more there are."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._counts: dict[str, int] = {}
        self.lost_count = 0
        """How many of all that were made say that something is lost."""
        self.notes: list[str] = []
        """What is no damage and worth knowing."""

    def add(self, place: str, problem: str, *, is_lost: bool = False) -> None:
        """
        Args:
            is_lost: No other part of the database can restore it; everything else a repair brings in order.
        """
        self._counts[place] = self._counts.get(place, 0) + 1
        self.lost_count += is_lost
        if self._counts[place] <= _PER_PLACE_MAX:
            self._kept.append(Finding(place=place, problem=problem))

    def __iter__(self) -> Iterator[Finding]:
        yield from self._kept
        for place, count in self._counts.items():
            if count > _PER_PLACE_MAX:
                yield Finding(place=place, problem=f"{count - _PER_PLACE_MAX} more of the kind")

    def __len__(self) -> int:
        return sum(self._counts.values())
