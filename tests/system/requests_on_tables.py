"""Every way to touch a table, tried by a component as itself: what is not refused, it can reach."""

from collections.abc import Iterator
from typing import Any

from tenantable.declare.grants import Component
from tenantable.declare.keys.layouts import TemplatePart
from tenantable.declare.tables import Index, PhysicalTable, Table
from tenantable.engine import Engine
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute

Request = tuple[str, dict[str, Any]]

READS = frozenset(
    "GetItem BatchGetItem TransactGetItems Query Scan PartiQLSelect ConditionCheckItem DescribeStream "
    "ExportTableToPointInTime".split()
)
WRITES = frozenset(
    "PutItem UpdateItem DeleteItem BatchWriteItem TransactWriteItems PartiQLInsert PartiQLUpdate PartiQLDelete "
    "DeleteTable UpdateTable UpdateTimeToLive PutResourcePolicy".split()
)


def reached(engine: Engine, component: Component, table: PhysicalTable) -> frozenset[str]:
    """The ways in which the component gets at the table or one of its indexes, whatever comes of it there."""
    principal = engine.as_principal(principal_of(component))
    return frozenset(way for way, request in _requests(table) if _is_let_in(principal, *request))


def principal_of(component: Component) -> str:
    return f"arn:aws:iam::{Home().account_id}:role/{component.name}"


def _is_let_in(principal: Any, operation: str, request: dict[str, Any]) -> bool:
    try:
        answer = principal.call(operation, request)
    except DynamoError as error:
        return error.code != "AccessDeniedException" and "AccessDenied" not in error.message
    return not any("Error" in each for each in answer.get("Responses", ()) if isinstance(each, dict))


def _requests(table: PhysicalTable) -> Iterator[tuple[str, Request]]:
    keys = table.keys.table
    for partition in _partitions(table.table, None):
        key = {each.name: _value(each, "1") for each in keys.attributes} | {
            keys.partition.name: _value(keys.partition, partition)
        }
        yield from _reads(table.name, key, keys.partition)
        yield from _writes(table.name, key)
        yield from _updates(table, key)
        yield from _searches(table.name, None, (keys.partition, partition))
    for index in table.table.indexes:
        for partition in _partitions(table.table, index):
            searched = (table.table.keys_of(index).partition, partition)
            yield from _searches(table.name, table.index_names[index.name], searched)
    yield from _administration(table.name)


def _partitions(table: Table, index: Index | None) -> set[str]:
    """A partition key of each form that an entity has there, so that no policy on leading keys hides an access."""
    keys = [key for layout in table.layouts.values() if (key := layout.key(index)) is not None]
    templates = [key.partition.template for key in keys if isinstance(key.partition, TemplatePart)]
    return {"acme", *(template.wildcard({}).replace("*", "acme") for template in templates)}


def _administration(name: str) -> Iterator[tuple[str, Request]]:
    arn = Home().table(name)
    yield "DescribeStream", ("DescribeStream", {"StreamArn": f"{arn}/stream/2026-01-01T00:00:00.000"})
    yield "ExportTableToPointInTime", ("ExportTableToPointInTime", {"TableArn": arn, "S3Bucket": "elsewhere"})
    yield "PutResourcePolicy", ("PutResourcePolicy", {"ResourceArn": arn, "Policy": "{}"})
    yield "DeleteTable", ("DeleteTable", {"TableName": name})
    yield "UpdateTable", ("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
    switch = {"Enabled": True, "AttributeName": "gone"}
    yield "UpdateTimeToLive", ("UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": switch})


def _reads(name: str, key: dict[str, Any], partition: KeyAttribute) -> Iterator[tuple[str, Request]]:
    projection = {"ProjectionExpression": "#key", "ExpressionAttributeNames": {"#key": partition.name}}
    for asked in ({}, projection):  # whole, and nothing but the key
        get = {"TableName": name, "Key": key} | asked
        yield "GetItem", ("GetItem", get)
        yield "TransactGetItems", ("TransactGetItems", {"TransactItems": [{"Get": get}]})
        yield "BatchGetItem", ("BatchGetItem", {"RequestItems": {name: {"Keys": [key]} | asked}})
    check = {"TableName": name, "Key": key, "ConditionExpression": f"attribute_exists({partition.name})"}
    yield "ConditionCheckItem", ("TransactWriteItems", {"TransactItems": [{"ConditionCheck": check}]})
    yield "PartiQLSelect", ("ExecuteStatement", {"Statement": f'SELECT * FROM "{name}"'})
    where, values = _where(key)
    statement = {"Statement": f'SELECT "{partition.name}" FROM "{name}" WHERE {where}', "Parameters": values}
    yield "PartiQLSelect", ("ExecuteStatement", statement)
    yield "PartiQLSelect", ("BatchExecuteStatement", {"Statements": [statement]})
    yield "PartiQLSelect", ("ExecuteTransaction", {"TransactStatements": [statement]})


def _searches(name: str, index: str | None, searched: tuple[KeyAttribute, str]) -> Iterator[tuple[str, Request]]:
    partition, value = searched
    place = {"TableName": name} if index is None else {"TableName": name, "IndexName": index}
    queried = {
        "KeyConditionExpression": "#key = :key",
        "ExpressionAttributeNames": {"#key": partition.name},
        "ExpressionAttributeValues": {":key": _value(partition, value)},
    }
    yield "Query", ("Query", place | queried)
    yield "Query", ("Query", place | queried | {"Select": "COUNT"})
    yield "Query", ("Query", place | queried | {"ProjectionExpression": "#key"})
    yield "Scan", ("Scan", place)
    yield "Scan", ("Scan", place | {"Select": "COUNT"})


def _writes(name: str, key: dict[str, Any]) -> Iterator[tuple[str, Request]]:
    put = {"TableName": name, "Item": key}
    own = {"TableName": name, "Key": key}
    yield "PutItem", ("PutItem", put)
    yield "DeleteItem", ("DeleteItem", own)
    yield "BatchWriteItem", ("BatchWriteItem", {"RequestItems": {name: [{"PutRequest": {"Item": key}}]}})
    yield "BatchWriteItem", ("BatchWriteItem", {"RequestItems": {name: [{"DeleteRequest": {"Key": key}}]}})
    for action in ({"Put": put}, {"Delete": own}):
        yield "TransactWriteItems", ("TransactWriteItems", {"TransactItems": [action]})
    where, values = _where(key)
    inserted = ", ".join(f"'{attribute}': ?" for attribute in key)
    insert = {"Statement": f'INSERT INTO "{name}" VALUE {{{inserted}}}', "Parameters": values}
    yield "PartiQLInsert", ("ExecuteStatement", insert)
    delete = {"Statement": f'DELETE FROM "{name}" WHERE {where}', "Parameters": values}
    yield "PartiQLDelete", ("ExecuteStatement", delete)


def _updates(table: PhysicalTable, key: dict[str, Any]) -> Iterator[tuple[str, Request]]:
    """Of each attribute by itself, so that no policy on attributes hides an access."""
    where, values = _where(key)
    declared = {
        attribute.stored_as
        for layout in table.table.layouts.values()
        for attribute in layout.entity.attributes.values()
        if attribute.stored_as not in key
    }
    for attribute in {"forged", *declared}:
        update = {
            "TableName": table.name,
            "Key": key,
            "UpdateExpression": "REMOVE #attribute",
            "ExpressionAttributeNames": {"#attribute": attribute},
        }
        yield "UpdateItem", ("UpdateItem", update)
        yield "TransactWriteItems", ("TransactWriteItems", {"TransactItems": [{"Update": update}]})
        statement = f'UPDATE "{table.name}" REMOVE "{attribute}" WHERE {where}'
        yield "PartiQLUpdate", ("ExecuteStatement", {"Statement": statement, "Parameters": values})


def _where(key: dict[str, Any]) -> tuple[str, list[Any]]:
    return " AND ".join(f'"{attribute}" = ?' for attribute in key), list(key.values())


def _value(attribute: KeyAttribute, text: str) -> dict[str, str]:
    return {attribute.type: {"S": text, "N": "1", "B": "YQ=="}[attribute.type]}
