"""Switching expiry on and off: the order in which the items of a table expire."""

from dataclasses import replace

import orjson

from tenantable.engine.expiry.times import expires_at
from tenantable.engine.storage.queries import expiry_relation
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table


def begin_expiry(transaction: Transaction, table: Table, attribute: str) -> Table:
    """The table with its items in the order in which this attribute lets them expire."""
    relation = expiry_relation(transaction.add_relation())
    transaction.create(relation)
    for key, _, body in transaction.walk(table.items):
        at = expires_at(orjson.loads(body), attribute)
        if at is not None:
            transaction.add_expiry(relation, at, key)
    return replace(table, time_to_live=attribute, expiry=relation)


def end_expiry(transaction: Transaction, table: Table) -> Table:
    """The table, whose items live for ever from now on."""
    if table.expiry is not None:
        transaction.drop(table.expiry)
    return replace(table, time_to_live=None, expiry=None)
