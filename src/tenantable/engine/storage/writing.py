"""
One writer at a time, and commits that callers share.

Whoever finds nobody writing leads: it carries out its own operation and those that came meanwhile, one after the other,
commits once for all of them and wakes them; then the next in the queue leads. So one caller alone pays one commit, many
at once pay one together, and nobody returns before the commit that covers its write.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from tenantable.engine.storage.eventual import LateReads
from tenantable.engine.storage.files import failure
from tenantable.engine.storage.transaction import Transaction
from tenantable.errors import StorageError

Answer = TypeVar("Answer")

_GROUP_SIZE_MAX = 128  # so that the first of a group does not wait for ever under constant load


class Writer:
    """Carries out operations, one at a time: `writer(work)`. One that fails is undone, and nothing else with it."""

    def __init__(self, connection: sqlite3.Connection, *, late: LateReads | None = None) -> None:
        self.connection = connection
        self._late = late
        self.lock = threading.Lock()
        """Held by whoever uses the connection."""
        self._cursor = connection.cursor()
        self._queue_lock = threading.Lock()
        self._queue: deque[_Job[Any]] = deque()
        self._is_led = False
        self._is_open = False  # SQLite is inside a transaction
        self._is_nested = False  # the operation under way stands behind a savepoint
        self._is_closed = False

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

    def close(self) -> None:
        with self.lock:
            self._is_closed = True
            self.connection.close()

    def _begin(self) -> None:
        """Begin the work of one operation: a transaction of SQLite, or a savepoint behind the others of its group."""
        if self._is_open:
            self._cursor.execute("SAVEPOINT operation")
            self._is_nested = True
        else:
            if self._late is not None:
                self._late.before_write()
            self._cursor.execute("BEGIN IMMEDIATE")
            self._is_open = True

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
        transaction = Transaction(self._cursor, self._begin)
        self._is_nested = False
        if self._is_closed:
            job.error = StorageError("The engine is closed")
            return
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
        if self._late is not None and any(job.publish is not None for job in group):
            self._late.renew()
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
