"""
From a DynamoDB request to everything that must be allowed: actions on resources, each with its condition keys.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB". Transactions have
no actions of their own; batches have, and need them alone. Where the source leaves a choice:

* Query on an index has the index's own partition value as its leading key.
* Without ReturnConsumedCapacity the key is present with the value NONE.
* A write whose ReturnValuesOnConditionCheckFailure is ALL_OLD counts as returning ALL_OLD, since it may.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tenantable.iam.dynamodb_context import (
    Fields,
    attribute_names,
    capacity,
    leading_keys,
    queried_partition,
    request_tags,
)
from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.patterns import ContextValue
from tenantable.wire.arns import Home, table_name_of
from tenantable.wire.keys import KeyNames, TableKeysLookup

_PROJECTIONS = ("ProjectionExpression", "AttributesToGet")
_SELECTIONS = ("KeyConditionExpression", "FilterExpression", "KeyConditions", "QueryFilter", "ScanFilter")
_CHANGES = ("ConditionExpression", "UpdateExpression", "Expected", "AttributeUpdates")


class _Catalog(NamedTuple):
    """What a translation must know of the tables: where they live and what their keys are called."""

    tables: TableKeysLookup
    home: Home

    def key_names(self, table: str, index: str | None = None) -> KeyNames | None:
        keys = self.tables(table)
        if keys is None or index is None:
            return None if keys is None else keys.table
        return keys.indexes.get(index)


def access_requests(
    operation: str, request: Fields, tables: TableKeysLookup, home: Home
) -> tuple[AccessRequest, ...] | None:
    """
    Everything that must be allowed before an operation may begin.

    Args:
        operation: The API's name for it, such as `PutItem`.
        request: A request whose shape was checked; a member that is None counts as absent. Attribute values and
            expressions need not be valid.
    Returns:
        In the order of the request's parts; all must be allowed. Empty for a transaction whose elements name no action,
        which the engine refuses. None for an operation that has no translation and therefore cannot be allowed.
    Raises:
        DynamoError: An expression, number or ARN cannot be read; the engine would answer the same.
    """
    translate = _TRANSLATIONS.get(operation)
    return None if translate is None else tuple(translate(request, _Catalog(tables=tables, home=home)))


def _get_item(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    return (_read(request, catalog, table=request["TableName"], keys=(request["Key"],), action="dynamodb:GetItem"),)


def _batch_get_item(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    for table, fields in request["RequestItems"].items():
        access = _read(fields, catalog, table=table, keys=fields["Keys"], action="dynamodb:BatchGetItem")
        yield _with(access, capacity(request))


def _transact_get_items(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    shared = capacity(request) | {"dynamodb:enclosingoperation": "TransactGetItems"}
    for element in request["TransactItems"]:
        fields = _present(element, "Get")
        if fields is not None:
            access = _read(fields, catalog, table=fields["TableName"], keys=(fields["Key"],), action="dynamodb:GetItem")
            yield _with(access, shared)


def _read(fields: Fields, catalog: _Catalog, *, table: str, keys: Sequence[Fields], action: str) -> AccessRequest:
    name = table_name_of(table)
    names = attribute_names(fields, _PROJECTIONS)
    context = capacity(fields)
    context["dynamodb:select"] = "SPECIFIC_ATTRIBUTES" if names else "ALL_ATTRIBUTES"
    context["dynamodb:leadingkeys"] = leading_keys(keys, catalog.key_names(name))
    context["dynamodb:attributes"] = tuple(names.union(*keys))
    return AccessRequest(action, catalog.home.table(name), context)


def _query(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    access = _search(request, catalog, action="dynamodb:Query")
    key_names = catalog.key_names(table_name_of(request["TableName"]), request.get("IndexName"))
    return (_with(access, {"dynamodb:leadingkeys": (queried_partition(request, key_names),)}),)


def _scan(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    return (_search(request, catalog, action="dynamodb:Scan"),)


def _search(request: Fields, catalog: _Catalog, *, action: str) -> AccessRequest:
    table, index = table_name_of(request["TableName"]), request.get("IndexName")
    projected = attribute_names(request, _PROJECTIONS)
    everything = "ALL_ATTRIBUTES" if index is None else "ALL_PROJECTED_ATTRIBUTES"
    context = capacity(request)
    context["dynamodb:select"] = request.get("Select") or ("SPECIFIC_ATTRIBUTES" if projected else everything)
    context["dynamodb:attributes"] = tuple(projected | attribute_names(request, _SELECTIONS))
    resource = catalog.home.table(table) if index is None else catalog.home.index(table, index)
    return AccessRequest(action, resource, context)


def _put_item(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    return (_with(_put(request, catalog), capacity(request)),)


def _update_item(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    return (_with(_update(request, catalog), capacity(request)),)


def _delete_item(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    return (_with(_delete(request, catalog), capacity(request)),)


def _put(fields: Fields, catalog: _Catalog) -> AccessRequest:
    return _write(fields, catalog, key=fields["Item"], action="dynamodb:PutItem")


def _update(fields: Fields, catalog: _Catalog) -> AccessRequest:
    return _write(fields, catalog, key=fields["Key"], action="dynamodb:UpdateItem")


def _delete(fields: Fields, catalog: _Catalog) -> AccessRequest:
    return _write(fields, catalog, key=fields["Key"], action="dynamodb:DeleteItem")


def _check(fields: Fields, catalog: _Catalog) -> AccessRequest:
    return _write(fields, catalog, key=fields["Key"], action="dynamodb:ConditionCheckItem")


def _write(fields: Fields, catalog: _Catalog, *, key: Fields, action: str) -> AccessRequest:
    """One write; all names of the item count, or of the key, and those that its expressions touch."""
    table = table_name_of(fields["TableName"])
    names = attribute_names(fields, _CHANGES)
    context: dict[str, ContextValue] = {
        "dynamodb:leadingkeys": leading_keys((key,), catalog.key_names(table)),
        "dynamodb:attributes": tuple(names.union(key)),
        "dynamodb:returnvalues": _returned(fields),
    }
    return AccessRequest(action, catalog.home.table(table), context)


def _returned(fields: Fields) -> str:
    returned: str = fields.get("ReturnValues") or "NONE"
    on_failure: str = fields.get("ReturnValuesOnConditionCheckFailure") or "NONE"
    return returned if returned.startswith("ALL_") or on_failure == "NONE" else on_failure


def _batch_write_item(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    for table, writes in request["RequestItems"].items():
        puts = [put["Item"] for write in writes if (put := _present(write, "PutRequest")) is not None]
        deletes = [delete["Key"] for write in writes if (delete := _present(write, "DeleteRequest")) is not None]
        name = table_name_of(table)
        context = capacity(request)
        context["dynamodb:leadingkeys"] = leading_keys(puts + deletes, catalog.key_names(name))
        context["dynamodb:attributes"] = tuple(frozenset[str]().union(*puts, *deletes))
        yield AccessRequest("dynamodb:BatchWriteItem", catalog.home.table(name), context)


def _transact_write_items(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    shared = capacity(request) | {"dynamodb:enclosingoperation": "TransactWriteItems"}
    for element in request["TransactItems"]:
        for member, translate in _TRANSACTED_WRITES.items():
            fields = _present(element, member)
            if fields is not None:
                yield _with(translate(fields, catalog), shared)


def _create_table(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    resource = catalog.home.table(table_name_of(request["TableName"]))
    tags = request.get("Tags") or ()
    context = request_tags(tags)
    yield AccessRequest("dynamodb:CreateTable", resource, context)
    if tags:
        yield AccessRequest("dynamodb:TagResource", resource, context)
    if request.get("ResourcePolicy"):
        yield AccessRequest("dynamodb:PutResourcePolicy", resource, {})


def _tag_resource(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    resource = catalog.home.table(table_name_of(request["ResourceArn"]))
    return (AccessRequest("dynamodb:TagResource", resource, request_tags(request["Tags"])),)


def _untag_resource(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    resource = catalog.home.table(table_name_of(request["ResourceArn"]))
    return (AccessRequest("dynamodb:UntagResource", resource, {"aws:tagkeys": tuple(request["TagKeys"])}),)


def _list_tags_of_resource(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
    resource = catalog.home.table(table_name_of(request["ResourceArn"]))
    return (AccessRequest("dynamodb:ListTagsOfResource", resource, {}),)


def _on_table(operation: str) -> "Translation":
    """An operation of the control plane that needs its own name on the table it names."""

    def translate(request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
        resource = catalog.home.table(table_name_of(request["TableName"]))
        return (AccessRequest(f"dynamodb:{operation}", resource, {}),)

    return translate


def _on_no_table(operation: str) -> "Translation":
    """An operation that names no table; IAM compares its resource with `table/*`, which `*` covers."""

    def translate(_request: Fields, catalog: _Catalog) -> Iterable[AccessRequest]:
        return (AccessRequest(f"dynamodb:{operation}", catalog.home.every_table(), {}),)

    return translate


def _with(access: AccessRequest, more: Mapping[str, ContextValue]) -> AccessRequest:
    return AccessRequest(access.action, access.resource, {**access.context, **more})


def _present(element: Any, member: str) -> Any:
    """A member of a list's element; None where either is null."""
    return element.get(member) if element else None


Translation = Callable[[Fields, _Catalog], Iterable[AccessRequest]]

_TRANSACTED_WRITES: Mapping[str, Callable[[Fields, _Catalog], AccessRequest]] = {
    "Put": _put,
    "Update": _update,
    "Delete": _delete,
    "ConditionCheck": _check,
}
_TABLE_OPERATIONS = (
    "DeleteTable",
    "DescribeContinuousBackups",
    "DescribeTable",
    "DescribeTimeToLive",
    "UpdateContinuousBackups",
    "UpdateTable",
    "UpdateTimeToLive",
)
_TRANSLATIONS: Mapping[str, Translation] = {
    "BatchGetItem": _batch_get_item,
    "BatchWriteItem": _batch_write_item,
    "CreateTable": _create_table,
    "DeleteItem": _delete_item,
    "GetItem": _get_item,
    "ListTagsOfResource": _list_tags_of_resource,
    "PutItem": _put_item,
    "Query": _query,
    "Scan": _scan,
    "TagResource": _tag_resource,
    "TransactGetItems": _transact_get_items,
    "TransactWriteItems": _transact_write_items,
    "UntagResource": _untag_resource,
    "UpdateItem": _update_item,
    **{operation: _on_table(operation) for operation in _TABLE_OPERATIONS},
    **{operation: _on_no_table(operation) for operation in ("DescribeEndpoints", "DescribeLimits", "ListTables")},
}
