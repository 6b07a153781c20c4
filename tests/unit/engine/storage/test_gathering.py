"""Groups of operations that one thread gathers and any thread commits."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from tests.waiting import wait_until

from tenantable.engine.storage.queries import ItemRelation
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.transaction import Transaction
from tenantable.errors import StorageError


def put(storage: Storage, items: ItemRelation, body: bytes) -> None:
    storage.write(lambda transaction: transaction.put_item(items, body, (len(body), body), replaced=None))


def gathered_put(storage: Storage, items: ItemRelation, body: bytes) -> None:
    storage.write.gathered(lambda: put(storage, items, body))


def is_stored(storage: Storage, items: ItemRelation, body: bytes) -> bool:
    with storage.read() as reader:
        return reader.get(items, body) is not None


def refuse_commits(action: int, name: str | None, *_: str | None) -> int:
    refused = action == sqlite3.SQLITE_TRANSACTION and name == "COMMIT"
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


def test_a_group_is_committed_once_by_any_thread(storage: Storage, items: ItemRelation) -> None:
    commits: list[str] = []
    storage.write.connection.set_trace_callback(lambda query: commits.append(query) if query == "COMMIT" else None)
    assert storage.write.gather(wait=False)
    gathered_put(storage, items, b"1")
    gathered_put(storage, items, b"2")
    assert not is_stored(storage, items, b"1")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(storage.write.commit_gathered).result(60)
    assert commits == ["COMMIT"]
    assert is_stored(storage, items, b"1")
    assert is_stored(storage, items, b"2")


def test_one_that_fails_is_undone_alone(storage: Storage, items: ItemRelation) -> None:
    storage.write.gather(wait=False)
    gathered_put(storage, items, b"1")
    with pytest.raises(StorageError, match="UNIQUE"):
        gathered_put(storage, items, b"1")
    gathered_put(storage, items, b"2")
    storage.write.commit_gathered()
    assert is_stored(storage, items, b"2")


def test_other_threads_write_before_or_after_a_group(storage: Storage, items: ItemRelation) -> None:
    storage.write.gather(wait=False)
    gathered_put(storage, items, b"1")
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(put, storage, items, b"other")
        wait_until(lambda: storage.write.queue_length == 1)
        assert not storage.write.gather(wait=False)
        storage.write.commit_gathered()
        other.result(60)
    assert is_stored(storage, items, b"other")


def test_a_group_is_not_begun_while_somebody_writes(storage: Storage) -> None:
    begun, ends = Event(), Event()

    def work(_transaction: Transaction) -> None:
        begun.set()
        ends.wait(60)

    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(storage.write, work)
        begun.wait(60)
        assert storage.write.is_busy
        assert not storage.write.gather(wait=False)
        waiting = threads.submit(storage.write.gather, wait=True)
        ends.set()
        writing.result(60)
        assert waiting.result(60)
    storage.write.commit_gathered()
    assert not storage.write.is_busy


def test_a_commit_that_fails_keeps_nothing_and_says_so(storage: Storage, items: ItemRelation) -> None:
    storage.write.gather(wait=False)
    gathered_put(storage, items, b"1")
    storage.write.connection.set_authorizer(refuse_commits)
    with pytest.raises(StorageError, match="shared commit failed"):
        storage.write.commit_gathered()
    storage.write.connection.set_authorizer(None)
    assert not is_stored(storage, items, b"1")
    put(storage, items, b"2")
    assert is_stored(storage, items, b"2")


def test_when_sqlite_gives_up_the_transaction_the_whole_group_fails(storage: Storage, items: ItemRelation) -> None:
    """As it may on a full disk: who was told of a success, to be confirmed by the commit, learns better there."""
    storage.write.gather(wait=False)
    gathered_put(storage, items, b"1")

    def give_up(transaction: Transaction) -> None:
        transaction.put_item(items, b"2", (1, b"2"), replaced=None)
        storage.write.connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(StorageError, match="full"):
        storage.write.gathered(lambda: storage.write(give_up))
    with pytest.raises(StorageError):
        gathered_put(storage, items, b"3")
    with pytest.raises(StorageError, match="full"):
        storage.write.commit_gathered()
    assert not any(is_stored(storage, items, body) for body in (b"1", b"2", b"3"))
    assert storage.write.gather(wait=False)
    gathered_put(storage, items, b"4")
    storage.write.commit_gathered()
    assert is_stored(storage, items, b"4")


def test_a_change_of_the_catalog_is_committed_at_once(storage: Storage, items: ItemRelation) -> None:
    seen: list[bool] = []

    def work(transaction: Transaction) -> None:
        transaction.put_item(items, b"1", (1, b"1"), replaced=None)
        transaction.after_commit(lambda: seen.append(is_stored(storage, items, b"1")))

    storage.write.gather(wait=False)
    storage.write.gathered(lambda: storage.write(work))
    assert seen == [True]
    storage.write.commit_gathered()
