"""Statements: SELECT, INSERT, UPDATE, DELETE, and EXISTS in transactions."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from tenantable.expressions.parsing import CACHED_EXPRESSIONS_MAX
from tenantable.expressions.partiql.changes import parse_changes
from tenantable.expressions.partiql.columns import Columns, make_columns
from tenantable.expressions.partiql.cursor import StatementCursor, not_well_formed
from tenantable.expressions.partiql.keys import missing_key_equality
from tenantable.expressions.partiql.literals import parse_template
from tenantable.expressions.partiql.statements import (
    Body,
    Delete,
    Exists,
    Insert,
    Ordering,
    Returning,
    Select,
    Statement,
    UpdateStatement,
)
from tenantable.expressions.partiql.where import parse_where
from tenantable.expressions.syntax import ConditionNode
from tenantable.expressions.tokens import END
from tenantable.wire.errors import validation_error
from tenantable.wire.values import text_size_bytes

_RETURNED: Final[dict[tuple[str, str], Returning]] = {
    ("ALL", "OLD"): "ALL_OLD",
    ("ALL", "NEW"): "ALL_NEW",
    ("MODIFIED", "OLD"): "UPDATED_OLD",
    ("MODIFIED", "NEW"): "UPDATED_NEW",
}


@lru_cache(maxsize=CACHED_EXPRESSIONS_MAX)
def parse_statement(text: str) -> Statement:
    """
    Read a statement. Cached by text.

    Raises:
        DynamoError: ValidationException for whatever is wrong with the text, SerializationException when it is no
            Unicode.
    """
    text_size_bytes(text)
    cursor = StatementCursor(text)
    parse = _BODIES.get(cursor.upcoming)
    if parse is None:
        raise not_well_formed("Expected data manipulation")
    body = parse(cursor)
    cursor.finish()
    return Statement(
        body=body,
        templates=tuple(cursor.templates),
        parameter_count=cursor.parameter_count,
        names=frozenset(cursor.names),
    )


def _parse_select(cursor: StatementCursor) -> Select:
    cursor.expect("SELECT")
    columns = _parse_columns(cursor)
    cursor.expect("FROM")
    table = cursor.name()
    index = cursor.name() if cursor.accept(".") else None
    where = parse_where(cursor) if cursor.accept("WHERE") else None
    order = _parse_order(cursor) if cursor.accept("ORDER", "BY") else ()
    if order and where is None:
        raise validation_error("Must have WHERE clause in the statement when using ORDER BY clause.")
    return Select(table=table, index=index, columns=columns, where=where, order=order)


def _parse_columns(cursor: StatementCursor) -> Columns | None:
    if cursor.accept("*"):
        return None
    paths = [cursor.path()]
    while cursor.accept(","):
        paths.append(cursor.path())
    return make_columns(paths)


def _parse_order(cursor: StatementCursor) -> tuple[Ordering, ...]:
    orderings: list[Ordering] = []
    while not orderings or cursor.accept(","):
        path = cursor.path()
        if len(path.elements) > 1:
            raise not_well_formed("Unexpected path component")
        descending = cursor.accept("DESC")
        if not descending:
            cursor.accept("ASC")
        orderings.append(Ordering(attribute=str(path.elements[0]), descending=descending))
    return tuple(orderings)


def _parse_insert(cursor: StatementCursor) -> Insert:
    cursor.expect("INSERT")
    cursor.expect("INTO")
    table = cursor.name()
    cursor.expect("VALUE")
    if cursor.upcoming not in {"{", "?"}:
        cursor.refuse_token()
    return Insert(table=table, item=parse_template(cursor))


def _parse_update(cursor: StatementCursor) -> UpdateStatement:
    cursor.expect("UPDATE")
    table = cursor.name()
    changes = parse_changes(cursor)
    where = _parse_required_where(cursor)
    return UpdateStatement(table=table, changes=changes, where=where, returning=_parse_returning(cursor))


def _parse_delete(cursor: StatementCursor) -> Delete:
    cursor.expect("DELETE")
    cursor.expect("FROM")
    table = cursor.name()
    where = _parse_required_where(cursor)
    returning = _parse_returning(cursor)
    if returning not in {None, "ALL_OLD"}:
        raise validation_error("A DELETE statement can only be RETURNING ALL OLD *")
    return Delete(table=table, where=where, returning=returning)


def _parse_exists(cursor: StatementCursor) -> Exists:
    cursor.expect("EXISTS")
    cursor.expect("(")
    select = _parse_select(cursor)
    cursor.expect(")")
    if select.where is None or select.index is not None:
        raise missing_key_equality()
    return Exists(table=select.table, where=select.where)


def _parse_required_where(cursor: StatementCursor) -> ConditionNode:
    if not cursor.accept("WHERE"):
        if cursor.upcoming in {END, ";"}:
            raise missing_key_equality()
        cursor.refuse_token()
    return parse_where(cursor)


def _parse_returning(cursor: StatementCursor) -> Returning | None:
    if not cursor.accept("RETURNING"):
        return None
    extent, moment = cursor.expect("ALL", "MODIFIED").kind, cursor.expect("OLD", "NEW").kind
    cursor.expect("*")
    return _RETURNED[extent, moment]


_BODIES: Final[dict[str, Callable[[StatementCursor], Body]]] = {
    "SELECT": _parse_select,
    "INSERT": _parse_insert,
    "UPDATE": _parse_update,
    "DELETE": _parse_delete,
    "EXISTS": _parse_exists,
}
