"""The one port that matters: the DynamoDB API itself."""

from collections.abc import Mapping
from typing import Any, Protocol


class DynamoClient(Protocol):
    """Anything that answers DynamoDB's API: the engine in process, the signed HTTP client, a botocore client."""

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Carry out one operation.

        Args:
            operation: The API's name for it, such as `PutItem`.
            request: DynamoDB JSON, as in the API reference; binary values are base64 text. Never changed.
        Returns:
            DynamoDB JSON. The caller owns it.
        Raises:
            DynamoError: DynamoDB's own answer, exact name and message.
        """
        ...
