"""UpdateItem: change attributes of an item, or create it."""

from collections.abc import Mapping
from typing import Any

import orjson

from tenantable.engine.items.expressions import refuse_legacy_parameters
from tenantable.engine.items.single_write import answer, old_item, write_one
from tenantable.engine.items.stored import Change, attributes_of
from tenantable.engine.items.writes import read_update
from tenantable.engine.session import Session
from tenantable.expressions.updates import Update


def update_item(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    refuse_legacy_parameters(request, ("AttributeUpdates", "Expected", "ConditionalOperator"))
    write = read_update(request)
    outcome = write_one(session, write)
    return answer(request, outcome, _attributes(session, request, write.update, outcome.change))


def _attributes(session: Session, request: Mapping[str, Any], update: Update | None, change: Change) -> Any:
    """What ReturnValues asks for; empty when nothing."""
    wanted = request.get("ReturnValues")
    if wanted == "ALL_NEW":
        assert change.after is not None
        return session.render(change.after.body)
    if wanted == "UPDATED_OLD" and update is not None:
        return update.updated_old(attributes_of(change.before))
    if wanted == "UPDATED_NEW" and update is not None:
        new = update.updated_new(attributes_of(change.before))
        # Written and read again: these values may be the request's own, and the answer belongs to the caller.
        return session.render(orjson.dumps(new)) if new else None
    return old_item(session, request, change)
