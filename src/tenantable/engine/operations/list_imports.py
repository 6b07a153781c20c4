"""ListImports: the imports of the last 90 days, page by page."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.transfers.listing import list_page
from tenantable.engine.transfers.transfer import IMPORT


def list_imports(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    page, token = list_page(session, IMPORT, request, limit=request.get("PageSize"))
    members = ("ImportArn", "ImportStatus", "TableArn", "S3BucketSource", "InputFormat", "StartTime", "EndTime")
    summaries = [{name: known[name] for name in members if name in known} for known in page]
    response: dict[str, Any] = {"ImportSummaryList": summaries}
    if token is not None:
        response["NextToken"] = token
    return response
