"""ListExports: the exports of the last 90 days, page by page."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.transfers.listing import list_page
from tenantable.engine.transfers.transfer import EXPORT


def list_exports(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    page, token = list_page(session, EXPORT, request, limit=request.get("MaxResults"))
    members = ("ExportArn", "ExportStatus", "ExportType")
    response: dict[str, Any] = {"ExportSummaries": [{name: export[name] for name in members} for export in page]}
    if token is not None:
        response["NextToken"] = token
    return response
