"""Rules of the design lint, and what they find."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tenantable.declare.systems import System
from tenantable.declare.tables import Index

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """
    What a rule's check yields.

    `place` names what it is about, such as `AuditLog.action-type-index`; `problem` is a sentence about it. `index` is
    the index whose declaration may accept it, None: the system's alone.
    """

    place: str
    problem: str
    index: Index | None = None


Check = Callable[[System], Iterator[Found]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """
    Something that goes wrong later.

    Args:
        id: `TD001` and so on; never given to another rule.
        name: Words with hyphens.
        severity: An error will fail under load or lose what was meant; a warning costs, or may fail.
        title: What it finds, in one sentence.
        why: What happens.
        remedy: What to do, in the imperative.
        check: Finds it in a system.
    """

    id: str
    name: str
    severity: Severity
    title: str
    why: str
    remedy: str
    check: Check


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that a declaration trips; `accepted` is the reason why that is meant so, None: it is not."""

    rule: Rule
    place: str
    problem: str
    accepted: str | None = None

    def accept(self, reason: str) -> "Finding":
        return replace(self, accepted=reason)

    def __str__(self) -> str:
        return f"{self.rule.id} {self.place}: {self.problem}"
