"""
Permission keys: `billing:invoice:read`, and the wildcards that stand for many of them: `billing:*`, `*`.

A wildcard stands at the end, for one segment or more.
"""

import re
from functools import lru_cache

from tenantable.services.access.errors import Unprocessable

SEGMENTS_MAX = 6
SEGMENT_CHARACTERS_MAX = 64
ANY = "*"
SEPARATOR = ":"

_SEGMENT = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_KEY = re.compile(rf"{_SEGMENT}(?::{_SEGMENT}){{0,{SEGMENTS_MAX - 1}}}")


def check_pattern(pattern: str) -> None:
    """
    Raises:
        Unprocessable: It is neither a key nor a wildcard; says what one looks like.
    """
    if pattern != ANY and not _KEY.fullmatch(pattern.removesuffix(SEPARATOR + ANY)):
        hint = f"write 1 to {SEGMENTS_MAX} segments of letters, digits, _ . and -, and * as the last one at most"
        raise Unprocessable(f"{pattern!r} is no permission", hint=hint)


def is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


@lru_cache(maxsize=16384)
def patterns_of(key: str) -> tuple[str, ...]:
    """Every pattern that covers a key: itself, then its wildcards from the nearest to `*`."""
    segments = key.split(SEPARATOR)
    wildcards = [SEPARATOR.join([*segments[:count], ANY]) for count in range(len(segments) - 1, 0, -1)]
    return (key, *wildcards, ANY)


def covers(pattern: str, other: str) -> bool:
    """Whether everything that `other` stands for, `pattern` stands for too."""
    if pattern in {ANY, other}:
        return True
    if not pattern.endswith(ANY):
        return False
    return other.startswith(pattern[: -len(ANY)]) and other != ANY


def meet(pattern: str, other: str) -> bool:
    """Whether there is a key that both stand for."""
    return covers(pattern, other) or covers(other, pattern)
