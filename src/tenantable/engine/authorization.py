"""Where the engine meets policy. It knows nothing of policies: it asks, before any work, and is told no by an error."""

from collections.abc import Mapping
from typing import Any, Protocol

from tenantable.wire.keys import TableKeysLookup


class Authorizer(Protocol):
    """Decides whether a principal may do what a request asks."""

    def authorize(self, principal: str, operation: str, request: Mapping[str, Any], tables: TableKeysLookup) -> None:
        """
        Return when the request is allowed.

        Args:
            principal: The ARN of who asks.
            operation: The API's name for it, such as `PutItem`.
            request: DynamoDB JSON; its shape was checked, its values and expressions were not.
            tables: The keys of a table and its indexes, by the table's name or ARN.
        Raises:
            DynamoError: AccessDeniedException with the sentence that says what is missing.
        """
        ...
