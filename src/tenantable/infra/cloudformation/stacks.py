"""The template of a whole system: tables, queues, keys, roles with their policies, and what components must be told."""

from collections.abc import Iterator
from typing import Any

from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.declare.tables import PhysicalTable, Table
from tenantable.errors import InfrastructureError
from tenantable.infra.cloudformation.placeholders import marked_naming, parameter_name, pascal_case, substituted
from tenantable.infra.cloudformation.resources import reference, resource_resources
from tenantable.infra.cloudformation.roles import role_id, role_parameters, role_resources
from tenantable.infra.cloudformation.tables import (
    PROTECTION,
    PROTECTS,
    key_conditions,
    key_parameters,
    table_resource,
)

Properties = dict[str, Any]

FORMAT = "2010-09-09"
_STAGE = "stage"
_NAME_PATTERN = "[a-zA-Z0-9_.-]*"


def system_template(system: System, naming: Naming) -> Properties:
    """
    The template of a system. What its naming has as values are the template's parameters.

    Args:
        naming: Of the stage whose values are the defaults.
    Returns:
        The sections in CloudFormation's usual order; everything within them in the order of declaration.
    Raises:
        InfrastructureError: Two things would have one name, because they differ in signs or capitals alone.
    """
    marked = marked_naming(naming)
    tables = system.physical_tables(marked)
    resources: Properties = {}
    for table in tables:
        _add(resources, {table_id(table.table): table_resource(table)})
    for resource in system.resources:
        _add(resources, resource_resources(resource, marked))
    for component in system.components:
        _add(resources, role_resources(component, marked, system))
    regions = [region for declared in system.tables for region in declared.replicas]
    return {
        "AWSTemplateFormatVersion": FORMAT,
        "Description": system.description or f"The tables of {system.name}.",
        "Parameters": {
            **_naming_parameters(system, naming),
            PROTECTION: {
                "Type": "String",
                "AllowedValues": ["true", "false"],
                "Default": "false",
                "Description": "Whether tables refuse to be deleted. One that is declared so always does.",
            },
            **key_parameters(regions),
            **(role_parameters() if any(not component.tenant_bound for component in system.components) else {}),
        },
        "Conditions": {PROTECTS: {"Fn::Equals": [{"Ref": PROTECTION}, "true"]}, **key_conditions()},
        # Names alone have marks; policies are substituted where they are made.
        "Resources": substituted(resources),
        "Outputs": substituted(dict(_outputs(system, tables, marked))),
    }


def table_id(table: Table) -> str:
    """The name of a table within the template: `access-management` is `AccessManagementTable`."""
    return f"{pascal_case(table.name)}Table"


def _add(resources: Properties, more: Properties) -> None:
    """Names within a template are letters and digits, so two names of a system may become one."""
    for name, resource in more.items():
        if name in resources:
            hint = "rename one of the two that are called so without signs"
            raise InfrastructureError(f"The template would have two resources {name}", hint=hint)
        resources[name] = resource


def _naming_parameters(system: System, naming: Naming) -> Properties:
    parameters: Properties = {}
    for name, value in naming.values.items():
        parameter: Properties = {"Type": "String", "Default": value}
        if name == _STAGE:
            stages = system.stages if value in system.stages else (*system.stages, value)
            parameter["AllowedValues"] = list(stages)
        else:
            parameter["AllowedPattern"] = _NAME_PATTERN
        parameter["Description"] = f"The part `{name}` of all names."
        parameters[parameter_name(name)] = parameter
    return parameters


def _outputs(system: System, tables: tuple[PhysicalTable, ...], naming: Naming) -> Iterator[tuple[str, Properties]]:
    for physical in tables:
        name = table_id(physical.table)
        yield f"{name}Name", {"Value": {"Ref": name}}
        yield f"{name}Arn", {"Value": {"Fn::GetAtt": [name, "Arn"]}}
        if physical.table.stream or physical.table.replicas:
            yield f"{name}StreamArn", {"Value": {"Fn::GetAtt": [name, "StreamArn"]}}
        for index in physical.table.indexes:
            yield f"{name}{pascal_case(index.name)}IndexName", {"Value": physical.index_names[index.name]}
    for component in system.components:
        yield f"{role_id(component)}Arn", {"Value": {"Fn::GetAtt": [role_id(component), "Arn"]}}
    for variable, thing in system.environment.items():
        value = {"Ref": table_id(thing)} if isinstance(thing, Table) else reference(thing, naming)
        described = f"The environment variable {variable}."
        yield f"Environment{pascal_case(variable)}", {"Description": described, "Value": value}
