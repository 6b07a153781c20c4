"""
From a DynamoDB request to everything that must be allowed: actions on resources, each with its condition keys.

Transactions have no actions of their own: their parts need those of the single operations. Batches have theirs, once
for each table. Statements need one action each, alone, in batches and in transactions.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.patterns import Context
from tenantable.iam.requests.context import (
    BATCH_WRITE_KEYS,
    QUERY_KEYS,
    READ_KEYS,
    SCAN_KEYS,
    UNKNOWN_LEADING_KEY,
    UPDATE_KEYS,
    WRITE_KEYS,
    Derivation,
    DerivedContext,
    Fields,
    Subject,
    leading_key,
)
from tenantable.iam.requests.control_plane import CONTROL_PLANE, Place, Translation
from tenantable.iam.requests.statements import TRANSACTION, statement_access
from tenantable.wire.arns import Home, table_name_of
from tenantable.wire.keys import TableKeys, TableKeysLookup

_NOTHING: Context = {}


Found = Callable[[str], Any]
"""The value of a request's member, by name; None where it is absent."""


class _ItemAction(NamedTuple):
    """
    An action on items: the request member that holds its key or item, and its condition keys.

    `texts` are the values that they follow from, beside the key or item and the aliases; None where legacy parameters
    count too, which name attributes at any length.
    """

    name: str
    key_member: str | None
    derivations: Mapping[str, Derivation]
    texts: Callable[[Found], tuple[Any, ...] | None] | None = None


def _texts_read(found: Found) -> tuple[Any, ...] | None:
    if found("AttributesToGet") is not None:
        return None
    return found("ProjectionExpression"), found("ReturnConsumedCapacity")


def _texts_written(found: Found) -> tuple[Any, ...] | None:
    if found("Expected") is not None:
        return None
    returned = found("ReturnValues"), found("ReturnValuesOnConditionCheckFailure")
    return found("ConditionExpression"), found("ReturnConsumedCapacity"), returned


def _texts_updated(found: Found) -> tuple[Any, ...] | None:
    written = _texts_written(found)
    if written is None or found("AttributeUpdates") is not None:
        return None
    return found("UpdateExpression"), written


_OPERATIONS = {
    "GetItem": _ItemAction("dynamodb:GetItem", "Key", READ_KEYS, _texts_read),
    "Query": _ItemAction("dynamodb:Query", None, QUERY_KEYS),
    "Scan": _ItemAction("dynamodb:Scan", None, SCAN_KEYS),
    "PutItem": _ItemAction("dynamodb:PutItem", "Item", WRITE_KEYS, _texts_written),
    "UpdateItem": _ItemAction("dynamodb:UpdateItem", "Key", UPDATE_KEYS, _texts_updated),
    "DeleteItem": _ItemAction("dynamodb:DeleteItem", "Key", WRITE_KEYS, _texts_written),
}
_TRANSACTED = {
    "Get": _OPERATIONS["GetItem"],
    "Put": _OPERATIONS["PutItem"],
    "Update": _OPERATIONS["UpdateItem"],
    "Delete": _OPERATIONS["DeleteItem"],
    "ConditionCheck": _ItemAction("dynamodb:ConditionCheckItem", "Key", WRITE_KEYS),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemAccess:
    """An action on the items of one table or index, known before a request's keys and expressions are looked at."""

    action: str
    resource: str
    table_name: str
    index_name: str | None
    key_member: str | None
    derivations: Mapping[str, Derivation]
    texts: Callable[[Found], tuple[Any, ...] | None] | None

    def leading_key(self, fields: Fields, table: TableKeys | None) -> str:
        """The leading key of the one item that a request with a `key_member` is about, as `context` has it."""
        if table is None or self.key_member is None:
            return UNKNOWN_LEADING_KEY
        partition = table.table.partition
        return leading_key(fields[self.key_member].get(partition.name), partition)

    def decided_by(self, key: str, fields: Fields) -> tuple[Any, ...] | None:
        """
        All that the condition keys of a request with this leading key follow from, of texts and tuples of such.

        None where that is not known: for what is about no single item, and for legacy parameters.
        """
        if self.texts is None or self.key_member is None:
            return None
        texts, aliases = self.texts(fields.get), fields.get("ExpressionAttributeNames")
        if texts is None:
            return None
        return key, tuple(fields[self.key_member]), texts, None if aliases is None else tuple(aliases.items())

    def context(
        self,
        fields: Fields,
        tables: TableKeysLookup,
        known: Context = _NOTHING,
        *,
        options: Fields | None = None,
        enclosing: str | None = None,
    ) -> DerivedContext:
        """
        The condition keys of a request.

        Args:
            fields: The request, or the part of a transaction.
            known: Condition keys that it shall have beside its own.
            options: The whole request where `fields` is a part of it.
            enclosing: The transaction that `fields` is a part of.
        """
        keys = () if self.key_member is None else (fields[self.key_member],)
        subject = Subject(fields, keys, self.table_name, self.index_name, tables, options or fields, enclosing)
        return DerivedContext(self.derivations, subject, known)


def item_access(operation: str, request: Fields, home: Home) -> ItemAccess | None:
    """
    What an operation needs that needs one thing. None for batches, transactions and the control plane.

    Of the request only `TableName` and `IndexName` count.

    Raises:
        DynamoError: The table's ARN cannot be read.
    """
    item_action = _OPERATIONS.get(operation)
    return None if item_action is None else _item_access(item_action, request, home)


def access_requests(
    operation: str, request: Fields, tables: TableKeysLookup, *, home: Home, known: Context = _NOTHING
) -> Iterable[AccessRequest] | None:
    """
    Everything that must be allowed before an operation may begin.

    Args:
        operation: The API's name for it, such as `PutItem`.
        request: A request whose shape was checked; a member that is None counts as absent. Attribute values and
            expressions need not be valid.
        known: Condition keys that every part shall have beside its own.
    Returns:
        In the order of the request's parts; all must be allowed. Empty for a transaction whose elements name no action,
        which the engine refuses. None for an operation that has no translation and therefore cannot be allowed.
    Raises:
        DynamoError: An ARN cannot be read; and later, when a condition key is asked of a context, its expression or
            number. The engine answers the same.
    """
    single = item_access(operation, request, home)
    if single is not None:
        return (AccessRequest(single.action, single.resource, single.context(request, tables, known)),)
    translate = _TRANSLATIONS.get(operation)
    return None if translate is None else translate(request, Place(tables, home, known))


def _item_access(item_action: _ItemAction, fields: Fields, home: Home) -> ItemAccess:
    table = table_name_of(fields["TableName"])
    index = fields.get("IndexName") if item_action.key_member is None else None
    return ItemAccess(
        action=item_action.name,
        resource=home.table_or_index(table, index),
        table_name=table,
        index_name=index,
        key_member=item_action.key_member,
        derivations=item_action.derivations,
        texts=item_action.texts,
    )


def _batch_get_item(request: Fields, place: Place) -> Iterable[AccessRequest]:
    for table, fields in request["RequestItems"].items():
        name = table_name_of(table)
        subject = Subject(fields, fields["Keys"], name, None, place.tables, request, None)
        context = DerivedContext(READ_KEYS, subject, place.known)
        yield AccessRequest("dynamodb:BatchGetItem", place.home.table(name), context)


def _batch_write_item(request: Fields, place: Place) -> Iterable[AccessRequest]:
    for table, writes in request["RequestItems"].items():
        name = table_name_of(table)
        keys = [*_parts(writes, "PutRequest", "Item"), *_parts(writes, "DeleteRequest", "Key")]
        subject = Subject({}, keys, name, None, place.tables, request, None)
        context = DerivedContext(BATCH_WRITE_KEYS, subject, place.known)
        yield AccessRequest("dynamodb:BatchWriteItem", place.home.table(name), context)


def _parts(writes: Iterable[Any], kind: str, member: str) -> Sequence[Fields]:
    return [write[kind][member] for write in writes if write and write.get(kind) is not None]


def _transaction(operation: str) -> Translation:
    def translate(request: Fields, place: Place) -> Iterable[AccessRequest]:
        for element in request["TransactItems"]:
            for member, item_action in _TRANSACTED.items():
                fields = element.get(member) if element else None
                if fields is not None:
                    part = _item_access(item_action, fields, place.home)
                    context = part.context(fields, place.tables, place.known, options=request, enclosing=operation)
                    yield AccessRequest(part.action, part.resource, context)

    return translate


def _statements(member: str, enclosing: str | None = None) -> Translation:
    """The operations that hold several statements."""

    def translate(request: Fields, place: Place) -> Iterable[AccessRequest]:
        for fields in request[member]:
            yield statement_access(fields, place.tables, place.home, place.known, enclosing=enclosing)

    return translate


def _execute_statement(request: Fields, place: Place) -> Iterable[AccessRequest]:
    return (statement_access(request, place.tables, place.home, place.known),)


_TRANSLATIONS: Mapping[str, Translation] = {
    "BatchExecuteStatement": _statements("Statements"),
    "BatchGetItem": _batch_get_item,
    "BatchWriteItem": _batch_write_item,
    "ExecuteStatement": _execute_statement,
    "ExecuteTransaction": _statements("TransactStatements", TRANSACTION),
    "TransactGetItems": _transaction("TransactGetItems"),
    "TransactWriteItems": _transaction("TransactWriteItems"),
    **CONTROL_PLANE,
}

TRANSLATED_OPERATIONS = (*_OPERATIONS, *_TRANSLATIONS)
"""The operations that `access_requests` knows."""
