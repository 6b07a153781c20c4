"""The index is ordered by the time of creation."""

from datetime import datetime

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, writes

recent = Index("recent", partition="customer_id", sort="created_at")

table = Table("orders", recent, partition="order_id")


class Order(Entity, table=table):
    order_id: Attr[str]
    customer_id: Attr[str]
    created_at: Attr[datetime]


class Orders(Repository[Order]):
    @Order.key()
    def get(self, *, order_id: str) -> None:
        """One order."""

    @Order.query(recent)
    def recent(self, *, customer_id: str) -> None:
        """A customer's orders, in the order of time."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[
        Component("api", grants=[allow(Orders.get, Orders.recent, writes(Order, "create", "update", "delete"))])
    ],
)
