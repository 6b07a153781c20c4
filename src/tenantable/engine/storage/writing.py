"""
One writer at a time, and commits that callers share.

Whoever finds nobody writing leads: it carries out its own operation and those that came meanwhile, one after the other,
commits once for all of them and wakes them; then the next in the queue leads. So one caller alone pays one commit, many
at once pay one together, and nobody returns before the commit that covers its write.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, cast

from tenantable.engine.storage.files import failure
from tenantable.engine.storage.queries import QUERIES, IndexRelation, ItemRelation
from tenantable.engine.storage.reading import KeyRange, Row
from tenantable.errors import StorageError

Answer = TypeVar("Answer")

_GROUP_SIZE_MAX = 128  # so that the first of a group does not wait for ever under constant load


class Transaction:
    """
    What one operation reads and writes: all of it becomes durable, or nothing.

    It sees its own writes and those of everybody who wrote before. SQLite's transaction begins with the first access.
    """

    __slots__ = ("_changes", "_cursor", "_writer", "publish", "touched")

    def __init__(self, writer: "Writer", cursor: sqlite3.Cursor) -> None:
        self._writer = writer
        self._cursor = cursor
        self._changes: dict[int, list[int]] = {}
        self.publish: Callable[[], None] | None = None
        self.touched = False

    def after_commit(self, publish: Callable[[], None]) -> None:
        """Commit at once when the operation succeeds, and call `publish` before anybody else may write."""
        self.publish = publish

    def get(self, relation: ItemRelation, key: bytes) -> Row | None:
        row: Row | None = self._execute(relation.get, (key,)).fetchone()
        return row

    def size_bytes(self, relation: ItemRelation, keys: KeyRange) -> int:
        """The sizes of all items in a range together."""
        return int(self._execute(relation.size, (keys.lower, keys.upper)).fetchone()[0])

    def put_item(self, relation: ItemRelation, key: bytes, row: Row, *, replaced: Row | None) -> None:
        """Store an item; `replaced` is what `get` gave for its key."""
        if replaced is None:
            self._execute(relation.insert, (*row, key))
            self.count(relation.number, items=1, size_bytes=row[0])
        else:
            self._execute(relation.replace, (*row, key))
            self.count(relation.number, items=0, size_bytes=row[0] - replaced[0])

    def delete_item(self, relation: ItemRelation, key: bytes, *, replaced: Row) -> None:
        self._execute(relation.delete, (key,))
        self.count(relation.number, items=-1, size_bytes=-replaced[0])

    def add_entry(self, relation: IndexRelation, key: bytes, *, base: bytes, row: Row) -> None:
        """Add an index entry; `base` is the key of its item."""
        self._execute(relation.insert, (key, base, *row) if relation.copies else (key, base))
        self.count(relation.number, items=1, size_bytes=row[0])

    def replace_entry(self, relation: IndexRelation, key: bytes, *, base: bytes, row: Row, replaced_bytes: int) -> None:
        """Change what an index entry projects; its key stays."""
        if relation.copies:
            self._execute(relation.replace, (*row, key, base))
        self.count(relation.number, items=0, size_bytes=row[0] - replaced_bytes)

    def delete_entry(self, relation: IndexRelation, key: bytes, *, base: bytes, replaced_bytes: int) -> None:
        self._execute(relation.delete, (key, base))
        self.count(relation.number, items=-1, size_bytes=-replaced_bytes)

    def count(self, relation_number: int, *, items: int, size_bytes: int) -> None:
        """Note a change of what a relation holds; it is written with the end of the operation."""
        if items or size_bytes:
            change = self._changes.setdefault(relation_number, [0, 0])
            change[0] += items
            change[1] += size_bytes

    def walk(self, relation: ItemRelation) -> Iterator[tuple[bytes, int, bytes]]:
        """All items (key, size, JSON) in key order, for building an index."""
        self._execute("SELECT 1")
        yield from self._writer.connection.execute(relation.walk)

    def add_relation(self) -> int:
        """A number for a new relation, never used before."""
        number = self._execute(QUERIES["add_relation"]).lastrowid
        assert number is not None
        return number

    def create(self, relation: ItemRelation | IndexRelation) -> None:
        self._execute(relation.create)

    def drop(self, relation: ItemRelation | IndexRelation) -> None:
        self._execute(relation.drop)
        self._execute(QUERIES["forget_relation"], (relation.number,))

    def save_table(self, name: str, description: bytes) -> None:
        self._execute(QUERIES["save_table"], (name, description))

    def forget_table(self, name: str) -> None:
        self._execute(QUERIES["forget_table"], (name,))

    def find_token(self, token: str, *, now: float) -> tuple[bytes, bytes] | None:
        """Digest and outcome of what was done under this token, unless it has expired."""
        row: tuple[bytes, bytes] | None = self._execute(QUERIES["find_token"], (token, now)).fetchone()
        return row

    def save_token(self, token: str, *, digest: bytes, outcome: bytes, now: float, expires_at: float) -> None:
        self._execute(QUERIES["forget_expired_tokens"], (now,))
        self._execute(QUERIES["save_token"], (token, digest, expires_at, outcome))

    def write_counts(self) -> None:
        for relation_number, (items, size_bytes) in self._changes.items():
            self._execute(QUERIES["change_statistics"], (items, size_bytes, relation_number))

    def _execute(self, query: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
        if not self.touched:
            self._writer.begin()
            self.touched = True
        return self._cursor.execute(query, parameters)


class Writer:
    """Carries out operations, one at a time: `writer(work)`. One that fails is undone, and nothing else with it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.lock = threading.Lock()
        """Held by whoever uses the connection."""
        self._cursor = connection.cursor()
        self._queue_lock = threading.Lock()
        self._queue: deque[_Job[Any]] = deque()
        self._is_led = False
        self._is_open = False  # SQLite is inside a transaction
        self._is_nested = False  # the operation under way stands behind a savepoint

    def __call__(self, work: Callable[[Transaction], Answer]) -> Answer:
        """
        Carry out an operation.

        Args:
            work: Reads and writes through the transaction. Another thread that writes too may be the one to call it.
        Returns:
            What `work` returned, after the commit that covers it.
        Raises:
            StorageError: The database failed; nothing of the operation was kept.
            Exception: Whatever `work` raised; nothing of the operation was kept.
        """
        job = _Job(work)
        with self._queue_lock:
            self._queue.append(job)
            leads = not self._is_led
            self._is_led = True
        if leads or self._wait_for(job):
            self._lead()
        return job.result()

    @property
    def queue_length(self) -> int:
        """How many operations wait to be begun."""
        return len(self._queue)

    def begin(self) -> None:
        """Begin the work of one operation: a transaction of SQLite, or a savepoint behind the others of its group."""
        if self._is_open:
            self._cursor.execute("SAVEPOINT operation")
            self._is_nested = True
        else:
            self._cursor.execute("BEGIN IMMEDIATE")
            self._is_open = True

    def close(self) -> None:
        with self.lock:
            self.connection.close()

    def _wait_for(self, job: "_Job[Any]") -> bool:
        """Wait until somebody has carried out the job, or until it is this caller's turn to lead (True)."""
        try:
            job.woken.acquire()
        except BaseException:  # interrupted: what is not begun is called off, and the lead goes to somebody else
            with self._queue_lock:
                if job in self._queue:
                    self._queue.remove(job)
            if job.leads:
                self._hand_over()
            raise
        return job.leads

    def _lead(self) -> None:
        try:
            with self.lock:
                self._serve()
        finally:
            self._hand_over()

    def _hand_over(self) -> None:
        """Give the lead to the first in the queue, or to nobody."""
        with self._queue_lock:
            if self._queue:
                self._queue[0].leads = True
                self._queue[0].woken.release()
            else:
                self._is_led = False

    def _next(self) -> "_Job[Any] | None":
        with self._queue_lock:
            return self._queue.popleft() if self._queue else None

    def _serve(self) -> None:
        """Carry out a group from the queue, commit it and wake who waits for it."""
        group: list[_Job[Any]] = []
        try:
            while len(group) < _GROUP_SIZE_MAX and (job := self._next()) is not None:
                group.append(job)
                self._carry_out(job)
                if self._is_open and not self.connection.in_transaction:
                    self._fail(group, job.error)  # SQLite gave up the whole transaction, on a full disk for one
                if job.publish is not None:
                    break
            self._commit(group)
        except BaseException as error:  # the leader was interrupted
            self._fail(group, error)
            raise
        finally:
            for job in group:
                job.woken.release()

    def _carry_out(self, job: "_Job[Any]") -> None:
        transaction = Transaction(self, self._cursor)
        self._is_nested = False
        try:
            job.answer = job.work(transaction)
            transaction.write_counts()
            if self._is_nested:
                self._cursor.execute("RELEASE operation")
            job.publish = transaction.publish
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller whose work this is
            job.error = failure(error) if isinstance(error, sqlite3.Error) else error
            if transaction.touched and self.connection.in_transaction:
                self._undo()

    def _undo(self) -> None:
        if self._is_nested:
            self._cursor.execute("ROLLBACK TO operation")
            self._cursor.execute("RELEASE operation")
        else:
            self._cursor.execute("ROLLBACK")
            self._is_open = False

    def _commit(self, group: "Sequence[_Job[Any]]") -> None:
        if self._is_open:
            try:
                self._cursor.execute("COMMIT")
            except sqlite3.Error as error:
                self._fail(group, error)
                return
            self._is_open = False
        for job in group:
            if job.publish is not None and job.error is None:
                job.publish()

    def _fail(self, group: "Sequence[_Job[Any]]", cause: BaseException | None) -> None:
        """Undo the whole transaction of SQLite; those who had succeeded in it learn that they have not."""
        if self.connection.in_transaction:
            self._cursor.execute("ROLLBACK")
        self._is_open = False
        for job in group:
            if job.error is None:
                job.error = StorageError(f"The shared commit failed: {cause}", hint="check the free space of the disk")
                job.error.__cause__ = cause


class _Job(Generic[Answer]):
    """One operation in the queue: what to do, and what came of it."""

    __slots__ = ("answer", "error", "leads", "publish", "woken", "work")

    def __init__(self, work: Callable[[Transaction], Answer]) -> None:
        self.work = work
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self.publish: Callable[[], None] | None = None
        self.leads = False
        self.woken = threading.Lock()
        self.woken.acquire()

    def result(self) -> Answer:
        if self.error is not None:
            raise self.error
        return cast("Answer", self.answer)
