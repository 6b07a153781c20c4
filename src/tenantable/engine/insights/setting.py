"""Whether the keys of a table or index are counted, as UpdateContributorInsights says."""

from dataclasses import dataclass

TABLE = ""
"""Stands in the place of an index's name for the table itself."""

EVERY_ACCESS = "ACCESSED_AND_THROTTLED_KEYS"


@dataclass(frozen=True, kw_only=True, slots=True)
class InsightsSetting:
    """`mode` is one of the API's words; `changed_at` are seconds since 1970."""

    enabled: bool
    mode: str = EVERY_ACCESS
    changed_at: float = 0.0
