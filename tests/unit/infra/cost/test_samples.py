"""Samples can be made of whatever an entity may be declared with, and everything that is declared can be measured."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.data import Repository, TenantRepository
from tenantable.declare import Attr, Entity, Index, KeyAttribute, System, Table, Tenancy, attr
from tenantable.declare.patterns import QueryPattern
from tenantable.infra.cost.estimate import estimate
from tenantable.infra.cost.prices import read_prices
from tenantable.infra.cost.traffic import traffic_of


class Level(Enum):
    LOW = "low"
    HIGH = "high"


class Address(BaseModel):
    street: str
    labels: list[str] = []


numbers = Index("g", partition=KeyAttribute(name="amount", type="N"), sort=KeyAttribute(name="raw", type="B"))
levels = Index("gsi1")
things = Table(
    "t",
    numbers,
    levels,
    partition=KeyAttribute(name="thing_id", type="N"),
    sort=KeyAttribute(name="weight", type="N"),
    ttl="ends",
)
documents = Table("documents", tenancy=Tenancy())


class Thing(Entity, table=things, version=2, upgrades={1: dict}):
    thing_id: Attr[int]
    weight: Attr[Decimal]
    amount: Attr[int]
    raw: Attr[bytes]
    uid: Attr[UUID]
    level: Attr[Level]
    usable: Attr[bool]
    address: Attr[Address]
    addresses: Attr[list[Address]]
    names: Attr[set[str]]
    ranks: Attr[frozenset[int]]
    pair: Attr[tuple[int, str]]
    several: Attr[tuple[str, ...]]
    free: Attr[dict[str, Any]]
    anything: Attr[Any]
    choice: Attr[int | str]
    ratio: Attr[float]
    day: Attr[date]
    small: Attr[Annotated[int, Field(ge=1, le=5)]]
    short: Attr[Annotated[str, Field(max_length=3)]]
    gone: Attr[datetime | None] = attr(default=None, soft_delete=True)
    ends: Attr[datetime | None] = attr(default=None)


class Things(Repository[Thing]):
    @Thing.key()
    def get(self, *, thing_id: int, weight: Decimal) -> None:
        """One thing."""

    @Thing.query()
    def by_weight(self, *, thing_id: int) -> None:
        """Things of an id."""

    @Thing.query(numbers)
    def by_amount(self, *, amount: int) -> None:
        """Things of an amount."""

    @Thing.query(levels, pk="{level}#{uid}", sk="{small:02}#{day}#{amount}")
    def by_level(self, *, level: Level, uid: UUID, small: int | None = None) -> None:
        """Things of a level."""


class Document(Entity, table=documents):
    document_id: Attr[str]
    title: Attr[str] = attr(unique=True)
    state: Attr[Literal["new", "old"]]


class Documents(TenantRepository[Document]):
    @Document.key(pk="TENANT#{tenant}", sk="DOCUMENT#{document_id}")
    def get(self, *, document_id: str) -> None:
        """One document."""

    @Document.query()
    def every(self) -> None:
        """All documents."""


ODD = System(name="odd", tables=[things, documents])


def everything(system: System) -> dict[str, Any]:
    """Traffic of every access pattern, every kind of write, and a change of each attribute alone and of all."""
    operations: dict[str, Any] = {
        pattern.place: {"per_second": 1, "items": 3 if isinstance(pattern, QueryPattern) else 1}
        for pattern in system.patterns
    }
    for layout in system.layouts:
        name = layout.entity.model.__name__
        operations |= {f"{name}.{kind}": {"per_second": 1} for kind in ("create", "put", "delete", "erase", "check")}
        names = [
            each.name
            for each in layout.entity.attributes.values()
            if not (each.lock or each.soft_delete or each.name in layout.table_key.names)
        ]
        updates = [{"per_second": 1, "changes": [each]} for each in names]
        if names:
            operations[f"{name}.update"] = [*updates, {"per_second": 1, "changes": names, "target": "entity"}]
    items = {layout.entity.model.__name__: {"count": 10} for layout in system.layouts}
    return {"operations": operations, "items": items}


@pytest.mark.parametrize("system", [ODD, *map(find_system, SHIPPED)], ids=lambda system: system.name)
def test_whatever_is_declared_can_be_measured(system: System) -> None:
    found = estimate(system, traffic_of(everything(system), system), read_prices().of("us-east-1"))
    assert all(units.reads or units.writes for units in found.calls.values())
    assert all(load.storage_gb for load in found.loads)
