"""The SET and REMOVE clauses of an UPDATE: from text to the same actions that an update expression becomes."""

from typing import Final

from tenantable.expressions.partiql.cursor import StatementCursor, not_well_formed
from tenantable.expressions.partiql.literals import LITERAL_STARTS, parse_template
from tenantable.expressions.partiql.templates import Constant
from tenantable.expressions.syntax import (
    AddAction,
    Arithmetic,
    Call,
    DeleteAction,
    Operand,
    Path,
    RemoveAction,
    SetAction,
    UpdateAction,
    Value,
)
from tenantable.expressions.tokens import IDENTIFIER
from tenantable.expressions.updates import UpdateExpression

_SET_CHANGES: Final[dict[str, type[AddAction] | type[DeleteAction]]] = {
    "set_add": AddAction,
    "set_delete": DeleteAction,
}
_DEPTH_MAX = 32


def parse_changes(cursor: StatementCursor) -> UpdateExpression:
    """One SET or REMOVE clause or more; each may hold several changes, separated by commas."""
    actions: list[UpdateAction] = []
    if cursor.upcoming not in {"SET", "REMOVE"}:
        raise not_well_formed("Expected data manipulation")
    while cursor.upcoming in {"SET", "REMOVE"}:
        parse = _parse_set if cursor.take().kind == "SET" else _parse_remove
        actions.append(parse(cursor))
        while cursor.accept(","):
            actions.append(parse(cursor))
    return UpdateExpression(actions=tuple(actions), written_names=frozenset(cursor.names))


def _parse_remove(cursor: StatementCursor) -> UpdateAction:
    return RemoveAction(path=cursor.path())


def _parse_set(cursor: StatementCursor) -> UpdateAction:
    path = cursor.path()
    cursor.expect("=")
    if cursor.comes(IDENTIFIER, "(") and (action := _parse_set_change(cursor, path)) is not None:
        return action
    left = _parse_operand(cursor, 0)
    if cursor.upcoming in {"+", "-"}:
        operator = cursor.take().kind
        return SetAction(path=path, value=Arithmetic(operator=operator, left=left, right=_parse_operand(cursor, 0)))
    return SetAction(path=path, value=left)


def _parse_set_change(cursor: StatementCursor, path: Path) -> UpdateAction | None:
    """`set_add(path, <<...>>)` or `set_delete(path, <<...>>)`, which change the set that they are assigned to."""
    action = _SET_CHANGES.get(cursor.peek().text.lower())
    if action is None:
        return None
    function = cursor.take().text
    cursor.expect("(")
    if cursor.path() != path:
        raise not_well_formed(f"The first operand of {function} must be the path that it is assigned to")
    cursor.expect(",")
    template = parse_template(cursor)
    if isinstance(template, Constant) and not template.value.keys() & {"SS", "NS", "BS"}:
        raise not_well_formed(f"The second operand of {function} must be a set")
    cursor.expect(")")
    return action(path=path, value=cursor.hold(template))


def _parse_operand(cursor: StatementCursor, depth: int) -> Operand:
    if depth > _DEPTH_MAX:
        raise not_well_formed("The expression is nested too deeply")
    if cursor.upcoming in LITERAL_STARTS:
        return _parse_value(cursor)
    if cursor.accept("("):
        operand = _parse_operand(cursor, depth + 1)
        cursor.expect(")")
        return operand
    if not cursor.comes(IDENTIFIER, "("):
        return cursor.path()
    function = cursor.take().text
    if function.lower() not in {"list_append", "if_not_exists"}:
        raise not_well_formed(f"Unsupported function: {function}")
    cursor.expect("(")
    first = _parse_operand(cursor, depth + 1)
    cursor.expect(",")
    second = _parse_operand(cursor, depth + 1)
    cursor.expect(")")
    if function.lower() == "if_not_exists" and not isinstance(first, Path):
        raise not_well_formed("Unexpected path component")
    return Call(function=function.lower(), operands=(first, second))


def _parse_value(cursor: StatementCursor) -> Value:
    return cursor.hold(parse_template(cursor))
