"""ListTables: the names of all tables, sorted, page by page."""

from collections.abc import Mapping
from itertools import dropwhile, islice
from typing import Any

from tenantable.engine.session import Session

_PAGE_NAMES_MAX = 100


def list_tables(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    start = request.get("ExclusiveStartTableName") or ""
    limit = request.get("Limit") or _PAGE_NAMES_MAX
    names = list(islice(dropwhile(lambda name: name <= start, session.catalog.all_names()), limit + 1))
    response: dict[str, Any] = {"TableNames": names[:limit]}
    if len(names) > limit:
        response["LastEvaluatedTableName"] = names[limit - 1]
    return response
