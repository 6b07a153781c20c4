"""DescribeLimits: the documented default quotas of an account."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session


def describe_limits(_session: Session, _request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }
