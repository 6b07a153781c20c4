"""A snapshot is one state, and nobody waits for it."""

from pathlib import Path

import pytest

from tenantable.engine.storage.queries import item_relation
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.transaction import Transaction
from tenantable.errors import StorageError

ITEMS = item_relation(1)


def put(storage: Storage, key: bytes) -> None:
    storage.write(lambda transaction: transaction.put_item(ITEMS, key, (1, b"{}"), replaced=None))


def create(transaction: Transaction) -> None:
    assert transaction.add_relation() == 1
    transaction.create(ITEMS)


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_what_is_written_meanwhile_is_not_seen(kind: str, tmp_path: Path) -> None:
    with Storage(None if kind == "memory" else tmp_path) as storage:
        storage.write(create)
        put(storage, b"a")
        with storage.snapshot() as snapshot:
            first = list(snapshot.walk(ITEMS))
            put(storage, b"b")
            assert list(snapshot.walk(ITEMS)) == first == [(b"a", 1, b"{}")]
        with storage.read() as reader:
            assert len(list(reader.walk(ITEMS))) == 2


def test_a_snapshot_leaves_no_log_for_the_next_writer(tmp_path: Path) -> None:
    """What was written meanwhile is in the file when it ends, so that the next writer begins the log anew."""
    with Storage(tmp_path) as storage:
        storage.write(create)
        with storage.snapshot() as snapshot:
            list(snapshot.walk(ITEMS))
            for number in range(200):
                put(storage, b"%d" % number)
        before = (tmp_path / "tenantable.db-wal").stat().st_size
        put(storage, b"next")
        assert (tmp_path / "tenantable.db-wal").stat().st_size == before


def test_a_closed_storage_gives_none(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.close()
    with pytest.raises(StorageError):
        storage.snapshot()
