"""
A table as its replicas show it: the answers to requests that come to the region of a replica.

A replica is no copy. Items are read and written where the table lives, at once; what each region has for itself (tags,
recovery to a point in time) is kept with the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.engine.tables.tagging import add_tags
from tenantable.wire.arns import Home, table_name_of

Elsewhere = Callable[[Home, str, Mapping[str, Any], bool], dict[str, Any] | None]
"""Asked with the place of an engine, an operation, a request and whether to render JSON; None: no replica is named."""

NOT_HERE = frozenset({"ResourceNotFoundException", "TableNotFoundException"})
"""Errors after which the table may be a replica."""

RECOVERY_DAYS = 35
_AT_HOME = frozenset(
    "GetItem PutItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem TransactGetItems TransactWriteItems "
    "DescribeTimeToLive".split()
)
_Operation = Callable[[Session, Mapping[str, Any]], dict[str, Any]]


def answer_for_replica(
    session: Session, operations: Mapping[str, _Operation], region: str, asked: tuple[str, Mapping[str, Any]]
) -> dict[str, Any] | None:
    """
    The answer to a request that came to another region.

    Args:
        session: Of the engine where the table may live.
        region: Where the request came.
        asked: The operation and the request.
    Returns:
        None when it names a table that has no replica there, or the operation is none for replicas.
    """
    operation, request = asked
    names = _table_names(request)
    tables = [session.catalog.find(name) for name in names]
    if not tables or not all(table is not None and region in _regions(table) for table in tables):
        return None
    if operation in _AT_HOME:
        return operations[operation](session, _renamed(request))
    if operation == "DescribeTable":
        described = operations[operation](session, {"TableName": names[0]})["Table"]
        return {"Table": _described(described, session.home, region)}
    carry_out = _OWN.get(operation)
    return None if carry_out is None else carry_out(session, names[0], region, request)


def without_gone_regions(table: Table) -> Table:
    """The table without what was kept for regions that it has no replica in any more."""
    kept = {region: own for region, own in table.regions.items() if region in _regions(table)}
    return table if len(kept) == len(table.regions) else replace(table, regions=kept)


def _regions(table: Table) -> set[str]:
    return {replica["RegionName"] for replica in table.options.get("Replicas", ())}


def _table_names(request: Mapping[str, Any]) -> list[str]:
    """The plain names of the tables that a request speaks of."""
    if "TransactItems" in request:
        given = [member["TableName"] for each in request["TransactItems"] for member in each.values() if member]
    elif "RequestItems" in request:
        given = list(request["RequestItems"])
    else:
        given = [name for name in (request.get("TableName") or request.get("ResourceArn"),) if name]
    return [table_name_of(name) for name in given]


def _renamed(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with plain names of tables: their ARNs would be of another region."""
    renamed = dict(request)
    if "TableName" in request:
        renamed["TableName"] = table_name_of(request["TableName"])
    if "RequestItems" in request:
        renamed["RequestItems"] = {table_name_of(name): items for name, items in request["RequestItems"].items()}
    if "TransactItems" in request:
        renamed["TransactItems"] = [
            {
                name: member and member | {"TableName": table_name_of(member["TableName"])}
                for name, member in each.items()
            }
            for each in request["TransactItems"]
        ]
    return renamed


def _described(description: dict[str, Any], home: Home, region: str) -> dict[str, Any]:
    """What a replica says of itself: names of its region, and the others as its replicas."""
    there = replace(home, region=region)
    own = next(replica for replica in description["Replicas"] if replica["RegionName"] == region)
    others = [replica for replica in description["Replicas"] if replica["RegionName"] != region]
    shown: dict[str, Any] = _moved(description, home.table(""), there.table(""))
    shown["Replicas"] = [{"RegionName": home.region, "ReplicaStatus": "ACTIVE"}, *others]
    if "SSEDescription" in shown:
        key = own.get("KMSMasterKeyId") or there.managed_key("dynamodb")
        shown["SSEDescription"] = shown["SSEDescription"] | {"KMSMasterKeyArn": key}
    if "ReplicaTableClassSummary" in own:
        shown["TableClassSummary"] = own["ReplicaTableClassSummary"]
    return shown


def _moved(value: Any, before: str, after: str) -> Any:
    if isinstance(value, str):
        return after + value[len(before) :] if value.startswith(before) else value
    if isinstance(value, dict):
        return {name: _moved(member, before, after) for name, member in value.items()}
    return [_moved(member, before, after) for member in value] if isinstance(value, list) else value


def _change(session: Session, name: str, region: str, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Change what a replica has for itself; gives it as it is then."""

    def work(transaction: Transaction) -> dict[str, Any]:
        table = session.catalog.described_table(name)
        own = dict(table.regions.get(region, {}))
        change(own)
        session.catalog.save(transaction, replace(table, regions={**table.regions, region: own}))
        return own

    return session.storage.write(work)


def _list_tags(session: Session, name: str, region: str, _request: Mapping[str, Any]) -> dict[str, Any]:
    tags = session.catalog.described_table(name).regions.get(region, {}).get("tags", {})
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _tag(session: Session, name: str, region: str, request: Mapping[str, Any]) -> dict[str, Any]:
    _change(session, name, region, lambda own: own.update(tags=add_tags(own.get("tags", {}), request["Tags"])))
    return {}


def _untag(session: Session, name: str, region: str, request: Mapping[str, Any]) -> dict[str, Any]:
    def change(own: dict[str, Any]) -> None:
        own["tags"] = {key: value for key, value in own.get("tags", {}).items() if key not in request["TagKeys"]}

    _change(session, name, region, change)
    return {}


def _update_backups(session: Session, name: str, region: str, request: Mapping[str, Any]) -> dict[str, Any]:
    wanted = request["PointInTimeRecoverySpecification"]

    def change(own: dict[str, Any]) -> None:
        since = (own.get("recovery") or {}).get("since", session.clock())
        days = wanted.get("RecoveryPeriodInDays") or RECOVERY_DAYS
        own["recovery"] = {"since": since, "days": days} if wanted["PointInTimeRecoveryEnabled"] else None

    return _backups(session, _change(session, name, region, change))


def _describe_backups(session: Session, name: str, region: str, _request: Mapping[str, Any]) -> dict[str, Any]:
    return _backups(session, session.catalog.backed_table(name).regions.get(region, {}))


def _backups(session: Session, own: Mapping[str, Any]) -> dict[str, Any]:
    recovery = own.get("recovery")
    kept: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if recovery:
        kept = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": recovery["days"],
            "EarliestRestorableDateTime": recovery["since"],
            "LatestRestorableDateTime": session.clock(),
        }
    return {
        "ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": kept}
    }


_OWN: dict[str, Callable[[Session, str, str, Mapping[str, Any]], dict[str, Any]]] = {
    "ListTagsOfResource": _list_tags,
    "TagResource": _tag,
    "UntagResource": _untag,
    "UpdateContinuousBackups": _update_backups,
    "DescribeContinuousBackups": _describe_backups,
}
