"""A small declaration that the typing tests speak of."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel

from tenantable.data import Repository, TenantRepository
from tenantable.declare import Attr, Entity, Index, Table, Tenancy, attr, collection

Status = Literal["open", "paid", "void"]

gsi1 = Index("gsi1")
app = Table("app", gsi1, ttl="expires_at", tenancy=Tenancy(prefix="TENANT#{tenant}"))
directory = Table("directory", partition="user_id")


class Stamped(Entity):
    """What is known of every record."""

    placed_at: Attr[datetime]


class Order(Stamped, table=app):
    """An order of an organisation."""

    org_id: Attr[str]
    order_id: Attr[str]
    status: Attr[Status] = attr(default="open")
    email: Attr[str | None] = attr(default=None, unique=True)
    total: Attr[Decimal] = attr(default=Decimal(0))
    items: Attr[int]
    labels: Attr[set[str]] = attr(default_factory=set[str])
    lines: Attr[list[str]] = attr(default_factory=list[str])
    prices: Attr[dict[str, Decimal]] = attr(default_factory=dict[str, Decimal])
    expires_at: Attr[datetime | None] = attr(default=None)
    revision: Attr[int] = attr(default=0, lock=True)


class Note(Entity, table=app):
    """A remark on an organisation."""

    org_id: Attr[str]
    note_id: Attr[str]
    text: Attr[str]


class OrderSummary(BaseModel):
    """What a list shows of an order."""

    order_id: str
    total: Decimal


class Orders(TenantRepository[Order]):
    """Orders of one tenant."""

    @Order.key(pk="TENANT#{tenant}#ORG#{org_id}", sk="ORDER#{order_id}")
    def get(self, *, org_id: str, order_id: str) -> None:
        """One order."""

    @Order.key(view=OrderSummary)
    def summary(self, *, org_id: str, order_id: str) -> None:
        """What a list shows of one order."""

    @Order.query(gsi1, pk="TENANT#{tenant}#ORG#{org_id}#ST#{status}", sk="{placed_at}#{order_id}")
    def by_status(self, *, org_id: str, status: Status) -> None:
        """Orders of an organisation in one state, oldest first."""


class Notes(TenantRepository[Note]):
    """Notes of one tenant."""

    @Note.key(pk="TENANT#{tenant}#ORG#{org_id}", sk="NOTE#{note_id}")
    def get(self, *, org_id: str, note_id: str) -> None:
        """One note."""

    @collection(Order, Note, pk="TENANT#{tenant}#ORG#{org_id}")
    def of_organisation(self, *, org_id: str) -> None:
        """Everything of an organisation."""


class User(Entity, table=directory):
    """Somebody who can sign in."""

    user_id: Attr[str]
    name: Attr[str] = attr(unique=True)


class Users(Repository[User]):
    """Users of the platform."""

    @User.key()
    def get(self, *, user_id: str) -> None:
        """One user."""
