"""DescribeEndpoints: the service's regional name. Over HTTP it is told as the address that the caller has reached."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session

_CACHE_MINUTES = 1440


def describe_endpoints(session: Session, _request: Mapping[str, Any]) -> dict[str, Any]:
    address = f"dynamodb.{session.home.region}.amazonaws.com"
    return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": _CACHE_MINUTES}]}
