"""What the operations of the control plane need, on the table, index, stream, backup, export or import they name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.patterns import Context
from tenantable.iam.requests.context import Fields, request_tags
from tenantable.wire.arns import Home, stream_of_iterator, table_name_of
from tenantable.wire.keys import TableKeysLookup


class Place(NamedTuple):
    """Where a request arrives: the tables, their home, and what is known already, of the caller for example."""

    tables: TableKeysLookup
    home: Home
    known: Context


Translation = Callable[[Fields, Place], Iterable[AccessRequest]]
"""From a request to everything that it needs."""

_FILLING = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
"""
What a restore needs on its new table, and a new replica in its region. Sources: Service Authorization Reference,
dependent actions of both restores; Developer Guide, "Global tables security".
"""
_TABLE_OPERATIONS = (
    "CreateBackup",
    "DeleteTable",
    "DescribeContinuousBackups",
    "DescribeKinesisStreamingDestination",
    "DescribeTable",
    "DescribeTimeToLive",
    "UpdateContinuousBackups",
    "UpdateTimeToLive",
)
_INDEX_OPERATIONS = ("DescribeContributorInsights", "UpdateContributorInsights")
_REPLICA_ACTIONS = {
    "Create": ("CreateTable", "CreateTableReplica", *_FILLING),
    "Delete": ("DeleteTable", "DeleteTableReplica"),
}
"""What adding and removing a replica needs in its region. Source: Developer Guide, "Global tables security"."""
_UNNAMED_OPERATIONS = (
    "DescribeEndpoints",
    "DescribeLimits",
    "ListBackups",
    "ListContributorInsights",
    "ListExports",
    "ListImports",
    "ListStreams",
    "ListTables",
)
_NAMED_BY_ARN = {
    "DeleteBackup": "BackupArn",
    "DeleteResourcePolicy": "ResourceArn",
    "DescribeBackup": "BackupArn",
    "DescribeExport": "ExportArn",
    "DescribeImport": "ImportArn",
    "DescribeStream": "StreamArn",
    "GetResourcePolicy": "ResourceArn",
    "GetShardIterator": "StreamArn",
    "PutResourcePolicy": "ResourceArn",
}


def _create_table(request: Fields, place: Place) -> Iterable[AccessRequest]:
    tags = request.get("Tags") or ()
    yield _on_table("CreateTable", request["TableName"], place, request_tags(tags))
    if tags:
        yield _on_table("TagResource", request["TableName"], place, request_tags(tags))
    if request.get("ResourcePolicy"):
        yield _on_table("PutResourcePolicy", request["TableName"], place)


def _update_table(request: Fields, place: Place) -> Iterable[AccessRequest]:
    """A change of replicas needs more, in the region of each."""
    name = table_name_of(request["TableName"])
    yield _on_table("UpdateTable", name, place)
    for update in request.get("ReplicaUpdates") or ():
        for change, actions in _REPLICA_ACTIONS.items():
            if update.get(change) is not None:
                there = replace(place.home, region=update[change]["RegionName"])
                yield from (_on_table(action, name, place._replace(home=there)) for action in actions)
    for update in request.get("GlobalTableWitnessUpdates") or ():
        for change in _REPLICA_ACTIONS:
            if update.get(change) is not None:
                yield _on_table(f"{change}GlobalTableWitness", name, place)


def _tag_resource(request: Fields, place: Place) -> Iterable[AccessRequest]:
    return (_on_table("TagResource", request["ResourceArn"], place, request_tags(request["Tags"])),)


def _untag_resource(request: Fields, place: Place) -> Iterable[AccessRequest]:
    return (_on_table("UntagResource", request["ResourceArn"], place, {"aws:tagkeys": tuple(request["TagKeys"])}),)


def _on_table(operation: str, table: str, place: Place, own: Context | None = None) -> AccessRequest:
    resource = place.home.table(table_name_of(table))
    return AccessRequest(f"dynamodb:{operation}", resource, {**place.known, **(own or {})})


def _of_table(operation: str, *, named_by: str = "TableName") -> Translation:
    """An operation of the control plane that needs its own name on the table it names."""
    return lambda request, place: (_on_table(operation, request[named_by], place),)


def _of_no_table(operation: str) -> Translation:
    """An operation that names no table; IAM compares its resource with `table/*`, which `*` covers."""
    return lambda _request, place: (AccessRequest(f"dynamodb:{operation}", place.home.every_table(), place.known),)


def _of_arn(operation: str, *, named_by: str) -> Translation:
    """An operation that names by its ARN what it is about, which need not be a table."""
    return lambda request, place: (AccessRequest(f"dynamodb:{operation}", request[named_by], place.known),)


def _restore_from_backup(request: Fields, place: Place) -> Iterable[AccessRequest]:
    yield AccessRequest("dynamodb:RestoreTableFromBackup", request["BackupArn"], place.known)
    yield _on_table("RestoreTableFromBackup", request["TargetTableName"], place)
    yield from _filling(request["TargetTableName"], place)


def _restore_to_point_in_time(request: Fields, place: Place) -> Iterable[AccessRequest]:
    source = request.get("SourceTableArn") or request.get("SourceTableName")
    if source is not None:
        yield _on_table("RestoreTableToPointInTime", source, place)
    yield from _filling(request["TargetTableName"], place)


def _filling(table: str, place: Place) -> Iterable[AccessRequest]:
    """What a restore needs on the new table."""
    return (_on_table(operation, table, place) for operation in _FILLING)


def _import_table(request: Fields, place: Place) -> Iterable[AccessRequest]:
    return (_on_table("ImportTable", request["TableCreationParameters"]["TableName"], place),)


def _of_index(operation: str) -> Translation:
    """An operation of the control plane that names a table, or one of its indexes."""

    def translate(request: Fields, place: Place) -> Iterable[AccessRequest]:
        table, index = table_name_of(request["TableName"]), request.get("IndexName")
        resource = place.home.table_or_index(table, index)
        return (AccessRequest(f"dynamodb:{operation}", resource, place.known),)

    return translate


def _get_records(request: Fields, place: Place) -> Iterable[AccessRequest]:
    return (AccessRequest("dynamodb:GetRecords", stream_of_iterator(request["ShardIterator"]), place.known),)


CONTROL_PLANE: Mapping[str, Translation] = {
    "CreateTable": _create_table,
    "ExportTableToPointInTime": _of_table("ExportTableToPointInTime", named_by="TableArn"),
    "GetRecords": _get_records,
    "ImportTable": _import_table,
    "ListTagsOfResource": _of_table("ListTagsOfResource", named_by="ResourceArn"),
    "RestoreTableFromBackup": _restore_from_backup,
    "RestoreTableToPointInTime": _restore_to_point_in_time,
    "TagResource": _tag_resource,
    "UntagResource": _untag_resource,
    "UpdateTable": _update_table,
    **{operation: _of_index(operation) for operation in _INDEX_OPERATIONS},
    **{operation: _of_arn(operation, named_by=member) for operation, member in _NAMED_BY_ARN.items()},
    **{operation: _of_table(operation) for operation in _TABLE_OPERATIONS},
    **{operation: _of_no_table(operation) for operation in _UNNAMED_OPERATIONS},
}
