"""Carrying out an export: from a snapshot, so that nobody who reads or writes waits for it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tenantable.engine.backups.recovery import recovered_log
from tenantable.engine.backups.undo import LAST_OF_ALL_MOMENTS, UndoLog, first_moment, last_moment
from tenantable.engine.keys import key_bytes
from tenantable.engine.session import Session
from tenantable.engine.storage.files import RelationGoneError
from tenantable.engine.storage.reading import Reader
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.table import Table
from tenantable.engine.transfers.limits import EXPORTS_MAX
from tenantable.engine.transfers.lines import changed_items, whole_items
from tenantable.engine.transfers.objects import bucket_folder
from tenantable.engine.transfers.output import ExportOutput
from tenantable.engine.transfers.selection import (
    Increment,
    read_export_time,
    read_increment,
    read_selection,
    shows_old,
)
from tenantable.engine.transfers.transfer import (
    COMPLETED,
    EXPORT,
    IN_PROGRESS,
    Description,
    begin_transfer,
    failed,
    iso_time,
    new_name,
    save_transfer,
)
from tenantable.errors import StorageError
from tenantable.wire.errors import DynamoError, validation_error

_INCREMENTAL = "INCREMENTAL_EXPORT"
_ECHOED = ("ClientToken", "S3BucketOwner", "S3Prefix", "S3SseAlgorithm", "S3SseKmsKeyId", "FilterSpecification")


class _Export(NamedTuple):
    """What is to be done; `second` is None for the present state, `increment` None for a full export."""

    table: Table
    log: UndoLog
    output: ExportOutput
    second: float | None
    increment: Increment | None


def export_table(session: Session, request: Mapping[str, Any]) -> Description:
    """
    Carry out ExportTableToPointInTime.

    Returns:
        The description as it was when the export began. What fails later is told by the description that is kept.
    Raises:
        DynamoError: It cannot be begun.
    """
    if request.get("ExportFormat") == "ION":
        raise validation_error("ExportFormat ION is not supported here; use DYNAMODB_JSON")

    def begin(_transaction: Transaction) -> tuple[Description, _Export]:
        export = _read(session, request)
        return _describe(session, request, export), export

    description, export = session.storage.write(
        lambda transaction: begin_transfer(session, transaction, EXPORT, request=request, begin=begin, most=EXPORTS_MAX)
    )
    if export is not None:
        ended = _carry_out(session, request, export, description)
        session.storage.write(lambda transaction: save_transfer(transaction, EXPORT, ended))
    return description


def _read(session: Session, request: Mapping[str, Any]) -> _Export:
    objects = bucket_folder(session.objects)
    table = session.catalog.backed_table(request["TableArn"])
    log = recovered_log(table)
    now = session.clock()
    increment = read_increment(request, log, now) if request.get("ExportType") == _INCREMENTAL else None
    second = None if increment is not None else read_export_time(request, log, now)
    read_selection(request, table)
    prefix = (request.get("S3Prefix") or "").removesuffix("/")
    identifier = session.new_identifier(now)
    output = ExportOutput(objects, bucket=request["S3Bucket"], prefix=prefix, identifier=identifier)
    objects.check_key(request["S3Bucket"], output.manifest)
    return _Export(table, log, output, second, increment)


def _describe(session: Session, request: Mapping[str, Any], export: _Export) -> Description:
    now = session.clock()
    identifier = export.output.manifest.split("/")[-2]
    description: Description = {
        "ExportArn": session.home.export(export.table.name, identifier),
        "ExportStatus": IN_PROGRESS,
        "StartTime": now,
        "TableArn": session.home.table(export.table.name),
        "TableId": export.table.table_id,
        "S3Bucket": request["S3Bucket"],
        "ExportFormat": "DYNAMODB_JSON",
        "ExportType": request.get("ExportType") or "FULL_EXPORT",
        **{name: request[name] for name in _ECHOED if request.get(name) is not None},
    }
    if export.increment is None:
        description["ExportTime"] = now if export.second is None else export.second
    else:
        start, end, view = export.increment
        period = {"ExportFromTime": start, "ExportToTime": end, "ExportViewType": view}
        description["IncrementalExportSpecification"] = period
    return description


def _carry_out(session: Session, request: Mapping[str, Any], export: _Export, description: Description) -> Description:
    """Write everything; the description as it is in the end."""
    output = export.output
    try:
        output.begin()
        output.open_data(lambda: new_name(session), shared=export.increment is not None)
        with session.storage.snapshot() as reader:
            _write_lines(reader, request, export)
        output.finish(_summary(session, description))
    except (OSError, DynamoError, StorageError) as error:
        output.abandon()
        return failed(session, EXPORT, description, code=_failure_code(error), message=str(error))
    except BaseException:
        output.abandon()
        raise
    return {
        **description,
        "ExportStatus": COMPLETED,
        "EndTime": session.clock(),
        "ExportManifest": output.manifest,
        "BilledSizeBytes": output.size_bytes,
        "ItemCount": output.item_count,
    }


def _write_lines(reader: Reader, request: Mapping[str, Any], export: _Export) -> None:
    table, relation = export.table, export.log.relation
    if export.increment is None:
        after = LAST_OF_ALL_MOMENTS if export.second is None else last_moment(export.second)
        lines = whole_items(reader.state(relation, after=after), read_selection(request, table))
    else:
        after, through = first_moment(export.increment.start) - 1, first_moment(export.increment.end) - 1
        changes = reader.changes(relation, after=after, through=through)
        lines = changed_items(
            changes, table.keys, lambda item: key_bytes(table.keys, item), with_old=shows_old(export.increment)
        )
    for line in lines:
        export.output.add(line)


def _summary(session: Session, description: Description) -> dict[str, Any]:
    """What the summary says, but for what was counted."""
    period = description.get("IncrementalExportSpecification")
    summary: dict[str, Any] = {
        "version": "2020-06-30" if period is None else "2023-08-01",
        "exportArn": description["ExportArn"],
        "startTime": iso_time(description["StartTime"]),
        "endTime": iso_time(session.clock()),
        "tableArn": description["TableArn"],
        "tableId": description["TableId"],
    }
    if period is None:
        summary["exportTime"] = iso_time(description["ExportTime"])
    else:
        summary["exportFromTime"] = iso_time(period["ExportFromTime"])
        summary["exportToTime"] = iso_time(period["ExportToTime"])
    for member in ("S3Bucket", "S3Prefix", "S3SseAlgorithm", "S3SseKmsKeyId"):
        summary[f"s{member[1:]}"] = description.get(member)
    if period is not None:
        summary |= {"outputView": period["ExportViewType"], "exportType": _INCREMENTAL}
    return summary


def _failure_code(error: Exception) -> str:
    if isinstance(error, DynamoError):
        return error.code
    return "TableNotFoundException" if isinstance(error, RelationGoneError) else "S3AccessDenied"
