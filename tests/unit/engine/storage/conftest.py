"""A database, and SQL tables in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantable.engine.storage.queries import ItemRelation, item_relation
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.transaction import Transaction


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with Storage(tmp_path) as storage:
        yield storage


@pytest.fixture
def items(storage: Storage) -> ItemRelation:
    def work(transaction: Transaction) -> ItemRelation:
        items = item_relation(transaction.add_relation())
        transaction.create(items)
        return items

    return storage.write(work)
