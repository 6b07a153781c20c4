"""DescribeTimeToLive: whether items of a table expire, and by which attribute."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session


def describe_time_to_live(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    table = session.catalog.described_table(request["TableName"])
    description = {"TimeToLiveStatus": "DISABLED" if table.time_to_live is None else "ENABLED"}
    if table.time_to_live is not None:
        description["AttributeName"] = table.time_to_live
    return {"TimeToLiveDescription": description}
