"""Where the engine meets policy. It knows nothing of policies: it asks, before any work, and is told no by an error."""

from collections.abc import Mapping
from typing import Any, Protocol

from tenantable.wire.keys import TableKeysLookup
from tenantable.wire.principals import Principal


class Authorizer(Protocol):
    """Decides whether a principal may do what a request asks."""

    def authorize(
        self, principal: Principal, operation: str, request: Mapping[str, Any], tables: TableKeysLookup
    ) -> None:
        """
        Return when the request is allowed.

        Args:
            principal: Who asks: an ARN or a session; a `Sender` with either where the request came over HTTP.
            operation: The API's name for it, such as `PutItem`.
            request: DynamoDB JSON; its shape was checked, its values and expressions were not.
            tables: What is to be known of a table, by its name or ARN, or of a stream by its ARN. As long as nothing
                changes it is the same object.
        Raises:
            DynamoError: AccessDeniedException with the sentence that says what is missing.
        """
        ...

    def check_policy(self, document: str) -> None:
        """
        Return when a document, JSON text, can hang on a table or stream and be evaluated.

        Raises:
            DynamoError: ValidationException that says what is wrong with it.
        """
        ...
