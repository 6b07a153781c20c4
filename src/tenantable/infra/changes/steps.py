"""What a plan consists of: steps, each with the calls that carry it out and what it would lose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tenantable.infra.normal.comparison import Difference

Action = Literal["create", "change", "drop", "replace"]
Flags = frozenset[str]
"""Flags that were given, such as `--allow-drop orders/by-date`, with physical names."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One operation of DynamoDB's; the table must have settled before the next."""

    operation: str
    request: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    One change of one table.

    Args:
        path: What is changed, as a `Difference` names it; `table` for the whole.
        before: What there is, or None.
        after: What there will be, or None.
        loses: What is lost by it, as a part of a sentence; None: nothing.
        flags: Must all be given before it is carried out; none where nothing is lost.
        details: What a new table has, a line each.
    """

    path: str
    action: Action
    before: str | None
    after: str | None
    calls: tuple[Call, ...]
    loses: str | None = None
    flags: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.before is None or self.after is None:
            return f"{self.action} {self.path}: {self.after or self.before}"
        return f"{self.action} {self.path}: {self.before} -> {self.after}"

    def missing_flags(self, allowed: Flags) -> tuple[str, ...]:
        return tuple(flag for flag in self.flags if flag not in allowed)


@dataclass(frozen=True, kw_only=True)
class TablePlan:
    """
    What must change of one table, in an order that DynamoDB permits.

    Args:
        refused: Steps that would lose something and whose flags were not given.
        foreign: What the table has and the declaration does not speak of; it stays.
        busy: What the table is still doing.
    """

    table: str
    steps: tuple[Step, ...] = ()
    refused: tuple[Step, ...] = ()
    foreign: tuple[Difference, ...] = ()
    busy: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether the table is as declared; what is foreign does not count."""
        return not self.steps and not self.refused


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plans of a system's tables in the order of declaration, and the names of tables that are none of it."""

    tables: tuple[TablePlan, ...]
    undeclared: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return all(table.is_clean for table in self.tables)


def replacing(table: str) -> str:
    """The flag that lets a table be dropped and made anew, without its items."""
    return f"--allow-replace {table}"


def dropping(table: str, thing: str) -> str:
    """The flag that lets an index or a replica be dropped."""
    return f"--allow-drop {table}/{thing}"


def disabling(table: str, thing: str) -> str:
    """The flag that lets a protection or a stream be switched off."""
    return f"--allow-disable {table}/{thing}"
