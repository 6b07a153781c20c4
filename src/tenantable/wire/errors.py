"""DynamoDB's errors by their exact names. A message stands where it is raised, or here when several places need it."""

from typing import Any

from tenantable.errors import TenantableError

CONDITION_FAILED = "The conditional request failed"
TABLE_NOT_FOUND = "Requested resource not found"
ITEM_UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"
KEY_MISMATCH = "The provided key element does not match the schema"


class DynamoError(TenantableError):
    """
    DynamoDB's own answer.

    `code` is the name without its prefix (`ValidationException`), `message` the text, `extra` further members of the
    answer (`Item`, `CancellationReasons`), `status` the HTTP status: 400 unless the service failed.
    """

    def __init__(self, code: str, message: str, *, extra: dict[str, Any] | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.extra = extra or {}
        self.status = status

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def validation_error(message: str) -> DynamoError:
    return DynamoError("ValidationException", message)


def invalid_parameter_values(detail: str) -> DynamoError:
    return validation_error(f"One or more parameter values were invalid: {detail}")


def serialization_error(message: str) -> DynamoError:
    return DynamoError("SerializationException", message)


def condition_failed(item: dict[str, Any] | None = None) -> DynamoError:
    """`item` is the stored item, given when the caller asked for it with ReturnValuesOnConditionCheckFailure."""
    return DynamoError("ConditionalCheckFailedException", CONDITION_FAILED, extra={"Item": item} if item else None)


def table_not_found(detail: str | None = None) -> DynamoError:
    """Item operations say only the sentence; the control plane adds `: Table: NAME not found`."""
    return DynamoError("ResourceNotFoundException", TABLE_NOT_FOUND + (f": {detail}" if detail else ""))


def resource_in_use(message: str) -> DynamoError:
    return DynamoError("ResourceInUseException", message)


def internal_error(message: str) -> DynamoError:
    return DynamoError("InternalServerError", message, status=500)


def access_denied(message: str) -> DynamoError:
    return DynamoError("AccessDeniedException", message)
