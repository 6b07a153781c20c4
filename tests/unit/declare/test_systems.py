import pytest

from tenantable.declare.access import AccessPatterns
from tenantable.declare.attributes import Attr
from tenantable.declare.entities import Entity
from tenantable.declare.grants import Component, allow, writes
from tenantable.declare.naming import Naming
from tenantable.declare.resources import Bucket
from tenantable.declare.systems import System
from tenantable.declare.tables import Table
from tenantable.errors import DeclarationError

orders, notes = Table("orders"), Table("notes")


class Order(Entity, table=orders):
    order_id: Attr[str]


class Orders(AccessPatterns[Order]):
    @Order.key(pk="ORDER#{order_id}", sk="ORDER")
    def get(self, *, order_id: str) -> None:
        """One order."""


SYSTEM = System(name="shop", tables=[orders, notes], components=[Component("api")])


def test_a_system_gives_one_create_request_per_table() -> None:
    requests = SYSTEM.create_table_requests(Naming(table="{table}-dev"))
    assert [request["TableName"] for request in requests] == ["orders-dev", "notes-dev"]


def test_a_system_knows_its_entities_and_components() -> None:
    assert [entity.model for entity in SYSTEM.entities] == [Order]
    assert SYSTEM.component("api").name == "api"


def test_an_unknown_component_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        SYSTEM.component("worker")


def test_names_are_unique_within_a_system() -> None:
    with pytest.raises(DeclarationError) as raised:
        System(name="shop", tables=[orders, orders], components=[Component("a"), Component("a")])
    assert [fault.problem for fault in raised.value.faults] == [
        "two tables are named 'orders'",
        "two components are named 'a'",
    ]


def test_a_component_is_granted_nothing_outside_of_the_system() -> None:
    with pytest.raises(DeclarationError) as raised:
        System(name="shop", tables=[notes], components=[Component("api", [allow(Orders.get, writes(Order, "create"))])])
    assert [(fault.problem, fault.hint) for fault in raised.value.faults] == [
        (
            f"component 'api' is granted {granted}, and Table('orders') is none of its tables",
            "add Table('orders') to tables=, or drop the grant",
        )
        for granted in ("Orders.get", "writes(Order)")
    ]


def test_a_role_has_a_name_that_iam_allows() -> None:
    with pytest.raises(DeclarationError, match="IAM allows no role named 'my shop-api'"):
        System(name="my shop", tables=[], components=[Component("api")])


def test_a_bucket_has_a_name_that_s3_allows_in_every_stage() -> None:
    with pytest.raises(DeclarationError, match="S3 takes no bucket named 'prod_files'"):
        System(
            name="shop",
            tables=[],
            resources=[Bucket(name="files")],
            naming=lambda stage: Naming(resource="prod_{resource}" if stage == "prod" else "{resource}"),
        )
