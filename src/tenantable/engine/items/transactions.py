"""What TransactWriteItems and TransactGetItems have in common: the error that says why a transaction was cancelled."""

from collections.abc import Sequence
from typing import Any

from tenantable.engine.metering.throttle import PROVISIONED_EXCEEDED, THROTTLING
from tenantable.wire.errors import DynamoError

_CODES = {
    "ValidationException": "ValidationError",
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "DuplicateItemException": "DuplicateItem",
    PROVISIONED_EXCEEDED: "ProvisionedThroughputExceeded",
    THROTTLING: "ThrottlingError",
}


def cancellation_reason(error: DynamoError) -> dict[str, Any]:
    """What one action's failure becomes in the list of reasons."""
    return {"Code": _CODES[error.code], "Message": error.message, **item_of(error)}


def item_of(error: DynamoError) -> dict[str, Any]:
    """Of what an error shows beside its message, the item: all that there is room for in an error of one part."""
    return {name: shown for name, shown in error.extra.items() if name == "Item"}


def transaction_cancelled(reasons: Sequence[dict[str, Any] | None]) -> DynamoError:
    """`reasons` has one place for each action, in their order; None for those that did not fail."""
    shown = [reason or {"Code": "None"} for reason in reasons]
    codes = ", ".join(reason["Code"] for reason in shown)
    return DynamoError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        extra={"CancellationReasons": shown},
    )


def is_cancelling(error: DynamoError) -> bool:
    """Whether an action's error cancels the transaction; any other error is the answer itself."""
    return error.code in _CODES
