"""Reading values: strings, numbers, TRUE, FALSE, NULL, lists, bags, tuples and parameters."""

from collections.abc import Callable
from typing import Final

from tenantable.expressions.partiql.cursor import NUMBER, STRING, StatementCursor, not_well_formed
from tenantable.expressions.partiql.templates import Constant, ListOf, MapOf, Parameter, SetOf, Template, fill
from tenantable.wire.limits import NESTING_DEPTH_MAX
from tenantable.wire.values import AttributeValue, check_value

_WORDS: Final[dict[str, AttributeValue]] = {"TRUE": {"BOOL": True}, "FALSE": {"BOOL": False}, "NULL": {"NULL": True}}
LITERAL_STARTS = frozenset({STRING, NUMBER, "-", "+", "?", "[", "<<", "{", *_WORDS})
"""The kinds of token that a value may begin with."""


def parse_template(cursor: StatementCursor, depth: int = 0) -> Template:
    """A value; `depth` counts the lists and tuples around it."""
    if depth > NESTING_DEPTH_MAX:
        raise not_well_formed("Nesting Levels have exceeded supported limits")
    kind = cursor.upcoming
    if kind in _CONTAINERS:
        return _settled(_CONTAINERS[kind](cursor, depth + 1))
    if kind == "?":
        cursor.take()
        cursor.parameter_count += 1
        return Parameter(position=cursor.parameter_count - 1)
    if kind in _WORDS:
        cursor.take()
        return Constant(value=_WORDS[kind])
    if kind == STRING:
        return Constant(value=check_value({"S": parse_string(cursor)})[0])
    return Constant(value=check_value({"N": _parse_number(cursor)})[0])


def parse_string(cursor: StatementCursor) -> str:
    return cursor.expect(STRING).text[1:-1].replace("''", "'")


def _parse_number(cursor: StatementCursor) -> str:
    sign = "-" if cursor.accept("-") else ""
    if not sign:
        cursor.accept("+")
    return sign + cursor.expect(NUMBER).text


def _parse_list(cursor: StatementCursor, depth: int) -> Template:
    return ListOf(members=parse_members(cursor, "[", "]", depth))


def _parse_bag(cursor: StatementCursor, depth: int) -> Template:
    return SetOf(members=parse_members(cursor, "<<", ">>", depth))


def parse_members(cursor: StatementCursor, opening: str, closing: str, depth: int) -> tuple[Template, ...]:
    """Values between two brackets, separated by commas; there may be none."""
    cursor.expect(opening)
    members: list[Template] = []
    while not members or cursor.accept(","):
        if not members and cursor.upcoming == closing:
            break
        members.append(parse_template(cursor, depth))
    cursor.expect(closing)
    return tuple(members)


def _parse_mapping(cursor: StatementCursor, depth: int) -> Template:
    cursor.expect("{")
    members: list[tuple[str, Template]] = []
    while not members or cursor.accept(","):
        if not members and cursor.upcoming == "}":
            break
        name = parse_string(cursor)
        cursor.expect(":")
        members.append((name, parse_template(cursor, depth)))
    cursor.expect("}")
    return MapOf(members=tuple(members))


def _settled(template: Template) -> Template:
    """A container without parameters is checked once, here."""
    return template if _has_parameters(template) else Constant(value=fill(template, ()))


def _has_parameters(template: Template) -> bool:
    match template:
        case Constant():
            return False
        case Parameter():
            return True
        case ListOf(members=members) | SetOf(members=members):
            return not all(isinstance(member, Constant) for member in members)
        case MapOf(members=pairs):
            return not all(isinstance(member, Constant) for _, member in pairs)


_CONTAINERS: Final[dict[str, Callable[[StatementCursor, int], Template]]] = {
    "[": _parse_list,
    "<<": _parse_bag,
    "{": _parse_mapping,
}
