"""What a module says, read from its text: the contract of the access module, and tables beyond the shipped ones."""

import re
from typing import Any

import pytest

from tenantable.data.repositories import Repository
from tenantable.declare import (
    Component,
    Index,
    LocalIndex,
    Naming,
    Provisioned,
    System,
    Table,
    WarmThroughput,
    allow,
    allow_resource,
    attr,
)
from tenantable.declare.attributes import Attr
from tenantable.declare.entities import Entity
from tenantable.declare.resources import Bucket, EncryptionKey, Queue
from tenantable.errors import DeclarationError, SettingsError
from tenantable.infra.terraform.module import terraform_module
from tenantable.infra.terraform.tables import Provider
from tenantable.services.access.declaration import SYSTEM as ACCESS
from tenantable.services.accounts.declaration import SYSTEM as ACCOUNTS
from tenantable.services.webhooks.declaration import SYSTEM as WEBHOOKS


def blocks(text: str, kind: str) -> dict[str, str]:
    """The text inside each block of a kind, by its last label."""
    found = re.findall(rf'^{kind} (?:"[^"]+" )?"([^"]+)" {{\n(.*?)^}}', text, re.MULTILINE | re.DOTALL)
    return dict(found)


def system_of(*tables: Table, **others: Any) -> System:
    return System(name="shop", tables=tables, **others)


def main_of(*tables: Table, provider: Provider | None = None, **others: Any) -> str:
    return terraform_module(system_of(*tables, **others), provider=provider)["main.tf"]


VARIABLES = {
    "environment": ("string", None, "Deployment environment (dev, sit, prod)"),
    "project_name": ("string", '"bbws-access"', "Project name prefix for resource naming"),
    "enable_pitr": ("bool", "true", "Enable Point-in-Time Recovery for disaster recovery"),
    "enable_server_side_encryption": ("bool", "true", "Enable server-side encryption using AWS managed KMS key"),
    "enable_deletion_protection": (
        "bool", "false", "Enable deletion protection to prevent accidental table deletion",
    ),
    "enable_global_tables": (
        "bool", "false", "Enable DynamoDB Global Tables for multi-region replication (PROD only)",
    ),
    "replica_regions": (
        "list(string)",
        '["eu-west-1"]',
        "List of AWS regions for global table replicas (only used if enable_global_tables is true)",
    ),
    "tags": ("map(string)", "{}", "Additional tags to apply to resources"),
    "stream_enabled": (
        "bool", "true", "Enable DynamoDB Streams for change data capture (required for audit archiving)",
    ),
    "stream_view_type": (
        "string",
        '"NEW_AND_OLD_IMAGES"',
        "DynamoDB Stream view type (NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY)",
    ),
}  # fmt: skip
MESSAGES = {
    "environment": "Environment must be one of: dev, sit, prod.",
    "project_name": "Project name must contain only lowercase letters, numbers, and hyphens.",
    "stream_view_type": "Stream view type must be one of: NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY.",
}
OUTPUTS = {
    "table_name": "Name of the DynamoDB table",
    "table_arn": "ARN of the DynamoDB table",
    "table_id": "ID of the DynamoDB table",
    "stream_arn": "ARN of the DynamoDB stream (if enabled)",
    "stream_label": "Label of the DynamoDB stream (if enabled)",
    "gsi_names": "Map of GSI names",
    "gsi1_name": "Name of GSI1 (status/expiry, category, name lookups)",
    "gsi2_name": "Name of GSI2 (email, active status, division lookups)",
    "gsi3_name": "Name of GSI3 (user team memberships)",
    "gsi4_name": "Name of GSI4 (audit by user)",
    "gsi5_name": "Name of GSI5 (audit by event type)",
    "gsi_arns": "Map of GSI ARNs for IAM policy configuration",
    "all_index_arns": "ARN pattern for all indexes (for IAM policies)",
    "ttl_attribute_name": "Name of the TTL attribute",
    "billing_mode": "Billing mode of the table",
    "pitr_enabled": "Whether Point-in-Time Recovery is enabled",
    "deletion_protection_enabled": "Whether deletion protection is enabled",
    "primary_key": "Primary key configuration",
    "entity_key_patterns": "Entity key patterns for single-table design",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_the_access_module_has_the_variable(name: str) -> None:
    """Requirements: A-11, A-13."""
    kind, default, description = VARIABLES[name]
    body = blocks(terraform_module(ACCESS)["variables.tf"], "variable")[name]
    assert f'description = "{description}"' in body
    assert re.search(rf"type += {re.escape(kind)}\n", body)
    assert re.findall(r"default += (.*)\n", body) == ([] if default is None else [default])
    messages = [text for text in re.findall(r'error_message = "(.*)"', body) if not text.startswith("S3 takes")]
    assert messages == ([MESSAGES[name]] if name in MESSAGES else [])


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_access_module_has_the_output(name: str) -> None:
    """Requirement: A-13."""
    assert f'description = "{OUTPUTS[name]}"' in blocks(terraform_module(ACCESS)["outputs.tf"], "output")[name]


def test_the_files_of_the_access_module() -> None:
    """Requirement: A-13."""
    assert {"main.tf", "gsi.tf", "variables.tf", "outputs.tf", "locals.tf", "README.md"} <= terraform_module(
        ACCESS
    ).keys()


def test_a_system_without_a_table_is_refused() -> None:
    with pytest.raises(SettingsError, match="has no table"):
        terraform_module(System(name="empty", tables=()))


def test_a_table_that_differs_from_the_others_keeps_what_it_has() -> None:
    kept = Table("kept", partition="id", recovery=True, stream="KEYS_ONLY", deletion_protection=True)
    plain = Table("plain", partition="id")
    tables = blocks(main_of(kept, plain), "resource")
    assert "enabled = var.enable_pitr" in tables["kept"]
    assert "prevent_destroy = true" in tables["kept"]
    assert "stream_enabled   = var.enable_global_tables\n" in tables["plain"]
    assert "point_in_time_recovery {\n    enabled = false\n" in tables["plain"]
    assert "deletion_protection_enabled = false" in tables["plain"]


def test_an_exported_name_that_is_too_long_for_a_bucket_is_refused() -> None:
    with pytest.raises(DeclarationError, match="and S3 takes at most 63"):
        terraform_module(ACCESS, values={"project": "x" * 53})


def test_scaled_capacity_is_not_set_back() -> None:
    billing = Provisioned(read_units=5, write_units=5, read_units_max=50, target_percent=60)
    table = Table("orders", Index("by-day", partition="day"), partition="id", billing=billing)
    files = terraform_module(system_of(table))
    assert "ignore_changes = [replica, read_capacity, global_secondary_index]" in files["main.tf"]
    targets = blocks(files["scaling.tf"], "resource")
    assert targets.keys() == {"orders_read", "orders_by_day_read"}
    assert "target_value = 60" in files["scaling.tf"]


def test_capacity_that_is_not_scaled_has_no_targets() -> None:
    files = terraform_module(system_of(Table("t-1", partition="id", billing=Provisioned(read_units=1, write_units=1))))
    assert "scaling.tf" not in files
    assert 'billing_mode   = "PROVISIONED"' in files["main.tf"]


def test_a_local_index_has_no_partition_key_of_its_own() -> None:
    local = LocalIndex("by-amount", sort="amount", projection="keys")
    text = main_of(Table("orders", local, partition="id", sort="number"))
    index = text[text.index("local_secondary_index") :].partition("}")[0]
    assert "hash_key" not in index
    assert 'local.lsi_names["by-amount"]' in index


@pytest.mark.parametrize(
    ("table", "feature"),
    [
        (Table("warm", partition="id", warm_throughput=WarmThroughput(read_units=1, write_units=1)), "warm throughput"),
        (Table("strict", partition="id", replicas=("b", "c"), consistent_replicas=True), "the consistency of replicas"),
        (Table("seen", partition="id", replicas=("b",), witness="c"), "a witness"),
    ],
)
def test_what_needs_a_newer_provider_is_refused_for_the_older(table: Table, feature: str) -> None:
    with pytest.raises(SettingsError, match=rf"Table '{table.name}': {feature}.*version 6"):
        main_of(table)
    assert ">= 6." in main_of(table, provider=Provider(major=6))


def test_a_table_may_use_the_systems_own_key() -> None:
    key = EncryptionKey(name="sealing")
    text = main_of(Table("orders", partition="id", encryption_key="alias/sealing"), resources=[key])
    assert "kms_key_arn = coalesce(var.kms_key_arn, aws_kms_key.sealing.arn)" in text


def test_another_keys_alias_must_be_given_as_an_arn() -> None:
    table = Table("orders", partition="id", encryption_key="alias/company")
    variables = blocks(terraform_module(system_of(table))["variables.tf"], "variable")
    assert "alias/company" in variables["kms_key_arn"]
    assert "default" not in variables["kms_key_arn"]


def test_only_queues_that_name_it_may_use_a_dead_letter_queue() -> None:
    text = terraform_module(WEBHOOKS)["queues.tf"]
    allowance = blocks(text, "resource")["webhook_dead_letters"]
    assert "aws_sqs_queue_redrive_allow_policy" in text
    assert "sourceQueueArns   = [aws_sqs_queue.webhook_deliveries.arn]" in allowance


def test_the_components_learn_names_from_their_environment() -> None:
    """Requirement: W-10."""
    body = blocks(terraform_module(WEBHOOKS)["outputs.tf"], "output")["environment_variables"]
    assert "TENANT_IDENTITY_TABLE       = aws_dynamodb_table.tenant_identity.name" in body


def test_the_provisioner_reaches_only_names_of_the_pattern() -> None:
    """Requirement: M-09."""
    text = terraform_module(ACCOUNTS)["provisioning.tf"]
    assert "table/app-${var.environment}-account-*" in text
    assert "stack/app-${var.environment}-account-*/*" in text
    everywhere = [each for each in text.split("Sid ") if re.search(r'Resource += "\*"', each)]
    assert len(everywhere) == 1
    assert set(re.findall(r'"[a-z-]+:([A-Z][a-z]+)', everywhere[0])) == {"Describe"}


def test_the_shared_table_can_be_found_by_parameters() -> None:
    """Requirements: M-03, M-10."""
    files = terraform_module(ACCOUNTS)
    parameters = blocks(files["parameters.tf"], "resource")
    assert len(parameters) == 3
    switches = {
        "enable_account_provisioning", "account_provisioning_enable_alarms", "default_private_account_billing_mode",
    }  # fmt: skip
    assert switches <= blocks(files["variables.tf"], "variable").keys()


def test_a_grant_on_a_resource_that_is_none_of_the_systems_names_it_by_its_place() -> None:
    component = Component("sender", grants=[allow_resource("sqs", "SendMessage", resource="elsewhere")])
    text = terraform_module(system_of(Table("orders", partition="id"), components=[component]))["iam.tf"]
    assert '"arn:${local.partition}:sqs:${local.region}:${local.account_id}:elsewhere"' in text


def test_a_long_role_name_is_cut_and_told_apart() -> None:
    components = [Component("c" * 56 + ending) for ending in ("1", "2")]
    text = terraform_module(system_of(Table("orders", partition="id"), components=components))["iam.tf"]
    names = re.findall(r'"\$\{local\.role_name_prefix\}(.*)"', text)
    assert len(set(names)) == 2
    assert all(len(f"shop-prod-{name}") <= 64 for name in names)


def test_buckets_are_closed_to_the_public() -> None:
    files = terraform_module(system_of(Table("orders", partition="id"), resources=[Bucket(name="archive")]))
    assert "restrict_public_buckets = true" in files["buckets.tf"]


def test_dead_letters_may_go_to_a_queue_that_somebody_else_makes() -> None:
    queue = Queue(name="work", dead_letters=Queue(name="elsewhere"), receives_max=3)
    files = terraform_module(system_of(Table("orders", partition="id"), resources=[queue]))
    place = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:elsewhere"
    assert f'deadLetterTargetArn = "{place}"' in files["queues.tf"]


notes = Table("n1", Index("ix"))


class Note(Entity, table=notes):
    """A note."""

    note_id: Attr[str]
    text: Attr[str] = attr(default="")


class Notes(Repository[Note]):
    """Notes."""

    @Note.key(pk="NOTE#{note_id}", sk="NOTE")
    def get(self, *, note_id: str) -> None:
        """One note."""


def test_names_too_short_for_dynamodb_by_themselves_can_be_declared() -> None:
    component = Component("reader", grants=[allow(Notes.get)])
    naming = Naming(table="long-{table}", index="{table}-{index}")
    system = System(name="notes", tables=[notes], components=[component], naming=lambda _stage: naming)
    text = terraform_module(system)["iam.tf"]
    assert "Resource = aws_dynamodb_table.n1.arn" in text
