"""INSERT, UPDATE, DELETE and EXISTS as writes like those of any other operation."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tenantable.engine.items.single_write import Outcome, returned_attributes
from tenantable.engine.items.stored import Change, StoredItem
from tenantable.engine.items.writes import Changer, Write, make_check, make_delete, make_update, read_put
from tenantable.engine.session import Session
from tenantable.engine.statements.reading import key_of_where
from tenantable.engine.tables.table import Table
from tenantable.expressions.evaluation import Predicate
from tenantable.expressions.partiql.statements import (
    BoundStatement,
    Delete,
    Exists,
    Insert,
    Select,
    UpdateStatement,
)
from tenantable.expressions.syntax import ConditionNode
from tenantable.wire.errors import DynamoError, validation_error


def read_write(bound: BoundStatement, entry: Mapping[str, Any]) -> Write:
    """
    The write that a statement asks for.

    Args:
        entry: The request, or one entry of a batch or transaction: says what a failed condition shows.
    Raises:
        DynamoError: ValidationException for what no table and no item could make right.
    """
    body = bound.body
    assert not isinstance(body, Select)
    request = {
        "TableName": body.table,
        "ReturnValuesOnConditionCheckFailure": entry.get("ReturnValuesOnConditionCheckFailure"),
    }
    match body:
        case Insert():
            return _insert(bound, request)
        case UpdateStatement(changes=changes, returning=returning):
            make = partial(make_update, {**request, "ReturnValues": returning}, update=bound.update(changes))
            return _keyed(bound, body.where, _condition(bound, body.where), make)
        case Delete(where=where, returning=returning):
            make = partial(make_delete, {**request, "ReturnValues": returning})
            return _keyed(bound, where, _if_there_is_an_item(_condition(bound, where)), make)
        case Exists(where=where):
            return _keyed(bound, where, _condition(bound, where), partial(make_check, request))


def refuse_exists(bound: BoundStatement) -> None:
    """To be called outside of transactions."""
    if isinstance(bound.body, Exists):
        raise validation_error("The EXISTS function can only be used in ExecuteTransaction")


def returned_items(session: Session, write: Write, outcome: Outcome) -> list[Any]:
    """What RETURNING asks for: one item or none."""
    attributes = returned_attributes(session, write.request, write.update, outcome.change)
    return [attributes] if attributes else []


def _insert(bound: BoundStatement, request: Mapping[str, Any]) -> Write:
    put = read_put({**request, "Item": bound.item})

    def prepare(table: Table) -> tuple[bytes, Changer]:
        key, change = put.prepare(table)

        def insert(before: StoredItem | None) -> Change | None:
            if before is not None:
                raise DynamoError("DuplicateItemException", "Duplicate primary key exists in table")
            return change(before)

        return key, insert

    return replace(put, prepare=prepare)


def _condition(bound: BoundStatement, where: ConditionNode) -> Predicate:
    """The whole clause: of the item that has its key, the conditions on the key hold anyway; of no item, none does."""
    return bound.predicate(where, "ConditionExpression")


def _keyed(bound: BoundStatement, where: ConditionNode, condition: Predicate, make: Callable[..., Write]) -> Write:
    """A write whose key stands in its WHERE clause, where only the table's schema can tell it from the conditions."""

    def prepare(table: Table) -> tuple[bytes, Changer]:
        key_item = key_of_where(bound, where, table.keys)
        return make(key_item=key_item, condition=condition).prepare(table)

    return replace(make(key_item={}, condition=condition), prepare=prepare)


def _if_there_is_an_item(holds: Predicate) -> Predicate:
    """The deletion of an item that does not exist succeeds, whatever its condition."""
    return lambda item: not item or holds(item)
