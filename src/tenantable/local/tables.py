"""Creating the tables that a system declares and that are not there yet."""

import time
from collections.abc import Callable, Iterable

from tenantable.declare.tables import PhysicalTable
from tenantable.errors import StorageError
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError

CREATION_SECONDS_MAX = 120
_POLL_SECONDS = 0.5


def create_missing_tables(
    client: DynamoClient, tables: Iterable[PhysicalTable], *, sleep: Callable[[float], None] = time.sleep
) -> tuple[str, ...]:
    """
    Create what is missing and wait until it can be used; tables that exist are left as they are.

    Returns:
        The names of the tables that were created, in the order given.
    Raises:
        StorageError: A table is not ready after two minutes.
        DynamoError: The client may not create tables.
    """
    created = []
    for table in tables:
        try:
            client.call("DescribeTable", {"TableName": table.name})
        except DynamoError as error:
            if error.code != "ResourceNotFoundException":
                raise
            _create(client, table, sleep)
            created.append(table.name)
    return tuple(created)


def _create(client: DynamoClient, table: PhysicalTable, sleep: Callable[[float], None]) -> None:
    client.call("CreateTable", table.create_request())
    for _ in range(int(CREATION_SECONDS_MAX / _POLL_SECONDS)):
        if client.call("DescribeTable", {"TableName": table.name})["Table"]["TableStatus"] == "ACTIVE":
            break
        sleep(_POLL_SECONDS)
    else:
        hint = "look at the table in the AWS console, then start again"
        raise StorageError(f"The table {table.name} is not ready after {CREATION_SECONDS_MAX} seconds", hint=hint)
    if table.table.ttl is not None:
        specification = {"Enabled": True, "AttributeName": table.table.ttl}
        client.call("UpdateTimeToLive", {"TableName": table.name, "TimeToLiveSpecification": specification})
