"""The page of a system: every fact of its declaration has its place."""

from datetime import datetime
from typing import Literal

import pytest

from tenantable.data.repositories import Repository
from tenantable.declare import (
    Attr,
    Component,
    Entity,
    Index,
    Naming,
    Queue,
    System,
    Table,
    allow,
    allow_resource,
    attr,
    camel_case,
    writes,
)
from tenantable.infra.documents.pages import system_page

by_state = Index("by-state", partition="stateKey", sort="timeKey")
orders = Table("orders", by_state, ttl="goneAt", stream=True)
dead = Queue(name="dead")
work = Queue(name="work", dead_letters=dead, receives_max=3)


class Order(Entity, table=orders, stored_names=camel_case):
    """An order | of somebody."""

    org_id: Attr[str]
    number: Attr[int]
    state: Attr[Literal["open", "paid"]]
    made_at: Attr[datetime]
    gone_at: Attr[datetime | None] = attr(default=None)
    revision: Attr[int] = attr(default=0, lock=True)


class Orders(Repository[Order]):
    """Orders."""

    @Order.key(pk="ORG#{org_id}", sk="ORDER#{number}")
    def get(self, *, org_id: str, number: int) -> None:
        """One order."""

    @Order.query(by_state, pk="ORG#{org_id}#{state}", sk="{made_at}")
    def in_state(self, *, org_id: str, state: Literal["open", "paid"]) -> None:
        """Orders in one state."""


clerk = Component("clerk", description="Takes orders.", grants=[allow(writes(Order, "create"), in_transaction=True)])
reader = Component("reader", grants=[allow(Orders.in_state), allow_resource("sqs", "SendMessage", resource=work)])


def names(stage: str) -> Naming:
    return Naming(table="{table}-{stage}", resource="{resource}-{stage}", values={"stage": stage})


SHOP = System(
    name="shop",
    description="A shop.",
    tables=[orders],
    components=[clerk, reader],
    resources=[work, dead],
    environment={"ORDERS_TABLE": orders, "WORK_QUEUE": work},
    naming=names,
    stages=("dev", "prod"),
)


@pytest.mark.parametrize(
    "line",
    [
        "| expiry | `goneAt` |",
        "| stream | `NEW_AND_OLD_IMAGES` |",
        "| by-state | `by-state` | `stateKey` | `timeKey` | whole items | global |",
        "An order \\| of somebody.",
        "| `orgId` | text | in the key of the table and by-state |",
        "| `state` | one of open, paid | in the key of by-state |",
        "| `goneAt` | instant | optional, time of expiry, in epoch seconds |",
        "| Order | `ORG#{orgId}` | `ORDER#{number}` | `ORG#{orgId}#{state}` | `{madeAt}` |",
        "| `Orders.get(org_id, number)` | GetItem, `PK` = `ORG#{orgId}`, `SK` = `ORDER#{number}` | One order. "
        "| nobody |",
        "| `Orders.in_state(org_id, state)` | Query `by-state`, `stateKey` = `ORG#{orgId}#{state}` "
        "| Orders in one state. | reader |",
        "| Order | create | clerk |",
        "| clerk | PutItem* |",
        "| reader | Query on by-state* |",
        "| reader | sqs | `work-dev` | SendMessage |",
        "    component_clerk -->|writes| entity_Order",
        "    sqs_work_dev -.->|dead letters| sqs_dead_dev",
        "| `ORDERS_TABLE` | orders | `orders-dev` | `orders-prod` |",
        "| `WORK_QUEUE` | work | `work-dev` | `work-prod` |",
        "| work | sqs | `work-dev` | hidden 30 s while worked on, kept 96 h; after 3 receives to `dead` |",
    ],
)
def test_a_fact_of_the_declaration_is_on_the_page(line: str) -> None:
    assert line in system_page(SHOP, "dev").splitlines()
