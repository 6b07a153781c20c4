"""A shape of the service model, ready to check values, and the words in which a violation is told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Place = tuple[Any, str | int, str] | None
"""
Where a value stands: the path of what holds it, its own name, and what follows that; None for the request itself.
It is written out only for a violation.
"""

Read = Callable[[Any, Place, list[str]], None]
"""Checks the JSON type of a value and all that lies inside; takes the value, its path and the list of violations."""

Constraint = tuple[Callable[[Any], bool], str]
"""What must hold of a value itself, and the service's sentence for it."""

_REMEMBERED_TEXTS_MAX = 256
_REMEMBERED_LENGTH_MAX = 256
SHOWN_CHARACTERS_MAX = 2048  # a message quotes no more of a value than this


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """
    One shape of the service model, ready to check values; `shown` quotes a value as the service does.

    `listed` has the sentences of its constraints where a container lists them; None for all of them.
    """

    read: Read
    constraints: tuple[Constraint, ...] = ()
    shown: Callable[[Any], str] = str
    listed: tuple[str, ...] | None = None

    @property
    def checker(self) -> Read:
        """As `check`, at the least cost."""
        return self.check if self.constraints else self.read

    def check(self, value: Any, path: Place, violations: list[str]) -> None:
        self.read(value, path, violations)
        for holds, sentence in self.constraints:
            if not holds(value):
                self.violate(value, path, sentence, violations)

    def violate(self, value: Any, path: Place, sentence: str, violations: list[str]) -> None:
        shown = self.quoted(value)
        if len(shown) > SHOWN_CHARACTERS_MAX:
            shown = shown[:SHOWN_CHARACTERS_MAX] + "..."
        violations.append(f"Value '{shown}' at '{_shown_path(path)}' failed to satisfy constraint: {sentence}")

    def quoted(self, value: Any) -> str:
        return "null" if value is None else self.shown(value)

    def holds_all(self, values: Any) -> bool:
        for holds, _ in self.constraints:
            for value in values:
                if value is not None and not holds(value):
                    return False
        return True

    @property
    def sentences(self) -> str:
        return ", ".join(self.listed or [sentence for _, sentence in self.constraints])


@dataclass(frozen=True, kw_only=True, slots=True)
class Text(Shape):
    """Names and choices come again with every request; `accepted` holds a few that were right."""

    accepted: set[str]

    def check(self, value: Any, path: Place, violations: list[str]) -> None:
        if type(value) is str and value in self.accepted:
            return
        faults = len(violations)
        Shape.check(self, value, path, violations)
        is_short = len(value) <= _REMEMBERED_LENGTH_MAX
        if is_short and len(violations) == faults and len(self.accepted) < _REMEMBERED_TEXTS_MAX:
            self.accepted.add(value)


def _shown_path(path: Place) -> str:
    names: list[str] = []
    while path is not None:
        path, name, suffix = path
        names.append(f"{name}{suffix}")
    return ".".join(reversed(names))


def violate_null(path: Place, violations: list[str]) -> None:
    violations.append(f"Value null at '{_shown_path(path)}' failed to satisfy constraint: Member must not be null")
