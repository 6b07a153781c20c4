"""UpdateItem: change attributes of an item, or create it."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.items.expressions import refuse_legacy_parameters
from tenantable.engine.items.single_write import answer, returned_attributes, write_one
from tenantable.engine.items.writes import read_update
from tenantable.engine.session import Session


def update_item(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    refuse_legacy_parameters(request, ("AttributeUpdates", "Expected", "ConditionalOperator"))
    write = read_update(request)
    outcome = write_one(session, write)
    return answer(request, outcome, returned_attributes(session, request, write.update, outcome.change))
