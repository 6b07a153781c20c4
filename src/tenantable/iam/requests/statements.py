"""
What PartiQL statements need: one action each on the table or index that they name, with their condition keys.

EXISTS needs what the SELECT inside needs. Names are top-level attribute names, as for every other operation. The
leading keys are those that the engine will read or write: the values that `=` or IN bind the partition key to. A
statement that binds it to none has `UNKNOWN_LEADING_KEY`, so that an Allow conditioned on leading keys covers no full
scan.
Source: Service Authorization Reference (PartiQLSelect, PartiQLInsert, PartiQLUpdate, PartiQLDelete); Developer Guide,
"IAM security policies with PartiQL for DynamoDB".
"""

from collections.abc import Sequence
from typing import Final

from tenantable.expressions.partiql.keys import equal_values, find_bounds
from tenantable.expressions.partiql.parser import parse_statement
from tenantable.expressions.partiql.statements import (
    BoundStatement,
    Delete,
    Exists,
    Insert,
    Select,
    UpdateStatement,
)
from tenantable.expressions.syntax import Value
from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.patterns import Context, ContextValue
from tenantable.iam.requests.context import (
    LEADING_KEYS,
    PARTITION_KEY_VALUES,
    UNKNOWN_LEADING_KEY,
    Fields,
    leading_key,
    returned_values,
)
from tenantable.wire.arns import Home, table_name_of
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyNames, TableKeysLookup

_ACTIONS: Final = {
    Select: "PartiQLSelect",
    Exists: "PartiQLSelect",
    Insert: "PartiQLInsert",
    UpdateStatement: "PartiQLUpdate",
    Delete: "PartiQLDelete",
}
TRANSACTION = "ExecuteTransaction"


def statement_access(
    fields: Fields, tables: TableKeysLookup, home: Home, known: Context, *, enclosing: str | None = None
) -> AccessRequest:
    """
    What one statement needs.

    Args:
        fields: The request, or the entry of a batch or transaction, that holds the statement and its parameters.
        known: Condition keys that it shall have beside its own.
        enclosing: The transaction that it is a part of, None otherwise.
    Raises:
        DynamoError: The statement or a parameter cannot be read. The engine answers the same.
    """
    bound = parse_statement(fields["Statement"]).bind(fields.get("Parameters"))
    body = bound.body
    name = table_name_of(body.table)
    index = body.index if isinstance(body, Select) else None
    keys = _key_names(tables, name, index)
    leading_keys = _leading_keys(bound, keys, is_transacted=enclosing is not None)
    context: dict[str, ContextValue] = {
        "dynamodb:attributes": tuple(bound.statement.names.union(bound.item or ())),
        LEADING_KEYS: leading_keys,
        PARTITION_KEY_VALUES[0]: leading_keys,
        **_other_partition_values(bound, keys),
        **_own_keys(bound, keys, fields),
    }
    if enclosing is not None:
        context["dynamodb:enclosingoperation"] = enclosing
    resource = home.table_or_index(name, index)
    return AccessRequest(f"dynamodb:{_ACTIONS[type(body)]}", resource, {**known, **context})


def _key_names(tables: TableKeysLookup, table_name: str, index: str | None) -> KeyNames | None:
    keys = tables(table_name)
    if keys is None or index is None:
        return None if keys is None else keys.table
    return keys.indexes.get(index)


def _own_keys(bound: BoundStatement, keys: KeyNames | None, fields: Fields) -> dict[str, ContextValue]:
    """The condition keys that not every statement has."""
    match bound.body:
        case Select(where=where, columns=columns, index=index):
            everything = "ALL_ATTRIBUTES" if index is None else "ALL_PROJECTED_ATTRIBUTES"
            scans = keys is None or find_bounds(where, keys) is None
            return {
                "dynamodb:select": everything if columns is None else "SPECIFIC_ATTRIBUTES",
                "dynamodb:fulltablescan": "true" if scans else "false",
            }
        case Exists():
            shows_item = fields.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            return {
                "dynamodb:select": "ALL_ATTRIBUTES" if shows_item else "SPECIFIC_ATTRIBUTES",
                "dynamodb:fulltablescan": "false",
            }
        case UpdateStatement(returning=returning) | Delete(returning=returning):
            return {"dynamodb:returnvalues": returned_values({**fields, "ReturnValues": returning})}
        case Insert():
            return {}


def _leading_keys(bound: BoundStatement, keys: KeyNames | None, *, is_transacted: bool) -> tuple[str, ...]:
    if keys is None:
        return (UNKNOWN_LEADING_KEY,)
    if bound.item is not None:
        return (leading_key(bound.item.get(keys.partition.name), keys.partition),)
    scope = bound.scope("KeyConditionExpression")
    written = _partitions(bound, keys, is_transacted=is_transacted)
    found = tuple([leading_key(scope.value(value), keys.partition) for value in written])
    return found or (UNKNOWN_LEADING_KEY,)


def _other_partition_values(bound: BoundStatement, keys: KeyNames | None) -> dict[str, ContextValue]:
    """What a SELECT binds the partition attributes of an index to that follow the first one."""
    if keys is None or not keys.other_partitions:
        return {}
    assert isinstance(bound.body, Select)  # nothing else can name an index
    bounds = find_bounds(bound.body.where, keys)
    if bounds is None:
        return dict.fromkeys(PARTITION_KEY_VALUES[1 : len(keys.partitions)], (UNKNOWN_LEADING_KEY,))
    scope = bound.scope("KeyConditionExpression")
    found = zip(PARTITION_KEY_VALUES[1:], bounds.other_partitions, keys.other_partitions, strict=False)
    return {name: (leading_key(scope.value(value), attribute),) for name, value, attribute in found}


def _partitions(bound: BoundStatement, keys: KeyNames, *, is_transacted: bool) -> Sequence[Value]:
    """The values of the partition key that the statement will be carried out with, found as the engine finds them."""
    body = bound.body
    assert not isinstance(body, Insert)
    if body.where is None:
        return ()
    if isinstance(body, Select) and not is_transacted:
        bounds = find_bounds(body.where, keys)
        return () if bounds is None else bounds.partitions
    try:
        return list(equal_values(body.where, [keys.partition.name]).values())
    except DynamoError:  # nothing is bound; the engine refuses it
        return ()
