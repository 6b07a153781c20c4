"""The index serves a pattern, and a component may use it."""

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, writes

by_customer = Index("by-customer", partition="customer_id", sort="order_id")

table = Table("orders", by_customer, partition="order_id")


class Order(Entity, table=table):
    order_id: Attr[str]
    customer_id: Attr[str]


class Orders(Repository[Order]):
    @Order.key()
    def get(self, *, order_id: str) -> None:
        """One order."""

    @Order.query(by_customer)
    def of_customer(self, *, customer_id: str) -> None:
        """A customer's orders."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[
        Component("api", grants=[allow(Orders.get, Orders.of_customer, writes(Order, "create", "update", "delete"))])
    ],
)
