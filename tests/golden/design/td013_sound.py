"""Three indexes hold whole orders."""

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, writes

by_customer = Index("by-customer", partition="customer_id")
by_seller = Index("by-seller", partition="seller_id")
by_courier = Index("by-courier", partition="courier_id")

table = Table("orders", by_customer, by_seller, by_courier, partition="order_id")


class Order(Entity, table=table):
    order_id: Attr[str]
    customer_id: Attr[str]
    seller_id: Attr[str]
    courier_id: Attr[str]


class Orders(Repository[Order]):
    @Order.key()
    def get(self, *, order_id: str) -> None:
        """One order."""

    @Order.query(by_customer)
    def of_customer(self, *, customer_id: str) -> None:
        """Orders of a customer."""

    @Order.query(by_seller)
    def of_seller(self, *, seller_id: str) -> None:
        """Orders of a seller."""

    @Order.query(by_courier)
    def of_courier(self, *, courier_id: str) -> None:
        """Orders of a courier."""


SYSTEM = System(
    name="shop",
    tables=[table],
    components=[
        Component(
            "api",
            grants=[
                allow(
                    Orders.get,
                    Orders.of_customer,
                    Orders.of_seller,
                    Orders.of_courier,
                    writes(Order, "create", "update", "delete"),
                )
            ],
        )
    ],
)
