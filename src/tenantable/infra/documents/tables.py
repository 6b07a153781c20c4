"""One section per table: what is in it, under which keys, and how it is reached."""

import inspect
from collections.abc import Iterator

from tenantable.declare.attributes import Attribute
from tenantable.declare.keys.layouts import EntityLayout
from tenantable.declare.patterns import KeyPattern, Pattern
from tenantable.declare.systems import System
from tenantable.declare.tables import AWS_MANAGED_KEY, Index, PhysicalTable, Projection, Table
from tenantable.infra.documents.grants import granted_components, granted_writes
from tenantable.infra.documents.keys import key_columns, key_form, type_name
from tenantable.infra.documents.markdown import code, paragraph, table


def table_section(system: System, physical: PhysicalTable) -> Iterator[str]:
    """The lines about one table."""
    declared = physical.table
    yield f"## {declared.name}"
    yield ""
    yield f"Physical name in this stage: `{physical.name}`."
    yield ""
    yield from table(("setting", "value"), _settings(declared))
    yield from _indexes(physical)
    yield from _entities(declared)
    yield from _mapping(declared)
    yield from _patterns(system, declared)


def _settings(declared: Table) -> Iterator[tuple[str, str]]:
    keys = declared.keys
    yield "partition key", f"{code(keys.partition.name)} ({keys.partition.type})"
    if keys.sort is not None:
        yield "sort key", f"{code(keys.sort.name)} ({keys.sort.type})"
    billing = declared.billing
    shown = f"provisioned, {billing.read_units} reads and {billing.write_units} writes a second" if billing else ""
    yield "capacity", shown or "on demand"
    yield "expiry", code(declared.ttl) if declared.ttl else "never"
    yield "stream", code(declared.stream) if declared.stream else "none"
    yield "point-in-time recovery", "on" if declared.recovery else "off"
    yield "encryption key", _encryption(declared.encryption_key)
    yield "deletion protection", "on" if declared.deletion_protection else "off, unless the stage says otherwise"
    if declared.tenancy is not None:
        dedicated = "; a tenant may have a table for itself" if declared.tenancy.dedicated else ""
        yield "tenants", f"share it, behind {code(declared.tenancy.prefix)}{dedicated}"
    if declared.replicas:
        yield "replicas", ", ".join(declared.replicas)
    if declared.tags:
        yield "tags", ", ".join(f"{name} = {value}" for name, value in sorted(declared.tags.items()))


def _encryption(key: str | None) -> str:
    if key is None:
        return "DynamoDB's own"
    return "AWS-managed" if key == AWS_MANAGED_KEY else code(key)


def _indexes(physical: PhysicalTable) -> Iterator[str]:
    declared = physical.table
    if declared.indexes:
        yield "### Indexes"
        yield ""
    rows = (
        (
            index.name,
            code(physical.index_names[index.name]),
            code(declared.keys_of(index).partition.name),
            code(sort.name) if (sort := declared.keys_of(index).sort) is not None else code(""),
            _projection(index.projection),
            "local" if index.local else "global, across tenants" if index.across_tenants else "global",
        )
        for index in declared.indexes
    )
    yield from table(("index", "physical name", "partition key", "sort key", "holds", "kind"), rows)


def _projection(projection: Projection) -> str:
    if projection == "all":
        return "whole items"
    return "keys" if projection == "keys" else "keys and " + ", ".join(map(code, projection))


def _entities(declared: Table) -> Iterator[str]:
    for layout in declared.layouts.values():
        entity = layout.entity
        yield f"### {entity.name}"
        yield ""
        yield paragraph(inspect.getdoc(entity.model) or "")
        yield ""
        rows = (
            (code(each.stored_as), type_name(each.annotation), ", ".join(_remarks(each, layout)) or code(""))
            for each in entity.attributes.values()
        )
        yield from table(("attribute", "type", "remarks"), rows)


def _remarks(attribute: Attribute, layout: EntityLayout) -> Iterator[str]:
    places = ["the table"] if attribute.name in layout.table_key.names else []
    places += [index for index, key in layout.index_keys.items() if attribute.name in key.names]
    if places:
        yield "in the key of " + " and ".join(places)
    if not attribute.required:
        yield "optional"
    for marked, remark in (
        (attribute.unique, "unique"),
        (attribute.lock, "lock: raised by every write"),
        (attribute.soft_delete, "marks deletion"),
        (attribute.ttl, "time of expiry, in epoch seconds"),
    ):
        if marked:
            yield remark


def _mapping(declared: Table) -> Iterator[str]:
    """Which entity stands under which keys, in the table and in each index."""
    yield "### Entities and their keys"
    yield ""
    head = ["entity"]
    for index in (None, *declared.indexes):
        head += [attribute.name for attribute in declared.keys_of(index).attributes]
    rows = (
        [layout.entity.name, *map(code, key_columns(layout, declared.indexes))] for layout in declared.layouts.values()
    )
    yield from table(head, rows)


def _patterns(system: System, declared: Table) -> Iterator[str]:
    yield "### Access patterns"
    yield ""
    rows = (
        (
            code(f"{pattern.place}({', '.join(pattern.parameters)})"),
            _request(pattern),
            paragraph(pattern.description),
            ", ".join(granted_components(system, pattern)) or "nobody",
        )
        for pattern in declared.patterns
    )
    yield from table(("pattern", "request", "meaning", "granted to"), rows)
    writes = (
        (layout.entity.name, kind, names)
        for layout in declared.layouts.values()
        for kind, names in granted_writes(system, layout.entity)
    )
    yield from table(("entity", "write", "granted to"), writes)


def _request(pattern: Pattern) -> str:
    entity = pattern.resolution.layouts[0].entity
    key = pattern.resolution.key
    partition = f"{code(key.partition.attribute.name)} = {code(key_form(key.partition, entity))}"
    if isinstance(pattern, KeyPattern):
        sort = f", {code(key.sort.attribute.name)} = {code(key_form(key.sort, entity))}" if key.sort is not None else ""
        return f"GetItem, {partition}{sort}"
    return f"Query {_place(pattern.index)}, {partition}"


def _place(index: Index | None) -> str:
    return "the table" if index is None else f"`{index.name}`"
