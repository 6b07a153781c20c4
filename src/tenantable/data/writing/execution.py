"""Carrying writes out: alone where one is enough, in a transaction where several belong together."""

from collections.abc import Sequence
from typing import Any

from tenantable.data.session import Session
from tenantable.data.writing.write import Write
from tenantable.errors import ConditionFailed, DataError, StaleItem, Unavailable
from tenantable.wire.errors import DynamoError
from tenantable.wire.limits import TRANSACTION_ITEMS_MAX
from tenantable.wire.values import Item

CONDITION_FAILED = "ConditionalCheckFailedException"
_ACCESS_DENIED = "AccessDeniedException"
_BLIND = frozenset({"Update", "ConditionCheck"})
"""Kinds of writes that components may be granted for some attributes only, which rules out answers with whole items."""
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
    request = {**write.request}
    if "ConditionExpression" in request and (returning or write.kind not in _BLIND):
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if returning:
        request["ReturnValues"] = "ALL_NEW"
    try:
        answer = session.call(f"{write.kind}Item", request)
    except DynamoError as error:
        if error.code != CONDITION_FAILED:
            raise
        seen = "ReturnValuesOnConditionCheckFailure" in request
        raise _explanation(session, write, error.extra.get("Item"), seen=seen) from error
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
        DataError: More than 100 items.
        DynamoError: DynamoDB's other answers, such as that one item is in it twice.
    """
    elements = [element for write in writes for element in (write, *write.markers)]
    if len(elements) > TRANSACTION_ITEMS_MAX:
        raise DataError(f"{len(elements)} items are too many for a transaction; at most {TRANSACTION_ITEMS_MAX}")
    request = {
        "TransactItems": [{element.kind: _element(element)} for element in elements],
        "ClientRequestToken": token or session.new_token(),
    }
    for attempt in range(1, session.backoff.attempts_max + 1):
        try:
            session.call("TransactWriteItems", request)
        except DynamoError as error:
            if error.code != _IN_PROGRESS and not _only_conflicts(error):
                raise _explained(session, error, elements) from error
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


def _element(write: Write) -> dict[str, Any]:
    request = {**write.request}
    if write.kind not in _BLIND:
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return request


def _explained(session: Session, error: DynamoError, elements: Sequence[Write]) -> Exception:
    """The error of the first element whose condition failed; DynamoDB's own where no condition did."""
    for element, reason in zip(elements, _reasons(error), strict=False):
        if reason.get("Code") == "ConditionalCheckFailed":
            return _explanation(session, element, reason.get("Item"), seen=element.kind not in _BLIND)
    return error


def _explanation(session: Session, write: Write, item: Item | None, *, seen: bool) -> DataError:
    """What a failed condition means. When the answer could not show the item, it is read, if that is allowed."""
    if seen:
        return write.explain(item)
    request = {"TableName": write.request["TableName"], "Key": write.request["Key"], "ConsistentRead": True}
    try:
        return write.explain(session.call("GetItem", request).get("Item"))
    except DynamoError as error:
        if error.code != _ACCESS_DENIED:
            raise
    kind = StaleItem if write.locked else ConditionFailed
    return kind(f"{write.subject} does not exist, or is not as the write demands")
