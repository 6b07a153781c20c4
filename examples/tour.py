"""A tour: one table for all tenants, two entities, an index, a lock, a transaction, and what a component may not do."""

from datetime import UTC, datetime
from typing import Literal

from tenantable.data import TenantId, TenantRepository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, Tenancy, allow, attr, writes
from tenantable.errors import ConditionFailed, StaleItem
from tenantable.local.systems import run_embedded
from tenantable.wire.errors import DynamoError

Status = Literal["open", "paid", "shipped"]

by_status = Index("by-status")
shop = Table("shop", by_status, tenancy=Tenancy(prefix="SHOP#{tenant}"))


class Order(Entity, table=shop):
    """What a customer ordered."""

    number: Attr[int]
    status: Attr[Status] = attr(default="open")
    total_cents: Attr[int]
    placed_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class Balance(Entity, table=shop):
    """What a shop has earned."""

    cents: Attr[int] = attr(default=0)


class Orders(TenantRepository[Order]):
    """The orders of one shop."""

    @Order.key(pk="SHOP#{tenant}", sk="ORDER#{number}")
    def get(self, *, number: int) -> None:
        """One order."""

    @Order.query(by_status, pk="SHOP#{tenant}#STATUS#{status}", sk="{placed_at}#{number}")
    def in_status(self, *, status: Status) -> None:
        """Orders in one status, oldest first."""


class Balances(TenantRepository[Balance]):
    """The balance of one shop."""

    @Balance.key(pk="SHOP#{tenant}", sk="BALANCE")
    def get(self) -> None:
        """The balance."""


clerk = Component(
    "clerk",
    grants=[
        allow(Orders.get, Orders.in_status, writes(Order, "create", "update")),
        allow(Balances.get, writes(Balance, "create", "update")),
        allow(writes(Order, "update"), writes(Balance, "update"), in_transaction=True),
    ],
)
dashboard = Component("dashboard", grants=[allow(Orders.in_status)])

with run_embedded(System(name="shop", tables=[shop], components=[clerk, dashboard])) as running:
    scope = running.database(clerk).tenant(TenantId("acme"))
    orders, balances = scope.repository(Orders), scope.repository(Balances)
    balances.create(Balance())
    for number, cents in ((1, 990), (2, 2450)):
        orders.create(Order(number=number, total_cents=cents, placed_at=datetime(2026, 11, number, tzinfo=UTC)))

    first = orders.get(number=1)
    assert first is not None
    with scope.transaction() as transaction:  # both, or neither
        transaction.update(orders, first, Order.status.set("paid"))
        transaction.update(balances, Balances.get.key(), Balance.cents.add(first.total_cents))
    balance = balances.get()
    assert balance is not None
    print("paid", [order.number for order in orders.in_status(status="paid")], "balance", balance.cents)

    try:
        orders.update(first, Order.status.set("shipped"))  # `first` was read before it was paid
    except StaleItem as error:
        print("stale:", error.message)

    try:
        orders.create(first)
    except ConditionFailed as error:
        print("exists:", error.message)

    other = running.database(clerk).tenant(TenantId("globex")).repository(Orders)
    print("another shop sees", other.get(number=1))

    seen = running.database(dashboard).tenant(TenantId("acme")).repository(Orders)
    print("open orders on the dashboard:", [order.number for order in seen.in_status(status="open")])
    try:
        seen.get(number=2)
    except DynamoError as error:
        print("refused:", error.code)
