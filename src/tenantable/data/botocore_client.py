"""A user's own botocore client behind the DynamoClient port."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tenantable.errors import Unavailable
from tenantable.wire.errors import DynamoError, serialization_error


class BotocoreClient:
    """
    Carries out operations with a botocore client for DynamoDB; retries, time-outs and credentials are that client's.

    Its low-level form is meant (`boto3.client("dynamodb")`, `session.create_client("dynamodb")`): the client inside a
    boto3 resource takes Python values in place of attribute values.

    Binary values are base64 text on this side and bytes on botocore's; times are epoch seconds here, datetimes there.
    """

    def __init__(self, client: Any, *, connection_errors: tuple[type[Exception], ...] = ()) -> None:
        """
        Args:
            client: Used from as many threads as this object is; botocore's clients allow that.
            connection_errors: What the client raises when no answer comes: `ConnectionError` and `HTTPClientError`
                of `botocore.exceptions`. They become Unavailable; any other error of botocore's own passes through.
        """
        self._client = client
        self._connection_errors = connection_errors
        self._methods = {operation: name for name, operation in client.meta.method_to_api_mapping.items()}

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """See DynamoClient.call. Raises Unavailable when no answer came."""
        method = self._methods.get(operation)
        if method is None:
            raise DynamoError("UnknownOperationException", f"botocore knows no operation {operation}")
        try:
            answer = getattr(self._client, method)(**_members_for_botocore(request))
        except self._client.exceptions.ClientError as error:
            raise _dynamo_error(error.response) from error
        except self._connection_errors as error:
            endpoint = self._client.meta.endpoint_url
            raise Unavailable(
                f"{endpoint} did not answer {operation}: {error}", hint="check the client's endpoint and network"
            ) from error
        return _members_from_botocore(answer)


def _dynamo_error(response: Mapping[str, Any]) -> DynamoError:
    members = _members_from_botocore(response)
    error = members.pop("Error", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    extra = {name: member for name, member in members.items() if name.lower() != "message"}
    return DynamoError(error.get("Code", "Unknown"), error.get("Message", ""), extra=extra, status=status)


def _members_for_botocore(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _for_botocore(member) for name, member in request.items()}


def _members_from_botocore(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _from_botocore(member) for name, member in answer.items() if name != "ResponseMetadata"}


def _for_botocore(value: Any) -> Any:
    """
    The value with binaries as bytes.

    An object whose one member is `B` with text, or `BS` with a list, is an attribute value wherever it stands: an
    attribute that happens to be named `B` holds an object.
    """
    if isinstance(value, list):
        return [_for_botocore(element) for element in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        if isinstance(encoded := value.get("B"), str):
            return {"B": _bytes_of(encoded)}
        if isinstance(elements := value.get("BS"), list):
            return {"BS": [_bytes_of(element) for element in elements]}
    return {name: _for_botocore(member) for name, member in value.items()}


def _bytes_of(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise serialization_error("Base64 encoded length is expected a multiple of 4 bytes") from None


def _from_botocore(value: Any) -> Any:
    """The value with bytes as base64 text and datetimes as epoch seconds."""
    if isinstance(value, dict):
        return {name: _from_botocore(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_from_botocore(element) for element in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.timestamp()
    return value
