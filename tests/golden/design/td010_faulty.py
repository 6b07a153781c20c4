"""A note may have 200,000 characters, 800,000 bytes."""

from typing import Annotated

from pydantic import Field

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, System, Table, allow, writes

table = Table("orders", partition="order_id")


class Order(Entity, table=table):
    order_id: Attr[str]
    customer_id: Attr[str]
    note: Attr[Annotated[str, Field(max_length=200_000)]]


class Orders(Repository[Order]):
    @Order.key()
    def get(self, *, order_id: str) -> None:
        """One order."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[Component("api", grants=[allow(Orders.get, writes(Order, "create", "update", "delete"))])],
)
