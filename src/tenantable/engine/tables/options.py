"""Settings of a table that are kept and described; none but the stream changes how the engine works."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.tables.encryption import change_encryption, read_encryption
from tenantable.engine.tables.replicas import change_replicas, refuse_stream_of_replicas
from tenantable.wire.arns import Home
from tenantable.wire.errors import invalid_parameter_values, validation_error

UNSUPPORTED: Mapping[str, str] = {
    "DisassociationProtectionEnabled": "a replica is a note in the table's description and cannot be disassociated",
    "GlobalTableSettingsReplicationMode": "nothing is replicated to other accounts",
    "GlobalTableSourceArn": "tables of other accounts cannot be reached; describe the table in full",
    "VectorIndexUpdates": "there are no vector indexes",
    "VectorIndexes": "there are no vector indexes",
}
"""Members of CreateTable and UpdateTable that are refused, each with the reason."""

_DISABLED_WITH_VIEW = "Table is being created with a stream disabled, UpdateViewType should not be specified"
"""In these words, `UpdateViewType` too: https://github.com/ExtendDB/extenddb/pull/188."""


def refuse_unsupported_options(request: Mapping[str, Any]) -> None:
    """Refuse members of a CreateTable or UpdateTable request that would be forgotten."""
    for name, reason in UNSUPPORTED.items():
        if request.get(name) is not None:
            raise validation_error(f"{name} is not supported here: {reason}")


def read_options(request: Mapping[str, Any], home: Home) -> dict[str, Any]:
    """What the members of a CreateTable request become in the table's description."""
    options = _stream(request) | read_encryption(request, home)
    if request.get("TableClass") is not None:
        options["TableClassSummary"] = {"TableClass": request["TableClass"]}
    return options


def change_options(
    request: Mapping[str, Any], table_name: str, before: Mapping[str, Any], *, home: Home, now: float
) -> dict[str, Any]:
    """
    The options of a table after an UpdateTable request.

    Args:
        now: Seconds since 1970.
    Raises:
        DynamoError: ValidationException for what does not fit what is there, or would change nothing.
    """
    options = _change_stream(request, table_name, before)
    options = change_encryption(request, options, home)
    if request.get("TableClass") is not None:
        options["TableClassSummary"] = {"TableClass": request["TableClass"], "LastUpdateDateTime": now}
    return change_replicas(request, options, home)


def _change_stream(request: Mapping[str, Any], table_name: str, before: Mapping[str, Any]) -> dict[str, Any]:
    stream = request.get("StreamSpecification")
    if stream is None:
        return dict(before)
    has_stream = "StreamSpecification" in before
    if stream["StreamEnabled"] and has_stream:
        raise validation_error(f"Table already has an enabled stream: TableName: {table_name}")
    if not stream["StreamEnabled"] and not has_stream:
        raise validation_error(f"Table has no stream to disable: TableName: {table_name}")
    if not stream["StreamEnabled"]:
        refuse_stream_of_replicas(before)
    options = {name: value for name, value in before.items() if name != "StreamSpecification"}
    return options | _stream(request)  # where a disabled stream was stays known


def _stream(request: Mapping[str, Any]) -> dict[str, Any]:
    specification = request.get("StreamSpecification")
    if specification is None:
        return {}
    view_type = specification.get("StreamViewType")
    if not specification["StreamEnabled"]:
        if view_type is not None:
            raise invalid_parameter_values(_DISABLED_WITH_VIEW)
        return {}
    if view_type is None:
        raise invalid_parameter_values("StreamViewType must be specified when StreamEnabled is true")
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view_type}}
