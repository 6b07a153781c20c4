"""What a verification finds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

FINDINGS_MAX = 100
"""Findings that are named; those beyond are counted."""

FindingKind = Literal[
    "edited",
    "inserted",
    "reordered",
    "unlisted",
    "gap",
    "tail-cut",
    "deleted",
    "head-altered",
    "head-moved-back",
    "rewritten",
    "signature",
    "unreadable",
    "unknown-key",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """
    One thing that is wrong, in words too.

    `sequence` is the number of the event, or the first of several up to `last_sequence`; None where no number is known.
    `place` is the object of the archive, or `table`.
    """

    kind: FindingKind
    text: str
    sequence: int | None = None
    last_sequence: int | None = None
    event_id: str | None = None
    place: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """
    What became of verifying an organisation's trail.

    `events` were looked at, of which `archived` were in the archive alone and `erased` are without some details, as the
    trail itself says. `sequence` is the head's; `signed_sequence` and `signed_at` are of the last copy that is
    believed, None where there is none yet. Findings are the first hundred, `findings_count` all.
    """

    organisation_id: str
    events: int
    archived: int
    erased: int
    sequence: int
    signed_sequence: int | None
    signed_at: datetime | None
    findings: Sequence[Finding]
    findings_count: int

    @property
    def verified(self) -> bool:
        return self.findings_count == 0


@dataclass(kw_only=True, slots=True)
class Findings:
    """Collects; those beyond the first hundred are only counted."""

    found: list[Finding] = field(default_factory=list)
    count: int = 0

    def add(self, finding: Finding) -> None:
        self.count += 1
        if len(self.found) < FINDINGS_MAX:
            self.found.append(finding)

    def ordered(self) -> list[Finding]:
        return sorted(self.found, key=lambda finding: (finding.sequence or 0, finding.kind))


def ranges_text(numbers: Iterable[int]) -> str:
    """`3 7-9` for 3, 7, 8 and 9."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def numbers_in(text: str) -> set[int]:
    """
    What `ranges_text` was made of.

    Raises:
        ValueError: It is none.
    """
    numbers: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers
