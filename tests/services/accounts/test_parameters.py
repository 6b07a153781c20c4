"""Where accounts are found: who may look, who may change it, and nobody beyond it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantable.cloud.parameters.parameter import NewValue, Parameters, below
from tenantable.errors import AccessDenied
from tenantable.local.components import Installation
from tenantable.local.primitives.embedded import embedded_primitives
from tenantable.local.primitives.identities import ComponentPrimitives, component_primitives
from tenantable.services.accounts.declaration import SYSTEM, naming
from tenantable.wire.arns import Home

HOME = Home()
ACCOUNT = "/accounts/a-1"


@pytest.fixture
def primitives(tmp_path: Path) -> Iterator[ComponentPrimitives]:
    owned = embedded_primitives(tmp_path, HOME)
    owned.parameters.put("/platform/dynamodb/shared-table-name", NewValue(value="app-dev-accounts"))
    yield component_primitives(Installation(system=SYSTEM, naming=naming("dev"), home=HOME), owned)
    owned.close()


def of(primitives: ComponentPrimitives, component: str) -> Parameters:
    return primitives(SYSTEM.component(component)).parameters


def test_the_provisioner_writes_what_readers_find(primitives: ComponentPrimitives) -> None:
    """Requirement: M-03."""
    provisioner = of(primitives, "provisioner")
    for name, value in (("cloud-type", "private"), ("provisioning-status", "active"), ("dynamodb/table-name", "t")):
        provisioner.put(f"{ACCOUNT}/{name}", NewValue(value=value))
    reader = of(primitives, "reader")
    assert reader.get(f"{ACCOUNT}/dynamodb/table-name").value == "t"
    assert [found.value for found in below(reader, ACCOUNT)] == ["private", "t", "active"]
    provisioner.delete(f"{ACCOUNT}/cloud-type")


@pytest.mark.parametrize("component", ["reader", "api"])
def test_readers_change_nothing(primitives: ComponentPrimitives, component: str) -> None:
    """Requirement: M-09."""
    parameters = of(primitives, component)
    with pytest.raises(AccessDenied, match="ssm:PutParameter"):
        parameters.put(f"{ACCOUNT}/cloud-type", NewValue(value="public"))
    with pytest.raises(AccessDenied, match="ssm:DeleteParameter"):
        parameters.delete(f"{ACCOUNT}/cloud-type")


def test_a_reader_of_accounts_reads_nothing_else(primitives: ComponentPrimitives) -> None:
    """Requirement: M-09."""
    reader = of(primitives, "reader")
    for name in ("/platform/dynamodb/shared-table-name", "/accounts-2/a-1/cloud-type"):
        with pytest.raises(AccessDenied, match="ssm:GetParameter on resource"):
            reader.get(name)


@pytest.mark.parametrize("component", ["provisioner", "api"])
def test_the_platform_is_read_and_never_written(primitives: ComponentPrimitives, component: str) -> None:
    """Requirement: M-03."""
    parameters = of(primitives, component)
    assert parameters.get("/platform/dynamodb/shared-table-name").value == "app-dev-accounts"
    with pytest.raises(AccessDenied, match="ssm:PutParameter"):
        parameters.put("/platform/dynamodb/shared-table-name", NewValue(value="other"), overwrite=True)
