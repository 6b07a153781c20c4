"""Whether one pattern covers whatever another one covers, or can have nothing in common with it."""

from collections.abc import Sequence
from functools import lru_cache

from tenantable.iam.patterns import Part, Pattern, Wildcard, split_arn

_MARK = "\udc24"
"""Stands for a dollar sign where `${` is ordinary text: in policies of the first version of the language."""


def without_variables(text: str) -> str:
    """Text of a policy in which variables mean nothing, so that it equals no variable of another policy."""
    return text.replace("${", f"{_MARK}{{")


@lru_cache(maxsize=65536)
def pattern_covers(wide: Pattern, narrow: Pattern) -> bool:
    """
    Whether the first pattern matches all that the second can match.

    `*` takes in anything, a wildcard or a variable too; `?` one character or another `?`; a variable itself alone.
    """
    theirs = _symbols(narrow)
    reached = [True] + [False] * len(theirs)
    for symbol in _symbols(wide):
        before, reached = reached, [False] * (len(theirs) + 1)
        if symbol is Wildcard.ANY:
            open_ = False
            for place, was in enumerate(before):
                open_ = open_ or was
                reached[place] = open_
            continue
        for place, other in enumerate(theirs):
            if before[place] and _one_covers(symbol, other):
                reached[place + 1] = True
    return reached[-1]


def _symbols(pattern: Pattern) -> list[Part]:
    """Characters, wildcards and variables, one by one."""
    found: list[Part] = []
    for part in pattern:
        found.extend(part if isinstance(part, str) else [part])
    return found


def _one_covers(symbol: Part, other: Part) -> bool:
    if symbol is Wildcard.ONE:
        return other is Wildcard.ONE or isinstance(other, str)
    return symbol == other


@lru_cache(maxsize=65536)
def patterns_disjoint(first: Pattern, second: Pattern) -> bool:
    """Whether no text matches both; False where that cannot be shown."""
    mine, theirs = _symbols(first), _symbols(second)
    possible = [[False] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
    possible[0][0] = True
    for i in range(len(mine) + 1):
        for j in range(len(theirs) + 1):
            if not possible[i][j]:
                continue
            a = mine[i] if i < len(mine) else None
            b = theirs[j] if j < len(theirs) else None
            if _is_open(a):
                possible[i + 1][j] = True
            if _is_open(b):
                possible[i][j + 1] = True
            if a is not None and b is not None and _may_meet(a, b):
                if not _is_open(a) or _is_open(b):
                    possible[i + 1][j + 1] = True
                if _is_open(a):
                    possible[i][j + 1] = True
                if _is_open(b):
                    possible[i + 1][j] = True
    return not possible[-1][-1]


def _is_open(symbol: Part | None) -> bool:
    """Whether the symbol stands for any number of characters: a variable may stand for any text."""
    return symbol is not None and not isinstance(symbol, str) and symbol is not Wildcard.ONE


def _may_meet(a: Part, b: Part) -> bool:
    return not (isinstance(a, str) and isinstance(b, str)) or a == b


def arn_segments(text: str) -> tuple[str, ...]:
    """The six segments of a resource element; what is missing is `*`."""
    if not text.strip("*"):
        return ("*",) * 6
    return tuple([*split_arn(text), *["*"] * 6][:6])


def all_cover(wide: Sequence[Pattern], narrow: Sequence[Pattern]) -> bool:
    """Whether each pattern of a list is covered by one of another."""
    return all(any(pattern_covers(each, other) for each in wide) for other in narrow)
