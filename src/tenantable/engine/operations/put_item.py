"""PutItem: store an item, or replace the one that has its key."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.items.single_write import answer, old_item, write_one
from tenantable.engine.items.writes import read_put
from tenantable.engine.legacy.expected import with_expected
from tenantable.engine.legacy.parameters import WRITE
from tenantable.engine.session import Session
from tenantable.wire.errors import validation_error


def put_item(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    WRITE.refuse_mixture(request)
    if request.get("ReturnValues") not in {None, "NONE", "ALL_OLD"}:
        raise validation_error("ReturnValues can only be ALL_OLD or NONE")
    outcome = write_one(session, with_expected(read_put(request)))
    return answer(request, outcome, old_item(session, request, outcome.change))
