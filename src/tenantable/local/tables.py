"""Creating what a system declares and what is not there yet: tables, and indexes of tables that exist."""

import time
from collections.abc import Iterable
from functools import partial

from tenantable.declare.tables import PhysicalTable
from tenantable.errors import StorageError
from tenantable.infra.changes.carrying_out import apply_table
from tenantable.infra.changes.settling import Patience
from tenantable.infra.changes.steps import Step
from tenantable.infra.normal.declared import declared_form
from tenantable.infra.normal.running import RunningTable, read_schema
from tenantable.wire.client import DynamoClient

CREATION_SECONDS_MAX = 120


def create_missing_tables(
    client: DynamoClient, tables: Iterable[PhysicalTable], *, patience: Patience | None = None
) -> tuple[str, ...]:
    """
    Create what is missing and wait until it can be used. Nothing that exists is changed or dropped.

    A table is created whole, with its expiry, recovery and replicas.

    Args:
        patience: How to wait; None: two minutes at most for each table and index.
    Returns:
        The names of the tables and indexes that were created, in the order given.
    Raises:
        StorageError: A table lacks a local index, which cannot be added.
        InfrastructureError: A table is not ready in time.
        DynamoError: The client may not create tables.
    """
    patience = patience or Patience(seconds_max=CREATION_SECONDS_MAX, sleep=time.sleep, stopwatch=time.monotonic)
    created: list[str] = []
    for table in tables:
        outcome = apply_table(client, table, patience=patience, read=partial(_read, table), wanted=_is_creation)
        created += [_created_name(table, step) for step in outcome.done]
    return tuple(created)


def _is_creation(step: Step) -> bool:
    """A replica is none: it would change a table that exists."""
    return step.action == "create" and step.path.partition(" ")[0] in {"table", "index"}


def _created_name(table: PhysicalTable, step: Step) -> str:
    return table.name if step.path == "table" else step.path.removeprefix("index ")


def _read(table: PhysicalTable, client: DynamoClient, name: str) -> RunningTable | None:
    """What DescribeTable alone says is enough to see what is missing."""
    running = read_schema(client, name)
    if running is not None and running.form is not None:
        for index in declared_form(table).local_indexes:
            if index not in running.form.local_indexes:
                hint = "local indexes are made with their table: create the table anew and copy its items"
                raise StorageError(f"The table {name} lacks the local index {index}", hint=hint)
    return running
