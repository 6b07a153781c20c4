"""The requests that change a table, in DynamoDB's form."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tenantable.declare.tables import PhysicalTable
from tenantable.infra.changes.steps import Call
from tenantable.infra.normal.forms import REPLICATED_VIEW

Properties = Mapping[str, Any]


def update(name: str, **members: Any) -> Call:
    """An UpdateTable call."""
    return Call(operation="UpdateTable", request={"TableName": name, **members})


def creation_calls(physical: PhysicalTable) -> Iterator[Call]:
    """All that makes a table as it is declared."""
    yield Call(operation="CreateTable", request=creation_request(physical))
    if physical.table.ttl is not None:
        yield expiry(physical.name, physical.table.ttl, enabled=True)
    if physical.table.recovery:
        yield recovery(physical.name, enabled=True)
    for region in physical.table.replicas:
        yield replica_creation(physical, region)


def creation_request(physical: PhysicalTable) -> dict[str, Any]:
    """CreateTable's request, with the stream that replicas are kept up to date by."""
    request = physical.create_request()
    if physical.table.replicas and "StreamSpecification" not in request:
        request["StreamSpecification"] = stream_specification(REPLICATED_VIEW)
    return request


def stream_specification(view: str | None) -> dict[str, Any]:
    """None: no stream."""
    return {"StreamEnabled": False} if view is None else {"StreamEnabled": True, "StreamViewType": view}


def expiry(name: str, attribute: str, *, enabled: bool) -> Call:
    """Let items expire by an attribute, or no more."""
    specification = {"Enabled": enabled, "AttributeName": attribute}
    return Call(operation="UpdateTimeToLive", request={"TableName": name, "TimeToLiveSpecification": specification})


def recovery(name: str, *, enabled: bool) -> Call:
    """Keep what changes, so that earlier states can be restored, or no more."""
    specification = {"PointInTimeRecoveryEnabled": enabled}
    return Call(
        operation="UpdateContinuousBackups",
        request={"TableName": name, "PointInTimeRecoverySpecification": specification},
    )


def index_creation(physical: PhysicalTable, name: str) -> Call:
    """DynamoDB adds one global index per request, with the definitions of its keys."""
    request = creation_request(physical)
    index = global_indexes(request)[name]
    keys = {element["AttributeName"] for element in index["KeySchema"]}
    definitions = [each for each in request["AttributeDefinitions"] if each["AttributeName"] in keys]
    return update(physical.name, AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=[{"Create": index}])


def index_deletion(name: str, index: str) -> Call:
    """Drop one global index."""
    return update(name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": index}}])


def index_capacities(physical: PhysicalTable, indexes: Iterable[str]) -> list[dict[str, Any]]:
    """The updates that give global indexes their declared capacity; one that is not declared gets the table's."""
    request = creation_request(physical)
    declared = global_indexes(request)
    return [
        {
            "Update": {
                "IndexName": name,
                "ProvisionedThroughput": declared.get(name, request)["ProvisionedThroughput"],
            }
        }
        for name in sorted(indexes)
    ]


def global_indexes(request: Properties) -> dict[str, dict[str, Any]]:
    """The global indexes of a CreateTable request by name."""
    return {index["IndexName"]: index for index in request.get("GlobalSecondaryIndexes", ())}


def replica_creation(physical: PhysicalTable, region: str) -> Call:
    """A replica is encrypted as the table is; a customer's key must be there under the same name."""
    replica = {"RegionName": region}
    key = creation_request(physical).get("SSESpecification", {}).get("KMSMasterKeyId")
    if key is not None:
        parts = key.split(":")
        replica["KMSMasterKeyId"] = ":".join([*parts[:3], region, *parts[4:]]) if key.startswith("arn:") else key
    return update(physical.name, ReplicaUpdates=[{"Create": replica}])


def replica_deletion(name: str, region: str) -> Call:
    """Drop the copy of the table in a region."""
    return update(name, ReplicaUpdates=[{"Delete": {"RegionName": region}}])


def tagging(arn: str, tags: Mapping[str, str]) -> Call:
    """Set tags; others stay."""
    listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    return Call(operation="TagResource", request={"ResourceArn": arn, "Tags": listed})
