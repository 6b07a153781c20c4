"""TransactGetItems: up to 100 items as they were at one moment."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.items.expressions import read_projection
from tenantable.engine.items.transacted_reads import TransactedRead, read_transaction
from tenantable.engine.session import Session
from tenantable.wire.values import check_item


def transact_get_items(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    return read_transaction(session, request, [_decode(entry["Get"]) for entry in request["TransactItems"]])


def _decode(get: Mapping[str, Any]) -> TransactedRead:
    key_item, _ = check_item(get["Key"])
    return TransactedRead(
        table_name=get["TableName"], key_item=lambda _table: key_item, projection=read_projection(get)
    )
