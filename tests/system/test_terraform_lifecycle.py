"""
Every kind of resource that generated modules have, and the modules of every system that ships, through Terraform's life
cycle against our own endpoint; buckets against moto, because the endpoint does not speak S3.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from moto.server import ThreadedMotoServer
from tests.system.terraform import (
    NOT_INSTALLED,
    Endpoint,
    Installed,
    StepFailed,
    installed,
    lifecycle,
    logged_endpoint,
    run_of,
)

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.infra.terraform.module import terraform_module

if TYPE_CHECKING:
    from tests.conftest import StartDynamo

pytestmark = pytest.mark.slow

RESOURCES = Path(__file__).parent / "terraform_modules" / "resources"
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

variable "address" {
  type = string
}

variable "buckets_address" {
  type = string
}

# Here the module says where DynamoDB is, and S3, which is answered elsewhere. Where all else is, and all of the other
# provider, comes from the environment: AWS_ENDPOINT_URL.
provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  endpoints {
    dynamodb = var.address
    s3       = var.buckets_address
  }
}

provider "aws" {
  alias = "with_tags"
  default_tags { tags = { app = "harness" } }
}

module "resources" {
  source    = "./resources"
  providers = { aws = aws.with_tags }
  tags      = var.changed ? { team = "other", cost = "shared" } : { team = "identity" }
  protected = !var.changed
  ttl       = !var.changed
  indexes   = var.changed ? ["a", "b", "c", "f"] : ["a", "b", "c", "d", "e"]
  replicas  = var.changed ? ["us-west-2"] : ["us-west-2", "eu-west-1"]
}

output "access" {
  value = module.access
}

output "resources" {
  value = module.resources
}
"""
"""All in one workspace, because the provider waits: half a minute for each queue, whatever it is answered."""


@pytest.fixture(scope="module")
def terraform() -> Installed:
    found = installed()
    if found is None:
        pytest.skip(NOT_INSTALLED)
    return found


@pytest.fixture
def endpoint(start_dynamo: "StartDynamo", tmp_path: Path) -> Iterator[Endpoint]:
    with logged_endpoint(start_dynamo, tmp_path) as running:
        yield running


@pytest.fixture
def buckets_address() -> Iterator[str]:
    """moto as S3, which our endpoint does not speak."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_every_kind_of_resource_and_the_modules_of_all_systems_stay_as_they_were_applied(
    terraform: Installed, endpoint: Endpoint, buckets_address: str, tmp_path: Path
) -> None:
    """
    Tables with indexes, ceilings, replicas and keys; roles, policies, queues, parameters, scaling and alarms: applied,
    changed, destroyed, and after each apply a plan finds nothing. No answer on the way is a failure of the endpoint.
    Buckets are made in moto beside it.

    Requirements: A-13, W-10, M-10, T-10.
    """
    written = tmp_path / "modules"
    for name in SHIPPED:
        folder = written / name
        folder.mkdir(parents=True)
        for file, text in terraform_module(find_system(name)).items():
            (folder / file).write_text(text)
    shutil.copytree(RESOURCES, written / "resources")
    (written / "main.tf").write_text(ROOT)
    addresses = {"address": endpoint.server.address, "buckets_address": buckets_address}
    outputs = lifecycle(run_of(written, endpoint, tmp_path / "run", terraform), addresses, {"changed": True})
    assert endpoint.table_names() == []
    assert outputs["access"]["table_name"] == "bbws-access-prod-ddb-access-management"
    assert outputs["access"]["gsi1_name"] == "bbws-access-prod-ddb-access-management-gsi1"
    assert outputs["resources"]["account"] == "000000000000"
    assert outputs["resources"]["index_names"] == ["by-device"]
    assert outputs["resources"]["table_arn"] == "arn:aws:dynamodb:us-east-1:000000000000:table/harness-users"
    assert [each for each in endpoint.requests() if each["status"] >= 500] == []


def test_a_step_that_fails_says_what_was_asked(terraform: Installed, endpoint: Endpoint, tmp_path: Path) -> None:
    """The report has the provider's error and the endpoint's refusal, so that nobody has to look for either."""
    module = """
        resource "aws_sqs_queue" "events" {
          name           = "events"
          redrive_policy = jsonencode({
            deadLetterTargetArn = "arn:aws:sqs:us-east-1:000000000000:nowhere", maxReceiveCount = 3
          })
        }
    """
    run = run_of(module, endpoint, tmp_path / "module", terraform)
    run.init()
    with pytest.raises(StepFailed, match=r"(?s)Dead letter target does not exist.*sqs CreateQueue"):
        run.apply({})
