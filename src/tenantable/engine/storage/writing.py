"""
One writer at a time, and commits that callers share.

A caller that finishes while others already wait for their turn leaves the commit to them: the last of the queue (or the
last that fits a group) commits for all, and nobody returns before the commit that covers its write. So one caller alone
pays one commit, and many at once pay one commit together.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

from tenantable.engine.storage.files import failure
from tenantable.engine.storage.queries import QUERIES, IndexRelation, ItemRelation
from tenantable.engine.storage.reading import KeyRange, Row
from tenantable.errors import StorageError

_GROUP_SIZE_MAX = 128  # so that the first of a group does not wait for ever under constant load
_STRANDED_SECONDS = 0.05  # after this a member of a group looks whether the one that was to commit has gone away


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
    """
    Gives one caller at a time a transaction: `with writer as transaction`.

    Leaving the block normally returns after the commit that covers it; leaving it with an error undoes what was done in
    it and nothing else.
    """

    def __init__(self, connection: sqlite3.Connection, *, shares_commits: bool) -> None:
        self.connection = connection
        self.lock = threading.Lock()
        self._cursor = connection.cursor()
        self._shares_commits = shares_commits
        self._counter_lock = threading.Lock()
        self.waiting = 0  # callers that want their turn
        self._open = False  # SQLite is inside a transaction
        self._members = 0  # operations in that transaction that have succeeded
        self._nested = False  # the operation under way stands behind a savepoint
        self._group: _Group | None = None  # what members of that transaction wait for
        self._transaction: Transaction | None = None

    def __enter__(self) -> Transaction:
        with self._counter_lock:
            self.waiting += 1
        try:
            self.lock.acquire()
        finally:
            with self._counter_lock:
                self.waiting -= 1
        self._transaction = Transaction(self, self._cursor)
        return self._transaction

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        transaction = self._transaction
        assert transaction is not None
        try:
            if transaction.touched:
                self._finish(transaction, error)
            group = self._commit_or_join(transaction) if self._open else None
            if transaction.publish is not None and error is None:
                transaction.publish()
        finally:
            self._transaction = None
            self.lock.release()
        if group is not None and transaction.touched:
            self._wait_for(group)
        if isinstance(error, sqlite3.Error):
            raise failure(error) from error

    def begin(self) -> None:
        """Begin the work of one operation: a transaction of SQLite, or a savepoint behind the others of its group."""
        if self._open:
            self._cursor.execute("SAVEPOINT operation")
            self._nested = True
        else:
            self._cursor.execute("BEGIN IMMEDIATE")
            self._open = True

    def close(self) -> None:
        with self.lock:
            if self._open:
                self._commit()
            self.connection.close()

    def _finish(self, transaction: Transaction, error: BaseException | None) -> None:
        """Keep what the operation did, or undo it."""
        try:
            if error is None:
                transaction.write_counts()
                if self._nested:
                    self._cursor.execute("RELEASE operation")
                self._members += 1
            elif self._nested and self.connection.in_transaction:
                self._cursor.execute("ROLLBACK TO operation")
                self._cursor.execute("RELEASE operation")
            else:
                self._roll_back(error)
        except sqlite3.Error as trouble:
            self._roll_back(trouble)
            raise failure(trouble) from trouble
        finally:
            self._nested = False

    def _commit_or_join(self, transaction: Transaction) -> "_Group | None":
        others_may_follow = self._shares_commits and self.waiting and self._members < _GROUP_SIZE_MAX
        if others_may_follow and transaction.publish is None:
            if self._group is None:
                self._group = _Group()
            return self._group
        self._commit()
        return None

    def _commit(self) -> None:
        try:
            self._cursor.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(error)
            raise failure(error) from error
        self._end_group(None)

    def _roll_back(self, error: BaseException) -> None:
        """Undo the whole transaction of SQLite; those of its group that wait for the commit learn why."""
        if self.connection.in_transaction:
            self._cursor.execute("ROLLBACK")
        self._end_group(error)

    def _end_group(self, error: BaseException | None) -> None:
        if self._group is not None:
            self._group.error = error
            self._group.done.set()
        self._group = None
        self._members = 0
        self._open = False

    def _wait_for(self, group: "_Group") -> None:
        while not group.done.wait(_STRANDED_SECONDS):
            with self.lock:  # the one that was to commit was interrupted on its way
                if not group.done.is_set() and not self.waiting:
                    self._commit()
        if group.error is not None:
            raise StorageError(f"The shared commit failed: {group.error}", hint="try again") from group.error


class _Group:
    """Operations that share one commit."""

    __slots__ = ("done", "error")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.error: BaseException | None = None
