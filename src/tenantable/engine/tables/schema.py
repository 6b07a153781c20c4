"""Creating and dropping what a table consists of in the storage."""

from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.definitions import IndexDefinition
from tenantable.engine.tables.table import Index, Table, make_index
from tenantable.wire.keys import KeyNames


def create_index(transaction: Transaction, definition: IndexDefinition, *, table_keys: KeyNames, items: int) -> Index:
    """An empty index of the table whose items are kept under the number `items`."""
    index = make_index(
        definition.name,
        table_keys=table_keys,
        keys=definition.keys,
        is_global=definition.is_global,
        projection=definition.projection,
        non_key_attributes=definition.non_key_attributes,
        throughput=definition.throughput,
        capacities=definition.capacities,
        number=transaction.add_relation(),
        items=items,
    )
    transaction.create(index.relation)
    return index


def drop_table(transaction: Transaction, table: Table, *, keeps_items: bool = False) -> None:
    """Everything that a table and its indexes hold; with `keeps_items` all but the items themselves."""
    for index in table.indexes.values():
        transaction.drop(index.relation)
    if table.expiry is not None:
        transaction.drop(table.expiry)
    if table.undo is not None:
        transaction.drop(table.undo.relation)
    if not keeps_items:
        transaction.drop(table.items)
