"""The parts of the audit trail put together, for the application, the archiver's process and the command line."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from prometheus_client import CollectorRegistry

from tenantable.cloud.objects.bucket import Bucket
from tenantable.data.database import Database
from tenantable.declare.grants import Component
from tenantable.errors import CloudError
from tenantable.services.access.audit.archiving.archive import Archive
from tenantable.services.access.audit.archiving.archiver import LATE_DAYS, Archiver, ArchiverMetrics, Retention
from tenantable.services.access.audit.archiving.heads import HeadKeys, SignedHeads, derived_seed
from tenantable.services.access.audit.archiving.nothing import EmptyBucket
from tenantable.services.access.audit.archiving.removals import Removals
from tenantable.services.access.audit.erasure import Eraser
from tenantable.services.access.audit.service import Audit
from tenantable.services.access.audit.trail import Trail
from tenantable.services.access.audit.verification import Verifier
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.declaration import audit_archiver, audit_eraser, audit_service


class Parts(Protocol):
    """What is needed of an application's dependencies."""

    @property
    def cursor_key(self) -> bytes: ...
    @property
    def chain_key(self) -> bytes: ...
    @property
    def former_chain_keys(self) -> Sequence[bytes]: ...
    @property
    def head_seed(self) -> bytes | None: ...
    @property
    def former_head_keys(self) -> Sequence[bytes]: ...
    @property
    def bucket(self) -> Callable[[Component], Bucket] | None: ...
    @property
    def retention(self) -> Retention: ...
    @property
    def registry(self) -> CollectorRegistry: ...
    @property
    def clock(self) -> Callable[[], float]: ...
    def database(self, component: Component, *, clock: Callable[[], float] | None = None) -> Database: ...
    def changes(self, component: Component, database: Database | None = None) -> Changes: ...


def audit_of(parts: Parts) -> Audit:
    """The use cases of the audit trail."""
    archive = _archive(parts, audit_service)
    keys, since = head_keys(parts), _hot_since(parts)
    database = _whole_database(parts, audit_service)
    erasing = parts.changes(audit_eraser, _whole_database(parts, audit_eraser))
    return Audit(
        parts.changes(audit_service),
        trail=Trail(database, archive, cursor_key=parts.cursor_key, hot_since=since),
        verifier=verifier_of(parts),
        eraser=Eraser(erasing, _archive(parts, audit_eraser), hot_since=since, clock=parts.clock),
        heads=SignedHeads(archive.bucket),
        keys=keys,
        clock=parts.clock,
    )


def verifier_of(parts: Parts) -> Verifier:
    """Verifies trails; for the command line too."""
    return Verifier(
        _whole_database(parts, audit_service),
        _archive(parts, audit_service),
        chain_keys=[*parts.former_chain_keys, parts.chain_key],
        keys=head_keys(parts),
        hot_since=_hot_since(parts),
        clock=parts.clock,
    )


def archiver_of(parts: Parts, removals: Removals, *, wait: Callable[[float], object]) -> Archiver:
    """
    The archiver; one for each registry.

    Raises:
        CloudError: There is no bucket to archive into.
    """
    if parts.bucket is None:
        raise CloudError("There is no bucket for the audit archive", hint="give the installation one")
    return Archiver(
        database=_whole_database(parts, audit_archiver),
        removals=removals,
        archive=_archive(parts, audit_archiver),
        keys=head_keys(parts),
        clock=parts.clock,
        metrics=ArchiverMetrics(parts.registry),
        retention=parts.retention,
        wait=wait,
    )


def head_keys(parts: Parts) -> HeadKeys:
    """The keys that sign heads, and signed them."""
    first = [*parts.former_chain_keys, parts.chain_key][0]
    return HeadKeys(parts.head_seed or derived_seed(first), parts.former_head_keys)


def _archive(parts: Parts, component: Component) -> Archive:
    return Archive(EmptyBucket() if parts.bucket is None else parts.bucket(component))


def _whole_database(parts: Parts, component: Component) -> Database:
    """An event is there until it is deleted: that its time is over must hide it from nobody."""
    return parts.database(component, clock=lambda: 0.0)


def _hot_since(parts: Parts) -> Callable[[], date]:
    days = timedelta(days=parts.retention.hot_days + LATE_DAYS)

    def since() -> date:
        return (datetime.fromtimestamp(parts.clock(), UTC) - days).date()

    return since
