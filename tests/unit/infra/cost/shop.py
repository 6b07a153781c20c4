"""A small system whose costs can be worked out by hand."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tenantable.data import Repository
from tenantable.declare import (
    Attr,
    Component,
    Entity,
    Index,
    LocalIndex,
    System,
    Table,
    allow,
    attr,
    collection,
    writes,
)

whole = Index("whole", partition="customer_id", sort="order_id")
keys = Index("keys", partition="courier", projection="keys")
some = Index("some", partition="store", projection=("status",))
local = LocalIndex("local", sort="placed_at", projection="keys")
orders = Table("orders", whole, keys, some, local, recovery=True, replicas=("eu-west-1",))
users = Table("users", partition="user_id", ttl="until")


class Order(Entity, table=orders):
    order_id: Attr[str]
    customer_id: Attr[str]
    courier: Attr[str | None] = attr(default=None)
    store: Attr[str]
    status: Attr[Literal["open", "paid"]]
    placed_at: Attr[datetime]
    note: Attr[str]


class Line(Entity, table=orders):
    order_id: Attr[str]
    number: Attr[int]
    text: Attr[str]


class OrderNote(BaseModel):
    note: str


class OrderState(BaseModel):
    status: Literal["open", "paid"]


class OrderCourier(BaseModel):
    courier: str | None


class User(Entity, table=users):
    user_id: Attr[str]
    email: Attr[Annotated[str, Field(pattern=".+@.+")]] = attr(unique=True)
    name: Attr[str]
    visits: Attr[int] = attr(default=0)
    revision: Attr[int] = attr(default=0, lock=True)
    until: Attr[datetime]


class Lines(Repository[Line]):
    @Line.key(pk="ORDER#{order_id}", sk="LINE#{number:02}")
    def get(self, *, order_id: str, number: int) -> None:
        """One line."""


class Orders(Repository[Order]):
    @Order.key(pk="ORDER#{order_id}", sk="ORDER")
    def get(self, *, order_id: str) -> None:
        """One order."""

    @Order.query(whole)
    def of_customer(self, *, customer_id: str) -> None:
        """A customer's orders."""

    @Order.query(keys, view=OrderCourier)
    def of_courier(self, *, courier: str) -> None:
        """A courier's orders."""

    @Order.query(some, view=OrderState)
    def of_store(self, *, store: str) -> None:
        """A store's orders."""

    @Order.query(local, view=OrderNote)
    def notes(self, *, order_id: str) -> None:
        """The note of an order, which the index does not hold."""

    @collection(Order, Line, pk="ORDER#{order_id}")
    def with_lines(self, *, order_id: str) -> None:
        """An order and its lines."""


class Users(Repository[User]):
    @User.key()
    def get(self, *, user_id: str) -> None:
        """One user."""


api = Component(
    "api",
    grants=[
        allow(Orders.get, Orders.of_customer, Users.get),
        allow(writes(Order, "create", "update"), writes(User, "create", "update")),
        allow(writes(Line, "create"), in_transaction=True),
    ],
)
SHOP = System(name="shop", tables=(orders, users), components=(api,))
