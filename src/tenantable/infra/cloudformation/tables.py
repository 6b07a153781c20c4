"""
Tables in CloudFormation's words.

A table with replicas is a `GlobalTable` from the first day: turning a `Table` into one later can delete it.
Source: CloudFormation's reference, AWS::DynamoDB::Table and AWS::DynamoDB::GlobalTable.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tenantable.declare.tables import AWS_MANAGED_KEY, PhysicalTable
from tenantable.infra.changes.requests import creation_request
from tenantable.infra.cloudformation.placeholders import pascal_case
from tenantable.infra.normal.templates import GLOBAL_TABLE, TABLE

Properties = dict[str, Any]

NO_VALUE = {"Ref": "AWS::NoValue"}
KEY, HAS_KEY = "TableKeyArn", "HasTableKey"
PROTECTION, PROTECTS = "DeletionProtection", "ProtectsTables"
RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
"""A stack that is deleted, or that needs another table, leaves the table and its items."""


def table_resource(physical: PhysicalTable, *, protected: Any = None) -> Properties:
    """
    Args:
        protected: What `DeletionProtectionEnabled` is; None: as the stack's parameter says.
    """
    if protected is None:
        protected = True if physical.table.deletion_protection else {"Fn::If": [PROTECTS, True, False]}
    if physical.table.replicas:
        return {"Type": GLOBAL_TABLE, **RETAINED, "Properties": _global_table(physical, protected)}
    return {"Type": TABLE, **RETAINED, "Properties": _table(physical, protected)}


def key_parameters(regions: Iterable[str] = ()) -> Properties:
    """
    The parameters by which a stack's tables get a customer's key.

    Args:
        regions: Those of replicas, in each of which the key is another one.
    """
    described = {KEY: "ARN of the KMS key that encrypts the tables. Empty: the key that is declared."}
    described |= {_key_in(region): f"The key in {region}, where {KEY} is given." for region in sorted(set(regions))}
    return {
        name: {"Type": "String", "Default": "", "Description": description} for name, description in described.items()
    }


def _key_in(region: str) -> str:
    return KEY + pascal_case(region)


def key_conditions() -> Properties:
    """Whether such a key is given."""
    return {HAS_KEY: {"Fn::Not": [{"Fn::Equals": [{"Ref": KEY}, ""]}]}}


def _table(physical: PhysicalTable, protected: Any) -> Properties:
    request = creation_request(physical)
    properties = {
        "TableName": physical.name,
        "BillingMode": request["BillingMode"],
        **_capacity(request),
        **_shared(physical, request),
    }
    if "Tags" in request:
        properties["Tags"] = request["Tags"]
    return {
        **properties,
        "SSESpecification": _encryption(physical.table.encryption_key),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": physical.table.recovery},
        "DeletionProtectionEnabled": protected,
    }


def _shared(physical: PhysicalTable, request: Mapping[str, Any]) -> Properties:
    """What tables and global tables say in the same words."""
    properties: Properties = {
        "AttributeDefinitions": request["AttributeDefinitions"],
        "KeySchema": request["KeySchema"],
    }
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if member in request:
            properties[member] = request[member]
    if physical.table.ttl is not None:
        properties["TimeToLiveSpecification"] = {"AttributeName": physical.table.ttl, "Enabled": True}
    if "StreamSpecification" in request:
        properties["StreamSpecification"] = {"StreamViewType": request["StreamSpecification"]["StreamViewType"]}
    return properties


def _capacity(request: Mapping[str, Any]) -> Properties:
    given = request.get("ProvisionedThroughput")
    return {} if given is None else {"ProvisionedThroughput": given}


def _encryption(key: str | None) -> Properties:
    by_key = {"SSEEnabled": True, "SSEType": "KMS"}
    if key is None:
        given = {**by_key, "KMSMasterKeyId": {"Ref": KEY}}
        return {"Fn::If": [HAS_KEY, given, {"SSEEnabled": False}]}
    return {**by_key, "KMSMasterKeyId": {"Fn::If": [HAS_KEY, {"Ref": KEY}, _declared_key(key)]}}


def _declared_key(key: str) -> Any:
    return NO_VALUE if key == AWS_MANAGED_KEY else key


def _global_table(physical: PhysicalTable, protected: Any) -> Properties:
    request = creation_request(physical)
    table = physical.table
    shared = _shared(physical, request)
    if table.billing is not None:
        writes = _scaling("Write", table.billing.write_units)
        shared["GlobalSecondaryIndexes"] = [
            {**{name: member for name, member in index.items() if name != "ProvisionedThroughput"}, **writes}
            for index in request.get("GlobalSecondaryIndexes", ())
        ]
        shared |= writes
    if not shared.get("GlobalSecondaryIndexes", True):
        del shared["GlobalSecondaryIndexes"]
    enabled: Any = True if table.encryption_key else {"Fn::If": [HAS_KEY, True, False]}
    kind: Any = "KMS" if table.encryption_key else {"Fn::If": [HAS_KEY, "KMS", NO_VALUE]}
    return {
        "TableName": physical.name,
        "BillingMode": request["BillingMode"],
        **shared,
        "SSESpecification": {"SSEEnabled": enabled, "SSEType": kind},
        "Replicas": [_replica(physical, request, region, protected) for region in (None, *table.replicas)],
    }


def _replica(physical: PhysicalTable, request: Mapping[str, Any], region: str | None, protected: Any) -> Properties:
    """What each region has of its own; None is the stack's."""
    table = physical.table
    replica: Properties = {
        "Region": region or {"Ref": "AWS::Region"},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": table.recovery},
        "DeletionProtectionEnabled": protected,
    }
    key = table.encryption_key
    if key is not None and key != AWS_MANAGED_KEY:
        replica["SSESpecification"] = {"KMSMasterKeyId": key}
    else:
        given = {"KMSMasterKeyId": {"Ref": _key_in(region) if region else KEY}}
        replica["SSESpecification"] = {"Fn::If": [HAS_KEY, given, NO_VALUE]}
    if "Tags" in request:
        replica["Tags"] = request["Tags"]
    if table.billing is not None:
        reads = {"ReadProvisionedThroughputSettings": {"ReadCapacityUnits": table.billing.read_units}}
        replica |= reads
        indexes = [{"IndexName": each["IndexName"], **reads} for each in request.get("GlobalSecondaryIndexes", ())]
        if indexes:
            replica["GlobalSecondaryIndexes"] = indexes
    return replica


def _scaling(kind: str, units: int) -> Properties:
    settings = {
        "MinCapacity": units,
        "MaxCapacity": units,
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70},
    }
    return {f"{kind}ProvisionedThroughputSettings": {f"{kind}CapacityAutoScalingSettings": settings}}
