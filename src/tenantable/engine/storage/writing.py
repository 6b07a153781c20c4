"""
One writer at a time, and commits that callers share.

Whoever finds nobody writing leads: it takes the turn among processes, carries out its own operation and those that came
meanwhile, one after the other, commits once for all of them and wakes them; then the next in the queue leads. So one
caller alone pays one commit, many at once pay one together, and nobody returns before the commit that covers its write.

An event loop cannot wait like that. It gathers a group itself: `gather`, then operations that it carries out at once,
then `commit_gathered`, which any thread may do for it.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from tenantable.engine.storage.eventual.late_reads import LateReads
from tenantable.engine.storage.files import failure
from tenantable.engine.storage.reading import Reader
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.storage.turn import Turn
from tenantable.errors import StorageError

Answer = TypeVar("Answer")

_GROUP_SIZE_MAX = 128  # so that the first of a group does not wait for ever under constant load


class Writer:
    """Carries out operations, one at a time: `writer(work)`. One that fails is undone, and nothing else with it."""

    def __init__(self, connection: sqlite3.Connection, turn: Turn, *, late: LateReads | None = None) -> None:
        self.connection = connection
        self.catch_up: Callable[[Reader], int] = Reader.generation
        """
        Called in the turn before anything is carried out when another process may have written: brings what is
        remembered in step with the database, and gives its generation.
        """
        self._turn = turn
        self._late = late
        self.lock = threading.Lock()
        """Held by whoever uses the connection."""
        self._cursor = connection.cursor()
        self._sequences: dict[int, int] = {}
        self._is_behind = True
        self._queue_lock = threading.Lock()
        self._queue: deque[_Job[Any]] = deque()
        self._is_led = False
        self._is_open = False  # SQLite is inside a transaction
        self._is_nested = False  # the operation under way stands behind a savepoint
        self._closed_because: str | None = None
        self._gathered: list[_Job[Any]] = []
        self._gatherer: int | None = None  # the thread whose operations join the group at present
        self._failure: Exception | None = None  # of the group that is gathered

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
        if self.is_gathering:
            self._join(job)
            return job.result()
        with self._queue_lock:
            leads = not self._is_led
            self._is_led = True
            if not leads:
                job.woken.acquire()
            self._queue.append(job)
        if leads or self._wait_for(job):
            self._lead(job)
        return job.result()

    @property
    def is_busy(self) -> bool:
        """Whether an operation that came now would wait for another one."""
        return self._is_led or self.lock.locked()

    @property
    def is_gathering(self) -> bool:
        """Whether the operations of this thread join the group that is gathered."""
        return self._gatherer == threading.get_ident()

    @property
    def queue_length(self) -> int:
        """How many operations wait to be begun."""
        return len(self._queue)

    def gather(self, *, wait: bool) -> bool:
        """
        Begin a group of operations: nobody else writes until `commit_gathered`.

        Args:
            wait: Until nobody else writes. Otherwise there is no group, and False is returned, if somebody does.
        """
        if not wait and self._queue:
            return False  # who waits already goes first
        if not self.lock.acquire(blocking=wait):
            return False
        has_turn = False
        try:
            self._refuse_closed()
            has_turn = self._take_turn(wait=wait)
        finally:
            if not has_turn:
                self.lock.release()
        self._failure = None
        return has_turn

    def gathered(self, call: Callable[[], Answer]) -> Answer:
        """Make a call, on this thread, of which each operation joins the group; what it returns is not durable yet."""
        self._gatherer = threading.get_ident()
        try:
            return call()
        finally:
            self._gatherer = None

    def commit_gathered(self) -> None:
        """
        Commit the group and let others write. Any thread may call it.

        Raises:
            StorageError: Nothing of the group was kept.
        """
        group, self._gathered = self._gathered, []
        try:
            self._commit(group)
            error = self._failure or next((job.error for job in group if job.error is not None), None)
        finally:
            self._turn.give_back()
            self.lock.release()
        if error is not None:
            raise error

    def close(self, because: str) -> None:
        """Finish what is carried out; whoever comes later is told why that cannot be."""
        with self.lock:
            self._closed_because = because
            self.catch_up = Reader.generation  # whoever was called here may go
            self.connection.close()

    def disown(self, because: str) -> None:
        """As `close`, in a fork: all that was under way and the connection are the first process's."""
        self.lock, self._queue_lock = threading.Lock(), threading.Lock()
        self._queue.clear()
        self._is_led = False
        self._closed_because = because

    def _refuse_closed(self) -> None:
        if self._closed_because is not None:
            raise StorageError(self._closed_because)

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

    def _join(self, job: "_Job[Any]") -> None:
        """Carry out an operation of the group that is gathered; those that fail alone are no longer part of it."""
        if self._failure is not None:
            job.error = self._failure
            return
        self._carry_out(job)
        if self._is_open and not self.connection.in_transaction:
            self._fail(self._gathered, job.error)  # SQLite gave up the whole transaction, on a full disk for one
            self._failure = job.error
        elif job.error is None:
            self._gathered.append(job)
            if job.publish is not None or job.generation is not None:
                self._commit(self._gathered)
                self._gathered = [job for job in self._gathered if job.error is not None]

    def _wait_for(self, job: "_Job[Any]") -> bool:
        """Wait until somebody has carried out the job, or until it is this caller's turn to lead (True)."""
        try:
            job.woken.acquire()
        except BaseException:  # interrupted: the lead goes to somebody else
            self._call_off(job)
            if job.leads:
                self._hand_over()
            raise
        return job.leads

    def _lead(self, job: "_Job[Any]") -> None:
        try:
            with self.lock:
                self._refuse_closed()
                self._serve()
        except BaseException:
            self._call_off(job)
            raise
        finally:
            self._hand_over()

    def _call_off(self, job: "_Job[Any]") -> None:
        """Forget an operation that is not begun, as its caller is gone."""
        with self._queue_lock:
            if job in self._queue:
                self._queue.remove(job)

    def _hand_over(self) -> None:
        """Give the lead to the first in the queue, or to nobody."""
        with self._queue_lock:
            if self._queue:
                self._queue[0].leads = True
                self._queue[0].woken.release()
            else:
                self._is_led = False

    def _next(self) -> "_Job[Any] | None":
        if not self._queue:
            return None
        with self._queue_lock:
            return self._queue.popleft() if self._queue else None

    def _serve(self) -> None:
        """Carry out a group from the queue, commit it and wake who waits for it."""
        group: list[_Job[Any]] = []
        try:
            self._take_turn(wait=True)
            while len(group) < _GROUP_SIZE_MAX and (job := self._next()) is not None:
                group.append(job)
                self._carry_out(job)
                if self._is_open and not self.connection.in_transaction:
                    self._fail(group, job.error)  # SQLite gave up the whole transaction, on a full disk for one
                if job.publish is not None or job.generation is not None:
                    break
            self._commit(group)
        except BaseException as error:  # the leader was interrupted
            self._fail(group, error)
            raise
        finally:
            self._turn.give_back()
            for job in group:
                if job.woken.locked():
                    job.woken.release()

    def _carry_out(self, job: "_Job[Any]") -> None:
        transaction = Transaction(self._cursor, self._begin, self._sequences)
        self._is_nested = False
        try:
            if self._is_behind:
                self._catch_up()
            job.answer = job.work(transaction)
            transaction.write_counts()
            if self._is_nested:
                self._cursor.execute("RELEASE operation")
            job.publish, job.generation = transaction.publish, transaction.generation
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller whose work this is
            job.error = failure(error) if isinstance(error, sqlite3.Error) else error
            if transaction.touched and self.connection.in_transaction:
                self._undo()

    def _take_turn(self, *, wait: bool) -> bool:
        has_turn = self._turn.take(wait=wait)
        self._is_behind |= has_turn and self._turn.is_behind
        return has_turn

    def _catch_up(self) -> None:
        self._sequences.clear()
        self._turn.settle(self.catch_up(Reader(self.connection, lambda _reader: None)))
        self._is_behind = False

    def _undo(self) -> None:
        if self._is_nested:
            self._cursor.execute("ROLLBACK TO operation")
            self._cursor.execute("RELEASE operation")
        else:
            self._cursor.execute("ROLLBACK")
            self._is_open = False

    def _commit(self, group: "Sequence[_Job[Any]]") -> None:
        generation = group[-1].generation if group else None  # behind a change of the catalog, a group ends
        if self._is_open:
            if generation is not None:
                self._turn.unsettle()
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
        if generation is not None:
            self._turn.settle(generation)

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

    __slots__ = ("answer", "error", "generation", "leads", "publish", "woken", "work")

    def __init__(self, work: Callable[[Transaction], Answer]) -> None:
        self.work = work
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self.publish: Callable[[], None] | None = None
        self.generation: int | None = None
        self.leads = False
        self.woken = threading.Lock()
        """Held until whoever waits for the job may go on."""

    def result(self) -> Answer:
        if self.error is not None:
            raise self.error
        return cast("Answer", self.answer)
