"""ListTagsOfResource: the tags of a table; 50 at most, so they come in one page."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session


def list_tags_of_resource(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    table = session.catalog.tagged_table(request["ResourceArn"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in table.tags.items()]}
