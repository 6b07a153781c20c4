"""
CreateTable: a table with its keys and indexes.

It can be used at once; the answer says CREATING, as the service's does, and DescribeTable says ACTIVE.
"""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.lifecycle import follow_specification
from tenantable.engine.tables.creation import check_room, create, read_definition
from tenantable.engine.tables.descriptions import describe_table
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import resource_in_use, validation_error


def create_table(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    if session.catalog.is_foreign(request["TableName"]):
        raise validation_error(f"{request['TableName']} is in another account or region")
    definition = read_definition(session, request)

    def work(transaction: Transaction) -> Table:
        if session.catalog.find(definition.name) is not None:
            raise resource_in_use(f"Table already exists: {definition.name}")
        check_room(session)
        table = follow_specification(session, transaction, create(session, transaction, definition))
        session.catalog.save(transaction, table)
        return table

    table = session.storage.write(work)
    return {"TableDescription": describe_table(session, table, status="CREATING")}
