"""What PutItem, UpdateItem and DeleteItem have in common: one write, carried out and answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tenantable.engine.capacity import TableCost, add_consumed_capacity
from tenantable.engine.items.collections import collection_metrics, wants_metrics
from tenantable.engine.items.expressions import check_condition
from tenantable.engine.items.stored import Change, apply_change, attributes_of, find_item
from tenantable.engine.items.writes import Write, key_of_write
from tenantable.engine.metering.admission import admit_change, admit_look
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.expressions.updates import Update
from tenantable.wire.errors import DynamoError


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What a write did; `metrics` are those of the item collection, None when they are not asked for."""

    table: Table
    change: Change
    cost: TableCost
    metrics: dict[str, Any] | None


def write_one(session: Session, write: Write) -> Outcome:
    """
    Carry out a write; return when it is durable.

    Raises:
        DynamoError: The table does not exist, the write does not fit it, or its condition does not hold.
    """

    return session.storage.write(lambda transaction: carry_out(session, transaction, write))


def carry_out(session: Session, transaction: Transaction, write: Write) -> Outcome:
    """As `write_one`, inside a transaction. A write that fails has changed nothing."""
    table = session.catalog.table(write.request["TableName"])
    key, changer = write.prepare(table)
    before = find_item(transaction, table, key)
    try:
        check_condition(write.condition, before, write.request)
    except DynamoError:
        admit_look(session.throttle, table, key, before.size_bytes if before else 0)
        raise
    change = changer(before)
    assert change is not None
    admit_change(session.throttle, table, change)
    cost = apply_change(transaction, table, change)
    metrics = None
    if wants_metrics(write.request, table):
        metrics = collection_metrics(transaction, table, key_of_write(table, write))
    return Outcome(table=table, change=change, cost=cost, metrics=metrics)


def answer(request: Mapping[str, Any], outcome: Outcome, attributes: Any) -> dict[str, Any]:
    """The answer to a write; `attributes` is what ReturnValues asks for, left out when empty."""
    response: dict[str, Any] = {"Attributes": attributes} if attributes else {}
    add_consumed_capacity(response, request, outcome.table, outcome.cost)
    if outcome.metrics is not None:
        response["ItemCollectionMetrics"] = outcome.metrics
    return response


def old_item(session: Session, request: Mapping[str, Any], change: Change) -> Any:
    """The answer to `ReturnValues=ALL_OLD`; None without it, or when there was no item."""
    wanted = request.get("ReturnValues") == "ALL_OLD"
    return session.render(change.before.body) if wanted and change.before is not None else None


def returned_attributes(session: Session, request: Mapping[str, Any], update: Update | None, change: Change) -> Any:
    """What ReturnValues asks for; empty when nothing."""
    wanted = request.get("ReturnValues")
    if wanted == "ALL_NEW":
        return None if change.after is None else session.render(change.after.body)
    if wanted == "UPDATED_OLD" and update is not None:
        return update.updated_old(attributes_of(change.before))
    if wanted == "UPDATED_NEW" and update is not None:
        new = update.updated_new(attributes_of(change.before))
        # Written and read again: these values may be the request's own, and the answer belongs to the caller.
        return session.render(orjson.dumps(new)) if new else None
    return old_item(session, request, change)
