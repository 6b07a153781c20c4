import pytest

from tenantable.engine.storage.queries import IndexRelation, ItemRelation, index_relation, item_relation
from tenantable.engine.storage.reading import KeyRange
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.transaction import Transaction

EVERYTHING = KeyRange(lower=b"", upper=b"\xff")


@pytest.fixture
def items(storage: Storage) -> ItemRelation:
    """Items `a` to `e`, each as large as its place in the alphabet."""

    def work(transaction: Transaction) -> ItemRelation:
        items = item_relation(transaction.add_relation())
        transaction.create(items)
        for size, letter in enumerate(b"abcde", start=1):
            transaction.put_item(items, bytes([letter]), (size, bytes([letter])), replaced=None)
        return items

    return storage.write(work)


@pytest.fixture(params=[True, False], ids=["copies", "pointers"])
def index(request: pytest.FixtureRequest, storage: Storage, items: ItemRelation) -> IndexRelation:
    """`a` and `b` under the key `x`, `c` to `e` under `y`."""

    def work(transaction: Transaction) -> IndexRelation:
        index = index_relation(transaction.add_relation(), items=items.number, copies=request.param)
        transaction.create(index)
        for letter in "abcde":
            base = letter.encode()
            transaction.add_entry(index, b"x" if letter < "c" else b"y", base=base, row=(1, base))
        return index

    return storage.write(work)


def delete_a(storage: Storage, items: ItemRelation) -> None:
    storage.write(lambda transaction: transaction.delete_item(items, b"a", replaced=(1, b"a")))


def page(
    storage: Storage,
    relation: ItemRelation | IndexRelation,
    keys: KeyRange = EVERYTHING,
    *,
    descending: bool = False,
    limit: int = -1,
    bytes_max: int = 1000,
) -> tuple[str, bool]:
    with storage.read() as reader:
        rows, may_go_on = reader.page(relation, keys, descending=descending, limit=limit, bytes_max=bytes_max)
    return b"".join(body for _, body in rows).decode(), may_go_on


def test_a_range_holds_its_lower_bound_and_not_its_upper(storage: Storage, items: ItemRelation) -> None:
    assert page(storage, items, KeyRange(lower=b"b", upper=b"d")) == ("bc", False)
    assert page(storage, items, KeyRange(lower=b"b", upper=b"d"), descending=True) == ("cb", False)


def test_a_page_ends_at_its_limit(storage: Storage, items: ItemRelation) -> None:
    assert page(storage, items, limit=5) == ("abcde", True)
    assert page(storage, items, limit=2) == ("ab", True)
    assert page(storage, items, limit=6) == ("abcde", False)


def test_a_page_ends_with_the_row_that_exceeds_its_bytes(storage: Storage, items: ItemRelation) -> None:
    assert page(storage, items, bytes_max=5) == ("abc", True)
    assert page(storage, items, bytes_max=6) == ("abcd", True)


def test_an_index_lies_in_the_order_of_its_keys_then_of_its_items(storage: Storage, index: IndexRelation) -> None:
    assert page(storage, index) == ("abcde", False)
    assert page(storage, index, descending=True) == ("edcba", False)
    assert page(storage, index, KeyRange(lower=b"y", upper=b"z")) == ("cde", False)


def test_an_index_goes_on_behind_an_entry(storage: Storage, index: IndexRelation) -> None:
    """Also between entries that share a key."""
    assert page(storage, index, KeyRange(lower=b"y", upper=b"\xff", after=b"c")) == ("de", False)
    assert page(storage, index, KeyRange(lower=b"", upper=b"y", before=b"d"), descending=True) == ("cba", False)


def test_a_frozen_reader_sees_one_state(storage: Storage, items: ItemRelation) -> None:
    with storage.read() as reader:
        reader.freeze()
        assert reader.get(items, b"a") == (1, b"a")
        delete_a(storage, items)
        assert reader.get(items, b"a") == (1, b"a")
    with storage.read() as reader:
        assert reader.get(items, b"a") is None


def test_a_page_that_ends_early_holds_no_old_state_alive(storage: Storage, items: ItemRelation) -> None:
    """Else the log could never shrink while a reader lies idle."""
    assert page(storage, items, bytes_max=1)[1]
    delete_a(storage, items)
    busy, _, _ = storage.write.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0
