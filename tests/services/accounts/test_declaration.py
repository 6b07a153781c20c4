"""The accounts' table: keys, the administrators' indexes, and what the scope of one account does not reach."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tenantable.data.database import Database, TenantId
from tenantable.data.repositories import TenantRepository
from tenantable.declare.entities import Entity
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.declare.tables import physical_table
from tenantable.engine import Engine
from tenantable.errors import TenancyError
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.synthesis.statements import component_policies
from tenantable.services.accounts.declaration import (
    SYSTEM,
    Account,
    Accounts,
    Address,
    License,
    Licenses,
    Provisioning,
    Provisionings,
    TechnicalUser,
    naming,
    table,
)
from tenantable.wire.arns import Home
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TIME = "2026-11-21T09:30:00.000000Z"
ACME = TenantId("a-1")

ACCOUNT = Account(
    account_id="a-1",
    name="ACME Corporation",
    master_account_name="acme-master",
    cloud_type="private",
    addresses=[Address(lines=["1 Main St"], postal_code="75001", city="Dallas", country="US")],
    technical_user=TechnicalUser(full_name="John Doe", email="john@acme.test"),
    table_name="app-prod-account-a-1",
    created_at=NOW,
    updated_at=NOW,
)
LICENSE = License(
    license_id="l1",
    account_id="a-1",
    enterprise_id="e1",
    product_id="p1",
    service_id="s1",
    start_date=date(2024, 1, 1),
    end_date=date(2024, 12, 31),
    contact_full_name="John Doe",
    contact_email="john@acme.test",
)
PROVISIONING = Provisioning(stack_name="app-prod-account-a-1", step="create-stack", started_at=NOW, updated_at=NOW)

DESIGN: list[tuple[type[TenantRepository[Any]], Entity, dict[str, str]]] = [
    (
        Accounts,
        ACCOUNT,
        {
            "PK": "ACCOUNT#a-1",
            "SK": "METADATA",
            "GSI1PK": "CLOUD#private#STATUS#pending",
            "GSI1SK": f"{TIME}#a-1",
            "GSI2PK": "MASTER#acme-master",
            "GSI2SK": "NAME#ACME Corporation",
        },
    ),
    (
        Licenses,
        LICENSE,
        {"PK": "ACCOUNT#a-1", "SK": "LICENSE#l1", "GSI3PK": "ENTERPRISE#e1", "GSI3SK": "2024-12-31#l1"},
    ),
    (Provisionings, PROVISIONING, {"PK": "ACCOUNT#a-1#PROVISIONING", "SK": "STATE"}),
]


@pytest.fixture
def database(database_of: Callable[[System, Naming], Database]) -> Database:
    return database_of(SYSTEM, naming("prod"))


@pytest.mark.parametrize(("repository", "entity", "keys"), DESIGN)
def test_an_item_has_exactly_the_keys_of_its_design(
    repository: type[TenantRepository[Any]], entity: Entity, keys: dict[str, str], database: Database, engine: Engine
) -> None:
    """Requirement: M-01."""
    stored = database.tenant(ACME).repository(repository).create(entity)
    (item,) = engine.call("Scan", {"TableName": "app-prod-accounts"})["Items"]
    assert {name: item[name]["S"] for name in table.key_attributes if name in item} == keys
    typed: Any = database.tenant(ACME).repository(repository)
    assert typed.get(**{name: getattr(entity, name) for name in repository.patterns["get"].parameters}) == stored


def test_an_account_sees_its_own_licences_alone(database: Database) -> None:
    """Requirement: M-06."""
    database.tenant(ACME).repository(Licenses).create(LICENSE)
    database.tenant(ACME).repository(Accounts).create(ACCOUNT)
    assert [found.license_id for found in database.tenant(ACME).repository(Licenses).every()] == ["l1"]
    assert database.tenant(TenantId("a-2")).repository(Licenses).every().all() == []


def test_the_administrators_indexes_are_out_of_an_accounts_reach(database: Database) -> None:
    accounts = database.tenant(ACME).repository(Accounts)
    with pytest.raises(TenancyError):
        accounts.by_status(cloud_type="private", provisioning_status="pending").all()


def test_changing_the_status_moves_the_account_in_its_index(database: Database, engine: Engine) -> None:
    """Requirement: M-03."""
    accounts = database.tenant(ACME).repository(Accounts)
    accounts.create(ACCOUNT)
    accounts.update(Accounts.get.key(), Account.provisioning_status.set("active"))
    (item,) = engine.call("Scan", {"TableName": "app-prod-accounts"})["Items"]
    assert item["GSI1PK"] == {"S": "CLOUD#private#STATUS#active"}


@pytest.fixture
def as_component() -> Iterator[Callable[[str], Database]]:
    """The database as a component sees it, with one account in it."""
    home = Home()
    arns = {component.name: f"arn:aws:iam::{home.account_id}:role/{component.name}" for component in SYSTEM.components}
    policies = {
        arns[component.name]: component_policies(component, naming("prod"), home) for component in SYSTEM.components
    }
    with Engine(":memory:", authorizer=PolicyAuthorizer(policies, home)) as engine:
        for request in SYSTEM.create_table_requests(naming("prod")):
            engine.call("CreateTable", request)

        def opened(client: DynamoClient) -> Database:
            return Database(client, naming=naming("prod"), cursor_key=bytes(32))

        opened(engine).tenant(ACME).repository(Accounts).create(ACCOUNT)
        yield lambda name: opened(engine.as_principal(arns[name]))


def test_the_provisioner_changes_how_far_it_is_and_nothing_else(as_component: Callable[[str], Database]) -> None:
    """Requirement: M-09; the account moves in its index, under the provisioner's own policy."""
    accounts = as_component("provisioner").tenant(ACME).repository(Accounts)
    account = accounts.get()
    assert account is not None
    accounts.change(account, Account.provisioning_status.set("creating"))
    changed = accounts.get()
    assert changed is not None
    assert changed.provisioning_status == "creating"
    with pytest.raises(DynamoError, match="AccessDeniedException"):
        accounts.change(Accounts.get.key(), Account.name.set("Other"))


def test_a_reader_reads_its_account_alone(as_component: Callable[[str], Database]) -> None:
    """Requirement: M-09."""
    accounts = as_component("reader").tenant(ACME).repository(Accounts)
    with pytest.raises(DynamoError, match="AccessDeniedException"):
        accounts.change(Accounts.get.key(), Account.name.set("Other"))


def test_a_private_account_has_a_table_of_the_same_shape(engine: Engine) -> None:
    """Requirements: M-02, M-04, M-08."""
    dedicated = physical_table(table, naming("prod"), tenant="a-1")
    shared = physical_table(table, naming("prod"))
    assert (shared.name, dedicated.name) == ("app-prod-accounts", "app-prod-account-a-1")
    assert {**dedicated.create_request(), "TableName": shared.name} == shared.create_request()
    engine.call("CreateTable", dedicated.create_request())
