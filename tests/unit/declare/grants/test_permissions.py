from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel

from tenantable.declare.access import AccessPatterns
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.declare.grants import (
    TENANT_VARIABLE,
    Component,
    Grant,
    Permission,
    ResourcePermission,
    allow,
    allow_resource,
    writes,
)
from tenantable.declare.keys.layouts import EntityLayout, layout_of
from tenantable.declare.naming import Naming
from tenantable.declare.tables import Index, Table, Tenancy
from tenantable.errors import DeclarationError
from tenantable.wire.values import Item

NAMING = Naming(table="{table}-dev", index="{table}-{index}", resource="dev-{resource}")
gsi1 = Index("gsi1")
everybody = Index("everybody", across_tenants=True)
identities = Table("identities", partition="apiKey")
app = Table("app", gsi1, everybody, ttl="expiresAt", tenancy=Tenancy(prefix="ACCOUNT#{tenant}"))
plain = Table("plain", Index("gsi1"))


class Identity(Entity, table=identities, stored_names=camel_case):
    api_key: Attr[str]
    tenant_id: Attr[str]
    secret: Attr[str]


class Claims(BaseModel):
    tenant_id: str


class Identities(AccessPatterns[Identity]):
    @Identity.key()
    def get(self, *, api_key: str) -> None:
        """One identity."""

    @Identity.key(view=Claims)
    def claims(self, *, api_key: str) -> None:
        """What a key stands for."""


class Order(Entity, table=app, stored_names=camel_case):
    order_id: Attr[str]
    status: Attr[str]
    email: Attr[str | None] = attr(default=None, unique=True)
    expires_at: Attr[datetime | None] = attr(default=None)


class Orders(AccessPatterns[Order]):
    tenant_scoped = True

    @Order.key(pk="ACCOUNT#{tenant}#ORDERS", sk="ORDER#{order_id}")
    def get(self, *, order_id: str) -> None:
        """One order."""

    @Order.query(gsi1, pk="ACCOUNT#{tenant}#STATUS#{status}", sk="{order_id}")
    def by_status(self, *, status: str) -> None:
        """Orders in one state."""

    @Order.query(everybody, pk="STATUS#{status}", sk="{order_id}")
    def of_all(self, *, status: str) -> None:
        """Orders of all tenants in one state."""


class Note(Entity, table=plain, version=2, upgrades={1: lambda item: item}):
    note_id: Attr[str]
    first: Attr[str]
    second: Attr[str]
    gone_at: Attr[datetime | None] = attr(default=None, soft_delete=True)


class Notes(AccessPatterns[Note]):
    @Note.key(pk="NOTE#{note_id}", sk="NOTE")
    def get(self, *, note_id: str) -> None:
        """One note."""


def permissions(*grants: Grant, tenant_bound: bool = False) -> tuple[Permission, ...]:
    return Component("part", grants, tenant_bound=tenant_bound).permissions(NAMING)


def test_a_key_pattern_reads_single_items() -> None:
    assert permissions(allow(Identities.get)) == (
        Permission(
            table="identities-dev",
            index=None,
            actions=frozenset({"GetItem"}),
            attributes=None,
            leading_keys=None,
            transactional=False,
            key_attributes=frozenset({"apiKey"}),
        ),
    )


def test_a_view_limits_the_attributes() -> None:
    (permission,) = permissions(allow(Identities.claims))
    assert permission.attributes == frozenset({"tenantId"})


def test_attributes_may_be_limited_by_name_or_reference() -> None:
    (permission,) = permissions(allow(Identities.claims, attributes=["tenantId", Identity.secret]))
    assert permission.attributes == frozenset({"tenantId", "secret"})


def test_what_typed_reads_look_at_besides_is_allowed_too() -> None:
    (permission,) = permissions(allow(Orders.by_status, attributes=["status"]))
    assert permission.attributes == frozenset({"status", "expiresAt"})


def test_a_query_is_granted_on_exactly_its_index() -> None:
    (permission,) = permissions(allow(Orders.by_status))
    assert (permission.index, permission.actions) == ("app-dev-gsi1", frozenset({"Query"}))
    assert permission.leading_keys == ("ACCOUNT#*#STATUS#*",)


def test_a_component_of_one_tenant_reaches_its_keys_alone() -> None:
    (permission,) = permissions(allow(Orders.by_status), tenant_bound=True)
    assert permission.leading_keys == (f"ACCOUNT#{TENANT_VARIABLE}#STATUS#*",)


def test_a_component_of_one_tenant_cannot_read_across_tenants() -> None:
    with pytest.raises(DeclarationError, match=r"bound to one tenant, and Orders\.of_all reads across tenants"):
        permissions(allow(Orders.of_all), tenant_bound=True)


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        ("create", {"PutItem"}),
        ("put", {"PutItem"}),
        ("update", {"UpdateItem"}),
        ("delete", {"DeleteItem"}),
        ("check", {"ConditionCheckItem"}),
    ],
)
def test_a_write_is_granted_as_its_own_action(kind: Any, actions: set[str]) -> None:
    (permission,) = permissions(allow(writes(Identity, kind)))
    assert permission.actions == actions


def test_unique_values_need_their_markers_and_only_in_transactions() -> None:
    alone, item, marker = permissions(allow(writes(Order, "create")), tenant_bound=True)
    assert [permission.transactional for permission in (alone, item, marker)] == [False, True, True]
    assert all(set(permission.actions) == {"PutItem"} for permission in (alone, item, marker))
    assert item.leading_keys == (f"ACCOUNT#{TENANT_VARIABLE}#ORDERS",)
    assert marker.leading_keys == (f"ACCOUNT#{TENANT_VARIABLE}#UNIQUE#Order#email#*",)


def test_releasing_a_unique_value_needs_to_know_it() -> None:
    granted = permissions(allow(writes(Order, "delete")))
    assert {(frozenset(permission.actions), permission.transactional) for permission in granted} == {
        (frozenset({"DeleteItem", "GetItem"}), False),
        (frozenset({"DeleteItem"}), True),
        (frozenset({"PutItem", "DeleteItem"}), True),
    }


def test_an_update_may_have_to_upgrade_and_a_soft_deletion_updates() -> None:
    (update,) = permissions(allow(writes(Note, "update")))
    (deletion,) = permissions(allow(writes(Note, "delete")))
    assert update.actions == {"UpdateItem", "GetItem", "PutItem"}
    assert deletion.actions == {"UpdateItem"}


def test_a_grant_may_hold_inside_transactions_only() -> None:
    (permission,) = permissions(allow(writes(Identity, "create"), in_transaction=True))
    assert permission.transactional


def test_what_a_transaction_must_know_is_read_before_it() -> None:
    granted = permissions(allow(writes(Order, "update"), in_transaction=True))
    assert {permission.transactional for permission in granted if "GetItem" in permission.actions} == {False}
    assert {permission.transactional for permission in granted if "UpdateItem" in permission.actions} == {True}


def test_erasing_is_granted_apart_from_soft_deletion() -> None:
    (permission,) = permissions(allow(writes(Identity, "erase")))
    assert permission.actions == {"DeleteItem"}


def test_batches_are_granted_when_asked() -> None:
    (permission,) = permissions(allow(Identities.get, writes(Identity, "put"), batch=True))
    assert permission.actions == {"GetItem", "BatchGetItem", "PutItem", "BatchWriteItem"}


def test_grants_that_differ_in_actions_alone_become_one() -> None:
    (permission,) = permissions(allow(Identities.get), allow(writes(Identity, "put", "delete")))
    assert permission.actions == {"GetItem", "PutItem", "DeleteItem"}


def test_the_order_of_grants_does_not_matter() -> None:
    grants = [allow(Orders.get), allow(Orders.by_status), allow(Identities.claims)]
    assert permissions(*grants) == permissions(*reversed(grants))


def test_other_resources_are_granted_by_physical_name() -> None:
    queue = [allow_resource("sqs", action, resource="dlq") for action in ("SendMessage", "DeleteMessage")]
    assert Component("part", queue).resource_permissions(NAMING) == (
        ResourcePermission(service="sqs", actions=frozenset({"SendMessage", "DeleteMessage"}), resource="dev-dlq"),
    )


def test_an_update_of_some_attributes_raises_the_lock_all_the_same() -> None:
    table = Table("locked")

    class Locked(Entity, table=table):
        name: Attr[str]
        revision: Attr[int] = attr(default=0, lock=True)

    class Lockeds(AccessPatterns[Locked]):
        @Locked.key(pk="LOCKED#{name}", sk="LOCKED")
        def get(self, *, name: str) -> None:
            """One of them."""

        @Locked.query()
        def named(self, *, name: str) -> None:
            """Those with a name."""

    read, update = (
        permissions(allow(granted, attributes=["name"]))[0] for granted in (Lockeds.named, writes(Locked, "update"))
    )
    assert (read.attributes, update.attributes) == (frozenset({"name"}), frozenset({"name", "revision"}))


def test_an_unknown_attribute_is_refused() -> None:
    with pytest.raises(DeclarationError, match="grants the unknown attribute tenant_id"):
        permissions(allow(Identities.get, attributes=["tenant_id"]))


def test_writes_of_whole_items_cannot_be_limited_to_attributes() -> None:
    with pytest.raises(DeclarationError, match="limits the attributes of put, which writes whole items"):
        permissions(allow(writes(Identity, "put", "update"), attributes=["secret"]))


def test_a_layout_is_known_once_a_repository_gives_it() -> None:
    class Lonely(Entity, table=Table("lonely")):
        name: Attr[str]

    assert isinstance(layout_of(Order.__entity__), EntityLayout)
    with pytest.raises(DeclarationError, match="Lonely: has no keys yet"):
        layout_of(Lonely.__entity__)


def test_an_upgrade_takes_an_item() -> None:
    item: Item = {"first": {"S": "x"}}
    assert Note.__entity__.upgrades[1](item) is item


def test_a_limit_that_another_grant_makes_void_is_refused() -> None:
    """Policies see partition keys alone: two kinds of items in one partition share what is granted on it."""

    class Line(Entity, table=app):
        line_id: Attr[str]

    class Lines(AccessPatterns[Line]):
        tenant_scoped = True

        @Line.key(pk="ACCOUNT#{tenant}#ORDERS", sk="LINE#{line_id}")
        def get(self, *, line_id: str) -> None:
            """One line."""

    limited = allow(writes(Order, "update"), attributes=[Order.status])
    with pytest.raises(DeclarationError, match="limits UpdateItem on app, and another grant allows it"):
        permissions(limited, allow(writes(Line, "update")))
    assert permissions(limited, allow(writes(Line, "create"), Orders.get))
