"""A call without a status would need an index by customer alone."""

from typing import Literal

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, writes

by_status = Index("by-status", partition="status_of", sort="order_id")

table = Table("orders", by_status, partition="order_id")


class Order(Entity, table=table):
    order_id: Attr[str]
    customer_id: Attr[str]
    status: Attr[Literal["open", "paid"]]


class Orders(Repository[Order]):
    @Order.key()
    def get(self, *, order_id: str) -> None:
        """One order."""

    @Order.query(by_status, pk="{customer_id}#{status}")
    def of_customer(self, *, customer_id: str, status: Literal["open", "paid"] | None = None) -> None:
        """A customer's orders in one state."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[
        Component("api", grants=[allow(Orders.get, Orders.of_customer, writes(Order, "create", "update", "delete"))])
    ],
)
