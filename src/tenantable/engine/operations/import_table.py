"""
ImportTable: a new table with the items that stand in the objects of a bucket.

It is filled before the answer is given, in bounded steps. The answer says IN_PROGRESS, as the service's does.
"""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.transfers.imports import import_table as carry_out


def import_table(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"ImportTableDescription": carry_out(session, request)}
