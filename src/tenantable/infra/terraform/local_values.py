"""`locals.tf`: names, tags and key patterns."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tenantable.declare.tables import Table
from tenantable.infra.terraform.hcl import Argument, Block, Call, Comment, Expression, Object, Part, separated
from tenantable.infra.terraform.indexes import shown_key
from tenantable.infra.terraform.names import ENVIRONMENT, DeclaredNames, identifiers
from tenantable.infra.terraform.tables import common_tags

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def module_name(names: DeclaredNames) -> str:
    """`dynamodb-access-management`: what the module is called in tags and in examples."""
    subject = names.system.tables[0].name if names.single else names.system.name
    return "dynamodb-" + _CAPITAL.sub("-", subject).replace("_", "-").lower()


def locals_block(names: DeclaredNames, others: Sequence[Sequence[Part]]) -> Block:
    """The one block of local values; `others` are those of further sections."""
    return Block("locals", body=separated([*_table_values(names), *others]))


def _table_values(names: DeclaredNames) -> Iterator[list[Part]]:
    tables = names.system.tables
    if names.single:
        yield [Comment("The table's name"), Argument("table_name", names.table_style(tables[0]))]
    else:
        styles = Object([Argument(table.name, names.table_style(table)) for table in tables])
        yield [Comment("The tables' names, by logical name"), Argument("table_names", styles)]
    yield [Comment("Tags of all resources"), Argument("common_tags", _tags(names))]
    if names.single:
        yield [Comment("The attribute that holds when an item expires"), Argument("ttl_attribute_name", tables[0].ttl)]
    else:
        expiring = {table.name: table.ttl for table in tables if table.ttl is not None}
        yield [
            Comment("The attributes that hold when an item expires, by table"),
            Argument("ttl_attribute_names", expiring),
        ]
    yield [Comment("Names of the global indexes"), Argument("gsi_names", _index_names(names, local=False))]
    if any(index.local for table in tables for index in table.indexes):
        yield [Comment("Names of the local indexes"), Argument("lsi_names", _index_names(names, local=True))]
    yield [
        Comment("How the keys of each entity are made, for reference"),
        Argument("entity_patterns", _patterns(names)),
    ]


def _tags(names: DeclaredNames) -> Any:
    own = {
        **common_tags(names),
        "Environment": ENVIRONMENT,
        "ManagedBy": "Terraform",
        "Module": module_name(names),
    }
    return Call("merge", own, Expression("var.tags"))


def _index_names(names: DeclaredNames, *, local: bool) -> dict[str, Any]:
    by_table = {
        table.name: {index.name: names.index_style(table, index) for index in table.indexes if index.local is local}
        for table in names.system.tables
    }
    if names.single:
        return next(iter(by_table.values()))
    return {table: indexes for table, indexes in by_table.items() if indexes}


def _patterns(names: DeclaredNames) -> dict[str, Any]:
    by_table = {table.name: entity_patterns(table) for table in names.system.tables}
    return next(iter(by_table.values())) if names.single else {name: each for name, each in by_table.items() if each}


def entity_patterns(table: Table) -> dict[str, str]:
    """`PK: PERM#{permissionId}, SK: METADATA` by entity."""
    labels = identifiers(layout.entity.name for layout in table.layouts.values())
    return {
        labels[layout.entity.name]: ", ".join(
            f"{part.attribute.name}: {shown_key(layout, part)}" for part in layout.table_key.parts
        )
        for layout in table.layouts.values()
    }
