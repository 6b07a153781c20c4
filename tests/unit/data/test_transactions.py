from collections.abc import Callable
from typing import Any

import pytest

from tenantable.data import Database, Repository, TenantId, TenantRepository
from tenantable.declare import Attr, Entity, Naming, Table, Tenancy, attr
from tenantable.engine import Engine
from tenantable.errors import (
    ConditionFailed,
    DataError,
    DuplicateValue,
    ItemNotFound,
    StaleItem,
    TenancyError,
    Unavailable,
)
from tenantable.wire.errors import DynamoError

table = Table("accounts")
shared = Table("orders", tenancy=Tenancy())


class Account(Entity, table=table):
    account_id: Attr[str]
    balance: Attr[int] = attr(default=0)
    email: Attr[str | None] = attr(default=None, unique=True)
    revision: Attr[int] = attr(default=0, lock=True)


class Accounts(Repository[Account]):
    @Account.key(pk="ACCOUNT#{account_id}", sk="ACCOUNT")
    def get(self, *, account_id: str) -> None:
        """One account."""


class Order(Entity, table=shared):
    order_id: Attr[str]
    paid: Attr[bool] = attr(default=False)


class Orders(TenantRepository[Order]):
    @Order.key(pk="TENANT#{tenant}", sk="ORDER#{order_id}")
    def get(self, *, order_id: str) -> None:
        """One order."""


@pytest.fixture
def database(open_database: Callable[..., Database]) -> Database:
    return open_database(table, shared)


@pytest.fixture
def accounts(database: Database) -> Accounts:
    found = database.repository(Accounts)
    found.create(Account(account_id="a", balance=10, email="a@x"))
    found.create(Account(account_id="b", balance=1))
    return found


def key(account_id: str) -> Any:
    return Accounts.get.key(account_id=account_id)


def balances(accounts: Accounts) -> list[int]:
    return [account.balance for account in accounts.get_many([key("a"), key("b")]) if account]


def test_writes_happen_together(database: Database, accounts: Accounts, client: Any) -> None:
    client.operations()
    with database.transaction() as transaction:
        transaction.update(accounts, key("a"), Account.balance.add(-5), when=Account.balance >= 5)
        transaction.update(accounts, key("b"), Account.balance.add(5))
    assert client.operations() == ["TransactWriteItems"]
    assert balances(accounts) == [5, 6]


def test_one_failed_condition_stops_all_and_names_its_item(database: Database, accounts: Accounts) -> None:
    transaction = database.transaction()
    transaction.update(accounts, key("b"), Account.balance.add(50))
    transaction.update(accounts, key("a"), Account.balance.add(-50), when=Account.balance >= 50)
    with pytest.raises(ConditionFailed, match="the condition does not hold for Account ACCOUNT#a / ACCOUNT"):
        transaction.commit()
    assert balances(accounts) == [10, 1]


def test_an_error_inside_the_block_writes_nothing(database: Database, accounts: Accounts, client: Any) -> None:
    def fail_midway() -> None:
        with database.transaction() as transaction:
            transaction.delete(accounts, key("a"))
            raise RuntimeError

    client.operations()
    with pytest.raises(RuntimeError):
        fail_midway()
    assert client.operations() == []


def test_every_kind_of_write_has_its_error(database: Database, accounts: Accounts) -> None:
    stale = accounts.get(account_id="a")
    assert stale is not None
    accounts.update(key("a"), Account.balance.add(1))
    expected: list[tuple[type[Exception], Callable[[Any], None]]] = [
        (ConditionFailed, lambda open_: open_.create(accounts, Account(account_id="a"))),
        (DuplicateValue, lambda open_: open_.create(accounts, Account(account_id="c", email="a@x"))),
        (StaleItem, lambda open_: open_.update(accounts, stale, Account.balance.add(1))),
        (StaleItem, lambda open_: open_.put(accounts, stale)),
        (StaleItem, lambda open_: open_.delete(accounts, stale)),
        (ItemNotFound, lambda open_: open_.update(accounts, key("x"), Account.balance.add(1))),
        (ItemNotFound, lambda open_: open_.check(accounts, key("x"))),
        (ConditionFailed, lambda open_: open_.check(accounts, key("a"), when=Account.balance > 99)),
    ]
    for error, write in expected:
        with pytest.raises(error) as raised, database.transaction() as transaction:
            write(transaction)
        assert type(raised.value) is error


def test_unique_values_follow_in_the_same_transaction(database: Database, accounts: Accounts) -> None:
    with database.transaction() as transaction:
        transaction.delete(accounts, key("a"))
        transaction.update(accounts, key("b"), Account.email.set("b@x"))
    accounts.create(Account(account_id="c", email="a@x"))
    with pytest.raises(DuplicateValue):
        accounts.create(Account(account_id="d", email="b@x"))


def test_a_token_makes_a_transaction_happen_once(database: Database, accounts: Accounts) -> None:
    for _ in range(2):
        with database.transaction(token="once") as transaction:
            transaction.update(accounts, key("b"), Account.balance.add(1))
    assert balances(accounts) == [10, 2]


def test_tokens_differ_between_transactions(database: Database, accounts: Accounts, client: Any) -> None:
    for _ in range(2):
        with database.transaction() as transaction:
            transaction.update(accounts, key("b"), Account.balance.add(1))
    tokens = {request["ClientRequestToken"] for operation, request in client.requests if operation.startswith("Trans")}
    assert len(tokens) == len([name for name in client.operations() if name.startswith("Trans")])


def test_conflicts_with_others_are_waited_out(
    database: Database, accounts: Accounts, client: Any, waits: list[float]
) -> None:
    conflict = DynamoError(
        "TransactionCanceledException",
        "Transaction cancelled",
        extra={"CancellationReasons": [{"Code": "TransactionConflict"}]},
    )
    conflicts = [conflict, conflict]

    def collide(operation: str, _request: Any) -> None:
        if operation == "TransactWriteItems" and conflicts:
            raise conflicts.pop()

    client.before = collide
    with database.transaction() as transaction:
        transaction.update(accounts, key("b"), Account.balance.add(1))
    assert balances(accounts) == [10, 2]
    assert len(waits) == 2
    conflicts += [conflict] * 100
    with pytest.raises(Unavailable, match="others kept on writing Account ACCOUNT#b"), database.transaction() as again:
        again.update(accounts, key("b"), Account.balance.add(1))


def test_an_empty_transaction_asks_nothing(database: Database, client: Any) -> None:
    with database.transaction():
        pass
    assert client.operations() == []


def test_a_transaction_has_at_most_a_hundred_items(database: Database, accounts: Accounts) -> None:
    transaction = database.transaction()
    for number in range(101):
        transaction.create(accounts, Account(account_id=str(number)))
    with pytest.raises(DataError, match="101 items are too many"):
        transaction.commit()


def test_a_tenants_transaction_takes_its_own_repositories(database: Database, accounts: Accounts) -> None:
    scope, other = database.tenant(TenantId("t")), database.tenant(TenantId("u"))
    with scope.transaction() as transaction:
        transaction.create(scope.repository(Orders), Order(order_id="1"))
        transaction.check(accounts, key("a"))
    assert scope.repository(Orders).get(order_id="1") == Order(order_id="1")
    with pytest.raises(TenancyError, match="another tenant"), scope.transaction() as transaction:
        transaction.create(other.repository(Orders), Order(order_id="2"))
    with pytest.raises(TenancyError), database.transaction() as transaction:
        transaction.create(scope.repository(Orders), Order(order_id="2"))


def test_a_transaction_and_its_repositories_share_a_database(database: Database, accounts: Accounts) -> None:
    with Engine(":memory:") as engine:
        other = Database(engine, naming=Naming(), cursor_key=bytes(16))
        with pytest.raises(DataError, match=r"Accounts belongs to another Database object \(share one: "):
            other.transaction().create(accounts, Account(account_id="c"))
