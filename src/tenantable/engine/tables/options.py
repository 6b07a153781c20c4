"""Settings of a table that are kept and described; none but the stream changes how the engine works."""

from collections.abc import Mapping
from typing import Any

from tenantable.wire.errors import invalid_parameter_values, validation_error

_ENABLED = "ENABLED"
_UNSUPPORTED = (
    "DisassociationProtectionEnabled",
    "GlobalTableSettingsReplicationMode",
    "GlobalTableSourceArn",
    "GlobalTableWitnessUpdates",
    "MultiRegionConsistency",
    "ReplicaUpdates",
    "ResourcePolicy",
    "VectorIndexUpdates",
    "VectorIndexes",
    "WarmThroughput",
)
_DISABLED_WITH_VIEW = "Table is being created with a stream disabled, UpdateViewType should not be specified"
"""In these words, `UpdateViewType` too: https://github.com/ExtendDB/extenddb/pull/188."""
_UNSUPPORTED_IN_INDEXES = ("OnDemandThroughput", "WarmThroughput")


def refuse_unsupported_options(request: Mapping[str, Any]) -> None:
    """Refuse members of a CreateTable or UpdateTable request that would be forgotten."""
    indexes = [*(request.get("GlobalSecondaryIndexes") or ())]
    for update in request.get("GlobalSecondaryIndexUpdates") or ():
        indexes += [update.get("Create") or update.get("Update") or {}]
    given = [name for name in _UNSUPPORTED if request.get(name) is not None]
    given += [name for name in _UNSUPPORTED_IN_INDEXES for index in indexes if index.get(name) is not None]
    if given:
        raise validation_error(f"{given[0]} is not supported here; leave it out")


def read_options(request: Mapping[str, Any]) -> dict[str, Any]:
    """What the members of a CreateTable or UpdateTable request become in the table's description."""
    options: dict[str, Any] = {}
    stream = request.get("StreamSpecification")
    if stream is not None:
        options |= _stream(stream)
    encryption = request.get("SSESpecification")
    if encryption is not None and encryption.get("Enabled"):
        options["SSEDescription"] = {
            "Status": _ENABLED,
            "SSEType": encryption.get("SSEType") or "KMS",
            "KMSMasterKeyArn": encryption.get("KMSMasterKeyId") or "alias/aws/dynamodb",
        }
    if request.get("TableClass") is not None:
        options["TableClassSummary"] = {"TableClass": request["TableClass"]}
    if request.get("OnDemandThroughput") is not None:
        options["OnDemandThroughput"] = dict(request["OnDemandThroughput"])
    return options


def change_options(request: Mapping[str, Any], table_name: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a table after an UpdateTable request."""
    options = dict(before)
    stream = request.get("StreamSpecification")
    if stream is not None:
        has_stream = "StreamSpecification" in options
        if stream["StreamEnabled"] and has_stream:
            raise validation_error(f"Table already has an enabled stream: TableName: {table_name}")
        if not stream["StreamEnabled"] and not has_stream:
            raise validation_error(f"Table has no stream to disable: TableName: {table_name}")
        if not stream["StreamEnabled"]:
            del options["StreamSpecification"]  # where the stream was stays known
    encryption = request.get("SSESpecification")
    if encryption is not None and not encryption.get("Enabled"):
        options.pop("SSEDescription", None)
    return options | read_options(request)


def _stream(specification: Mapping[str, Any]) -> dict[str, Any]:
    view_type = specification.get("StreamViewType")
    if not specification["StreamEnabled"]:
        if view_type is not None:
            raise invalid_parameter_values(_DISABLED_WITH_VIEW)
        return {}
    if view_type is None:
        raise invalid_parameter_values("StreamViewType must be specified when StreamEnabled is true")
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view_type}}
