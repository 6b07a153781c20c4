"""`outputs.tf`: what others need to know of the tables. One table gives plain values, several give maps too."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tenantable.declare.resources import Resource
from tenantable.declare.tables import Index, Table
from tenantable.infra.terraform.hcl import Block, Expression, arguments, template
from tenantable.infra.terraform.names import DeclaredNames, identifier, identifiers
from tenantable.infra.terraform.variables import defaults_of


def output(name: str, description: str, value: Any) -> Block:
    """One output."""
    return Block("output", name, body=arguments(description=description, value=value))


def index_arn(names: DeclaredNames, table: Table, index: Index) -> Expression:
    """The ARN of an index."""
    return template(names.resource(table, "arn"), "/index/", names.index(table, index))


def table_outputs(names: DeclaredNames) -> Iterator[Block]:
    """The outputs of tables and indexes."""
    if names.single:
        yield from _single_outputs(names, names.system.tables[0])
    else:
        yield from _map_outputs(names)
        for table in names.system.tables:
            yield from _own_outputs(names, table)
    yield from _environment_output(names)


def _single_outputs(names: DeclaredNames, table: Table) -> Iterator[Block]:
    indexes = [index for index in table.indexes if not index.local]
    yield output("table_name", "Name of the DynamoDB table", names.resource(table, "name"))
    yield output("table_arn", "ARN of the DynamoDB table", names.resource(table, "arn"))
    yield output("table_id", "ID of the DynamoDB table", names.resource(table, "id"))
    yield output("stream_arn", "ARN of the DynamoDB stream (if enabled)", _stream_arn(names, table))
    yield output("stream_label", "Label of the DynamoDB stream (if enabled)", _stream_label(names, table))
    yield output("gsi_names", "Map of GSI names", Expression("local.gsi_names"))
    labels = identifiers(index.name for index in indexes)
    for index in indexes:
        yield output(f"{labels[index.name]}_name", _index_description(index), names.index(table, index))
    arns = {index.name: index_arn(names, table, index) for index in indexes}
    yield output("gsi_arns", "Map of GSI ARNs for IAM policy configuration", arns)
    yield output("all_index_arns", "ARN pattern for all indexes (for IAM policies)", _all_indexes(names, table))
    ttl = Expression("local.ttl_attribute_name")
    yield output("ttl_attribute_name", "Name of the TTL attribute", ttl)
    yield output("billing_mode", "Billing mode of the table", names.resource(table, "billing_mode"))
    yield output("pitr_enabled", "Whether Point-in-Time Recovery is enabled", _recovery(names, table))
    yield output("deletion_protection_enabled", "Whether deletion protection is enabled", _protection(names, table))
    yield output("primary_key", "Primary key configuration", _primary_key(table))
    patterns = Expression("local.entity_patterns")
    yield output("entity_key_patterns", "Entity key patterns for single-table design", patterns)


def _map_outputs(names: DeclaredNames) -> Iterator[Block]:
    def by_table(value: Callable[[Table], Any]) -> dict[str, Any]:
        return {table.name: value(table) for table in names.system.tables}

    def of(attribute: str) -> dict[str, Any]:
        return by_table(lambda table: names.resource(table, attribute))

    arns = {
        table.name: {index.name: index_arn(names, table, index) for index in table.indexes if not index.local}
        for table in names.system.tables
    }
    yield output("table_names", "Names of the DynamoDB tables, by logical name", of("name"))
    yield output("table_arns", "ARNs of the DynamoDB tables", of("arn"))
    yield output("table_ids", "IDs of the DynamoDB tables", of("id"))
    yield output("stream_arns", "ARNs of the streams (if enabled)", by_table(lambda t: _stream_arn(names, t)))
    labels = by_table(lambda table: _stream_label(names, table))
    yield output("stream_labels", "Labels of the streams (if enabled)", labels)
    yield output("gsi_names", "Map of GSI names, by table", Expression("local.gsi_names"))
    indexed = {name: indexes for name, indexes in arns.items() if indexes}
    yield output("gsi_arns", "Map of GSI ARNs for IAM policy configuration, by table", indexed)
    patterns = by_table(lambda table: _all_indexes(names, table))
    yield output("all_index_arns", "ARN patterns for all indexes (for IAM policies), by table", patterns)
    ttl = Expression("local.ttl_attribute_names")
    yield output("ttl_attribute_names", "Names of the TTL attributes, by table", ttl)
    yield output("billing_modes", "Billing modes of the tables", of("billing_mode"))
    recovery = by_table(lambda table: _recovery(names, table))
    yield output("pitr_enabled", "Whether Point-in-Time Recovery is enabled, by table", recovery)
    protection = by_table(lambda table: _protection(names, table))
    yield output("deletion_protection_enabled", "Whether deletion protection is enabled, by table", protection)
    yield output("primary_keys", "Primary keys of the tables", by_table(_primary_key))
    key_patterns = Expression("local.entity_patterns")
    yield output("entity_key_patterns", "Entity key patterns, by table", key_patterns)


def _own_outputs(names: DeclaredNames, table: Table) -> Iterator[Block]:
    label = names.tables[table.name]
    yield output(f"{label}_table_name", f"Name of the table {table.name}", names.resource(table, "name"))
    yield output(f"{label}_table_arn", f"ARN of the table {table.name}", names.resource(table, "arn"))
    for index in table.indexes:
        description = f"{_index_description(index)} of {table.name}"
        yield output(f"{label}_{identifier(index.name)}_name", description, names.index(table, index))


def _environment_output(names: DeclaredNames) -> Iterator[Block]:
    """Tables by environment variable; other resources are told by their own sections."""
    variables: Mapping[str, Table | Resource] = names.system.environment
    values = {
        name: names.resource(value, "name") if isinstance(value, Table) else names.resource_style(value)
        for name, value in variables.items()
    }
    if values:
        yield output("environment_variables", "Environment variables that tell the components the names", values)


def _index_description(index: Index) -> str:
    name = index.name.upper() if index.partition.name == f"{index.name.upper()}PK" else f"index {index.name}"
    return f"Name of {name} ({index.description})" if index.description else f"Name of {name}"


def _stream_arn(names: DeclaredNames, table: Table) -> Expression:
    return _where_streamed(names, table, names.resource(table, "stream_arn").text)


def _stream_label(names: DeclaredNames, table: Table) -> Expression:
    """The last part of the ARN: of a stream with a new view the provider plans a new ARN, but the old label."""
    return _where_streamed(names, table, f'try(split("/", {names.resource(table, "stream_arn").text})[3], null)')


def _where_streamed(names: DeclaredNames, table: Table, value: str) -> Expression:
    shared = (table.stream is not None) == defaults_of(names.system).stream
    enabled = "var.stream_enabled" if shared else "var.enable_global_tables"
    return Expression(f"{enabled} ? {value} : null")


def _all_indexes(names: DeclaredNames, table: Table) -> Expression:
    return template(names.resource(table, "arn"), "/index/*")


def _recovery(names: DeclaredNames, table: Table) -> Any:
    defaults = defaults_of(names.system)
    return defaults.shared(table.recovery, defaults.recovery, "enable_pitr")


def _protection(names: DeclaredNames, table: Table) -> Any:
    defaults = defaults_of(names.system)
    return defaults.shared(table.deletion_protection, defaults.deletion_protection, "enable_deletion_protection")


def _primary_key(table: Table) -> dict[str, Any]:
    return {"partition_key": table.partition.name, "sort_key": None if table.sort is None else table.sort.name}
