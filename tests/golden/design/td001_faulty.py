"""Orders have no word of their own in the sort key, so a query of them reads payments as well."""

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, System, Table, allow, writes

table = Table("shop", discriminator="_entity")


class Order(Entity, table=table):
    customer_id: Attr[str]
    order_id: Attr[str]


class Payment(Entity, table=table):
    customer_id: Attr[str]
    payment_id: Attr[str]


class Orders(Repository[Order]):
    @Order.key(pk="CUSTOMER#{customer_id}", sk="{order_id}")
    def get(self, *, customer_id: str, order_id: str) -> None:
        """One order."""

    @Order.query()
    def of_customer(self, *, customer_id: str) -> None:
        """A customer's orders."""


class Payments(Repository[Payment]):
    @Payment.key(pk="CUSTOMER#{customer_id}", sk="PAYMENT#{payment_id}")
    def get(self, *, customer_id: str, payment_id: str) -> None:
        """One payment."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[
        Component(
            "api",
            grants=[
                allow(Orders.get, Orders.of_customer, Payments.get),
                allow(writes(Order, "create"), writes(Payment, "create", "delete")),
                allow(writes(Order, "delete")),
            ],
        )
    ],
)
