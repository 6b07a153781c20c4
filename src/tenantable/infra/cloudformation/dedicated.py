"""
The template of a table that one tenant has for itself: a clone of the shared one, with all of its indexes.

A provisioner creates one stack of it for each such tenant. Whoever looks for the table finds it by parameters in the
Parameter Store, which the stack makes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.declare.tables import PhysicalTable, Table, physical_table
from tenantable.infra.cloudformation.alarms import alarm_conditions, alarm_parameters, alarm_resources
from tenantable.infra.cloudformation.placeholders import mark, marked_naming, parameter_name, pascal_case, substituted
from tenantable.infra.cloudformation.scaling import (
    BILLING,
    capacity,
    scaling_conditions,
    scaling_parameters,
    scaling_resources,
)
from tenantable.infra.cloudformation.stacks import FORMAT
from tenantable.infra.cloudformation.tables import key_conditions, key_parameters, table_resource

Properties = dict[str, Any]

ENVIRONMENT = "Environment"
_STAGE = "stage"
_PRODUCTION = "IsProduction"
_TABLE = "Table"
_PRODUCTION_STAGES = ("prod", "production")


def dedicated_templates(system: System, naming: Naming) -> dict[str, Properties]:
    """
    A template for each table of which a tenant may have one for itself, by file name.

    `accounts` gives `private-account-dynamodb.yaml`, whose tenants are told apart by the parameter `AccountId`.
    """
    if naming.dedicated is None:
        return {}
    tables = [table for table in system.tables if table.tenancy is not None and table.tenancy.dedicated]
    return {f"private-{_singular(table)}-dynamodb.yaml": dedicated_template(system, table, naming) for table in tables}


def dedicated_template(system: System, table: Table, naming: Naming) -> Properties:
    """
    Args:
        naming: Of the stage that is the default; it has a style for dedicated tables.
    """
    tenant = tenant_parameter(table)
    marked = marked_naming(naming)
    if _STAGE in marked.values:
        marked = replace(marked, values={**marked.values, _STAGE: mark(ENVIRONMENT)})
    physical = physical_table(table, marked, tenant=mark(tenant))
    resources: Properties = {_TABLE: _table(physical, tenant)}
    resources |= dict(_discovery(table, tenant, streams=bool(table.stream or table.replicas)))
    if not table.replicas:  # a global table is scaled by itself
        resources |= dict(scaling_resources(physical, _TABLE))
    resources |= dict(alarm_resources(physical, _TABLE))
    return {
        "AWSTemplateFormatVersion": FORMAT,
        "Description": f"The table that one {_singular(table)} of {system.name} has for itself.",
        "Parameters": {
            tenant: {
                "Type": "String",
                "AllowedPattern": "[a-zA-Z0-9_-]{1,128}",
                "Description": f"Whose table it is: the id of the {_singular(table)}.",
            },
            **_naming_parameters(system, naming),
            **scaling_parameters(table),
            **key_parameters(table.replicas),
            **alarm_parameters(),
        },
        "Conditions": {
            **_production(),
            **scaling_conditions(),
            **key_conditions(),
            **alarm_conditions(),
        },
        "Resources": substituted(resources),
        "Outputs": dict(_outputs(streams=bool(table.stream or table.replicas))),
    }


def tenant_parameter(table: Table) -> str:
    """`accounts` gives `AccountId`."""
    return f"{pascal_case(_singular(table))}Id"


def _singular(table: Table) -> str:
    return table.name.removesuffix("s").lower()


def _table(physical: PhysicalTable, tenant: str) -> Properties:
    protected = True if physical.table.deletion_protection else {"Fn::If": [_PRODUCTION, True, False]}
    # Its tenant's end is the table's too: the stack that goes takes the table along, unless that is protected.
    resource = {**table_resource(physical, protected=protected), "DeletionPolicy": "Delete"}
    properties = resource["Properties"]
    if not physical.table.replicas:
        billing = {"TableName": properties["TableName"], BILLING: {"Ref": BILLING}, **capacity()}
        resource["Properties"] = properties = billing | {
            name: member for name, member in properties.items() if name not in billing
        }
        for index in properties.get("GlobalSecondaryIndexes", ()):
            index.update(capacity())
        declared = [tag for tag in properties.get("Tags", ()) if tag["Key"] not in {tenant, ENVIRONMENT}]
        properties["Tags"] = [
            *declared,
            {"Key": tenant, "Value": mark(tenant)},
            {"Key": ENVIRONMENT, "Value": mark(ENVIRONMENT)},
        ]
    return resource


def _discovery(table: Table, tenant: str, *, streams: bool) -> Iterator[tuple[str, Properties]]:
    """The status says nothing before the table is there: until then, and of failures, the shared table knows."""
    values: Mapping[str, tuple[str, Any]] = {
        "CloudTypeParameter": ("cloud-type", "private"),
        "ProvisioningStatusParameter": ("provisioning-status", "active"),
        "TableNameParameter": ("dynamodb/table-name", {"Ref": _TABLE}),
        "TableArnParameter": ("dynamodb/table-arn", {"Fn::GetAtt": [_TABLE, "Arn"]}),
        **({"StreamArnParameter": ("dynamodb/stream-arn", {"Fn::GetAtt": [_TABLE, "StreamArn"]})} if streams else {}),
    }
    for name, (path, value) in values.items():
        properties = {"Name": f"/{table.name}/{mark(tenant)}/{path}", "Type": "String", "Value": value}
        waits = {"DependsOn": _TABLE} if isinstance(value, str) else {}
        yield name, {"Type": "AWS::SSM::Parameter", **waits, "Properties": properties}


def _naming_parameters(system: System, naming: Naming) -> Properties:
    parameters: Properties = {}
    for name, value in naming.values.items():
        if name == _STAGE:
            stages = system.stages if value in system.stages else (*system.stages, value)
            parameters[ENVIRONMENT] = {
                "Type": "String",
                "Default": value,
                "AllowedValues": list(stages),
                "Description": "The stage. In production the table refuses to be deleted.",
            }
        else:
            described = f"The part `{name}` of all names."
            parameters[parameter_name(name)] = {"Type": "String", "Default": value, "Description": described}
    if ENVIRONMENT not in parameters:
        parameters[ENVIRONMENT] = {
            "Type": "String",
            "Default": system.stages[0],
            "AllowedValues": list(system.stages),
            "Description": "The stage. In production the table refuses to be deleted.",
        }
    return parameters


def _production() -> Properties:
    equal = [{"Fn::Equals": [{"Ref": ENVIRONMENT}, stage]} for stage in _PRODUCTION_STAGES]
    return {_PRODUCTION: {"Fn::Or": equal}}


def _outputs(*, streams: bool) -> Iterator[tuple[str, Properties]]:
    yield "TableName", {"Value": {"Ref": _TABLE}}
    yield "TableArn", {"Value": {"Fn::GetAtt": [_TABLE, "Arn"]}}
    if streams:
        yield "StreamArn", {"Value": {"Fn::GetAtt": [_TABLE, "StreamArn"]}}
