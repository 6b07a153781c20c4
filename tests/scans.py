"""Reading whole tables."""

from collections.abc import Iterator
from typing import Any

from tenantable.wire.client import DynamoClient
from tenantable.wire.values import Item


def scanned(client: DynamoClient, table: str, **members: Any) -> Iterator[Item]:
    """All items, page by page; `members` are further ones of the requests."""
    request = {"TableName": table, **members}
    while True:
        page = client.call("Scan", request)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
