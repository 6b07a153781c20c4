"""The normal form of a table that runs, read through any client, and what it is still busy with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tenantable.infra.normal.descriptions import (
    ON_DEMAND,
    canonical_policy,
    encryption_form,
    key_name,
    read_properties,
    read_tags,
)
from tenantable.infra.normal.forms import RECOVERY_DAYS, STANDARD, TableForm
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError

KeyNameOf = Callable[[str], str]
"""From the ARN of a key that encrypts a table to its name; an account on AWS asks KMS which alias it has."""

_NOT_THERE = "ResourceNotFoundException"
_UNANSWERED = frozenset({"UnknownOperationException", "PolicyNotFoundException", _NOT_THERE, "TableNotFoundException"})
_LEAVING = "DELETING"


@dataclass(frozen=True, kw_only=True)
class RunningTable:
    """
    A table that runs.

    Args:
        form: None while it is being deleted.
        busy: What it is still doing, such as `index gsi1 is CREATING`; nothing when it can be changed.
    """

    arn: str
    form: TableForm | None
    busy: tuple[str, ...]


def describe(client: DynamoClient, name: str) -> dict[str, Any] | None:
    """DescribeTable's answer, or None when there is no such table."""
    try:
        description: dict[str, Any] = client.call("DescribeTable", {"TableName": name})["Table"]
    except DynamoError as error:
        if error.code == _NOT_THERE:
            return None
        raise
    return description


def read_schema(client: DynamoClient, name: str, *, key_name_of: KeyNameOf = key_name) -> RunningTable | None:
    """
    What DescribeTable alone says: keys, indexes, billing, stream, encryption, protection, replicas. None: not there.

    An index that is being made counts as there, one that is being dropped does not.
    """
    description = describe(client, name)
    if description is None:
        return None
    leaving = description["TableStatus"] == _LEAVING
    form = None if leaving else _schema_form(description, key_name_of)
    return RunningTable(arn=description["TableArn"], form=form, busy=busy_with(description))


def read_running(client: DynamoClient, name: str, *, key_name_of: KeyNameOf = key_name) -> RunningTable | None:
    """
    The whole table: also its expiry, recovery, tags and policy. None: there is no such table.

    What an endpoint does not know counts as switched off.

    Raises:
        DynamoError: The client may not ask.
    """
    running = read_schema(client, name, key_name_of=key_name_of)
    if running is None or running.form is None:
        return running
    expiry = _answer(client, "DescribeTimeToLive", {"TableName": name}).get("TimeToLiveDescription") or {}
    backups = _answer(client, "DescribeContinuousBackups", {"TableName": name})
    policy = _answer(client, "GetResourcePolicy", {"ResourceArn": running.arn})
    status = expiry.get("TimeToLiveStatus")
    form = replace(
        running.form,
        ttl=expiry.get("AttributeName") if status in {"ENABLED", "ENABLING"} else None,
        recovery_days=_recovery_days(backups.get("ContinuousBackupsDescription") or {}),
        tags=_tags(client, running.arn),
        resource_policy=canonical_policy(policy.get("Policy")),
    )
    leaving = (f"expiry is {status}",) if status == "DISABLING" else ()
    return RunningTable(arn=running.arn, form=form, busy=running.busy + leaving)


def busy_with(description: Mapping[str, Any]) -> tuple[str, ...]:
    """What a described table must finish before it can be changed again."""
    states = {"the table": description["TableStatus"]}
    for index in description.get("GlobalSecondaryIndexes") or ():
        filling = " and is being filled" if index.get("Backfilling") else ""
        states[f"index {index['IndexName']}"] = index.get("IndexStatus", "ACTIVE") + filling
    for replica in description.get("Replicas") or ():
        states[f"replica {replica['RegionName']}"] = replica.get("ReplicaStatus", "ACTIVE")
    states["encryption"] = (description.get("SSEDescription") or {}).get("Status", "ENABLED")
    return tuple(f"{thing} is {state}" for thing, state in states.items() if state not in {"ACTIVE", "ENABLED"})


def table_names(client: DynamoClient) -> tuple[str, ...]:
    """The names of all tables, in the order of the service."""
    names: list[str] = []
    request: dict[str, Any] = {}
    while True:
        answer = client.call("ListTables", request)
        names += answer["TableNames"]
        last = answer.get("LastEvaluatedTableName")
        if last is None:
            return tuple(names)
        request = {"ExclusiveStartTableName": last}


def _schema_form(description: Mapping[str, Any], key_name_of: KeyNameOf) -> TableForm:
    billing = (description.get("BillingModeSummary") or {}).get("BillingMode")
    staying = [
        index for index in description.get("GlobalSecondaryIndexes") or () if index.get("IndexStatus") != _LEAVING
    ]
    form = read_properties({**description, "GlobalSecondaryIndexes": staying}, on_demand=billing == ON_DEMAND)
    encryption = description.get("SSEDescription") or {}
    enabled = encryption.get("Status") in {"ENABLED", "ENABLING", "UPDATING"}
    return replace(
        form,
        encryption=encryption_form(enabled=enabled, key=encryption.get("KMSMasterKeyArn"), name=key_name_of),
        table_class=(description.get("TableClassSummary") or {}).get("TableClass", STANDARD),
        replicas=frozenset(_other_regions(description)),
    )


def _other_regions(description: Mapping[str, Any]) -> list[str]:
    home = description["TableArn"].split(":")[3]
    return [
        replica["RegionName"]
        for replica in description.get("Replicas") or ()
        if replica["RegionName"] != home and replica.get("ReplicaStatus") != _LEAVING
    ]


def _recovery_days(backups: Mapping[str, Any]) -> int | None:
    recovery = backups.get("PointInTimeRecoveryDescription") or {}
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        return None
    return int(recovery.get("RecoveryPeriodInDays") or RECOVERY_DAYS)


def _tags(client: DynamoClient, arn: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    request = {"ResourceArn": arn}
    while True:
        answer = _answer(client, "ListTagsOfResource", request)
        tags |= read_tags(answer.get("Tags") or ())
        if not answer.get("NextToken"):
            # Tags of AWS's own, such as those of CloudFormation, are nobody's to set.
            return {key: value for key, value in tags.items() if not key.startswith("aws:")}
        request = {"ResourceArn": arn, "NextToken": answer["NextToken"]}


def _answer(client: DynamoClient, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer, or nothing where there is nothing of the kind or the endpoint has no such operation."""
    try:
        return client.call(operation, request)
    except DynamoError as error:
        if error.code in _UNANSWERED:
            return {}
        raise
