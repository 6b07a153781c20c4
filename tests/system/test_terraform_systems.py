"""The generated modules of every system that ships, through Terraform's life cycle against our own endpoint."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.system.terraform import NOT_INSTALLED, Endpoint, installed, lifecycle, logged_endpoint, run_of

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.infra.terraform.module import terraform_module

if TYPE_CHECKING:
    from tests.conftest import StartDynamo

pytestmark = pytest.mark.slow

ROOT = """
variable "changed" {
  type    = bool
  default = false
}

module "access" {
  source                     = "./access"
  environment                = "prod"
  enable_global_tables       = true
  replica_regions            = ["eu-west-1"]
  enable_deletion_protection = false
  stream_view_type           = "NEW_IMAGE" # which replicas overrule
  tags                       = { Owner = var.changed ? "OpsTeam" : "DevTeam" }
}

module "academy" {
  source      = "./academy"
  environment = "dev"
  enable_pitr = !var.changed
}

module "accounts" {
  source                      = "./accounts"
  environment                 = "sit"
  enable_account_provisioning = true
}

module "webhooks" {
  source      = "./webhooks"
  environment = "dev"
  tags        = var.changed ? { CostCenter = "42" } : {}

  stream_enabled   = true
  stream_view_type = var.changed ? "NEW_IMAGE" : "NEW_AND_OLD_IMAGES"
}

output "access" {
  value = module.access
}

output "webhooks" {
  value = module.webhooks
}
"""
"""Every module in one workspace, because the provider's start takes most of the time."""


@pytest.fixture
def endpoint(start_dynamo: "StartDynamo", tmp_path: Path) -> Iterator[Endpoint]:
    with logged_endpoint(start_dynamo, tmp_path) as running:
        yield running


@pytest.mark.timeout(1200)
def test_the_modules_of_all_systems_stay_as_they_were_applied(endpoint: Endpoint, tmp_path: Path) -> None:
    """Requirements: A-13, W-10, M-10, T-10. After each apply a plan finds nothing, and all of it can be destroyed."""
    found = installed()
    if found is None:
        pytest.skip(NOT_INSTALLED)
    written = tmp_path / "modules"
    for name in SHIPPED:
        folder = written / name
        folder.mkdir(parents=True)
        for file, text in terraform_module(find_system(name)).items():
            (folder / file).write_text(text)
    (written / "main.tf").write_text(ROOT)
    outputs = lifecycle(run_of(written, endpoint, tmp_path / "run", found), {}, {"changed": True})
    assert outputs["access"]["table_name"] == "bbws-access-prod-ddb-access-management"
    assert outputs["access"]["gsi1_name"] == "bbws-access-prod-ddb-access-management-gsi1"
    assert [each for each in endpoint.requests() if each["status"] >= 500] == []
