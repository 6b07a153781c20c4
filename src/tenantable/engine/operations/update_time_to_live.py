"""
UpdateTimeToLive: name the attribute by which items expire, or let them live for ever.

The items that are there are put in order before the answer is given.
"""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.expiry.switch import begin_expiry, end_expiry
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.wire.errors import validation_error


def update_time_to_live(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    specification = request["TimeToLiveSpecification"]
    enabled, attribute = specification["Enabled"], specification["AttributeName"]

    def work(transaction: Transaction) -> None:
        table = session.catalog.described_table(request["TableName"])
        _check(table.time_to_live, enabled=enabled, attribute=attribute)
        changed = begin_expiry(transaction, table, attribute) if enabled else end_expiry(transaction, table)
        session.catalog.save(transaction, changed)

    session.storage.write(work)
    return {"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": attribute}}


def _check(current: str | None, *, enabled: bool, attribute: str) -> None:
    """Refuse what changes nothing, and a change of the attribute without disabling in between."""
    if current is None:
        if not enabled:
            raise validation_error("TimeToLive is already disabled")
    elif current != attribute:
        raise validation_error(f"TimeToLive is active on a different AttributeName: current AttributeName is {current}")
    elif enabled:
        raise validation_error("TimeToLive is already enabled")
