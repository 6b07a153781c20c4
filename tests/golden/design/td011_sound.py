"""The table removes what has expired."""

from datetime import datetime

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, System, Table, allow, writes

table = Table("orders", partition="order_id", ttl="expires_at")


class Order(Entity, table=table):
    order_id: Attr[str]
    customer_id: Attr[str]
    expires_at: Attr[datetime]


class Orders(Repository[Order]):
    @Order.key()
    def get(self, *, order_id: str) -> None:
        """One order."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[Component("api", grants=[allow(Orders.get, writes(Order, "create", "update", "delete"))])],
)
