"""UpdateItem: change attributes of an item, or create it."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.items.single_write import answer, returned_attributes, write_one
from tenantable.engine.items.writes import read_update
from tenantable.engine.legacy.expected import with_expected
from tenantable.engine.legacy.parameters import UPDATE
from tenantable.engine.legacy.updates import with_attribute_updates
from tenantable.engine.session import Session


def update_item(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    UPDATE.refuse_mixture(request)
    write = with_expected(with_attribute_updates(read_update(request)))
    outcome = write_one(session, write)
    return answer(request, outcome, returned_attributes(session, request, write.update, outcome.change))
