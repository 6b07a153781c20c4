"""TagResource: add tags to a table."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.tagging import add_tags
from tenantable.wire.errors import validation_error


def tag_resource(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    if not request["Tags"]:  # refused (https://github.com/cortexproject/cortex/pull/445) in the service's spelling
        raise validation_error("Atleast one Tag needs to be provided as Input.")

    def work(transaction: Transaction) -> None:
        table = session.catalog.tagged_table(request["ResourceArn"])
        session.catalog.save(transaction, replace(table, tags=add_tags(table.tags, request["Tags"])))

    session.storage.write(work)
    return {}
