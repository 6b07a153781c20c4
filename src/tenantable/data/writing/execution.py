"""Carrying writes out: alone where one is enough, in a transaction where several belong together."""

from collections.abc import Sequence
from typing import Any

from tenantable.data.session import Session
from tenantable.data.writing.write import Write
from tenantable.errors import DataError, Unavailable
from tenantable.wire.errors import DynamoError
from tenantable.wire.limits import TRANSACTION_ITEMS_MAX
from tenantable.wire.values import Item

CONDITION_FAILED = "ConditionalCheckFailedException"
_TRANSACTION_FAILED = "TransactionCanceledException"
_IN_PROGRESS = "TransactionInProgressException"
_CONFLICTS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def run_single(session: Session, write: Write, *, returning: bool = False) -> Item | None:
    """
    Carry out a write that has no markers.

    Args:
        returning: Give the item as it is afterwards; for updates only.
    Raises:
        ConditionFailed, ItemNotFound: As the write explains them.
    """
    request = {**write.request, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    if "ConditionExpression" not in request:
        del request["ReturnValuesOnConditionCheckFailure"]
    if returning:
        request["ReturnValues"] = "ALL_NEW"
    try:
        answer = session.call(f"{write.kind}Item", request)
    except DynamoError as error:
        if error.code != CONDITION_FAILED:
            raise
        raise write.explain(error.extra.get("Item")) from error
    attributes: Item | None = answer.get("Attributes")
    return attributes


def run_together(session: Session, writes: Sequence[Write], *, token: str | None = None) -> None:
    """
    Carry out writes and their markers in one transaction: all or none.

    Args:
        token: Makes the transaction idempotent for ten minutes; None: a fresh one.
    Raises:
        ConditionFailed, ItemNotFound, DuplicateValue: What the first failed write means.
        Unavailable: Others kept on writing the same items.
        DataError: More than 100 items, or one item twice.
    """
    elements = [element for write in writes for element in (write, *write.markers)]
    if len(elements) > TRANSACTION_ITEMS_MAX:
        raise DataError(f"{len(elements)} items are too many for a transaction; at most {TRANSACTION_ITEMS_MAX}")
    request = {
        "TransactItems": [
            {element.kind: {**element.request, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
            for element in elements
        ],
        "ClientRequestToken": token or session.new_token(),
    }
    for attempt in range(1, session.backoff.attempts_max + 1):
        try:
            session.call("TransactWriteItems", request)
        except DynamoError as error:
            if error.code != _IN_PROGRESS and not _only_conflicts(error):
                raise _explained(error, elements) from error
        else:
            return
        session.backoff.wait(attempt)
    subjects = ", ".join(write.subject for write in writes)
    raise Unavailable(f"others kept on writing {subjects}", hint="try again later")


def _reasons(error: DynamoError) -> list[dict[str, Any]]:
    return error.extra.get("CancellationReasons") or [] if error.code == _TRANSACTION_FAILED else []


def _only_conflicts(error: DynamoError) -> bool:
    codes = {reason.get("Code", "None") for reason in _reasons(error)} - {"None"}
    return bool(codes) and codes <= _CONFLICTS


def _explained(error: DynamoError, elements: Sequence[Write]) -> Exception:
    """The error of the first element whose condition failed; DynamoDB's own where no condition did."""
    for element, reason in zip(elements, _reasons(error), strict=False):
        if reason.get("Code") == "ConditionalCheckFailed":
            return element.explain(reason.get("Item"))
    return error
