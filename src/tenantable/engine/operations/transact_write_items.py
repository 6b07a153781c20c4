"""TransactWriteItems: up to 100 writes and checks, all or none."""

from collections.abc import Callable, Mapping
from typing import Any

from tenantable.engine.items.transacted_writes import write_transaction
from tenantable.engine.items.writes import Write, read_condition_check, read_delete, read_put, read_update
from tenantable.engine.session import Session
from tenantable.wire.errors import validation_error

_READERS: dict[str, Callable[[Mapping[str, Any]], Write]] = {
    "ConditionCheck": read_condition_check,
    "Put": read_put,
    "Delete": read_delete,
    "Update": read_update,
}


def transact_write_items(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    entries = request["TransactItems"]
    return write_transaction(session, request, [_read_action(entry) for entry in entries], content=entries)


def _read_action(entry: Mapping[str, Any]) -> Write:
    given = [name for name in _READERS if entry.get(name) is not None]
    if len(given) != 1:
        raise validation_error("TransactItems can only contain one of Check, Put, Update or Delete")
    return _READERS[given[0]](entry[given[0]])
