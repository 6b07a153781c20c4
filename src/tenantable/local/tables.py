"""Creating what a system declares and what is not there yet: tables, and indexes of tables that exist."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from tenantable.declare.tables import PhysicalTable
from tenantable.errors import StorageError
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError

CREATION_SECONDS_MAX = 120
_POLL_SECONDS = 0.5

Sleep = Callable[[float], None]
Description = dict[str, Any]


def create_missing_tables(
    client: DynamoClient, tables: Iterable[PhysicalTable], *, sleep: Sleep = time.sleep
) -> tuple[str, ...]:
    """
    Create what is missing and wait until it can be used. Nothing that exists is changed or dropped.

    Returns:
        The names of the tables and indexes that were created, in the order given.
    Raises:
        StorageError: A table is not ready after two minutes, or lacks a local index, which cannot be added.
        DynamoError: The client may not create tables.
    """
    created: list[str] = []
    for table in tables:
        try:
            found = _describe(client, table)
        except DynamoError as error:
            if error.code != "ResourceNotFoundException":
                raise
            _create(client, table, sleep)
            created.append(table.name)
        else:
            created += _create_missing_indexes(client, table, found, sleep)
    return tuple(created)


def _create(client: DynamoClient, table: PhysicalTable, sleep: Sleep) -> None:
    client.call("CreateTable", table.create_request())
    _wait(client, table, sleep)
    if table.table.ttl is not None:
        specification = {"Enabled": True, "AttributeName": table.table.ttl}
        client.call("UpdateTimeToLive", {"TableName": table.name, "TimeToLiveSpecification": specification})


def _create_missing_indexes(
    client: DynamoClient, table: PhysicalTable, found: Description, sleep: Sleep
) -> Iterable[str]:
    """DynamoDB adds one global index per request, and none that is local."""
    request = table.create_request()
    present = {
        index["IndexName"]
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for index in found.get(kind, ())
    }
    for index in request.get("LocalSecondaryIndexes", ()):
        if index["IndexName"] not in present:
            hint = "local indexes are made with their table: create the table anew and copy its items"
            raise StorageError(f"The table {table.name} lacks the local index {index['IndexName']}", hint=hint)
    missing = [index for index in request.get("GlobalSecondaryIndexes", ()) if index["IndexName"] not in present]
    for index in missing:
        keys = {element["AttributeName"] for element in index["KeySchema"]}
        definitions = [each for each in request["AttributeDefinitions"] if each["AttributeName"] in keys]
        client.call(
            "UpdateTable",
            {
                "TableName": table.name,
                "AttributeDefinitions": definitions,
                "GlobalSecondaryIndexUpdates": [{"Create": index}],
            },
        )
        _wait(client, table, sleep)
    return [index["IndexName"] for index in missing]


def _describe(client: DynamoClient, table: PhysicalTable) -> Description:
    description: Description = client.call("DescribeTable", {"TableName": table.name})["Table"]
    return description


def _wait(client: DynamoClient, table: PhysicalTable, sleep: Sleep) -> None:
    for _ in range(int(CREATION_SECONDS_MAX / _POLL_SECONDS)):
        found = _describe(client, table)
        states = [found["TableStatus"], *(each["IndexStatus"] for each in found.get("GlobalSecondaryIndexes", ()))]
        if set(states) == {"ACTIVE"}:
            return
        sleep(_POLL_SECONDS)
    hint = "look at the table in the AWS console, then start again"
    raise StorageError(f"The table {table.name} is not ready after {CREATION_SECONDS_MAX} seconds", hint=hint)
