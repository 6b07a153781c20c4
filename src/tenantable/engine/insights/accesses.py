"""
From a request to the keys that it asks for.

A query, and a SELECT that binds the partition key, count as one access of each partition that they name, whatever they
find there; a scan asks for no key. What writes do to indexes is an access of the table alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.engine.catalog import Catalog
from tenantable.engine.operations.query import bind_key_condition
from tenantable.engine.tables.table import Table
from tenantable.expressions.partiql.keys import equal_values, find_bounds
from tenantable.expressions.partiql.parser import parse_statement
from tenantable.expressions.partiql.statements import BoundStatement, Insert, Select
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames
from tenantable.wire.values import AttributeValue

Fields = Mapping[str, Any]
Values = Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class Access:
    """`values` has at least the partition key; `index` is None for the table itself."""

    table: Table
    index: str | None
    values: Values


def find_accesses(operation: str, request: Fields, catalog: Catalog) -> Iterator[Access]:
    """
    The keys that a request asks for, which was carried out or throttled, so that its parts are known to be right.

    A table or index that has been deleted or replaced meanwhile is left out.
    """
    find = _FINDERS.get(operation)
    if find is None:
        return
    try:
        yield from find(request, catalog)
    except DynamoError:  # a new table of that name has other keys
        return


def _of_item(member: str) -> "Finder":
    def find(request: Fields, catalog: Catalog) -> Iterator[Access]:
        table = catalog.find(request["TableName"])
        if table is not None:
            yield Access(table, None, request[member])

    return find


def _batch(keys_of: Callable[[Any], list[Values]]) -> "Finder":
    def find(request: Fields, catalog: Catalog) -> Iterator[Access]:
        for name, fields in request["RequestItems"].items():
            table = catalog.find(name)
            if table is not None:
                yield from (Access(table, None, values) for values in keys_of(fields))

    return find


def _written(writes: list[Any]) -> list[Values]:
    puts = [write["PutRequest"]["Item"] for write in writes if write.get("PutRequest")]
    return puts + [write["DeleteRequest"]["Key"] for write in writes if write.get("DeleteRequest")]


def _transaction(request: Fields, catalog: Catalog) -> Iterator[Access]:
    for element in request["TransactItems"]:
        for action, find in _TRANSACTED.items():
            if element.get(action) is not None:
                yield from find(element[action], catalog)


def _query(request: Fields, catalog: Catalog) -> Iterator[Access]:
    name = request.get("IndexName")
    found = _key_names(catalog, request["TableName"], name)
    if found is not None:
        table, keys = found
        values = bind_key_condition(request, keys).partitions
        yield Access(table, name, _named(keys.partitions, values))


def _statement(request: Fields, catalog: Catalog) -> Iterator[Access]:
    bound = parse_statement(request["Statement"]).bind(request.get("Parameters"))
    body = bound.body
    index = body.index if isinstance(body, Select) else None
    found = _key_names(catalog, body.table, index)
    if found is None:
        return
    table, keys = found
    if isinstance(body, Insert):
        yield Access(table, None, bound.item or {})
    elif isinstance(body, Select):
        yield from (Access(table, index, values) for values in _selected(bound, body, keys))
    else:
        scope = bound.scope("ConditionExpression")
        where = equal_values(body.where, keys.names)
        yield Access(table, None, {name: scope.value(value) for name, value in where.items()})


def _selected(bound: BoundStatement, body: Select, keys: KeyNames) -> Iterator[Values]:
    bounds = find_bounds(body.where, keys)
    if bounds is not None:
        scope = bound.scope("KeyConditionExpression")
        others = [scope.value(value) for value in bounds.other_partitions]
        for value in bounds.partitions:
            yield _named(keys.partitions, (scope.value(value), *others))


def _named(attributes: tuple[KeyAttribute, ...], values: tuple[AttributeValue, ...]) -> Values:
    return {attribute.name: value for attribute, value in zip(attributes, values, strict=True)}


def _statement_transaction(request: Fields, catalog: Catalog) -> Iterator[Access]:
    for fields in request["TransactStatements"]:
        yield from _statement(fields, catalog)


def _statement_batch(request: Fields, catalog: Catalog) -> Iterator[Access]:
    for fields in request["Statements"]:
        try:
            accesses = list(_statement(fields, catalog))
        except DynamoError:  # a statement of a batch may be wrong while the others are carried out
            accesses = []
        yield from accesses


def _key_names(catalog: Catalog, table_name: str, index: str | None) -> tuple[Table, KeyNames] | None:
    table = catalog.find(table_name)
    if table is None or index is None:
        return None if table is None else (table, table.keys)
    keys = table.key_names.indexes.get(index)
    return None if keys is None else (table, keys)


Finder = Callable[[Fields, Catalog], Iterator[Access]]

_TRANSACTED: Mapping[str, Finder] = {
    "ConditionCheck": _of_item("Key"),
    "Delete": _of_item("Key"),
    "Get": _of_item("Key"),
    "Put": _of_item("Item"),
    "Update": _of_item("Key"),
}

_FINDERS: Mapping[str, Finder] = {
    "BatchExecuteStatement": _statement_batch,
    "BatchGetItem": _batch(lambda fields: fields["Keys"]),
    "BatchWriteItem": _batch(_written),
    "DeleteItem": _of_item("Key"),
    "ExecuteStatement": _statement,
    "ExecuteTransaction": _statement_transaction,
    "GetItem": _of_item("Key"),
    "PutItem": _of_item("Item"),
    "Query": _query,
    "TransactGetItems": _transaction,
    "TransactWriteItems": _transaction,
    "UpdateItem": _of_item("Key"),
}
