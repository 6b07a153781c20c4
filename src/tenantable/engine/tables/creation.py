"""From a definition to a table: what CreateTable asks for, and what a restore or an import makes."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.engine.policies.policy import ResourcePolicy, check_document, revised
from tenantable.engine.session import Session
from tenantable.engine.storage.queries import item_relation
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.ceilings import change_capacities
from tenantable.engine.tables.definitions import (
    IndexDefinition,
    check_attributes_used,
    check_index_names,
    read_attribute_types,
    read_global_indexes,
    read_keys,
    read_local_indexes,
    read_table_throughput,
    refuse_long_key,
)
from tenantable.engine.tables.options import read_options, refuse_unsupported_options
from tenantable.engine.tables.schema import create_index
from tenantable.engine.tables.table import Table, Throughput
from tenantable.engine.tables.tagging import add_tags
from tenantable.wire.arns import table_name_of
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyNames, KeyType
from tenantable.wire.limits import TABLES_MAX


@dataclass(frozen=True, kw_only=True, slots=True)
class TableDefinition:
    """A table before there is one."""

    name: str
    types: Mapping[str, KeyType]
    keys: KeyNames
    indexes: list[IndexDefinition]
    on_demand: bool
    throughput: Throughput
    options: dict[str, Any]
    tags: dict[str, str]
    deletion_protected: bool
    policy: ResourcePolicy | None = None


def read_definition(session: Session, request: Mapping[str, Any]) -> TableDefinition:
    """
    The table that a CreateTable request, or the parameters of an import, describe.

    Raises:
        DynamoError: ValidationException.
    """
    refuse_long_key(request["KeySchema"])
    refuse_unsupported_options(request)
    name = table_name_of(request["TableName"])
    on_demand = request.get("BillingMode") == "PAY_PER_REQUEST"
    throughput = read_table_throughput(request, on_demand=on_demand)
    types = read_attribute_types(request)
    keys = read_keys(request["KeySchema"], types)
    policy = request.get("ResourcePolicy")
    if policy is not None:
        check_document(policy, session.check_policy)
    indexes = [
        *read_local_indexes(request, keys, types),
        *read_global_indexes(request, types, on_demand=on_demand),
    ]
    check_index_names(indexes)
    check_attributes_used(types, keys, [index.keys for index in indexes], has_indexes=bool(indexes))
    return TableDefinition(
        name=name,
        types=types,
        keys=keys,
        indexes=indexes,
        on_demand=on_demand,
        throughput=throughput,
        options={
            **read_options(request, session.home),
            **change_capacities(request, None, throughput, on_demand=on_demand, subject="table"),
        },
        tags=add_tags({}, request.get("Tags") or []),
        deletion_protected=bool(request.get("DeletionProtectionEnabled")),
        policy=None if policy is None else revised(None, policy, now=session.clock()),
    )


def check_room(session: Session) -> None:
    """
    Raises:
        DynamoError: LimitExceededException when there are as many tables as there may be.
    """
    if len(session.catalog) >= TABLES_MAX:
        # As quoted in https://github.com/hashicorp/terraform-provider-aws/pull/2274.
        raise DynamoError(
            "LimitExceededException",
            f"Subscriber limit exceeded: There is a limit of {TABLES_MAX} tables per subscriber",
        )


def create(session: Session, transaction: Transaction, definition: TableDefinition) -> Table:
    """The table with everything that it consists of, empty; the catalog does not know it yet."""
    now = session.clock()
    items = item_relation(transaction.add_relation())
    transaction.create(items)
    indexes = [
        create_index(transaction, index, table_keys=definition.keys, items=items.number) for index in definition.indexes
    ]
    return Table(
        name=definition.name,
        table_id=str(uuid.UUID(int=session.random.getrandbits(128), version=4)),
        created_at=now,
        keys=definition.keys,
        attribute_types=definition.types,
        indexes={index.name: index for index in indexes},
        on_demand_since=now if definition.on_demand else None,
        throughput=definition.throughput,
        deletion_protected=definition.deletion_protected,
        policy=definition.policy,
        options=definition.options,
        tags=definition.tags,
        items=items,
    )
