"""What is accepted is found, and has a reason."""

from datetime import datetime

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, writes

waiting = Index("waiting", accepted={"TD004": "a hundred at a time"})

table = Table("orders", waiting, partition="order_id")


class Order(Entity, table=table):
    order_id: Attr[str]
    customer_id: Attr[str]
    placed_at: Attr[datetime]


class Orders(Repository[Order]):
    @Order.key()
    def get(self, *, order_id: str) -> None:
        """One order."""

    @Order.query(waiting, pk="PENDING", sk="{placed_at}#{order_id}")
    def waiting(self) -> None:
        """Orders that nobody has packed yet, those that wait longest first."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[
        Component("api", grants=[allow(Orders.get, Orders.waiting, writes(Order, "create", "update", "delete"))])
    ],
)
