"""A component has the access patterns alone."""

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, System, Table, allow, writes

table = Table("orders", partition="order_id")


class Order(Entity, table=table):
    order_id: Attr[str]
    customer_id: Attr[str]


class Orders(Repository[Order]):
    @Order.key()
    def get(self, *, order_id: str) -> None:
        """One order."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[Component("api", grants=[allow(Orders.get, writes(Order, "create", "update", "delete"))])],
)
