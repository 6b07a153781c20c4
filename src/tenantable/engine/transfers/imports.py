"""Carrying out an import: a new table, filled in bounded steps, that is known when it is full."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from tenantable.engine.backups.building import Build, begin_build, finishing
from tenantable.engine.backups.limits import STEP_ITEMS_MAX
from tenantable.engine.items.stored import Change, StoredItem, apply_change, entry_keys, find_item
from tenantable.engine.keys import key_of_item
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.creation import check_room, create, read_definition
from tenantable.engine.tables.table import Table
from tenantable.engine.transfers.limits import IMPORTS_MAX, OBJECTS_MAX
from tenantable.engine.transfers.objects import Objects, bucket_folder
from tenantable.engine.transfers.sources import Found, Source
from tenantable.engine.transfers.transfer import (
    COMPLETED,
    IMPORT,
    IN_PROGRESS,
    Description,
    begin_transfer,
    failed,
    save_transfer,
)
from tenantable.errors import StorageError
from tenantable.wire.errors import DynamoError, resource_in_use, validation_error
from tenantable.wire.limits import ITEM_SIZE_BYTES_MAX
from tenantable.wire.values import check_item

_ECHOED = ("ClientToken", "InputFormatOptions")


class _Reading:
    """Reading all objects of an import, and what came of it; `first_error` is None while there is none."""

    def __init__(self, objects: Objects, request: Mapping[str, Any], source: Source) -> None:
        self._objects = objects
        self._request = request
        self.source = source
        self.processed = 0
        self.errors = 0
        self.first_error: str | None = None

    def found(self) -> Iterator[tuple[str, Found]]:
        """Everything that stands in the objects, and where."""
        bucket = self._request["S3BucketSource"]["S3Bucket"]
        for key in self._keys(bucket, self._request["S3BucketSource"].get("S3KeyPrefix") or ""):
            for number, found in enumerate(self.source.items(self._objects.check_key(bucket, key)), start=1):
                self.processed += 1
                yield f"{key}, item {number}", found

    def fail(self, where: str, error: str) -> None:
        self.errors += 1
        self.first_error = self.first_error or f"{where}: {error}"

    def _keys(self, bucket: str, prefix: str) -> list[str]:
        if not self._objects.has_bucket(bucket):
            where = "here a bucket is a folder in `objects` of the data folder, or where the engine's `objects=` says"
            raise _ImportFailedError("S3NoSuchBucket", f"The specified bucket does not exist: {bucket}; {where}")
        keys = list(islice(self._objects.keys(bucket, prefix), OBJECTS_MAX + 1))
        if not keys:
            raise _ImportFailedError("S3NoSuchKey", f"No object of bucket {bucket} begins with {prefix!r}")
        if len(keys) > OBJECTS_MAX:
            raise _ImportFailedError("LimitExceededException", f"More than {OBJECTS_MAX} objects begin with {prefix!r}")
        return keys


class _ImportFailedError(Exception):
    """The import has to end: a code and a message for its description."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def import_table(session: Session, request: Mapping[str, Any]) -> Description:
    """
    Carry out ImportTable.

    Returns:
        The description as it was when the import began. What fails later is told by the description that is kept.
    Raises:
        DynamoError: It cannot be begun.
    """
    objects = bucket_folder(session.objects)
    objects.check_key(request["S3BucketSource"]["S3Bucket"], f"{request['S3BucketSource'].get('S3KeyPrefix') or ''}x")
    definition = read_definition(session, request["TableCreationParameters"])
    source = Source(request, definition)

    def begin(transaction: Transaction) -> tuple[Description, Build]:
        _check_free(session, transaction, definition.name)
        table = create(session, transaction, definition)
        return _describe(session, request, table), begin_build(transaction, table, target=table.name)

    description, build = session.storage.write(
        lambda transaction: begin_transfer(session, transaction, IMPORT, request=request, begin=begin, most=IMPORTS_MAX)
    )
    if build is not None:
        _carry_out(session, build, description, _Reading(objects, request, source))
    return description


def _carry_out(session: Session, build: Build, description: Description, reading: "_Reading") -> None:
    """Fill the table and make it known, or say why it cannot be had."""
    try:
        with finishing(session, build):
            _fill(session, build.table, reading)
            ended = _ended(session, description, reading)
            session.storage.write(lambda transaction: _publish(session, transaction, build, ended))
    except (_ImportFailedError, OSError, DynamoError, StorageError) as error:
        code = error.code if isinstance(error, _ImportFailedError | DynamoError) else "InternalServerError"
        ended = failed(session, IMPORT, _counted(description, reading), code=code, message=str(error))
        session.storage.write(lambda transaction: save_transfer(transaction, IMPORT, ended))


def _describe(session: Session, request: Mapping[str, Any], table: Table) -> Description:
    now = session.clock()
    return {
        "ImportArn": session.home.import_(table.name, session.new_identifier(now)),
        "ImportStatus": IN_PROGRESS,
        "TableArn": session.home.table(table.name),
        "TableId": table.table_id,
        "S3BucketSource": dict(request["S3BucketSource"]),
        "ErrorCount": 0,
        "InputFormat": request["InputFormat"],
        "InputCompressionType": request.get("InputCompressionType") or "NONE",
        "TableCreationParameters": dict(request["TableCreationParameters"]),
        "StartTime": now,
        "ProcessedItemCount": 0,
        "ImportedItemCount": 0,
        **{name: request[name] for name in _ECHOED if request.get(name) is not None},
    }


def _check_free(session: Session, transaction: Transaction, name: str) -> None:
    if session.catalog.find(name) is not None:
        raise resource_in_use(f"Table already exists: {name}")
    if any(target == name for _number, target, _backup, _relations in transaction.builds()):
        raise resource_in_use(f"Table is being created: {name}")
    check_room(session)


def _fill(session: Session, table: Table, reading: _Reading) -> None:
    found = reading.found()
    while chunk := list(islice(found, STEP_ITEMS_MAX)):
        changes = []
        for where, one in chunk:
            try:
                changes.append(_change(table, one))
            except DynamoError as error:
                reading.fail(where, error.message)
        session.storage.write(partial(_store, table, changes))


def _change(table: Table, found: Found) -> Change:
    """
    Raises:
        DynamoError: It cannot be an item of this table.
    """
    if found.item is None:
        raise validation_error(found.error)
    item, size_bytes = check_item(found.item)
    if size_bytes > ITEM_SIZE_BYTES_MAX:
        raise validation_error("Item size has exceeded the maximum allowed size")
    key = key_of_item(table.keys, item)
    after = StoredItem.of(item, size_bytes)
    return Change(key=key, before=None, after=after, entries=entry_keys(table, item))


def _store(table: Table, changes: list[Change], transaction: Transaction) -> None:
    """An item of the same key as an earlier one replaces it."""
    for change in changes:
        before = find_item(transaction, table, change.key)
        whole = Change(key=change.key, before=before, after=change.after, entries=change.entries)
        apply_change(transaction, table, whole)


def _publish(session: Session, transaction: Transaction, build: Build, ended: Description) -> None:
    if session.catalog.find(build.table.name) is not None:
        raise resource_in_use(f"Table already exists: {build.table.name}")
    transaction.forget_build(build.number)
    save_transfer(transaction, IMPORT, ended)
    session.catalog.save(transaction, build.table)


def _ended(session: Session, description: Description, reading: _Reading) -> Description:
    """An import with errors counts as failed, but what could be imported is there."""
    counted = _counted(description, reading)
    if reading.first_error is not None:
        message = f"Some of the items failed validation checks. The first: {reading.first_error}"
        return failed(session, IMPORT, counted, code="ItemValidationError", message=message)
    return {**counted, "ImportStatus": COMPLETED, "EndTime": session.clock()}


def _counted(description: Description, reading: _Reading) -> Description:
    return {
        **description,
        "ErrorCount": reading.errors,
        "ProcessedItemCount": reading.processed,
        "ImportedItemCount": reading.processed - reading.errors,
        "ProcessedSizeBytes": reading.source.size_bytes,
    }
