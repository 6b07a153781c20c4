"""ListTagsOfResource: the tags of a table; 50 at most, so they come in one page."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.wire.errors import validation_error


def list_tags_of_resource(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    if request.get("NextToken") is not None:
        raise validation_error("Invalid NextToken")  # none was ever given
    table = session.catalog.tagged_table(request["ResourceArn"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in table.tags.items()]}
