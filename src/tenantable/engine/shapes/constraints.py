"""What the service model demands of sizes, values and texts, each with the service's sentence for it."""

import re
from typing import Any

from tenantable.engine.shapes.shape import Constraint

_TABLE_ARN = r"arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d+:table/[a-zA-Z0-9_.-]{3,255}(/(index|stream)/[a-zA-Z0-9_.:-]+)?"
_NAME_CHARACTERS = "[a-zA-Z0-9_.-]+"
_ANY_TEXT = frozenset({r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", r"\p{Print}+"})
"""Patterns in Java's notation that as good as any text matches."""


def size_constraints(model: dict[str, Any]) -> tuple[Constraint, ...]:
    most, least = model.get("max"), model.get("min")
    constraints: list[Constraint] = []
    if most is not None:
        constraints.append((lambda value: len(value) <= most, f"Member must have length less than or equal to {most}"))
    if least:
        constraints.append(
            (lambda value: len(value) >= least, f"Member must have length greater than or equal to {least}")
        )
    return tuple(constraints)


def text_constraints(model: dict[str, Any]) -> tuple[Constraint, ...]:
    constraints = [*size_constraints(model)]
    if (pattern := model.get("pattern")) and pattern not in _ANY_TEXT:
        matches = re.compile(pattern).fullmatch
        constraints.append((lambda value: bool(matches(value)), _pattern_sentence(pattern)))
    if allowed := model.get("enum"):
        sentence = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        constraints.append((frozenset(allowed).__contains__, sentence))
    return tuple(constraints)


def value_constraints(model: dict[str, Any]) -> tuple[Constraint, ...]:
    most, least = model.get("max"), model.get("min")
    constraints: list[Constraint] = []
    if most is not None:
        constraints.append((lambda value: value <= most, f"Member must have value less than or equal to {most}"))
    if least is not None:
        constraints.append((lambda value: value >= least, f"Member must have value greater than or equal to {least}"))
    return tuple(constraints)


def _pattern_sentence(pattern: str) -> str:
    return f"Member must satisfy regular expression pattern: {pattern}"


_is_table_name = re.compile(f"(?:{_NAME_CHARACTERS}|{_TABLE_ARN})?").fullmatch
TABLE_NAME: tuple[Constraint, ...] = (
    (
        lambda value: len(value) <= (1024 if value.startswith("arn:") else 255),
        "Member must have length less than or equal to 255",
    ),
    (lambda value: len(value) != 0, "Member must have length greater than or equal to 1"),
    (lambda value: len(value) not in {1, 2}, "Member must have length greater than or equal to 3"),
    (lambda value: bool(_is_table_name(value)), _pattern_sentence(_NAME_CHARACTERS)),
)
"""
A table is named by 3 to 255 characters or by an ARN. The empty name is refused as a member of no length, and for that
alone. Source: https://github.com/ExtendDB/extenddb/pull/14.
"""
