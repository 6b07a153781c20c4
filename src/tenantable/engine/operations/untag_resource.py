"""UntagResource: take tags from a table; a key that it does not have is ignored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.wire.errors import validation_error


def untag_resource(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    if not request["TagKeys"]:
        raise validation_error("Atleast one Tag Key needs to be provided as Input.")

    def work(transaction: Transaction) -> None:
        table = session.catalog.tagged_table(request["ResourceArn"])
        remaining = {key: value for key, value in table.tags.items() if key not in request["TagKeys"]}
        session.catalog.save(transaction, replace(table, tags=remaining))

    session.storage.write(work)
    return {}
