"""
DeleteTable: a table with everything in it. It is gone at once; the answer says DELETING, as the service's does.

What a table with point-in-time recovery held becomes a backup by the system.
"""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.backups.backup import keep_deleted
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.lifecycle import end_stream
from tenantable.engine.tables.descriptions import describe_deletion
from tenantable.engine.tables.schema import drop_table
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import validation_error


def delete_table(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    def work(transaction: Transaction) -> Table:
        table = session.catalog.described_table(request["TableName"])
        if table.deletion_protected:
            raise validation_error(
                "Resource cannot be deleted as it is currently protected against deletion. "
                "Disable deletion protection first."
            )
        end_stream(session, transaction, table)
        if table.undo is not None:
            keep_deleted(session, transaction, table)
        drop_table(transaction, table, keeps_items=table.undo is not None)
        session.catalog.forget(transaction, table)
        return table

    table = session.storage.write(work)
    return {"TableDescription": describe_deletion(session, table)}
