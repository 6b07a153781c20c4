"""Reading tables from what `terraform show -json` prints."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.system.terraform import NOT_INSTALLED, plugin_folder
from tests.unit.infra.systems import everything, everywhere

from tenantable.declare.naming import Naming
from tenantable.declare.tables import PhysicalTable, physical_table
from tenantable.errors import InfrastructureError
from tenantable.infra.normal.comparison import differences
from tenantable.infra.normal.declared import declared_form
from tenantable.infra.normal.forms import Ceilings
from tenantable.infra.normal.terraform import read_terraform

MAIN = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "any"
  secret_key                  = "any"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
module "tables" {
  source = "./tables"
}
"""
TABLES = """
resource "aws_dynamodb_table" "everything" {
  name                        = "everything"
  billing_mode                = "PROVISIONED"
  read_capacity               = 5
  write_capacity              = 6
  hash_key                    = "PK"
  range_key                   = "SK"
  stream_enabled              = true
  stream_view_type            = "KEYS_ONLY"
  deletion_protection_enabled = true
  dynamic "attribute" {
    for_each = { PK = "S", SK = "S", size = "N", raw = "B", day = "S", time = "S" }
    content {
      name = attribute.key
      type = attribute.value
    }
  }
  global_secondary_index {
    name            = "by-size"
    hash_key        = "size"
    range_key       = "raw"
    projection_type = "KEYS_ONLY"
    read_capacity   = 5
    write_capacity  = 6
  }
  global_secondary_index {
    name               = "by-day"
    hash_key           = "day"
    projection_type    = "INCLUDE"
    non_key_attributes = ["note", "total"]
    read_capacity      = 5
    write_capacity     = 6
  }
  local_secondary_index {
    name               = "by-time"
    range_key          = "time"
    projection_type    = "INCLUDE"
    non_key_attributes = ["note"]
  }
  ttl {
    attribute_name = "until"
    enabled        = true
  }
  point_in_time_recovery {
    enabled = true
  }
  server_side_encryption {
    enabled     = true
    kms_key_arn = "arn:aws:kms:us-east-1:000000000000:alias/everything"
  }
  tags = { team = "a b", "cost:center" = "1" }
}
resource "aws_dynamodb_table" "everywhere" {
  for_each         = toset(["everywhere"])
  name             = each.key
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "PK"
  range_key        = "SK"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  dynamic "attribute" {
    for_each = { PK = "S", SK = "S", size = "N", raw = "B" }
    content {
      name = attribute.key
      type = attribute.value
    }
  }
  global_secondary_index {
    name            = "by-size"
    hash_key        = "size"
    range_key       = "raw"
    projection_type = "KEYS_ONLY"
  }
  ttl {
    attribute_name = "until"
    enabled        = true
  }
  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = 35
  }
  server_side_encryption {
    enabled = true
  }
  dynamic "replica" {
    for_each = ["eu-west-1", "eu-west-2"]
    content {
      region_name = replica.value
    }
  }
  tags = { team = "a" }
}
resource "aws_dynamodb_resource_policy" "everywhere" {
  resource_arn = aws_dynamodb_table.everywhere["everywhere"].arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = "dynamodb:DeleteTable", Resource = "*" }]
  })
}
"""


def check_plan(document: dict[str, Any], tables: Iterable[PhysicalTable]) -> None:
    """What a plan makes is what is declared, except for policies, which a table's declaration has none of."""
    found = read_terraform(document)
    for each in tables:
        form = replace(found[each.name], resource_policy=None)
        assert differences(declared_form(each), form) == ()
        assert form == declared_form(each)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_plan_of_a_module_with_everything(tmp_path: Path) -> None:
    """Written by hand and planned by the real tool on an empty state: equal to the declaration of the same tables."""
    executable, plugins = shutil.which("terraform"), plugin_folder()
    if executable is None or plugins is None:
        pytest.skip(NOT_INSTALLED)
    (tmp_path / "tables").mkdir()
    (tmp_path / "main.tf").write_text(MAIN)
    (tmp_path / "tables" / "main.tf").write_text(TABLES)
    (tmp_path / "terraformrc").write_text("disable_checkpoint = true\n")
    settings = os.environ | {"TF_CLI_CONFIG_FILE": str(tmp_path / "terraformrc"), "TF_IN_AUTOMATION": "1"}

    def terraform(*words: str) -> str:
        done = subprocess.run(
            [executable, *words],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    terraform("init", "-input=false", f"-plugin-dir={plugins}")
    terraform("plan", "-input=false", "-out=plan")
    document = json.loads(terraform("show", "-json", "plan"))
    check_plan(document, [physical_table(table, Naming()) for table in (everything, everywhere)])
    policies = {name: form.resource_policy for name, form in read_terraform(document).items()}
    assert policies["everything"] is None
    assert json.loads(policies["everywhere"] or "")["Statement"][0]["Action"] == "dynamodb:DeleteTable"


def table(**values: Any) -> dict[str, Any]:
    given = {
        "name": "orders",
        "billing_mode": "PAY_PER_REQUEST",
        "hash_key": "id",
        "attribute": [{"name": "id", "type": "S"}, {"name": "day", "type": "N"}],
        **values,
    }
    return {"address": "aws_dynamodb_table.orders", "mode": "managed", "type": "aws_dynamodb_table", "values": given}


def plan(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"format_version": "1.2", "planned_values": {"root_module": {"resources": list(resources)}}}


def test_what_is_switched_off_counts_as_not_there() -> None:
    off = table(
        ttl=[{"attribute_name": "until", "enabled": False}],
        point_in_time_recovery=[{"enabled": False}],
        server_side_encryption=[{"enabled": False, "kms_key_arn": None}],
        stream_enabled=False,
        stream_view_type="",
        on_demand_throughput=[{"max_read_request_units": -1, "max_write_request_units": -1}],
    )
    assert read_terraform(plan(off)) == read_terraform(plan(table()))


def test_keys_of_several_attributes_and_ceilings_are_read() -> None:
    """As version 6 of the provider writes them."""
    index = {
        "name": "by-day",
        "projection_type": "ALL",
        "key_schema": [
            {"attribute_name": "day", "key_type": "HASH"},
            {"attribute_name": "id", "key_type": "HASH"},
            {"attribute_name": "day", "key_type": "RANGE"},
        ],
        "on_demand_throughput": [{"max_read_request_units": 7, "max_write_request_units": None}],
    }
    form = read_terraform(plan(table(global_secondary_index=[index])))["orders"].global_indexes["by-day"]
    assert str(form.keys) == "day (N), id (S) / day (N)"
    assert form.ceilings == Ceilings(read_units=7)


def test_a_state_and_a_policy_with_a_known_table_are_read() -> None:
    policy = {
        "address": "aws_dynamodb_resource_policy.orders",
        "mode": "managed",
        "type": "aws_dynamodb_resource_policy",
        "values": {
            "resource_arn": "arn:aws:dynamodb:us-east-1:000000000000:table/orders",
            "policy": '{"b": 1, "a": 2}',
        },
    }
    other = {"address": "data.aws_dynamodb_table.x", "mode": "data", "type": "aws_dynamodb_table", "values": {}}
    state = {
        "format_version": "1.0",
        "values": {"root_module": {"child_modules": [{"resources": [table(), policy, other]}]}},
    }
    assert read_terraform(state)["orders"].resource_policy == '{"a":2,"b":1}'


@pytest.mark.parametrize("document", [{}, {"planned_values": {}}, {"format_version": "1.2"}])
def test_what_terraform_does_not_print_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InfrastructureError, match="terraform show"):
        read_terraform(document)


def test_a_table_without_a_known_name_is_refused() -> None:
    with pytest.raises(InfrastructureError, match=r"aws_dynamodb_table\.orders has no name"):
        read_terraform(plan(table(name=None)))
