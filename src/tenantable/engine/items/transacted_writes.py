"""
What TransactWriteItems and ExecuteTransaction do: writes and checks, all or none.

One writer works at a time, so a transaction never meets another half way: TransactionConflictException does not occur.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from tenantable.engine.capacity import TableCost, add_consumed_capacities, read_units, write_units
from tenantable.engine.items.collections import add_metrics, collection_metrics, wants_metrics
from tenantable.engine.items.expressions import check_condition
from tenantable.engine.items.stored import Change, StoredItem, apply_change, find_item
from tenantable.engine.items.transactions import cancellation_reason, is_cancelling, transaction_cancelled
from tenantable.engine.items.writes import Changer, Write, key_of_write
from tenantable.engine.keys import EmptyKeyError
from tenantable.engine.metering.admission import admit_change, admit_look
from tenantable.engine.metering.throttle import Throttle
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import DynamoError, serialization_error, validation_error
from tenantable.wire.limits import CLIENT_TOKEN_SECONDS, TRANSACTION_BYTES_MAX

_TRANSACTION_FACTOR = 2  # a repeated call reads twice, as a transaction of reads does


@dataclass(kw_only=True, slots=True)
class _Action:
    """One action on its way through the transaction."""

    write: Write
    table: Table
    key: bytes = b""
    changer: Changer | None = None
    before: StoredItem | None = None
    change: Change | None = None


def write_transaction(
    session: Session, request: Mapping[str, Any], writes: list[Write], *, content: list[Any]
) -> dict[str, Any]:
    """
    Carry out writes and checks, all or none; return when they are durable.

    Args:
        request: Says what the answer shows, and which token stands for the whole.
        content: What must be the same when a token is used again: the actions, not how their answer is to look.
    Raises:
        DynamoError: TransactionCanceledException with the reasons of all that failed; ResourceNotFoundException;
            IdempotentParameterMismatchException; ValidationException for what is wrong with the whole.
    """
    token = request.get("ClientRequestToken")

    def work(transaction: Transaction) -> dict[str, Any]:
        actions = [_Action(write=write, table=session.catalog.table(write.request["TableName"])) for write in writes]
        digest = _digest(token, content) if token else b""
        if token and (outcome := _earlier_outcome(session, transaction, token, digest)) is not None:
            return _answer_again(request, actions, outcome)
        _carry_out(session, transaction, actions)
        costs = _apply(transaction, actions)
        response = _metrics(transaction, request, actions)
        if token:
            _remember(session, transaction, token, digest=digest, actions=actions)
        return add_consumed_capacities(response, request, costs, kind="Write")

    return session.storage.write(work)


def _carry_out(session: Session, transaction: Transaction, actions: list[_Action]) -> None:
    """Check every action against its table and its stored item; nothing is written yet."""
    _collect(actions, _prepare)
    _refuse_same_item(actions)
    _collect(actions, lambda action: _check(transaction, action))
    size_bytes = sum(_size_bytes(action) for action in actions)
    if size_bytes > TRANSACTION_BYTES_MAX:
        raise validation_error("Transaction request size exceeded the 4 MB limit")
    if session.throttle is not None:
        _collect(actions, partial(_admit, session.throttle))


def _collect(actions: list[_Action], step: Callable[[_Action], None]) -> None:
    """Take one step of every action; when some fail, the transaction is cancelled with the reasons of all."""
    reasons: list[dict[str, Any] | None] = []
    for action in actions:
        try:
            step(action)
            reasons.append(None)
        except EmptyKeyError:
            raise
        except DynamoError as error:
            if not is_cancelling(error):
                raise
            reasons.append(cancellation_reason(error))
    if any(reasons):
        raise transaction_cancelled(reasons)


def _prepare(action: _Action) -> None:
    action.key, action.changer = action.write.prepare(action.table)


def _refuse_same_item(actions: list[_Action]) -> None:
    if len({(action.table.name, action.key) for action in actions}) != len(actions):
        raise validation_error("Transaction request cannot include multiple operations on one item")


def _check(transaction: Transaction, action: _Action) -> None:
    action.before = find_item(transaction, action.table, action.key)
    check_condition(action.write.condition, action.before, action.write.request)
    assert action.changer is not None
    action.change = action.changer(action.before)


def _admit(throttle: Throttle, action: _Action) -> None:
    if action.change is None:
        admit_look(throttle, action.table, action.key, _size_bytes(action), transacted=True)
    else:
        admit_change(throttle, action.table, action.change, transacted=True)


def _size_bytes(action: _Action) -> int:
    stored = action.change.after if action.change is not None and action.change.after is not None else action.before
    return 0 if stored is None else stored.size_bytes


def _bytes_before(action: _Action) -> int:
    return 0 if action.before is None else action.before.size_bytes


def _apply(transaction: Transaction, actions: list[_Action]) -> list[tuple[Table, TableCost]]:
    """Write what was checked; gives what it costs, table by table."""
    costs: dict[str, tuple[Table, TableCost]] = {}
    for action in actions:
        if action.change is None:
            cost = TableCost(table=write_units(_size_bytes(action)))
        else:
            cost = apply_change(transaction, action.table, action.change)
        _, total = costs.setdefault(action.table.name, (action.table, TableCost()))
        total.add(cost.in_transaction())
    return list(costs.values())


def _metrics(transaction: Transaction, request: Mapping[str, Any], actions: list[_Action]) -> dict[str, Any]:
    response: dict[str, Any] = {}
    by_table: dict[str, list[dict[str, Any]]] = {}
    for action in actions:
        if action.change is not None and wants_metrics(request, action.table):
            metrics = collection_metrics(transaction, action.table, key_of_write(action.table, action.write))
            by_table.setdefault(action.table.name, []).append(metrics)
    for name, metrics_of_table in by_table.items():
        add_metrics(response, name, metrics_of_table)
    return response


def _digest(token: str, content: list[Any]) -> bytes:
    try:
        return hashlib.sha256(orjson.dumps([token, content], option=orjson.OPT_SORT_KEYS)).digest()
    except orjson.JSONEncodeError as error:
        raise serialization_error("Invalid UTF-8 in a string value") from error


def _earlier_outcome(session: Session, transaction: Transaction, token: str, digest: bytes) -> bytes | None:
    """The outcome of the transaction that had this token in the last ten minutes."""
    found = transaction.find_token(token, now=session.clock())
    if found is None:
        return None
    if found[0] != digest:
        raise DynamoError(
            "IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request.",
        )
    return found[1]


def _remember(session: Session, transaction: Transaction, token: str, *, digest: bytes, actions: list[_Action]) -> None:
    """Keep the token, and the larger of each item's sizes before and after: what a repeated call is charged for."""
    now = session.clock()
    outcome = orjson.dumps([max(_size_bytes(action), _bytes_before(action)) for action in actions])
    transaction.save_token(token, digest=digest, outcome=outcome, now=now, expires_at=now + CLIENT_TOKEN_SECONDS)


def _answer_again(request: Mapping[str, Any], actions: list[_Action], outcome: bytes) -> dict[str, Any]:
    """A repeated call changes nothing and consumes read units, as documented."""
    costs: dict[str, tuple[Table, TableCost]] = {}
    for action, size_bytes in zip(actions, orjson.loads(outcome), strict=True):
        _, total = costs.setdefault(action.table.name, (action.table, TableCost()))
        total.add(TableCost(table=read_units(size_bytes, consistent=True) * _TRANSACTION_FACTOR))
    return add_consumed_capacities({}, request, costs.values(), kind="Read")
