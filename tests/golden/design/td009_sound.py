"""An order has fifty notes at most."""

from typing import Annotated

from pydantic import Field

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, System, Table, allow, attr, writes

table = Table("orders", partition="order_id")


class Order(Entity, table=table):
    order_id: Attr[str]
    customer_id: Attr[str]
    notes: Attr[Annotated[list[str], Field(max_length=50)]] = attr(default_factory=list)


class Orders(Repository[Order]):
    @Order.key()
    def get(self, *, order_id: str) -> None:
        """One order."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[Component("api", grants=[allow(Orders.get, writes(Order, "create", "update", "delete"))])],
)
