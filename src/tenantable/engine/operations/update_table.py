"""
UpdateTable: billing, throughput, deletion protection, one global index at a time, and settings that are only kept.

A new index is filled before the answer is given; the answer says CREATING, as the service's does, and DescribeTable
says ACTIVE.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.accounts.replicas import without_gone_regions
from tenantable.engine.items.stored import index_existing
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.lifecycle import follow_specification
from tenantable.engine.tables.definitions import (
    check_attributes_used,
    check_index_names,
    read_attribute_types,
    read_global_index,
    too_many_global_indexes,
)
from tenantable.engine.tables.descriptions import describe_table
from tenantable.engine.tables.options import change_options, refuse_unsupported_options
from tenantable.engine.tables.replicas import show_pending_replicas
from tenantable.engine.tables.schema import create_index
from tenantable.engine.tables.table import Table
from tenantable.engine.tables.throughput import change_throughput
from tenantable.wire.errors import DynamoError, invalid_parameter_values, table_not_found, validation_error
from tenantable.wire.limits import GLOBAL_INDEXES_MAX

_CHANGES = (
    "ProvisionedThroughput",
    "BillingMode",
    "StreamSpecification",
    "GlobalSecondaryIndexUpdates",
    "SSESpecification",
    "TableClass",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
    "ReplicaUpdates",
    "GlobalTableWitnessUpdates",
    "MultiRegionConsistency",
)
_ABSENT: tuple[Any, ...] = (None, [], {})
_INDEX_ACTIONS = ("Update", "Create", "Delete")


def update_table(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    _check_changes(request)
    created, deleted = _index_changes(request.get("GlobalSecondaryIndexUpdates") or [])

    def work(transaction: Transaction) -> Table:
        table = session.catalog.described_table(request["TableName"])
        table = change_throughput(session, request, table)
        options = change_options(request, table.name, table.options, home=session.home, now=session.clock())
        table = without_gone_regions(replace(table, options=options))
        table = follow_specification(session, transaction, table)
        if request.get("DeletionProtectionEnabled") is not None:
            table = replace(table, deletion_protected=request["DeletionProtectionEnabled"])
        if deleted is not None:
            table = _delete_index(transaction, table, deleted)
        if created is not None:
            table = _create_index(transaction, request, table, created)
        session.catalog.save(transaction, table)
        return table

    table = session.storage.write(work)
    creating = None if created is None else created["IndexName"]
    with session.storage.read() as reader:
        description = describe_table(session, table, status="UPDATING", reader=reader, creating=creating)
    show_pending_replicas(description, request)
    return {"TableDescription": description}


def _check_changes(request: Mapping[str, Any]) -> None:
    refuse_unsupported_options(request)
    changes = [change for change in _CHANGES if request.get(change) not in _ABSENT]
    if not changes:
        raise validation_error(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
            "SSESpecification or ReplicaUpdates is required"
        )
    if "TableClass" in changes and len(changes) > 1:  # quoted in hashicorp/terraform-provider-aws, pull request 29816
        raise invalid_parameter_values("TableClass modification must be the only operation in the request")


def _index_changes(updates: list[Mapping[str, Any]]) -> tuple[Mapping[str, Any] | None, str | None]:
    """The index to create and the name of the one to delete; the service does one of both at a time."""
    for update in updates:
        _check_index_action(update)
    names = [update[action]["IndexName"] for update in updates for action in _INDEX_ACTIONS if update.get(action)]
    for name in names:
        if names.count(name) > 1:
            raise invalid_parameter_values(
                f"Only one global secondary index update per index is allowed simultaneously. Index: {name}"
            )
    created = [update["Create"] for update in updates if update.get("Create") is not None]
    deleted = [update["Delete"]["IndexName"] for update in updates if update.get("Delete") is not None]
    if len(created) + len(deleted) > 1:
        raise DynamoError(
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        )
    return (created[0] if created else None), (deleted[0] if deleted else None)


def _check_index_action(update: Mapping[str, Any]) -> None:
    given = sum(update.get(action) is not None for action in _INDEX_ACTIONS)
    if given != 1:
        actions = ", ".join(f"GlobalSecondaryIndexUpdate.{action}" for action in _INDEX_ACTIONS)
        raise invalid_parameter_values(f"{'Only one' if given else 'One'} of {actions} must not be null")


def _delete_index(transaction: Transaction, table: Table, name: str) -> Table:
    index = table.indexes.get(name)
    if index is None or not index.is_global:
        raise table_not_found()
    transaction.drop(index.relation)
    remaining = {other: kept for other, kept in table.indexes.items() if other != name}
    insights = {other: setting for other, setting in table.insights.items() if other != name}
    return _with_indexes(replace(table, indexes=remaining, insights=insights))


def _create_index(
    transaction: Transaction, request: Mapping[str, Any], table: Table, given: Mapping[str, Any]
) -> Table:
    if given["IndexName"] in table.indexes:
        raise validation_error("Attempting to create an index which already exists")
    if sum(index.is_global for index in table.indexes.values()) >= GLOBAL_INDEXES_MAX:
        raise too_many_global_indexes()
    given_types = read_attribute_types(request)
    for name, key_type in given_types.items():
        if table.attribute_types.get(name, key_type) != key_type:
            raise invalid_parameter_values(
                f"Attribute {name} is defined as {key_type}, but a key of the table uses it as "
                f"{table.attribute_types[name]}"
            )
    types = {**table.attribute_types, **given_types}
    definition = read_global_index(given, types, on_demand=table.is_on_demand)
    check_index_names([definition])
    kept_keys = [index.keys for index in table.indexes.values()]
    check_attributes_used(types, table.keys, [*kept_keys, definition.keys], has_indexes=True)
    index = create_index(transaction, definition, table_keys=table.keys, items=table.items.number)
    index_existing(transaction, table, index)
    return replace(table, attribute_types=types, indexes={**table.indexes, index.name: index})


def _with_indexes(table: Table) -> Table:
    """The table without definitions of attributes that no key uses any more."""
    used = {name for keys in (table.keys, *(index.keys for index in table.indexes.values())) for name in keys.names}
    types = {name: key_type for name, key_type in table.attribute_types.items() if name in used}
    return replace(table, attribute_types=types)
