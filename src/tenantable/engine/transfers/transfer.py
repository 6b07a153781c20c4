"""What is known of an export or import: the description that the API shows, kept as it is shown."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson

from tenantable.engine.session import Session
from tenantable.engine.storage.reading import Reader
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.transfers.limits import LISTED_SECONDS, TOKEN_SECONDS
from tenantable.wire.arns import table_beside
from tenantable.wire.errors import DynamoError

IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
EXPORT = "export"
IMPORT = "import"

_STATUS = {EXPORT: "ExportStatus", IMPORT: "ImportStatus"}
_ARN = {EXPORT: "ExportArn", IMPORT: "ImportArn"}

Description = dict[str, Any]
Begun = TypeVar("Begun")


def new_name(session: Session) -> str:
    """The name of a data file, as good as nobody else's."""
    return f"{session.random.getrandbits(128):032x}"


def begin_transfer(
    session: Session,
    transaction: Transaction,
    kind: str,
    *,
    request: Mapping[str, Any],
    begin: Callable[[Transaction], tuple[Description, Begun]],
    most: int,
) -> tuple[Description, Begun | None]:
    """
    Write down that an export or import is under way, unless its client token says that it is already.

    Args:
        begin: Gives its description, and what it is carried out with. It may refuse, but not what an earlier request
            with the same token has done.
        most: How many of this kind may be under way.
    Returns:
        The description, and None if it is that of an earlier request.
    Raises:
        DynamoError: The token was used with other parameters, or LimitExceededException.
    """
    token = request.get("ClientToken")
    now = session.clock()
    digest = hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).digest()
    earlier = None if token is None else transaction.find_token(f"{kind}/{token}", now=now)
    if earlier is not None:
        if earlier[0] != digest:
            raise _mismatch(kind)
        known = transaction.transfer(earlier[1].decode())
        if known is not None:
            return orjson.loads(known), None
    under_way = [known for _arn, known in of_kind(transaction, kind) if known[_STATUS[kind]] == IN_PROGRESS]
    if len(under_way) >= most:
        raise DynamoError("LimitExceededException", f"There can be at most {most} concurrent {kind}s")
    description, begun = begin(transaction)
    save_transfer(transaction, kind, description)
    if token is not None:
        outcome = str(description[_ARN[kind]]).encode()
        transaction.save_token(
            f"{kind}/{token}", digest=digest, outcome=outcome, now=now, expires_at=now + TOKEN_SECONDS
        )
    return description, begun


def save_transfer(transaction: Transaction, kind: str, description: Description) -> None:
    transaction.save_transfer(description[_ARN[kind]], orjson.dumps(description))


def failed(session: Session, kind: str, description: Description, *, code: str, message: str) -> Description:
    return {
        **description,
        _STATUS[kind]: FAILED,
        "EndTime": session.clock(),
        "FailureCode": code,
        "FailureMessage": message,
    }


def find_transfer(session: Session, kind: str, arn: str) -> Description:
    """
    Raises:
        DynamoError: ExportNotFoundException or ImportNotFoundException.
    """
    with session.storage.read() as reader:
        known = reader.transfer(arn) if table_beside(arn, kind) is not None else None
    if known is None:
        title = kind.capitalize()
        raise DynamoError(f"{title}NotFoundException", f"{title} not found: {arn}")
    description: Description = orjson.loads(known)
    return description


def of_kind(reader: Reader | Transaction, kind: str) -> list[tuple[str, Description]]:
    """All exports or imports, the newest of each table first."""
    return [
        (arn, orjson.loads(description))
        for arn, description in reader.transfers()
        if table_beside(arn, kind) is not None
    ]


def fail_interrupted(session: Session, transaction: Transaction) -> None:
    """Say of everything that a crash has interrupted that it failed: only when nobody can be at it."""
    for kind in (EXPORT, IMPORT):
        for _arn, description in of_kind(transaction, kind):
            if description[_STATUS[kind]] == IN_PROGRESS:
                message = f"The engine was stopped before the {kind} was complete; ask for it again"
                ended = failed(session, kind, description, code="Interrupted", message=message)
                save_transfer(transaction, kind, ended)


def forget_old(session: Session) -> int:
    """Forget exports and imports that are not listed any more: how many."""
    oldest = session.clock() - LISTED_SECONDS
    with session.storage.read() as reader:
        known = [*of_kind(reader, EXPORT), *of_kind(reader, IMPORT)]
    old = [arn for arn, description in known if description["StartTime"] < oldest]

    def work(transaction: Transaction) -> None:
        for arn in old:
            transaction.forget_transfer(arn)

    if old:
        session.storage.write(work)
    return len(old)


def iso_time(seconds: float) -> str:
    """As manifests have it: to the millisecond, with a Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _mismatch(kind: str) -> DynamoError:
    message = "The request uses the same client token as a previous, but non-identical request."
    code = "IdempotentParameterMismatchException" if kind == EXPORT else "ImportConflictException"
    return DynamoError(code, message)
