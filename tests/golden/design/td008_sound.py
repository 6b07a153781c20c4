"""A global index bounds nothing."""

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, writes

by_total = Index("by-total", partition="customer_id", sort="total")
table = Table("orders", by_total)


class Order(Entity, table=table):
    customer_id: Attr[str]
    order_id: Attr[str]
    total: Attr[str]


class Orders(Repository[Order]):
    @Order.key(pk="CUSTOMER#{customer_id}", sk="ORDER#{order_id}")
    def get(self, *, customer_id: str, order_id: str) -> None:
        """One order."""

    @Order.query(by_total)
    def by_total(self, *, customer_id: str) -> None:
        """A customer's orders, the smallest first."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[Component("api", grants=[allow(Orders.get, Orders.by_total, writes(Order, "create", "update"))])],
)
