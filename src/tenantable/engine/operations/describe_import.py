"""DescribeImport: what is known of an import."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.transfers.transfer import IMPORT, find_transfer


def describe_import(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"ImportTableDescription": find_transfer(session, IMPORT, request["ImportArn"])}
