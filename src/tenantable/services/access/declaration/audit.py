"""The audit trail."""

from datetime import date, datetime
from typing import Literal

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.declare.resources import Bucket
from tenantable.services.access.declaration.table import gsi4, gsi5, table

AuditType = Literal[
    "AUTHORIZATION",
    "PERMISSION_CHANGE",
    "USER_MANAGEMENT",
    "TEAM_MEMBERSHIP",
    "ROLE_CHANGE",
    "INVITATION",
    "CONFIGURATION",
]

audit_archive = Bucket(name="audit", description="Audit events that left the table, and signed copies of the heads.")


class AuditEvent(Entity, table=table, stored_names=camel_case):
    """
    What a user did; stays 30 days in the table and is archived when it leaves. `sequence` counts the
    events of the organisation from 1; `digest` is keyed with the key of `key_id`, and covers the event and the digest
    before it. `details` can be erased: the digest covers theirs instead, which are salted.
    """

    organisation_id: Attr[str]
    event_id: Attr[str]
    event_type: Attr[AuditType]
    user_id: Attr[str]
    timestamp: Attr[datetime]
    action: Attr[str]
    target: Attr[str | None] = attr(default=None)
    outcome: Attr[str]
    details: Attr[dict[str, str]] = attr(default_factory=dict)
    details_salts: Attr[dict[str, str]] = attr(default_factory=dict)
    details_digests: Attr[dict[str, str]] = attr(default_factory=dict)
    sequence: Attr[int] = attr(default=0)
    key_id: Attr[str] = attr(default="")
    digest: Attr[str] = attr(default="")
    ttl: Attr[datetime]


class AuditEvents(Repository[AuditEvent]):
    """The audit trail; each listing takes a time range with `.range(AuditEvent.timestamp.between(...))`."""

    @AuditEvent.key(pk="ORG#{organisation_id}#DATE#{timestamp:date}", sk="EVENT#{timestamp}#{event_id}")
    def get(self, *, organisation_id: str, timestamp: datetime, event_id: str) -> None:
        """One audit event."""

    @AuditEvent.query()
    def of_day(self, *, organisation_id: str, timestamp: date) -> None:
        """An organisation's audit events of one day (UTC), in the order of time."""

    @AuditEvent.query(gsi4, pk="USER#{user_id}", sk="{timestamp}#{event_id}")
    def of_user(self, *, user_id: str) -> None:
        """A user's audit events, in the order of time."""

    @AuditEvent.query(gsi5, pk="ORG#{organisation_id}#TYPE#{event_type}", sk="{timestamp}#{event_id}")
    def of_type(self, *, organisation_id: str, event_type: AuditType) -> None:
        """An organisation's audit events of one type, in the order of time."""
