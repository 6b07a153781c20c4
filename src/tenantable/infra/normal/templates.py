"""The normal form of the tables in a CloudFormation template, and reading templates."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from tenantable.errors import InfrastructureError
from tenantable.infra.cloudformation.short_forms import read_yaml
from tenantable.infra.normal.descriptions import (
    ON_DEMAND,
    canonical_policy,
    encryption_form,
    is_true,
    read_properties,
    read_tags,
)
from tenantable.infra.normal.forms import RECOVERY_DAYS, STANDARD, Capacity, IndexForm, TableForm
from tenantable.infra.normal.intrinsics import Resolver, Template
from tenantable.wire.arns import Home

TABLE = "AWS::DynamoDB::Table"
GLOBAL_TABLE = "AWS::DynamoDB::GlobalTable"

_NO_PARAMETERS: Mapping[str, str] = {}


def parse_template(text: str) -> Template:
    """
    A template in YAML or JSON.

    Raises:
        InfrastructureError: It is neither, or has no resources with types.
    """
    try:
        template = read_yaml(text)
    except yaml.YAMLError as error:
        raise InfrastructureError(f"The template is neither YAML nor JSON: {error}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise InfrastructureError("The template has no Resources")
    for name, resource in template["Resources"].items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise InfrastructureError(f"The template's resource {name} has no Type")
    return template


def read_template(
    template: Template, *, parameters: Mapping[str, str] = _NO_PARAMETERS, home: Home | None = None
) -> dict[str, TableForm]:
    """
    The tables of a template, by name. Those whose condition does not hold are left out.

    Args:
        parameters: Values of parameters; the others have their defaults.
        home: Where the stack is; None: an invented pair.
    Raises:
        InfrastructureError: A parameter has no value, or the template uses what is not understood here.
    """
    home = home or Home()
    resolver = Resolver(template, parameters, home)
    tables = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] not in {TABLE, GLOBAL_TABLE}:
            continue
        if "Condition" in resource and not resolver.holds(resource["Condition"]):
            continue
        properties = {"TableName": name, **resolver.resolve(resource.get("Properties") or {})}
        reads = _read_table if resource["Type"] == TABLE else _read_global_table
        form = reads(properties, home)
        tables[form.name] = form
    return tables


def _read_table(properties: Template, _home: Home) -> TableForm:
    recovery: Template = properties.get("PointInTimeRecoverySpecification") or {}
    encryption: Template = properties.get("SSESpecification") or {}
    policy: Template = properties.get("ResourcePolicy") or {}
    form = read_properties(properties, on_demand=properties.get("BillingMode") == ON_DEMAND)
    return replace(
        form,
        ttl=_expiry(properties),
        recovery_days=_recovery_days(recovery),
        encryption=encryption_form(enabled=is_true(encryption.get("SSEEnabled")), key=encryption.get("KMSMasterKeyId")),
        table_class=properties.get("TableClass", STANDARD),
        resource_policy=canonical_policy(policy.get("PolicyDocument")),
    )


def _read_global_table(properties: Template, home: Home) -> TableForm:
    """Most settings of a global table stand with the replica of their region; the stack's own is read."""
    replicas = {each["Region"]: each for each in properties["Replicas"]}
    own: Template = replicas.get(home.region) or {}
    on_demand = properties.get("BillingMode") == ON_DEMAND
    form = read_properties({**properties, **_own_members(own)}, on_demand=on_demand)
    encryption: Template = properties.get("SSESpecification") or {}
    key = (own.get("SSESpecification") or {}).get("KMSMasterKeyId")
    policy: Template = own.get("ResourcePolicy") or {}
    indexes = {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes") or ()}
    own_indexes = {index["IndexName"]: index for index in own.get("GlobalSecondaryIndexes") or ()}
    return replace(
        form,
        capacity=None if on_demand else _least_capacity(properties, own),
        global_indexes={
            name: index if on_demand else _with_capacity(index, indexes[name], own_indexes.get(name) or {})
            for name, index in form.global_indexes.items()
        },
        ttl=_expiry(properties),
        recovery_days=_recovery_days(own.get("PointInTimeRecoverySpecification") or {}),
        encryption=encryption_form(enabled=is_true(encryption.get("SSEEnabled")), key=key),
        table_class=own.get("TableClass", STANDARD),
        tags=read_tags(own.get("Tags") or ()),
        replicas=frozenset(replicas) - {home.region},
        resource_policy=canonical_policy(policy.get("PolicyDocument")),
    )


def _own_members(own: Template) -> dict[str, Any]:
    return {name: own[name] for name in ("DeletionProtectionEnabled",) if name in own}


def _with_capacity(form: IndexForm, index: Template, own: Template) -> IndexForm:
    return replace(form, capacity=_least_capacity(index, own))


def _least_capacity(properties: Template, own: Template) -> Capacity:
    """A provisioned global table is scaled; what it has at least is its capacity."""
    reads = (own.get("ReadProvisionedThroughputSettings") or {}).get("ReadCapacityUnits")
    writes = properties["WriteProvisionedThroughputSettings"]["WriteCapacityAutoScalingSettings"]["MinCapacity"]
    return Capacity(read_units=int(reads or writes), write_units=int(writes))


def _expiry(properties: Template) -> str | None:
    expiry: Template = properties.get("TimeToLiveSpecification") or {}
    return expiry.get("AttributeName") if is_true(expiry.get("Enabled")) else None


def _recovery_days(recovery: Template) -> int | None:
    if not is_true(recovery.get("PointInTimeRecoveryEnabled")):
        return None
    return int(recovery.get("RecoveryPeriodInDays") or RECOVERY_DAYS)
