"""The engine: DynamoDB's API in process."""

import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

from tenantable.engine.authorization import Authorizer
from tenantable.engine.backups.retention import trim_backups
from tenantable.engine.catalog import Catalog, CatalogMovedError
from tenantable.engine.commit_group import CommitGroup
from tenantable.engine.expiry.sweep import delete_expired
from tenantable.engine.insights.contributors import Contributors, HottestKeys
from tenantable.engine.metering.measurements import Measurements, measure
from tenantable.engine.metering.observation import CarryOut, Observer, Telling, metered, observed
from tenantable.engine.metering.throttle import Throttle, ThrottledError
from tenantable.engine.operations import AUTHORIZED_BY_PARTS, OPERATIONS
from tenantable.engine.operations.left_out import unavailable
from tenantable.engine.session import Session
from tenantable.engine.shapes.checking import check_request, refuse_wrong_attribute_types
from tenantable.engine.storage.files import Durability, RelationGoneError
from tenantable.engine.storage.storage import Storage
from tenantable.engine.streams.lifecycle import maintain_streams
from tenantable.engine.streams.subscription import Subscription
from tenantable.engine.tables.contents import CatalogCache, Contents
from tenantable.engine.transfers.objects import Objects
from tenantable.engine.transfers.transfer import forget_old
from tenantable.engine.upgrades import complete_tables, recover
from tenantable.errors import StorageError
from tenantable.wire.arns import Home
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError, internal_error, serialization_error, table_not_found
from tenantable.wire.keys import TableKeysLookup
from tenantable.wire.principals import Principal

MEMORY = ":memory:"
_TOLD_AFTER_WRONG_TYPES = frozenset({"ValidationException", "ResourceNotFoundException"})
_WITHOUT_OUTPUT = frozenset({"TagResource", "UntagResource"})
"""Operations that have no output in the service model: their answer has no body at all."""


class Engine:
    """
    An embedded DynamoDB, durable in one directory. Threads may share it, and several processes may have an engine each
    on one directory (not on Windows): readers never wait for writers, and processes that write take turns.

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
        objects: str | Path | None = None,
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
            objects: A folder of buckets, each a folder, for exports and imports. None: `objects` in the data directory;
                an engine in memory has none then, and refuses both.
        Raises:
            StorageError: A tool has the directory for itself, or it is damaged, of a newer format or cannot be written;
                or reads are to be late in memory.
            SettingsError: `throttle` is not in 0 to 1.
        """
        self._authorizer = authorizer
        home = home or Home()
        limits = Throttle(home, clock, share=throttle) if throttle else None
        self._storage = Storage(
            None if path == MEMORY else Path(path), durability, eventual_seconds=eventual_seconds, clock=clock
        )
        self._operations, self._perform = OPERATIONS, self._carry_out
        self._telling: Telling | None = None
        if observer is not None:
            self._telling = self._observe(observer, monotonic)
        with ExitStack() as opened:
            opened.callback(self._storage.close)
            self._session = Session(
                storage=self._storage,
                catalog=Catalog(CatalogCache(self._storage, home, clock), home),
                home=home,
                clock=clock,
                random=randomness or random.SystemRandom(),
                render=orjson.loads,
                check_policy=None if authorizer is None else authorizer.check_policy,
                throttle=limits,
                objects=_buckets(path, objects),
            )
            self._contributors = Contributors(self._session.catalog)
            if self._storage.is_alone:  # else somebody may be at it
                recover(self._session)
            self._storage.admit_others()
            complete_tables(self._session)
            opened.pop_all()  # it stays open; what failed gives the directory back
        self._json_session = replace(self._session, render=orjson.Fragment)
        self._pinned: dict[Callable[[bytes], Any], _Pinned] = {}

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one operation with no principal: everything is allowed. See `DynamoClient.call`."""
        return self._perform(self._session, operation, request, principal=None)

    def call_json(self, operation: str, body: bytes, *, principal: Principal | None, request_id: str = "") -> bytes:
        """
        As `call`, from JSON to JSON; stored items are copied into the answer without being parsed.

        Args:
            body: The request.
            principal: Who asks: an ARN or a session; None allows everything.
            request_id: What the answer will be known by, for the observer.
        Returns:
            The answer, or nothing for an operation that answers nothing.
        """
        try:
            request = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            # Without a word: https://github.com/AllocZero/EfficientDynamoDb/issues/113; no body at all as well:
            # https://github.com/disruptek/atoz/issues/1.
            raise serialization_error("") from error
        if not isinstance(request, dict):
            raise serialization_error("Unexpected value type in payload")
        answer = self._perform(self._json_session, operation, request, principal=principal, request_id=request_id)
        return b"" if operation in _WITHOUT_OUTPUT else orjson.dumps(answer)

    @property
    def is_writing(self) -> bool:
        """Whether somebody writes at present, so that a write that came now would wait."""
        return self._storage.write.is_busy

    def commit_group(self) -> CommitGroup:
        """Calls whose writes one commit makes durable: for a server that cannot wait for each."""
        return CommitGroup(self.call_json, self._storage.write, self._telling)

    def as_principal(self, principal: Principal) -> DynamoClient:
        """A client whose every request the authorizer is asked about. Takes an ARN or a session of a role."""
        return _PrincipalClient(self._perform, self._session, principal)

    def stream(self, table: str) -> Subscription:
        """
        What changes in a table, by whichever process, for consumers in this one.

        Args:
            table: Its name or ARN.
        Raises:
            DynamoError: ResourceNotFoundException when there is no such table or its stream is not enabled.
        """
        stream = self._session.catalog.described_table(table).stream
        if stream is None:
            raise table_not_found(f"Table: {table} has no stream")
        return Subscription(self._session, stream)

    def hottest_keys(self, table: str, index: str | None = None, limit: int = 10) -> HottestKeys:
        """
        The keys of a table or index that are asked for most, since contributor insights were enabled for it.

        Args:
            table: Its name or ARN.
            index: The name of a global index; None for the table itself.
            limit: Keys at most of each kind, up to 1,000: as many are remembered.
        Returns:
            Partition keys and whole keys, the hottest first, those that were throttled apart. Counts are exact up to
            1,000 different keys, and then too high by as much as each says.
        Raises:
            DynamoError: ResourceNotFoundException when there is no such table, or its insights are not enabled.

        Counted in memory by this engine alone: a restart begins anew. A query counts as one access of its partition; a
        scan asks for no key; what a write does to indexes is an access of the table.
        """
        return self._contributors.hottest(table, index, limit)

    def resource_policy(self, arn: str) -> str | None:
        """
        The policy that hangs on a table or a stream. An authorizer has it from the lookup that it is asked with.

        Args:
            arn: Of a table, a stream or an index, which has the policy of its table.
        Returns:
            The document, JSON text as it was put; None when there is none, or no such resource.
        """
        return self._session.catalog.resource_policy(arn)

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

    def trim_backups(self) -> int:
        """
        Forget what recovery keeps longer than a table's period, backups of deleted tables after 35 days, and what is
        known of exports and imports after 90: a bounded step for each table, for a loop. A table that is written to
        trims itself as it goes.

        Returns:
            How much was forgotten. 0: nothing is left to do at present.
        """
        return trim_backups(self._session) + forget_old(self._session)

    def close(self) -> None:
        """Give the data directory back. Nothing may be called any more."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _observe(self, observer: Observer, monotonic: Callable[[], float]) -> Telling:
        """From now on the observer is told of every operation; gives who tells it."""
        telling = Telling(observer, monotonic, is_held=lambda: self._storage.write.is_gathering)
        self._operations = metered(OPERATIONS)
        self._perform = observed(self._carry_out, telling.tell, monotonic)
        return telling

    def _carry_out(
        self,
        session: Session,
        operation: str,
        request: Mapping[str, Any],
        *,
        principal: Principal | None,
        request_id: str = "",  # noqa: ARG002 - for who observes
    ) -> dict[str, Any]:
        if operation not in self._operations:
            raise unavailable(operation)
        check_request(operation, request)
        try:
            response = self._carry_out_checked(session, operation, request, principal=principal)
        except RelationGoneError as error:
            raise table_not_found() from error
        except StorageError as error:
            raise internal_error(str(error)) from error
        except DynamoError as error:
            if error.code in _TOLD_AFTER_WRONG_TYPES:
                refuse_wrong_attribute_types(operation, request)
            if isinstance(error, ThrottledError) and session.catalog.counts_keys:
                self._contributors.count_throttled(operation, request)
            raise
        if session.catalog.counts_keys:
            self._contributors.count(operation, request)
        return response

    def _carry_out_checked(
        self, session: Session, operation: str, request: Mapping[str, Any], *, principal: Principal | None
    ) -> dict[str, Any]:
        carry_out = self._operations[operation]
        authorizer = self._authorizer
        if principal is None or authorizer is None:
            return carry_out(session, request)
        pinned = self._pinned.get(session.render) or self._pin(session)
        if operation in AUTHORIZED_BY_PARTS:
            return self._carry_out_by_parts(session, operation, request, principal=principal)
        while True:
            try:
                authorizer.authorize(principal, operation, request, pinned.keys)
            except CatalogMovedError:
                pass
            except DynamoError:
                if session.catalog.contents() is pinned.contents:
                    raise
            else:
                try:
                    return carry_out(pinned.session, request)
                except CatalogMovedError:  # what was allowed was allowed for tables that have changed
                    pass
            pinned = self._pin(session)

    def _carry_out_by_parts(
        self, session: Session, operation: str, request: Mapping[str, Any], *, principal: Principal
    ) -> dict[str, Any]:
        """Carry out an operation that asks for each of its parts by itself."""
        authorizer = self._authorizer
        assert authorizer is not None
        while True:
            pinned = self._pinned.get(session.render)
            if pinned is None or pinned.contents is not session.catalog.contents():
                pinned = self._pin(session)
            authorize = partial(_authorize_part, authorizer, principal, tables=pinned.keys)
            try:
                return self._operations[operation](replace(pinned.session, authorize=authorize), request)
            except CatalogMovedError:
                continue

    def _pin(self, session: Session) -> "_Pinned":
        """The catalog as it is now, for all requests until it changes."""
        contents = session.catalog.contents()
        pinned = replace(session, catalog=session.catalog.pinned(contents))
        self._pinned[session.render] = known = _Pinned(contents, pinned, pinned.catalog.keys)
        return known


class _Pinned(NamedTuple):
    """A session by one state of the catalog; `keys` is its lookup of tables, the same object for every request."""

    contents: Contents
    session: Session
    keys: TableKeysLookup


def _authorize_part(
    authorizer: Authorizer, principal: Principal, operation: str, part: Mapping[str, Any], *, tables: TableKeysLookup
) -> None:
    authorizer.authorize(principal, operation, part, tables)


def _buckets(path: str | Path, objects: str | Path | None) -> Objects | None:
    if objects is not None:
        return Objects(Path(objects))
    return None if path == MEMORY else Objects(Path(path) / "objects")


class _PrincipalClient:
    """The engine as one principal sees it."""

    def __init__(self, perform: CarryOut, session: Session, principal: Principal) -> None:
        self._perform = perform
        self._session = session
        self._principal = principal

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._perform(self._session, operation, request, principal=self._principal)
