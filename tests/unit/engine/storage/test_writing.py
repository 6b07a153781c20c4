"""Transactions, the commits that callers share, and what is undone when one fails."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from tests.waiting import wait_until

from tenantable.engine.storage.queries import ItemRelation
from tenantable.engine.storage.reading import KeyRange, Statistics
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.transaction import Transaction
from tenantable.errors import StorageError

EVERYTHING = KeyRange(lower=b"", upper=b"\xff")


@pytest.fixture(params=["file", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    with Storage(tmp_path if request.param == "file" else None) as storage:
        yield storage


def put(storage: Storage, items: ItemRelation, key: bytes, body: bytes = b"{}") -> None:
    storage.write(
        lambda transaction: transaction.put_item(items, key, (len(body), body), replaced=transaction.get(items, key))
    )


def put_and_fail(storage: Storage, items: ItemRelation, key: bytes, publish: Callable[[], None] = lambda: None) -> None:
    def work(transaction: Transaction) -> None:
        transaction.put_item(items, key, (len(key), key), replaced=None)
        transaction.after_commit(publish)
        raise ZeroDivisionError

    storage.write(work)


def fill_disk(storage: Storage) -> None:
    """Let the database grow no more."""
    pages = storage.write.connection.execute("PRAGMA page_count").fetchone()[0]
    storage.write.connection.execute(f"PRAGMA max_page_count = {pages}")


def empty_disk(storage: Storage) -> None:
    storage.write.connection.execute(f"PRAGMA max_page_count = {2**30}")


def stored_keys(storage: Storage, items: ItemRelation) -> list[bytes]:
    with storage.read() as reader:
        rows, _ = reader.page(items, EVERYTHING, descending=False, limit=-1, bytes_max=10**9)
    return [body for _, body in rows]


def statistics(storage: Storage, items: ItemRelation) -> Statistics:
    with storage.read() as reader:
        return reader.statistics(items.number)


def count_commits(storage: Storage) -> list[str]:
    """A list that grows with every commit from now on."""
    commits: list[str] = []
    storage.write.connection.set_trace_callback(lambda query: commits.append(query) if query == "COMMIT" else None)
    return commits


def test_a_write_is_read_back_by_its_key(storage: Storage, items: ItemRelation) -> None:
    put(storage, items, b"a", b"1")
    with storage.read() as reader:
        assert reader.get(items, b"a") == (1, b"1")
        assert reader.get(items, b"b") is None


def test_a_failing_operation_leaves_nothing(storage: Storage, items: ItemRelation) -> None:
    with pytest.raises(ZeroDivisionError):
        put_and_fail(storage, items, b"a")
    assert stored_keys(storage, items) == []
    assert statistics(storage, items) == Statistics(item_count=0, size_bytes=0)


def test_an_operation_that_touches_nothing_begins_no_transaction(storage: Storage) -> None:
    commits = count_commits(storage)
    storage.write(lambda _transaction: None)
    assert commits == []


def test_counts_follow_puts_replacements_and_deletes(storage: Storage, items: ItemRelation) -> None:
    put(storage, items, b"a", b"1")
    put(storage, items, b"b", b"22")
    put(storage, items, b"a", b"333")
    assert statistics(storage, items) == Statistics(item_count=2, size_bytes=5)
    storage.write(lambda transaction: transaction.delete_item(items, b"b", replaced=(2, b"22")))
    assert statistics(storage, items) == Statistics(item_count=1, size_bytes=3)


def test_what_sqlite_refuses_is_a_storage_error(storage: Storage, items: ItemRelation) -> None:
    put(storage, items, b"a")
    with pytest.raises(StorageError, match="UNIQUE"):
        storage.write(lambda transaction: transaction.put_item(items, b"a", (1, b"1"), replaced=None))
    put(storage, items, b"b")
    assert len(stored_keys(storage, items)) == 2


def test_a_full_disk_loses_nothing_that_was_written(storage: Storage, items: ItemRelation) -> None:
    put(storage, items, b"a")
    fill_disk(storage)
    with pytest.raises(StorageError, match="full"):
        put(storage, items, b"b", b"x" * 100_000)
    assert stored_keys(storage, items) == [b"{}"]
    empty_disk(storage)
    put(storage, items, b"b")
    assert len(stored_keys(storage, items)) == 2


def test_after_commit_runs_when_the_commit_is_done(storage: Storage, items: ItemRelation) -> None:
    seen: list[bool] = []

    def work(transaction: Transaction) -> None:
        transaction.put_item(items, b"a", (1, b"1"), replaced=None)
        transaction.after_commit(lambda: seen.append(storage.write.connection.in_transaction))

    storage.write(work)
    assert seen == [False]


def test_after_commit_is_forgotten_when_the_operation_fails(storage: Storage, items: ItemRelation) -> None:
    seen: list[bool] = []
    with pytest.raises(ZeroDivisionError):
        put_and_fail(storage, items, b"a", lambda: seen.append(True))
    assert seen == []


def test_expired_tokens_are_not_found_and_cleared_away(storage: Storage) -> None:
    def save(token: str, *, now: float) -> None:
        storage.write(
            lambda transaction: transaction.save_token(token, digest=b"d", outcome=b"o", now=now, expires_at=now + 10)
        )

    def find(token: str, *, now: float) -> tuple[bytes, bytes] | None:
        return storage.write(lambda transaction: transaction.find_token(token, now=now))

    save("t", now=0)
    assert find("t", now=9) == (b"d", b"o")
    assert find("t", now=10) is None
    save("other", now=10)
    assert find("t", now=0) is None


class TestSharedCommits:
    """Several threads wait while one writes; then they go one after the other."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[Storage]:
        with Storage(tmp_path) as storage:
            yield storage

    def write_together(self, storage: Storage, items: ItemRelation, bodies: list[bytes]) -> list[BaseException | None]:
        """Let all wait behind one writer, then go; a body of `fail` fails after its write. Gives each one's error."""
        release = Event()

        def write(body: bytes) -> None:
            def work(transaction: Transaction) -> None:
                release.wait(60)
                transaction.put_item(items, body, (len(body), body), replaced=None)
                if body.startswith(b"fail"):
                    raise ZeroDivisionError

            storage.write(work)

        with ThreadPoolExecutor(len(bodies)) as threads:
            futures = [threads.submit(write, body) for body in bodies]
            wait_until(lambda: storage.write.queue_length == len(bodies) - 1)
            release.set()
            return [future.exception(10) for future in futures]

    def test_those_who_wait_share_one_commit(self, storage: Storage, items: ItemRelation) -> None:
        commits = count_commits(storage)
        assert self.write_together(storage, items, [b"1", b"2", b"3", b"4"]) == [None] * 4
        assert len(commits) == 1
        assert sorted(stored_keys(storage, items)) == [b"1", b"2", b"3", b"4"]

    def test_one_that_fails_is_undone_alone(self, storage: Storage, items: ItemRelation) -> None:
        errors = self.write_together(storage, items, [b"1", b"fail 2", b"3", b"fail 4"])
        assert [type(error) for error in errors] == [type(None), ZeroDivisionError, type(None), ZeroDivisionError]
        assert sorted(stored_keys(storage, items)) == [b"1", b"3"]
        assert statistics(storage, items) == Statistics(item_count=2, size_bytes=2)

    def test_all_learn_when_the_shared_commit_fails(self, storage: Storage, items: ItemRelation) -> None:
        def refuse_commit(action: int, name: str | None, *_: str | None) -> int:
            refused = action == sqlite3.SQLITE_TRANSACTION and name == "COMMIT"
            return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

        storage.write.connection.set_authorizer(refuse_commit)
        errors = self.write_together(storage, items, [b"1", b"2", b"3"])
        storage.write.connection.set_authorizer(None)
        assert [type(error) for error in errors] == [StorageError] * 3
        assert stored_keys(storage, items) == []
        put(storage, items, b"4")
        assert stored_keys(storage, items) == [b"{}"]

    def test_one_for_whom_the_disk_is_full_leaves_the_others_whole(self, storage: Storage, items: ItemRelation) -> None:
        """Whether SQLite gives up that operation or its whole group: who got no error is stored, and nobody else."""
        fill_disk(storage)
        bodies = [b"1", b"x" * 100_000, b"3"]
        errors = self.write_together(storage, items, bodies)
        assert isinstance(errors[1], StorageError)
        kept = [body for body, error in zip(bodies, errors, strict=True) if error is None]
        assert sorted(stored_keys(storage, items)) == kept

    def test_readers_see_the_last_commit_while_somebody_writes(self, storage: Storage, items: ItemRelation) -> None:
        put(storage, items, b"a", b"old")

        def work(transaction: Transaction) -> list[bytes]:
            transaction.put_item(items, b"a", (3, b"new"), replaced=(3, b"old"))
            return stored_keys(storage, items)

        assert storage.write(work) == [b"old"]
        assert stored_keys(storage, items) == [b"new"]

    def test_a_change_of_the_catalog_is_committed_before_the_next_operation(
        self, storage: Storage, items: ItemRelation
    ) -> None:
        """Else somebody could write by a catalog that is taken back."""
        commits = count_commits(storage)
        seen: list[int] = []
        began = Event()

        def publish(transaction: Transaction) -> None:
            began.wait(60)
            transaction.put_item(items, b"1", (1, b"1"), replaced=None)
            transaction.after_commit(lambda: seen.append(len(commits)))

        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(storage.write, publish)
            second = threads.submit(storage.write, lambda transaction: transaction.get(items, b"1"))
            wait_until(lambda: storage.write.queue_length == 1)
            began.set()
            assert (first.result(60), second.result(10)) == (None, (1, b"1"))
        assert seen == [1]
        assert len(commits) == 2


def test_nothing_is_written_after_closing(storage: Storage, items: ItemRelation) -> None:
    storage.close()
    with pytest.raises(StorageError, match=r"^The engine is closed$"):
        put(storage, items, b"late")
