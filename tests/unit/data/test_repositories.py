"""Single entities: read, put, create, update, delete; index keys in step, locks, expiry, soft deletion, versions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from tenantable.data import Database, Repository
from tenantable.declare import Attr, Change, Entity, Index, Table, attr
from tenantable.errors import ConditionFailed, DataError, ItemNotFound, StaleItem
from tenantable.wire.values import Item

NOW = datetime(2026, 1, 1, tzinfo=UTC)
gsi1, gsi2 = Index("gsi1"), Index("gsi2")
orders_table = Table("orders", gsi1, gsi2)
notes_table = Table("notes", ttl="expires_at")


class Order(Entity, table=orders_table):
    org_id: Attr[str]
    order_id: Attr[str]
    status: Attr[str] = attr(default="open")
    division: Attr[str | None] = attr(default=None)
    rank: Attr[int] = attr(default=0)
    placed_at: Attr[datetime] = attr(default=NOW)
    total: Attr[Decimal] = attr(default=Decimal(0))
    tags: Attr[set[str]] = attr(default_factory=set)
    lines: Attr[list[str]] = attr(default_factory=list)
    prices: Attr[dict[str, int]] = attr(default_factory=dict)
    limit: Attr[int | None] = attr(default=7)


class Summary(BaseModel):
    status: str


class Orders(Repository[Order]):
    @Order.key(pk="ORG#{org_id}", sk="ORDER#{order_id}")
    def get(self, *, org_id: str, order_id: str) -> None:
        """One order."""

    @Order.key(view=Summary)
    def summary(self, *, org_id: str, order_id: str) -> None:
        """An order's state."""

    @Order.query(gsi1, pk="ORG#{org_id}#STATUS#{status}", sk="{placed_at}#{order_id}")
    def by_status(self, *, org_id: str, status: str) -> None:
        """Orders in one state."""

    @Order.query(gsi2, pk="ORG#{org_id}#DIV#{division}", sk="RANK#{rank:04}")
    def of_division(self, *, org_id: str, division: str) -> None:
        """Orders of a division by rank."""


class Note(Entity, table=notes_table):
    note_id: Attr[str]
    text: Attr[str] = attr(default="")
    expires_at: Attr[datetime | None] = attr(default=None)
    gone_at: Attr[datetime | None] = attr(default=None, soft_delete=True)
    revision: Attr[int] = attr(default=0, lock=True)


class Notes(Repository[Note]):
    @Note.key(pk="NOTE#{note_id}", sk="NOTE")
    def get(self, *, note_id: str) -> None:
        """One note."""


KEY = Orders.get.key(org_id="o", order_id="1")
NOTE = Notes.get.key(note_id="1")


@pytest.fixture
def orders(open_database: Callable[..., Database]) -> Orders:
    return open_database(orders_table).repository(Orders)


@pytest.fixture
def notes(open_database: Callable[..., Database]) -> Notes:
    return open_database(notes_table).repository(Notes)


@pytest.fixture
def order(orders: Orders) -> Order:
    return orders.create(Order(org_id="o", order_id="1", division="d", lines=["a"], prices={"a": 1}))


def keys(stored: Any) -> dict[str, str]:
    (item,) = stored(orders_table)
    return {name: value["S"] for name, value in sorted(item.items()) if name.startswith("GSI")}


def test_what_was_put_is_read(orders: Orders, order: Order) -> None:
    assert orders.get(org_id="o", order_id="1") == order
    assert orders.get(org_id="o", order_id="2") is None


def test_a_view_reads_no_other_attribute(orders: Orders, order: Order, client: Any) -> None:
    assert orders.summary(org_id="o", order_id="1") == Summary(status="open")
    assert list(client.requests[-1][1]["ExpressionAttributeNames"].values()) == ["status"]


def test_a_strong_read_is_asked_as_such(orders: Orders, order: Order, client: Any) -> None:
    orders.consistent.get(org_id="o", order_id="1")
    assert client.requests[-1][1]["ConsistentRead"] is True


def test_create_does_not_replace(orders: Orders, order: Order) -> None:
    with pytest.raises(ConditionFailed, match="Order ORG#o / ORDER#1 exists already"):
        orders.create(Order(org_id="o", order_id="1", status="paid"))
    assert orders.get(org_id="o", order_id="1") == order


def test_put_replaces_when_its_condition_holds(orders: Orders, order: Order) -> None:
    paid = order.model_copy(update={"status": "paid"})
    with pytest.raises(ConditionFailed, match="the condition does not hold for Order ORG#o / ORDER#1"):
        orders.put(paid, when=Order.status == "void")
    orders.put(paid, when=Order.status == "open")
    assert orders.get(org_id="o", order_id="1") == paid


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        (Order.total.add(Decimal("2.5")), "total", Decimal("2.5")),
        (Order.total.set(Decimal(4)), "total", Decimal(4)),
        (Order.tags.add_to_set("x", "y"), "tags", {"x", "y"}),
        (Order.tags.remove_from_set("x"), "tags", set()),
        (Order.tags.set(set()), "tags", set()),
        (Order.tags.add_to_set(), "tags", set()),
        (Order.lines.append("b"), "lines", ["a", "b"]),
        (Order.lines.prepend("b"), "lines", ["b", "a"]),
        (Order.lines[0].set("c"), "lines", ["c"]),
        (Order.prices["a"].add(2), "prices", {"a": 3}),
        (Order.prices["b"].set(2), "prices", {"a": 1, "b": 2}),
        (Order.prices["a"].remove(), "prices", {}),
        (Order.limit.set(None), "limit", None),
        (Order.limit.remove(), "limit", None),
        (Order.limit.add(1), "limit", 8),
        (Order.status.set_default("x"), "status", "open"),
    ],
)
def test_a_change_changes_its_attribute(
    orders: Orders, order: Order, change: Change[Order], field: str, expected: object
) -> None:
    updated = orders.update(KEY, change, Order.placed_at.set(NOW + timedelta(1)))
    assert getattr(updated, field) == expected
    assert orders.get(org_id="o", order_id="1") == updated


def test_a_missing_number_counts_as_its_default(orders: Orders, order: Order, client: Any) -> None:
    client.client.call(
        "UpdateItem",
        {
            "TableName": "orders-test",
            "Key": {"PK": {"S": "ORG#o"}, "SK": {"S": "ORDER#1"}},
            "UpdateExpression": "REMOVE #l",
            "ExpressionAttributeNames": {"#l": "limit"},
        },
    )
    assert orders.update(KEY, Order.limit.add(1)).limit == 8


@pytest.mark.parametrize("by_key", [True, False])
def test_an_item_from_before_an_attribute_has_its_default(
    orders: Orders, order: Order, client: Any, stored: Any, by_key: bool
) -> None:
    """Reading, deriving keys and conditions agree on what an attribute is that is not stored."""
    older = {name: value for name, value in stored(orders_table)[0].items() if name not in {"rank", "status"}}
    client.client.call("PutItem", {"TableName": "orders-test", "Item": older})
    read = orders.get(org_id="o", order_id="1")
    assert read is not None
    orders.update(KEY if by_key else read, Order.rank.add(2), Order.placed_at.set(NOW + timedelta(1)))
    assert keys(stored)["GSI2SK"] == "RANK#0002"
    assert keys(stored)["GSI1PK"] == "ORG#o#STATUS#open"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([Order.status.set("paid")], {"GSI1PK": "ORG#o#STATUS#paid"}),
        ([Order.placed_at.set(NOW + timedelta(1))], {"GSI1SK": "2026-01-02T00:00:00.000000Z#1"}),
        ([Order.division.set("e"), Order.status.set("paid")], {"GSI1PK": "ORG#o#STATUS#paid", "GSI2PK": "ORG#o#DIV#e"}),
        ([Order.rank.add(3)], {"GSI2SK": "RANK#0003"}),
        ([Order.division.set(None)], {"GSI2PK": None, "GSI2SK": None}),
        ([Order.division.remove()], {"GSI2PK": None, "GSI2SK": None}),
        ([Order.total.add(Decimal(1))], {}),
    ],
)
def test_index_keys_stay_in_step(
    orders: Orders, order: Order, stored: Any, changes: list[Change[Order]], expected: dict[str, Any]
) -> None:
    wanted = {name: value for name, value in (keys(stored) | expected).items() if value is not None}
    orders.update(KEY, *changes)
    assert keys(stored) == wanted
    orders.put(order)
    orders.update(order, *changes)
    assert keys(stored) == wanted


def test_an_update_leaves_the_same_keys_as_a_put_of_its_result(orders: Orders, order: Order, stored: Any) -> None:
    updated = orders.update(KEY, Order.status.set("void"), Order.rank.set(9), Order.division.set("#%"))
    after_update = stored(orders_table)
    orders.put(updated)
    assert stored(orders_table) == after_update


def test_an_update_that_needs_nothing_reads_nothing(orders: Orders, order: Order, client: Any) -> None:
    client.operations()
    orders.update(KEY, Order.total.add(Decimal(1)))
    orders.update(KEY, Order.status.set("x"), Order.placed_at.set(NOW))
    assert client.operations() == ["UpdateItem", "UpdateItem"]


def test_an_index_key_is_never_made_from_what_somebody_else_changed(orders: Orders, order: Order, stored: Any) -> None:
    orders.update(KEY, Order.division.set("e"))
    with pytest.raises(StaleItem, match="was changed by somebody else since it was read"):
        orders.update(order, Order.rank.set(5))
    assert keys(stored)["GSI2PK"] == "ORG#o#DIV#e"


def test_an_update_by_key_starts_over_when_others_are_faster(
    orders: Orders, order: Order, stored: Any, client: Any
) -> None:
    rivals = ["f", "e"]

    def interfere(operation: str, _request: Any) -> None:
        if operation == "UpdateItem" and rivals:
            division = rivals.pop()
            orders.update(KEY, Order.division.set(division), Order.rank.set(1))

    client.before = interfere
    orders.update(KEY, Order.rank.add(4))
    assert keys(stored)["GSI2PK"] == "ORG#o#DIV#e"
    assert keys(stored)["GSI2SK"] == "RANK#0005"


def test_an_update_by_key_gives_up_when_others_never_stop(orders: Orders, order: Order, client: Any) -> None:
    rounds = iter(range(1000))

    def interfere(operation: str, request: Any) -> None:
        if operation == "UpdateItem" and "ReturnValues" in request:
            orders.change(KEY, Order.division.set(f"d{next(rounds)}"), Order.rank.set(1))

    client.before = interfere
    with pytest.raises(StaleItem, match="others write it all the time"):
        orders.update(KEY, Order.rank.add(4))


def test_what_does_not_exist_is_not_updated(orders: Orders, stored: Any) -> None:
    for changes in ([Order.total.add(Decimal(1))], [Order.rank.add(1)]):
        with pytest.raises(ItemNotFound, match="does not exist"):
            orders.update(KEY, *changes)
    with pytest.raises(ItemNotFound):
        orders.change(KEY, Order.total.add(Decimal(1)))
    assert stored(orders_table) == []


def test_a_condition_guards_an_update(orders: Orders, order: Order) -> None:
    with pytest.raises(ConditionFailed, match="the condition does not hold"):
        orders.update(order, Order.total.add(Decimal(1)), when=(Order.total > Decimal(3)) | Order.division.missing())
    orders.update(order, Order.total.add(Decimal(1)), when=(Order.total < Decimal(3)) & Order.division.exists())


def test_a_change_gives_nothing_back_and_asks_for_nothing(orders: Orders, order: Order, client: Any) -> None:
    orders.change(KEY, Order.total.add(Decimal(1)))
    assert not {"ReturnValues", "ReturnValuesOnConditionCheckFailure"} & client.requests[-1][1].keys()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ([], "needs at least one change"),
        ([Order.order_id.set("2")], "is part of the primary key and cannot change"),
        ([Order.total.add(Decimal(1)), Order.total.set(Decimal(2))], "is changed twice"),
        ([Note.text.set("x")], "is no attribute of Order"),
        ([Note.revision.set(3)], "is no attribute of Order"),
    ],
)
def test_changes_that_make_no_sense_are_refused(orders: Orders, order: Order, changes: list[Any], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        orders.update(KEY, *changes)


@pytest.mark.parametrize(
    ("change", "problem"), [(Note.revision.set(3), "is the lock"), (Note.gone_at.set(NOW), "use delete and restore")]
)
def test_some_attributes_are_the_librarys_own(notes: Notes, change: Change[Note], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        notes.update(NOTE, change)


def test_deleting_needs_no_item_but_its_condition_does(orders: Orders, order: Order) -> None:
    with pytest.raises(ConditionFailed):
        orders.delete(KEY, when=Order.status == "paid")
    orders.delete(order)
    orders.delete(KEY)
    assert orders.get(org_id="o", order_id="1") is None


def test_keys_and_entities_of_others_are_refused(orders: Orders) -> None:
    foreign: Any = NOTE
    stranger: Any = Note(note_id="1")
    for target in (foreign, stranger):
        with pytest.raises(DataError, match="Order"):
            orders.delete(target)


def test_a_lock_rises_with_every_write(notes: Notes) -> None:
    note = notes.create(Note(note_id="1"))
    note = notes.put(note)
    note = notes.update(note, Note.text.set("x"))
    assert note.revision == 3
    assert notes.get(note_id="1") == note


def test_a_stale_writer_never_wins(notes: Notes) -> None:
    stale = notes.create(Note(note_id="1"))
    fresh = notes.update(NOTE, Note.text.set("x"))
    writes: list[Callable[[], object]] = [
        lambda: notes.put(stale),
        lambda: notes.update(stale, Note.text.set("y")),
        lambda: notes.delete(stale),
        lambda: notes.erase(stale),
        lambda: notes.put(Note(note_id="1")),
    ]
    for write in writes:
        with pytest.raises(StaleItem, match="was changed by somebody else"):
            write()
    assert notes.get(note_id="1") == fresh


def test_an_item_from_before_the_lock_is_guarded_from_now_on(notes: Notes, client: Any) -> None:
    older = {"PK": {"S": "NOTE#1"}, "SK": {"S": "NOTE"}, "note_id": {"S": "1"}}
    client.client.call("PutItem", {"TableName": "notes-test", "Item": older})
    read = notes.get(note_id="1")
    assert read is not None
    notes.update(read, Note.text.set("x"))
    with pytest.raises(StaleItem):
        notes.update(read, Note.text.set("y"))


def test_an_expired_entity_is_gone_before_dynamodb_removes_it(notes: Notes, clock: Any) -> None:
    notes.create(Note(note_id="1", expires_at=datetime.fromtimestamp(clock.now + 10, UTC)))
    clock.now += 10
    assert notes.get(note_id="1") is None
    with pytest.raises(ItemNotFound):
        notes.update(NOTE, Note.text.set("x"))
    assert notes.create(Note(note_id="1", text="new")).revision == 1


def test_an_expired_entity_does_not_stand_in_the_way_of_a_new_one(notes: Notes, clock: Any) -> None:
    expiry = datetime.fromtimestamp(clock.now + 10, UTC)
    notes.create(Note(note_id="1", expires_at=expiry))
    with pytest.raises(StaleItem):
        notes.put(Note(note_id="1"))
    clock.now += 10
    assert notes.put(Note(note_id="1", text="new")).revision == 1


def test_a_soft_deletion_can_be_taken_back(notes: Notes, clock: Any) -> None:
    notes.create(Note(note_id="1", text="x"))
    notes.delete(NOTE)
    assert notes.get(note_id="1") is None
    with pytest.raises(ItemNotFound):
        notes.delete(NOTE)
    with pytest.raises(ItemNotFound):
        notes.change(NOTE, Note.text.set("y"))
    restored = notes.restore(NOTE)
    assert (restored.text, restored.gone_at, restored.revision) == ("x", None, 3)
    with pytest.raises(ItemNotFound):
        notes.restore(NOTE)


def test_erasing_leaves_nothing(notes: Notes, stored: Any) -> None:
    notes.create(Note(note_id="1"))
    notes.erase(NOTE)
    assert stored(notes_table) == []


def test_only_what_is_deleted_softly_is_restored(orders: Orders) -> None:
    with pytest.raises(DataError, match="Order has no soft_delete attribute"):
        orders.restore(KEY)


def test_an_update_upgrades_an_older_item_first(open_database: Callable[..., Database], client: Any) -> None:
    table = Table("books")

    def split(item: Item) -> Item:
        return {**item, "first": {"S": item["name"]["S"].split()[0]}}

    class Book(Entity, table=table, version=2, upgrades={1: split}):
        book_id: Attr[str]
        first: Attr[str]
        sold: Attr[int] = attr(default=0)

    class Books(Repository[Book]):
        @Book.key(pk="BOOK#{book_id}", sk="BOOK")
        def get(self, *, book_id: str) -> None:
            """One book."""

    books = open_database(table).repository(Books)
    old = {"PK": {"S": "BOOK#1"}, "SK": {"S": "BOOK"}, "book_id": {"S": "1"}, "name": {"S": "Ann Bee"}}
    client.client.call("PutItem", {"TableName": "books-test", "Item": old})
    assert books.get(book_id="1") == Book(book_id="1", first="Ann")
    assert books.update(Books.get.key(book_id="1"), Book.sold.add(2)) == Book(book_id="1", first="Ann", sold=2)


def test_a_softly_deleted_note_is_in_the_way_of_another(notes: Notes) -> None:
    notes.create(Note(note_id="1"))
    notes.delete(NOTE)
    with pytest.raises(ConditionFailed, match=r"exists already, softly deleted \(restore it, or erase it before\)"):
        notes.create(Note(note_id="1"))


@pytest.mark.parametrize("write", ["put", "create"])
def test_what_a_write_gives_back_is_what_is_stored(notes: Notes, write: str) -> None:
    """The time of expiry has whole seconds; a lock is raised."""
    expiry = datetime(2030, 1, 1, 1, 2, 3, 456789, tzinfo=UTC)
    written = getattr(notes, write)(Note(note_id="1", expires_at=expiry))
    assert written == notes.get(note_id="1")
    assert notes.update(written, Note.text.set("x")) == notes.get(note_id="1")
