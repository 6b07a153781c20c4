"""Batch reads and writes: cut into DynamoDB's sizes, and what it leaves over is tried again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenantable.data.session import Session
from tenantable.errors import Unavailable
from tenantable.wire.limits import BATCH_GET_KEYS_MAX, BATCH_WRITE_ITEMS_MAX
from tenantable.wire.values import Item


def batch_get(session: Session, table: str, keys: Sequence[Mapping[str, Any]], *, consistent: bool) -> Iterator[Item]:
    """
    The items of different keys, in no order; missing ones are left out.

    Raises:
        Unavailable: DynamoDB left keys over after all attempts.
    """
    for chunk in _chunks(keys, BATCH_GET_KEYS_MAX):
        pending: dict[str, Any] = {table: {"Keys": list(chunk)}}
        if consistent:
            pending[table]["ConsistentRead"] = True
        for attempt in range(1, session.backoff.attempts_max + 1):
            answer = session.call("BatchGetItem", {"RequestItems": pending})
            yield from answer.get("Responses", {}).get(table, ())
            pending = answer.get("UnprocessedKeys") or {}
            if not pending:
                break
            _wait(session, attempt, f"{len(pending[table]['Keys'])} keys of {table} were not read")


def batch_write(session: Session, table: str, requests: Sequence[Mapping[str, Any]]) -> None:
    """
    Carry out `PutRequest`s and `DeleteRequest`s of different keys; not atomic.

    Raises:
        Unavailable: DynamoDB left writes over after all attempts.
    """
    for chunk in _chunks(requests, BATCH_WRITE_ITEMS_MAX):
        pending: dict[str, Any] = {table: list(chunk)}
        for attempt in range(1, session.backoff.attempts_max + 1):
            pending = session.call("BatchWriteItem", {"RequestItems": pending}).get("UnprocessedItems") or {}
            if not pending:
                break
            _wait(session, attempt, f"{len(pending[table])} items of {table} were not written")


def _wait(session: Session, attempt: int, left: str) -> None:
    if attempt == session.backoff.attempts_max:
        raise Unavailable(f"{left} after {attempt} attempts", hint="the table is throttled; try again later")
    session.backoff.wait(attempt)


def _chunks(items: Sequence[Mapping[str, Any]], size: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
