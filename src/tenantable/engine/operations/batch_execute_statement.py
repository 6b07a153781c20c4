"""BatchExecuteStatement: up to 25 PartiQL statements, each for itself; all of them read, or all of them write."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from tenantable.engine.capacity import TableCost, add_consumed_capacities
from tenantable.engine.items.single_write import carry_out
from tenantable.engine.items.transactions import item_of
from tenantable.engine.session import Session
from tenantable.engine.shapes.checking import refuse_wrong_attribute_types
from tenantable.engine.statements.reading import select
from tenantable.engine.statements.writing import read_write, refuse_exists, returned_items
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.expressions.partiql.keys import binds_key
from tenantable.expressions.partiql.parser import parse_statement
from tenantable.expressions.partiql.statements import BoundStatement, Select
from tenantable.wire.errors import DynamoError, validation_error

_CODES = {
    "AccessDeniedException": "AccessDenied",
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "DuplicateItemException": "DuplicateItem",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "ResourceNotFoundException": "ResourceNotFound",
    "SerializationException": "ValidationError",
    "ThrottlingException": "ThrottlingError",
    "ValidationException": "ValidationError",
}
"""From the error of a statement to what the batch answers. Source: API reference, BatchStatementError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    """What a statement gives: items, one at most, and what it cost."""

    items: list[Any]
    table: Table
    cost: TableCost


def batch_execute_statement(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    entries = request["Statements"]
    statements = [_attempt(partial(_bind, entry)) for entry in entries]
    if any(isinstance(each, DynamoError) for each in statements):
        refuse_wrong_attribute_types("BatchExecuteStatement", request)
    kinds = {each.statement.reads for each in statements if isinstance(each, BoundStatement)}
    if len(kinds) > 1:
        raise validation_error("A batch cannot have both read and write statements")

    def work(carry_out_one: _CarryOut) -> list[_Answer | DynamoError]:
        return [
            each
            if isinstance(each, DynamoError)
            else _attempt(partial(_carry_out, session, each, entry, carry_out_one=carry_out_one))
            for each, entry in zip(statements, entries, strict=True)
        ]

    if kinds == {False}:
        answers = session.storage.write(lambda transaction: work(partial(_write, session, transaction)))
    else:
        answers = work(partial(_read, session))
    shown = [_shown(each, answer) for each, answer in zip(statements, answers, strict=True)]
    costs = [(answer.table, answer.cost) for answer in answers if isinstance(answer, _Answer)]
    return add_consumed_capacities({"Responses": shown}, request, costs)


_CarryOut = Callable[[BoundStatement, Mapping[str, Any]], _Answer]
_Result = TypeVar("_Result")


def _attempt(step: Callable[[], _Result]) -> _Result | DynamoError:
    """What the step gives, or the error that it fails with: a statement that fails stops no other."""
    try:
        return step()
    except DynamoError as error:
        if error.code not in _CODES:
            raise
        return error


def _bind(entry: Mapping[str, Any]) -> BoundStatement:
    return parse_statement(entry["Statement"]).bind(entry.get("Parameters"))


def _carry_out(
    session: Session, bound: BoundStatement, entry: Mapping[str, Any], *, carry_out_one: _CarryOut
) -> _Answer:
    if session.authorize is not None:
        session.authorize("BatchExecuteStatement", {"Statements": [entry]})
    return carry_out_one(bound, entry)


def _read(session: Session, bound: BoundStatement, entry: Mapping[str, Any]) -> _Answer:
    body = bound.body
    assert isinstance(body, Select)
    table = session.catalog.table(body.table)
    if body.index is not None or body.where is None or not binds_key(body.where, table.keys):
        raise validation_error(
            "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
        )
    selected = select(session, entry, bound)
    return _Answer(items=selected.items, table=selected.table, cost=selected.cost)


def _write(session: Session, transaction: Transaction, bound: BoundStatement, entry: Mapping[str, Any]) -> _Answer:
    refuse_exists(bound)
    write = read_write(bound, entry)
    outcome = carry_out(session, transaction, write)
    return _Answer(items=returned_items(session, write, outcome), table=outcome.table, cost=outcome.cost)


def _shown(statement: BoundStatement | DynamoError, answer: _Answer | DynamoError) -> dict[str, Any]:
    response: dict[str, Any] = {}
    if isinstance(answer, DynamoError):
        response["Error"] = {"Code": _CODES[answer.code], "Message": answer.message, **item_of(answer)}
    elif answer.items:
        response["Item"] = answer.items[0]
    if isinstance(statement, BoundStatement):
        response["TableName"] = statement.body.table
    return response
