"""DescribeExport: what is known of an export."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.transfers.transfer import EXPORT, find_transfer


def describe_export(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"ExportDescription": find_transfer(session, EXPORT, request["ExportArn"])}
