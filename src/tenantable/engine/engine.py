"""The engine: DynamoDB's API in process."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import orjson

from tenantable.engine.authorization import Authorizer
from tenantable.engine.catalog import Catalog
from tenantable.engine.expiry.sweep import delete_expired
from tenantable.engine.metering.measurements import Measurements, measure
from tenantable.engine.metering.observation import Observer, metered, observed
from tenantable.engine.metering.throttle import Throttle
from tenantable.engine.operations import AUTHORIZED_BY_PARTS, OPERATIONS
from tenantable.engine.session import Session
from tenantable.engine.shapes import check_request
from tenantable.engine.storage.files import Durability, RelationGoneError
from tenantable.engine.storage.storage import Storage
from tenantable.engine.streams.lifecycle import maintain_streams
from tenantable.engine.streams.subscription import Subscription
from tenantable.engine.upgrades import complete_tables
from tenantable.errors import StorageError
from tenantable.wire.arns import Home
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError, serialization_error, table_not_found

MEMORY = ":memory:"


class Engine:
    """
    An embedded DynamoDB, durable in one directory. Threads may share it.

    It is a DynamoClient for which everything is allowed; `as_principal` gives clients that the authorizer is asked
    about.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        home: Home | None = None,
        authorizer: Authorizer | None = None,
        clock: Callable[[], float] = time.time,
        randomness: random.Random | None = None,
        durability: Durability = "power",
        throttle: float = False,
        eventual_seconds: float = 0.0,
        observer: Observer | None = None,
        monotonic: Callable[[], float] = time.perf_counter,
    ) -> None:
        """
        Args:
            path: The data directory, created when there is none; `:memory:` for an engine that forgets.
            home: Account and region that ARNs name; None for an invented pair.
            authorizer: Asked before every request of a principal; None allows everything.
            clock: Seconds since 1970.
            randomness: Where table ids come from; None for the system's.
            durability: What an acknowledged write survives: loss of `power`, the end of the `process` (SIGKILL), or
                `none`.
            throttle: The part of the throughput that is enforced here: True is all of it, 0.5 that of one of two
                processes that share the load, False enforces none.
            eventual_seconds: How far reads without ConsistentRead, and with them all reads of global indexes, are
                behind at most: code that relies on luck fails early. 0: they see what was committed.
            observer: Is told of every operation; None: nobody is, and it costs nothing.
            monotonic: Seconds that only grow, for the observer.
        Raises:
            StorageError: The directory is in use, damaged, of a newer format or cannot be written; or reads are to be
                late in memory.
        """
        self._authorizer = authorizer
        self._operations = OPERATIONS if observer is None else metered(OPERATIONS)
        self._perform = self._carry_out if observer is None else observed(self._carry_out, observer, monotonic)
        self._storage = Storage(
            None if path == MEMORY else Path(path), durability, eventual_seconds=eventual_seconds, clock=clock
        )
        home = home or Home()
        self._session = Session(
            storage=self._storage,
            catalog=Catalog(self._storage, home, clock),
            home=home,
            clock=clock,
            random=randomness or random.SystemRandom(),
            render=orjson.loads,
            throttle=Throttle(home, clock, share=throttle) if throttle else None,
        )
        complete_tables(self._session)
        self._json_session = replace(self._session, render=orjson.Fragment)

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one operation with no principal: everything is allowed. See `DynamoClient.call`."""
        return self._perform(self._session, operation, request, principal=None)

    def call_json(self, operation: str, body: bytes, *, principal: str | None, request_id: str = "") -> bytes:
        """
        As `call`, from JSON to JSON; stored items are copied into the answer without being parsed.

        Args:
            body: The request; nothing at all counts as `{}`.
            principal: The ARN of who asks; None allows everything.
            request_id: What the answer will be known by, for the observer.
        """
        try:
            request = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError as error:
            raise serialization_error("The request body is not valid JSON") from error
        if not isinstance(request, dict):
            raise serialization_error("Unexpected value type in payload")
        return orjson.dumps(
            self._perform(self._json_session, operation, request, principal=principal, request_id=request_id)
        )

    def as_principal(self, arn: str) -> DynamoClient:
        """A client whose every request the authorizer is asked about."""
        return _PrincipalClient(partial(self._perform, self._session, principal=arn))

    def stream(self, table: str) -> Subscription:
        """
        What changes in a table, for consumers in this process.

        Args:
            table: Its name or ARN.
        Raises:
            DynamoError: ResourceNotFoundException when there is no such table or its stream is not enabled.
        """
        stream = self._session.catalog.described_table(table).stream
        if stream is None:
            raise table_not_found(f"Table: {table} has no stream")
        return Subscription(self._session, stream)

    def expire(self, now: float, limit: int = 1000) -> int:
        """
        Delete items whose time to live is over: a bounded step, for a loop. Until then they can be read.

        Args:
            now: Seconds since 1970.
            limit: Items at most; each table with a time to live gets an equal share, but one at least.
        Returns:
            How many items were deleted. 0: nothing is left to do at present.
        """
        return delete_expired(self._session, now=now, limit=limit)

    def trim_streams(self) -> int:
        """
        Delete stream records that are older than a day, and let shards that are full have children: a bounded step for
        each stream, for a loop. A stream that is written to trims itself as it goes.

        Returns:
            How many records were deleted. 0: nothing is left to do at present.
        """
        return maintain_streams(self._session)

    def measure(self) -> Measurements:
        """Sizes of tables and files, how far consumers of streams are behind, and what was throttled so far."""
        return measure(self._session)

    def close(self) -> None:
        """Give the data directory back. Nothing may be called any more."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _carry_out(
        self,
        session: Session,
        operation: str,
        request: Mapping[str, Any],
        *,
        principal: str | None,
        request_id: str = "",  # noqa: ARG002 - for who observes
    ) -> dict[str, Any]:
        carry_out = self._operations.get(operation)
        if carry_out is None:
            raise DynamoError("UnknownOperationException", "")
        check_request(operation, request)
        if principal is not None and self._authorizer is not None:
            if operation in AUTHORIZED_BY_PARTS:
                session = replace(session, authorize=self._authorization_of(principal))
            else:
                self._authorizer.authorize(principal, operation, request, session.catalog.keys)
        try:
            return carry_out(session, request)
        except RelationGoneError as error:
            raise table_not_found() from error
        except StorageError as error:
            raise DynamoError("InternalServerError", str(error), status=500) from error

    def _authorization_of(self, principal: str) -> Callable[[str, Mapping[str, Any]], None]:
        """For an operation that asks for each of its parts: see `Session.authorize`."""
        authorizer, keys = self._authorizer, self._session.catalog.keys
        assert authorizer is not None
        return lambda operation, part: authorizer.authorize(principal, operation, part, keys)


class _PrincipalClient:
    """The engine as one principal sees it."""

    def __init__(self, carry_out: Callable[[str, Mapping[str, Any]], dict[str, Any]]) -> None:
        self._carry_out = carry_out

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._carry_out(operation, request)
