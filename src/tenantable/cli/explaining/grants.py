"""The list of a system's grants with their counts, for people and for programs."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from tenantable.declare.systems import System
from tenantable.iam.use.counting import GrantId, declared_grants
from tenantable.local.decisions.uses import KeptUses


@dataclass(frozen=True, kw_only=True)
class GrantLine:
    """`count` is None where nobody counts, `last_used` (ISO 8601) where it was never exercised."""

    grant: GrantId
    count: int | None
    last_used: str | None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """`lines` are those that were asked for; `counted` and `unused` are of all that could have been."""

    system: str
    began_at: str | None
    lines: tuple[GrantLine, ...]
    counted: int
    unused: int

    def json(self) -> str:
        grants: list[dict[str, Any]] = [
            {
                "component": line.grant.component,
                "grant": line.grant.words,
                "count": line.count,
                "last_used": line.last_used,
            }
            for line in self.lines
        ]
        document = {"system": self.system, "counted_since": self.began_at, "grants": grants}
        return json.dumps(document, indent=2, ensure_ascii=False)


def listing(system: System, kept: KeptUses | None, *, component: str | None, unused: bool) -> Listing:
    """
    Args:
        kept: None where nothing was counted yet.
        component: Those of this one alone; None: of all.
        unused: Those alone that are counted and were never exercised.
    """
    lines = tuple(
        _line(use.grant, use.count, kept)
        for use in declared_grants(system)
        if component is None or use.grant.component == component
    )
    never = [line for line in lines if line.count == 0]
    return Listing(
        system=system.name,
        began_at=None if kept is None else _moment(kept.began_at),
        lines=tuple(never) if unused else lines,
        counted=sum(line.count is not None for line in lines),
        unused=len(never),
    )


def show_listing(shown: Listing) -> None:
    """Print it: coloured on a terminal, the same text in a pipe."""
    console = Console(highlight=False, soft_wrap=True)
    rows = [(f"{shown.system}.{line.grant.component}", _count(line), line) for line in shown.lines]
    first = max((len(name) for name, _, _ in rows), default=0)
    second = max((len(count) for _, count, _ in rows), default=0)
    for name, count, line in rows:
        style = "red" if line.count == 0 and shown.began_at is not None else "dim" if line.count is None else ""
        console.print(Text(f"{name:<{first}}  {count:>{second}}  {line.grant.words}", style=style))
    if rows:
        console.print()
    console.print(_summary(shown))


def _summary(shown: Listing) -> str:
    if shown.began_at is None:
        return f"{shown.counted} grants; nothing was counted yet."
    if not shown.unused:
        return f"Each of {shown.counted} grants was used since {shown.began_at}."
    return f"{shown.unused} of {shown.counted} grants were never used since {shown.began_at}."


def _line(grant: GrantId, count: int | None, kept: KeptUses | None) -> GrantLine:
    if kept is None or count is None:
        return GrantLine(grant=grant, count=count, last_used=None)
    used_at = kept.last_used.get(grant)
    last_used = None if used_at is None else _moment(used_at)
    return GrantLine(grant=grant, count=kept.counts.get(grant, 0), last_used=last_used)


def _count(line: GrantLine) -> str:
    return "not counted" if line.count is None else str(line.count)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
